package io.github.popgate;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What tests against {@code popgate demo} share: a gateway with a sample mailbox of five messages, anew for each. */
@Timeout(60)
abstract class DemoTest {
    Gateway gateway;
    Recorder recorder;
    Client client;

    @BeforeEach
    void start() {
        gateway = Gateway.demo();
        recorder = new Recorder();
        var channel = Grpc.newChannelBuilder(gateway.target(), InsecureChannelCredentials.create()).intercept(recorder).build();
        client = new Client(channel, Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
    }

    Session session() {
        return client.session(gateway.server());
    }

    Session loggedIn() {
        Session session = session();
        session.auth(Gateway.ALICE);
        return session;
    }

    /** Asks how many messages the mailbox has. */
    int count() {
        try (Session session = loggedIn()) {
            return session.stat().getMessageCount();
        }
    }

    List<Message> fetched() {
        List<Message> messages = new ArrayList<>();
        try (Fetch fetch = client.fetch(gateway.server(), Gateway.ALICE)) {
            fetch.forEachRemaining(messages::add);
        }
        return messages;
    }

    List<String> uniqueIds() {
        return fetched().stream().map(Message::uniqueId).toList();
    }
}
