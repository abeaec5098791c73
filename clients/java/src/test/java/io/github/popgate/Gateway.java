package io.github.popgate;

import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.Server;
import io.github.popgate.v1.TlsMode;
import io.github.popgate.v1.TlsOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of the binary that POPGATE names, which has said where it listens. What it says afterwards is thrown away. */
final class Gateway implements AutoCloseable {
    static final Credentials ALICE = Credentials.newBuilder().setUsername("alice").setPassword("secret").build();

    // The last thing that `popgate demo` prints when it has started is about grpcurl.
    private static final Pattern DEMO =
            Pattern.compile("gateway +(?<gateway>\\S+) .*?mailbox +\\S+:(?<port>\\d+) .*grpcurl", Pattern.DOTALL);
    private static final Pattern SERVE = Pattern.compile("msg=listening address=(?<gateway>\\S+)");

    private final Process process;
    private final Thread reader;
    private final Matcher said;

    private Gateway(Pattern pattern, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(System.getenv("POPGATE")));
        command.addAll(arguments);
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            said = await(output, pattern);
            reader = new Thread(() -> drain(output));
            reader.setDaemon(true);
            reader.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Matcher await(BufferedReader output, Pattern pattern) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher matcher = pattern.matcher(all.append(line).append('\n').toString());
            if (matcher.find()) {
                return matcher;
            }
        }
        throw new IllegalStateException("popgate has ended: " + all);
    }

    private static void drain(BufferedReader output) {
        try (output) {
            output.transferTo(new java.io.OutputStreamWriter(OutputStream.nullOutputStream(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The process was ended.
        }
    }

    /** A gateway with a mailbox of five messages behind it, whose user is ALICE. */
    static Gateway demo() {
        return new Gateway(DEMO, List.of("demo", "--listen=127.0.0.1:0", "--mailbox=127.0.0.1:0"));
    }

    /** A gateway that is set up by flags. */
    static Gateway serve(String... flags) {
        List<String> arguments = new ArrayList<>(List.of("serve", "--listen=127.0.0.1:0"));
        arguments.addAll(List.of(flags));
        return new Gateway(SERVE, arguments);
    }

    /** Address of the gateway. */
    String target() {
        return said.group("gateway");
    }

    /** Port of the demo's mailbox. */
    int port() {
        return Integer.parseInt(said.group("port"));
    }

    /** The demo's mailbox. */
    Server server() {
        TlsOptions tls = TlsOptions.newBuilder().setMode(TlsMode.TLS_MODE_PLAINTEXT).build();
        return Server.newBuilder().setHost("127.0.0.1").setPort(port()).setTls(tls).build();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
