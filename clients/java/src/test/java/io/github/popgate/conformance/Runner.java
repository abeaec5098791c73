package io.github.popgate.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.github.popgate.Client;
import io.github.popgate.Collect;
import io.github.popgate.Fetch;
import io.github.popgate.MessageInputStream;
import io.github.popgate.PopgateException;
import io.github.popgate.Session;
import io.github.popgate.v1.CollectOpen;
import io.github.popgate.v1.FetchMessagesRequest;
import io.github.popgate.v1.Server;
import io.grpc.TlsChannelCredentials;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;

/** The Java client's runner of the conformance suite: see clients/conformance/README.md. */
public final class Runner {
    private Client client;
    private Session session;
    private StubCalls stubs;

    /** What the caller of a loop throws. */
    private static final class OwnException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Answers requests until the end of the input. */
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Runner runner = new Runner();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject answer = new JsonObject();
            try {
                runner.answer(JsonParser.parseString(line).getAsJsonObject(), answer);
            } catch (PopgateException e) {
                answer.add("error", error(e));
            }
            out.println(answer);
        }
        runner.close();
    }

    private void answer(JsonObject request, JsonObject answer) throws Exception {
        switch (request.get("op").getAsString()) {
            case "connect" -> connect(request);
            case "call" -> stubs.call(request, answer);
            case "open" -> stubs.open(request);
            case "send" -> stubs.send(request);
            case "half_close" -> stubs.halfClose();
            case "cancel" -> stubs.cancel();
            case "receive" -> stubs.receive(answer);
            case "session.open" -> {
                session = client.session(message(request, "server", Server.newBuilder()).build());
                answer.addProperty("session_id", session.id());
                answer.addProperty("response", session.opened().getResponse());
            }
            case "session.login" -> session.login(text(request, "username"), text(request, "password"));
            case "session.retr" -> retr(request, answer);
            case "session.dele" -> session.dele(number(request, "number"));
            case "session.quit" -> {
                String outcome = session.quit().getOutcome().name();
                answer.addProperty("outcome", outcome.substring("COMMIT_OUTCOME_".length()));
            }
            case "session.close" -> session.close();
            case "fetch" -> fetch(request, answer);
            case "collect" -> collect(request, answer);
            default -> throw new IllegalArgumentException("no operation " + request);
        }
    }

    private void connect(JsonObject request) throws IOException {
        close();
        Client.Builder builder = Client.builder(text(request, "target"));
        if (request.has("ca_file")) {
            builder.credentials(TlsChannelCredentials.newBuilder().trustManager(new File(text(request, "ca_file"))).build());
        }
        if (request.has("server_name")) {
            builder.authority(text(request, "server_name"));
        }
        if (request.has("token")) {
            builder.token(text(request, "token"));
        }
        client = builder.build();
        stubs = new StubCalls(client);
    }

    private void close() {
        if (client != null) {
            client.close();
        }
    }

    private void retr(JsonObject request, JsonObject answer) throws IOException {
        MessageDigest sha256 = sha256();
        try (MessageInputStream message = session.retr(number(request, "number"));
                DigestOutputStream out = new DigestOutputStream(java.io.OutputStream.nullOutputStream(), sha256)) {
            long octets = message.transferTo(out);
            answer.addProperty("octets", octets);
        }
        answer.addProperty("sha256", HexFormat.of().formatHex(sha256.digest()));
    }

    private void fetch(JsonObject request, JsonObject answer) throws IOException {
        JsonArray messages = array(answer);
        Fetch fetch = client.fetch(message(request, "request", FetchMessagesRequest.newBuilder()).build());
        try (fetch) {
            for (io.github.popgate.Message message : fetch) {
                messages.add(described(message));
            }
        } finally {
            fetch.cursor().ifPresent(
                    cursor -> answer.addProperty("cursor", Base64.getEncoder().encodeToString(cursor.toByteArray())));
        }
    }

    private void collect(JsonObject request, JsonObject answer) throws IOException {
        JsonArray messages = array(answer);
        String settle = text(request, "settle");
        Collect.Settling settling = switch (settle) {
            case "delete" -> Collect.Settling.DELETE;
            case "keep" -> Collect.Settling.KEEP;
            default -> Collect.Settling.BY_HAND;
        };
        Collect collect = client.collect(message(request, "open", CollectOpen.newBuilder()).build(), settling);
        try (collect) {
            for (io.github.popgate.Message message : collect) {
                messages.add(described(message));
                if (settle.isEmpty()) {
                    if (messages.size() % 2 == 1) {
                        collect.delete(message);
                    } else {
                        collect.keep(message);
                    }
                }
                if (messages.size() == number(request, "fail_at")) {
                    throw new OwnException();
                }
                if (messages.size() == number(request, "stop_at")) {
                    break;
                }
            }
        } catch (OwnException e) {
            for (Throwable suppressed : e.getSuppressed()) {
                answer.add("error", error((PopgateException) suppressed));
            }
        } finally {
            answer.addProperty("outcome", collect.outcome());
        }
    }

    private static JsonArray array(JsonObject answer) {
        JsonArray messages = new JsonArray();
        answer.add("messages", messages);
        return messages;
    }

    private static JsonObject described(io.github.popgate.Message message) {
        JsonObject described = new JsonObject();
        described.addProperty("number", message.number());
        described.addProperty("unique_id", message.uniqueId());
        described.addProperty("octets", message.data().length);
        described.addProperty("sha256", HexFormat.of().formatHex(sha256().digest(message.data())));
        return described;
    }

    private static JsonObject error(PopgateException e) {
        JsonObject error = new JsonObject();
        error.addProperty("code", e.code().name());
        error.addProperty("reason", e.reason());
        error.addProperty("command", e.command());
        error.addProperty("response", e.response());
        error.addProperty("response_code", e.responseCode());
        error.addProperty("cause", e.cause());
        error.addProperty("outcome", e.outcome());
        error.addProperty("retry_after_ms", e.retryAfter().map(Duration::toMillis).orElse(0L));
        error.addProperty("text", e.getMessage());
        return error;
    }

    /** Reads a message of the contract from a field of a request. */
    static <B extends Message.Builder> B message(JsonObject request, String field, B builder) throws IOException {
        JsonElement json = request.get(field);
        if (json != null) {
            JsonFormat.parser().merge(json.toString(), builder);
        }
        return builder;
    }

    static String text(JsonObject request, String field) {
        return request.has(field) ? request.get(field).getAsString() : "";
    }

    static int number(JsonObject request, String field) {
        return request.has(field) ? request.get(field).getAsInt() : 0;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every JVM has it
        }
    }
}
