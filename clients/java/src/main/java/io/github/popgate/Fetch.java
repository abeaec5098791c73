package io.github.popgate;

import io.github.popgate.v1.FetchMessagesResponse;

/** The messages that {@link Client#fetch} asked for. None is deleted. {@link #close} gives the rest up. */
public final class Fetch extends Delivery {
    private final Responses<FetchMessagesResponse> responses;

    Fetch(Responses<FetchMessagesResponse> responses) {
        this.responses = responses;
    }

    @Override
    boolean receive() {
        FetchMessagesResponse response = responses.read();
        if (response == null) {
            return false;
        }
        takeParts(response.getPartsList());
        if (response.hasProgress()) {
            takeProgress(response.getProgress());
        }
        if (response.hasCursor()) {
            takeCursor(response.getCursor());
        }
        if (response.hasSummary()) {
            takeSummary(response.getSummary());
        }
        return true;
    }

    @Override
    void asked() {}

    @Override
    void handedOut(Message message) {}

    @Override
    void cancel() {
        responses.close();
    }

    /** Gives the call up. It does nothing at its end, and may be repeated. */
    @Override
    public void close() {
        cancel();
    }
}
