package io.github.popgate;

import io.github.popgate.v1.CollectMessagesRequest;
import io.github.popgate.v1.CollectMessagesResponse;
import io.github.popgate.v1.CollectOpen;
import io.github.popgate.v1.Commit;
import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.Disposition;
import io.github.popgate.v1.Settle;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.function.Consumer;

/**
 * The messages that {@link Client#collect} asked for, deleted when they are settled for it.
 *
 * <p>With {@link Settling#DELETE} or {@link Settling#KEEP} a message is settled when the loop asks for the next one: its body was left
 * at its end, or by {@code continue}. A message whose body threw, or which {@code break} or {@code return} left, is not settled and
 * stays on the server, because the loop never asked for the next one. With {@link Settling#BY_HAND} only {@link #delete} and
 * {@link #keep} settle; they also override what the loop would do, as the first settlement of a message stands. A message that is not
 * settled for 10 minutes ends the call with UNSETTLED.
 *
 * <p>Use it in try-with-resources: {@link #close} commits what is settled, also when the loop was left early. Without it, or where the
 * program dies, what no commit has told stays on the server and comes again.
 */
public final class Collect extends Delivery {
    private static final String OUTCOME = "COMMIT_OUTCOME_";

    private final BlockingClientCall<CollectMessagesRequest, CollectMessagesResponse> call;
    private final Responses<CollectMessagesResponse> responses;
    private final Settling settling;
    private Consumer<? super Commit> onCommit = commit -> {};
    private String outcome = "";
    private Message current;
    private boolean over;

    /** Who settles the messages of a loop, and how. */
    public enum Settling {
        /** The loop, by going on: what it went past is deleted. */
        DELETE,
        /** The loop, by going on: what it went past stays on the server and counts as seen. */
        KEEP,
        /** The caller, by {@link Collect#delete} and {@link Collect#keep}. */
        BY_HAND
    }

    Collect(BlockingClientCall<CollectMessagesRequest, CollectMessagesResponse> call, CollectOpen opening, Settling settling) {
        this.call = call;
        this.responses = new Responses<>(call);
        this.settling = settling;
        try {
            say(CollectMessagesRequest.newBuilder().setOpen(opening).build());
        } catch (PopgateException e) {
            cancel(); // an interrupt leaves the call running
            throw e;
        }
    }

    /**
     * Has someone told what became of each message of a batch; say it before the loop.
     *
     * @param listener called by the thread that asks for messages or closes; what it throws goes through to there
     */
    public void onCommit(Consumer<? super Commit> listener) {
        onCommit = listener;
    }

    /**
     * What the last commit came to: a value of {@link io.github.popgate.v1.CommitOutcome} without its prefix.
     *
     * @return the outcome, such as "COMMITTED", or empty
     */
    public String outcome() {
        return outcome;
    }

    /**
     * Settles a message: it is stored durably and may go.
     *
     * @param message one that this call delivered
     */
    public void delete(Message message) {
        settle(message, Disposition.DISPOSITION_DELETE);
    }

    /**
     * Settles a message: it is stored durably, or was never wanted, and is to stay.
     *
     * @param message one that this call delivered
     */
    public void keep(Message message) {
        settle(message, Disposition.DISPOSITION_KEEP);
    }

    private void settle(Message message, Disposition disposition) {
        Settle settle = Settle.newBuilder().addDeliveryIds(message.deliveryId()).setDisposition(disposition).build();
        say(CollectMessagesRequest.newBuilder().setSettle(settle).build());
    }

    /**
     * Gives a fresh secret of the same user, such as an access token, for the next login inside the call.
     *
     * @param credentials the same user's
     */
    public void renew(Credentials credentials) {
        say(CollectMessagesRequest.newBuilder().setCredentials(credentials).build());
    }

    /** Sends a request, unless the call is over: what that came to has been told. */
    private void say(CollectMessagesRequest request) {
        if (over) {
            return;
        }
        Responses.decoded(() -> {
            try {
                return call.write(request);
            } catch (StatusException e) {
                return false; // the call has ended; the next response to be read says why
            }
        });
    }

    @Override
    boolean receive() {
        CollectMessagesResponse response = responses.read();
        if (response == null) {
            over = true;
            return false;
        }
        take(
                response.getPartsList(),
                response.hasProgress() ? response.getProgress() : null,
                response.hasCursor() ? response.getCursor() : null,
                response.hasSummary() ? response.getSummary() : null);
        if (response.hasCommit()) {
            String name = response.getCommit().getOutcome().name();
            outcome = name.startsWith(OUTCOME) ? name.substring(OUTCOME.length()) : name;
            onCommit.accept(response.getCommit());
        }
        return true;
    }

    @Override
    void asked() {
        Message done = current;
        current = null;
        if (done == null) {
            return;
        }
        switch (settling) {
            case DELETE -> delete(done);
            case KEEP -> keep(done);
            case BY_HAND -> { }
        }
    }

    @Override
    void handedOut(Message message) {
        current = message;
    }

    /** Gives the call up: what no commit has told stays on the server. It does nothing at the end of the call. */
    @Override
    public void cancel() {
        over = true;
        responses.close();
    }

    /**
     * Commits what is settled, leaves the rest on the server, and ends the call. It waits for the server; an interrupt gives the call
     * up. That messages are left unsettled is no error.
     *
     * @throws PopgateException if what is settled could not be committed
     */
    @Override
    public void close() {
        if (over) {
            return;
        }
        over = true;
        try {
            if (Thread.currentThread().isInterrupted()) { // before the half-close, which would commit
                throw PopgateException.of(Status.CANCELLED.withDescription("interrupted").asRuntimeException());
            }
            call.halfClose();
            while (receive()) { // what was under way
                discardParts();
            }
        } catch (PopgateException e) {
            if (!e.reason().equals("UNSETTLED")) {
                throw e;
            }
        } finally {
            cancel();
        }
    }
}
