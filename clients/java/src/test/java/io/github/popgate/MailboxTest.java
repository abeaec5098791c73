package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.popgate.Collect.Settling;
import io.github.popgate.v1.CollectOpen;
import io.github.popgate.v1.CommittedMessage;
import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.DeleteOutcome;
import io.github.popgate.v1.FetchMessagesRequest;
import io.grpc.Context;
import io.grpc.Status;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Fetch and Collect. */
class MailboxTest extends DemoTest {
    private static final Credentials WRONG = Credentials.newBuilder().setUsername("alice").setPassword("wrong").build();

    private FetchMessagesRequest.Builder request() {
        return FetchMessagesRequest.newBuilder().setServer(gateway.server()).setCredentials(Gateway.ALICE);
    }

    private Collect collect() {
        return client.collect(gateway.server(), Gateway.ALICE);
    }

    private Collect collect(FetchMessagesRequest.Builder fetch, Settling settling) {
        return client.collect(CollectOpen.newBuilder().setFetch(fetch).build(), settling);
    }

    @Test
    void fetch() throws Exception {
        List<Message> messages = new ArrayList<>();
        Fetch fetch = client.fetch(gateway.server(), Gateway.ALICE);
        for (Message message : fetch) {
            assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(message.data()), message.sha256());
            messages.add(message);
        }
        assertEquals(List.of(686, 700, 663, 1187, 10443), messages.stream().map(message -> message.data().length).toList());
        assertEquals(5, fetch.progress().orElseThrow().getNewMessages());
        assertEquals(5, fetch.summary().orElseThrow().getDelivered());
        assertThrows(NoSuchElementException.class, fetch::next);
        fetch.close(); // does nothing at the end

        count(); // after which the mailbox is free
        assertFalse(client.fetch(request().setCursor(fetch.cursor().orElseThrow()).build()).hasNext());
        count();
        Fetch small = client.fetch(request().setMaxOctets(1000).build());
        int count = 0;
        for (Message message : small) {
            count++;
        }
        assertEquals(List.of(3, 2), List.of(count, small.undelivered().size()));
        assertEquals(5, count());
    }

    @Test
    void fetchLeftEarly() {
        try (Fetch fetch = client.fetch(gateway.server(), Gateway.ALICE)) {
            assertEquals(1, fetch.next().deliveryId());
            assertTrue(fetch.cursor().isEmpty());
        }
        assertEquals(5, count()); // the maildrop is free
    }

    @Test
    void errors() {
        try (Fetch fetch = client.fetch(gateway.server(), WRONG)) {
            assertEquals("LOGIN_FAILED", assertThrows(PopgateException.class, fetch::next).reason());
            assertEquals("LOGIN_FAILED", assertThrows(PopgateException.class, fetch::hasNext).reason());
        }
        PopgateException thrown = assertThrows(PopgateException.class, () -> {
            try (Collect collect = client.collect(gateway.server(), WRONG)) {
                collect.next();
            }
        });
        assertEquals("LOGIN_FAILED", thrown.reason());
        assertEquals(0, thrown.getSuppressed().length);
        assertEquals("LOGIN_FAILED", assertThrows(PopgateException.class, client.collect(gateway.server(), WRONG)::close).reason());
    }

    @Test
    void theContextsDeadlineIsTheStreams() throws Exception {
        var timer = Executors.newSingleThreadScheduledExecutor();
        try (var context = Context.current().withDeadlineAfter(1, TimeUnit.NANOSECONDS, timer)) {
            context.call(() -> {
                var thrown = assertThrows(PopgateException.class, client.fetch(gateway.server(), Gateway.ALICE)::next);
                assertEquals(List.of(Status.Code.DEADLINE_EXCEEDED, ""), List.of(thrown.code(), thrown.reason()));
                return null;
            });
        } finally {
            timer.shutdownNow();
        }
    }

    @Test
    void collectAll() {
        List<CommittedMessage> committed = new ArrayList<>();
        Collect messages = collect();
        try (messages) {
            messages.onCommit(commit -> committed.addAll(commit.getMessagesList()));
            int expected = 1;
            for (Message message : messages) {
                assertEquals(expected++, message.deliveryId());
            }
        }
        assertEquals("COMMITTED", messages.outcome());
        assertEquals(5, messages.summary().orElseThrow().getDelivered());
        assertEquals(
                Collections.nCopies(5, DeleteOutcome.DELETE_OUTCOME_DELETED), committed.stream().map(CommittedMessage::getOutcome).toList());
        assertEquals(0, count());
    }

    @Test
    void breakKeepsTheMessage() {
        List<String> ids = uniqueIds();
        Collect messages = collect();
        try (messages) {
            for (Message message : messages) {
                if (message.deliveryId() == 3) {
                    break;
                }
            }
        }
        assertEquals("COMMITTED", messages.outcome());
        assertEquals(ids.subList(2, 5), uniqueIds());
    }

    @Test
    void anExceptionKeepsTheMessage() {
        List<String> ids = uniqueIds();
        var thrown = assertThrows(ArithmeticException.class, () -> {
            try (Collect messages = collect()) {
                for (Message message : messages) {
                    if (message.deliveryId() == 2) {
                        throw new ArithmeticException();
                    }
                }
            }
        });
        assertEquals(0, thrown.getSuppressed().length);
        assertEquals(ids.subList(1, 5), uniqueIds());
    }

    @Test
    void whatTheLoopOnlyAskedAboutIsNotSettled() {
        List<String> ids = uniqueIds();
        try (Collect messages = collect()) {
            assertTrue(messages.hasNext());
            assertTrue(messages.hasNext());
            assertEquals(1, messages.next().deliveryId());
            assertTrue(messages.hasNext()); // settles the first one
            assertTrue(messages.hasNext());
        }
        assertEquals(ids.subList(1, 5), uniqueIds());
    }

    @Test
    void nothingIsDeletedBeforeTheFirst() {
        collect().close();
        assertEquals(5, count());
    }

    @Test
    void cancelAndInterruptGiveUp() {
        try (Collect messages = collect()) {
            messages.next();
            messages.next();
            messages.cancel();
        }
        assertEquals(5, count());
        PopgateException thrown = assertThrows(PopgateException.class, () -> {
            try (Collect messages = collect()) {
                messages.next();
                messages.next();
                Thread.currentThread().interrupt();
            }
        });
        assertTrue(Thread.interrupted());
        assertEquals(Status.Code.CANCELLED, thrown.code());
        assertEquals(5, count());
    }

    @Test
    void keep() {
        Collect messages = collect(request(), Settling.KEEP);
        try (messages) {
            messages.forEachRemaining(message -> {});
        }
        assertEquals(5, count());
        try (Collect again = collect(request().setCursor(messages.cursor().orElseThrow()), Settling.DELETE)) {
            assertFalse(again.hasNext());
        }
    }

    @Test
    void byHand() {
        try (Collect messages = collect(request(), Settling.BY_HAND)) {
            for (Message message : messages) {
                if (message.deliveryId() % 2 == 1) {
                    messages.delete(message);
                } else {
                    messages.keep(message);
                }
            }
        }
        assertEquals(2, count());
    }

    @Test
    void theFirstSettlementStands() {
        try (Collect messages = collect()) {
            for (Message message : messages) {
                if (message.deliveryId() == 1) {
                    messages.keep(message);
                }
            }
        }
        assertEquals(1, count());
    }
}
