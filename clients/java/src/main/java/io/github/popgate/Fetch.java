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
        take(
                response.getPartsList(),
                response.hasProgress() ? response.getProgress() : null,
                response.hasCursor() ? response.getCursor() : null,
                response.hasSummary() ? response.getSummary() : null);
        return true;
    }

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
