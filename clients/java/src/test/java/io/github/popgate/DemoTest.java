package io.github.popgate;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What tests against {@code popgate demo} share: a gateway with a sample mailbox of five messages, anew for each. */
@Timeout(180)
abstract class DemoTest {
    Gateway gateway;
    Recorder recorder;
    Client client;

    @BeforeEach
    void start() {
        gateway = Gateway.demo();
        recorder = new Recorder();
        var channel = Grpc.newChannelBuilder(gateway.target(), InsecureChannelCredentials.create()).intercept(recorder).build();
        client = new Client(channel, Duration.ofSeconds(60));
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

    /** Does it when the server has seen that what had the mailbox is over: without QUIT that takes it some time. */
    private static <T> T onceFree(Supplier<T> work) {
        while (true) { // or the test's time-out
            try {
                return work.get();
            } catch (PopgateException e) {
                if (!e.reason().equals("MAILBOX_IN_USE")) {
                    throw e;
                }
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw new AssertionError("the mailbox is still in use", e);
            }
        }
    }

    /** Asks how many messages the mailbox has, which is free afterwards. */
    int count() {
        return onceFree(() -> {
            try (Session session = loggedIn()) {
                int count = session.stat().getMessageCount();
                session.quit();
                return count;
            }
        });
    }

    /** Fetches from the mailbox, which is free afterwards. */
    List<Message> fetched() {
        List<Message> messages = onceFree(() -> {
            List<Message> all = new ArrayList<>();
            try (Fetch fetch = client.fetch(gateway.server(), Gateway.ALICE)) {
                fetch.forEachRemaining(all::add);
            }
            return all;
        });
        count();
        return messages;
    }

    List<String> uniqueIds() {
        return fetched().stream().map(Message::uniqueId).toList();
    }
}
