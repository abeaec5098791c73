package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.popgate.v1.CommitOutcome;
import io.github.popgate.v1.ListEntry;
import io.github.popgate.v1.ListResponse;
import io.github.popgate.v1.TlsOptions;
import io.github.popgate.v1.UidlEntry;
import io.github.popgate.v1.UidlResponse;
import io.grpc.Context;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionTest extends DemoTest {
    @Test
    void closesWithoutQuit() {
        try (Session session = session()) {
            session.login("alice", "secret");
            session.dele(1);
        }
        assertEquals(List.of("OpenSession", "User", "Pass", "Dele", "CloseSession"), recorder.methods());
        assertEquals(5, count());
    }

    @Test
    void closesOnAnError() {
        Session session = session();
        assertThrows(ArithmeticException.class, () -> {
            try (session) {
                throw new ArithmeticException();
            }
        });
        PopgateException thrown = assertThrows(PopgateException.class, session::noop);
        assertEquals(List.of("SESSION_ENDED", "CLOSED"), List.of(thrown.reason(), thrown.cause()));
        session.close(); // may be repeated
        client.close();
        session.close(); // and does not fail without a channel
    }

    @Test
    void closesThoughInterruptedOrCancelled() {
        Session first = session();
        Thread.currentThread().interrupt();
        first.close();
        assertTrue(Thread.interrupted());
        assertEquals("CLOSED", assertThrows(PopgateException.class, first::noop).cause());

        Session second = session();
        Context.CancellableContext cancelled = Context.current().withCancellation();
        cancelled.cancel(null);
        cancelled.run(second::close);
        assertEquals("CLOSED", assertThrows(PopgateException.class, second::noop).cause());
    }

    @Test
    void echoesTheHeader() throws IOException {
        try (Session session = loggedIn()) {
            session.retr(1).readAllBytes();
            session.list().forEach(batch -> {});
            session.close();
            var echoed = recorder.calls.stream().map(call -> call.header("pop3-session")).toList();
            assertNull(echoed.get(0));
            assertEquals(Collections.nCopies(4, session.id()), echoed.subList(1, 5));
        }
    }

    @Test
    void unaryCallsHaveADeadlineAndStreamsNone() throws IOException {
        try (Session session = loggedIn()) {
            session.retr(1).readAllBytes();
            assertNotNull(recorder.calls.get(1).deadline());
            assertNull(recorder.calls.get(2).deadline());
        }
        fetched();
        recorder.calls.stream().filter(call -> call.method().equals("FetchMessages")).forEach(call -> assertNull(call.deadline()));
    }

    @Test
    void quitCommits() {
        try (Session session = session()) {
            session.apop("alice", "secret");
            List<String> names = new ArrayList<>();
            for (UidlResponse batch : session.uidl()) {
                batch.getEntriesList().stream().map(UidlEntry::getUniqueId).forEach(names::add);
            }
            assertEquals(names.get(3), session.uidl(4).getUniqueId());
            var thrown = assertThrows(PopgateException.class, () -> session.dele(1, names.get(1)));
            assertEquals("UNIQUE_ID_MISMATCH", thrown.reason());
            session.dele(1, names.get(0));
            assertEquals(CommitOutcome.COMMIT_OUTCOME_COMMITTED, session.quit().getOutcome());
            assertTrue(session.quit().getReplayed());
        }
        assertEquals(4, count());
    }

    @Test
    void everyOtherCommand() {
        try (Session session = session()) {
            assertEquals(session.opened().getResponse(), session.getWelcome());
            assertTrue(session.capa().getExtensions().getTop());
            assertTrue(session.stls(TlsOptions.newBuilder().setInsecureSkipVerify(true).build()).getTls().getVersion().startsWith("TLS"));
            assertTrue(session.utf8().startsWith("+OK"));
            assertTrue(session.lang("*").getResponse().startsWith("+OK"));
            assertFalse(session.lang().getLanguagesList().isEmpty());
            assertTrue(session.user("alice").startsWith("+OK"));
            assertTrue(session.rpop("alice").startsWith("+OK"));
            assertEquals(5, session.stat().getMessageCount());
            List<Long> octets = new ArrayList<>();
            for (ListResponse batch : session.list()) {
                batch.getEntriesList().stream().map(ListEntry::getOctets).forEach(octets::add);
            }
            assertEquals(List.of(686L, 700L, 663L, 1187L, 10443L), octets);
            assertEquals(663, session.list(3).getOctets());
            assertTrue(session.noop().startsWith("+OK"));
            session.dele(1);
            assertTrue(session.rset().startsWith("+OK"));
            assertEquals(CommitOutcome.COMMIT_OUTCOME_NOTHING_MARKED, session.quit().getOutcome());
        }
    }

    @Test
    void streamsMessages() throws IOException {
        List<Message> messages = fetched();
        try (Session session = loggedIn()) {
            for (Message message : messages) {
                try (MessageInputStream stream = session.retr(message.number())) {
                    assertTrue(stream.response().startsWith("+OK"));
                    assertEquals(message.data()[0], stream.read());
                    assertArrayEquals(Arrays.copyOfRange(message.data(), 1, message.data().length), stream.readAllBytes());
                    assertEquals(-1, stream.read());
                    assertEquals(-1, stream.read(new byte[1]));
                }
                String whole = new String(message.data(), StandardCharsets.ISO_8859_1);
                try (MessageInputStream stream = session.top(message.number(), 0)) {
                    String header = new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
                    assertEquals(whole.substring(0, whole.indexOf("\r\n\r\n") + 4), header);
                }
            }
            session.retr(5).close();
            assertEquals(5, session.stat().getMessageCount());
        }
    }

    @Test
    void listingsOfAnEmptyMaildrop() {
        try (Collect messages = client.collect(gateway.server(), Gateway.ALICE)) {
            messages.forEachRemaining(message -> {});
        }
        assertEquals(List.of(), fetched());
        try (Collect messages = client.collect(gateway.server(), Gateway.ALICE)) {
            assertFalse(messages.hasNext());
        }
        try (Session session = loggedIn()) {
            ListResponse list = session.list().next();
            UidlResponse uidl = session.uidl().next();
            assertEquals(List.of(0, 0), List.of(list.getEntriesCount(), uidl.getEntriesCount()));
            assertEquals(List.of(0L, 0L), List.of(list.getOctets(), uidl.getOctets()));
            assertEquals("COMMAND_REFUSED", assertThrows(PopgateException.class, () -> session.list(1)).reason());
        }
    }

    @Test
    void errors() {
        try (Session session = loggedIn()) {
            PopgateException thrown = assertThrows(PopgateException.class, () -> session.retr(6));
            assertEquals(List.of("COMMAND_REFUSED", "RETR", ""), List.of(thrown.reason(), thrown.command(), thrown.responseCode()));
            assertEquals(Status.Code.FAILED_PRECONDITION, thrown.code());
            assertTrue(thrown.response().startsWith("-ERR"));
            assertFalse(thrown.getMessage().isEmpty());
            assertTrue(thrown.retryAfter().isEmpty());
            assertEquals("MESSAGE_TOO_LARGE", assertThrows(PopgateException.class, () -> session.retr(1, 1)).reason());
            assertEquals("COMMAND_REFUSED", assertThrows(PopgateException.class, () -> session.list(6)).reason());
        }
        count(); // after which the mailbox is free
        try (Session holder = loggedIn(); Session other = session()) {
            PopgateException inUse = assertThrows(PopgateException.class, () -> other.auth(Gateway.ALICE));
            assertEquals(List.of("MAILBOX_IN_USE", "IN-USE"), List.of(inUse.reason(), inUse.responseCode()));
            assertEquals(30, inUse.retryAfter().orElseThrow().toSeconds());
            assertEquals("IN-USE", inUse.metadata().get("responseCode"));
        }
    }
}
