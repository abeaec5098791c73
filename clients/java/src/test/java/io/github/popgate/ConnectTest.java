package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import io.github.popgate.v1.MailboxServiceGrpc;
import io.github.popgate.v1.Server;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a gateway is reached: TLS, tokens, plaintext, repetition. */
@Timeout(180)
class ConnectTest {
    @TempDir
    Path folder;

    /** Makes a certificate that is its own CA, with its key, in PEM. */
    private void certificate(String name, String subjectAlternativeName) throws Exception {
        Path store = folder.resolve(name + ".p12");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keyalg", "EC", "-alias", name,
                "-dname", "CN=" + name, "-ext", "san=" + subjectAlternativeName, "-ext", "bc=ca:true", "-storetype", "PKCS12",
                "-keystore", store.toString(), "-storepass", "secret");
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertEquals(0, keytool.waitFor(), said);
        KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
        pem(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(name + ".key", "PRIVATE KEY", keys.getKey(name, "secret".toCharArray()).getEncoded());
    }

    private void pem(String file, String kind, byte[] der) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(folder.resolve(file), "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }

    private File file(String name) {
        return folder.resolve(name).toFile();
    }

    /** What a gateway says that is reached, and does not allow the target. */
    private static PopgateException refused(Client client) {
        try (client) {
            return assertThrows(PopgateException.class, () -> client.session("127.0.0.1"));
        }
    }

    @Test
    void tls() throws Exception {
        certificate("gateway", "dns:gateway.example");
        certificate("caller", "dns:caller.example");
        try (Gateway gateway = Gateway.serve(
                "--tls-cert=" + file("gateway.pem"), "--tls-key=" + file("gateway.key"), "--tls-client-ca=" + file("caller.pem"))) {
            var trusting = TlsChannelCredentials.newBuilder().trustManager(file("gateway.pem"));
            var known = trusting.keyManager(file("caller.pem"), file("caller.key")).build();
            var stranger = TlsChannelCredentials.newBuilder().trustManager(file("gateway.pem")).build();
            String target = gateway.target();
            var reached = refused(Client.builder(target).credentials(known).authority("gateway.example").build());
            assertEquals("TARGET_NOT_ALLOWED", reached.reason());
            var unknown = refused(Client.builder(target).credentials(stranger).authority("gateway.example").build());
            assertEquals("CALLER_UNAUTHENTICATED", unknown.reason());
            // The wrong name, and the JVM's own roots.
            for (Client client : List.of(
                    Client.builder(target).credentials(known).build(),
                    Client.builder(target).credentials(TlsChannelCredentials.create()).authority("gateway.example").build())) {
                var thrown = refused(client);
                assertEquals(List.of(Status.Code.UNAVAILABLE, ""), List.of(thrown.code(), thrown.reason()));
            }
        }
    }

    @Test
    void plaintextIsForThisMachine() throws Exception {
        for (String local : List.of("127.0.0.1:1", "127.255.0.1:1", "[::1]:1", "localhost:1", "unix:/run/popgate", "unix:///run/popgate")) {
            assertTrue(Client.isLocal(local), local);
        }
        for (String other : List.of(
                "127.0.0.1.example:1", "127.0.0.256:1", "128.0.0.1:1", "localhost.example:1", "[::2]:1", "dns:///unix:1", "popgate.example")) {
            assertFalse(Client.isLocal(other), other);
        }
        try (Gateway gateway = Gateway.serve()) {
            String target = gateway.target();
            assertEquals("TARGET_NOT_ALLOWED", refused(Client.connect(target)).reason());
            // A name that is not known to be this machine's is spoken to by TLS, which this gateway does not understand.
            String other = "dns:///" + target;
            assertEquals(Status.Code.UNAVAILABLE, refused(Client.connect(other)).code());
            var insecure = Client.builder(other).credentials(InsecureChannelCredentials.create()).build();
            assertEquals("TARGET_NOT_ALLOWED", refused(insecure).reason());
        }
        assertEquals(Status.Code.UNAVAILABLE, refused(Client.connect("unix:" + file("no-socket"))).code());
    }

    /** Notes the tokens that come, and refuses each call. */
    private record Refusing(BlockingQueue<String> tokens, AtomicInteger calls) implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            calls.incrementAndGet();
            tokens.add(String.valueOf(headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))));
            call.close(Status.UNAVAILABLE, new Metadata());
            return new ServerCall.Listener<>() {};
        }
    }

    @Test
    void tokenAndRepetition() throws Exception {
        var refusing = new Refusing(new LinkedBlockingQueue<>(), new AtomicInteger());
        io.grpc.Server server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new MailboxServiceGrpc.MailboxServiceImplBase() {})
                .addService(new io.github.popgate.v1.Pop3ServiceGrpc.Pop3ServiceImplBase() {})
                .intercept(refusing)
                .build()
                .start();
        try (Client client = Client.builder("127.0.0.1:" + server.getPort()).token("t0k3n").build()) {
            assertThrows(PopgateException.class, () -> client.session("pop.example.com"));
            assertEquals(1, refusing.calls().get()); // OpenSession is not repeated
            assertThrows(PopgateException.class, client.fetch(Server.getDefaultInstance(), Gateway.ALICE)::next);
            assertEquals(1 + 5, refusing.calls().get());
        } finally {
            server.shutdownNow().awaitTermination();
        }
        refusing.tokens().forEach(token -> assertEquals("Bearer t0k3n", token));
        assertEquals(6, refusing.tokens().size());
    }

    @Test
    void theServiceConfigIsTheOneOfAllClients() throws IOException {
        String text = Files.readString(Path.of("../service_config.json"));
        assertEquals(JsonParser.parseString(text), new com.google.gson.Gson().toJsonTree(Client.serviceConfig()));
    }
}
