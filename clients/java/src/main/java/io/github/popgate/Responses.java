package io.github.popgate;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The responses of a call, one by one as they come. Read them to the end, or close them: a session is sequential, and its next call
 * waits for this one.
 *
 * <p>Errors are {@link PopgateException}. One thread at a time.
 *
 * @param <T> the response
 */
public final class Responses<T> implements Iterable<T>, Iterator<T>, AutoCloseable {
    private final BlockingClientCall<?, T> call;
    private T next;

    Responses(BlockingClientCall<?, T> call) {
        this.call = call;
    }

    /** What fails by a status. */
    @FunctionalInterface
    interface Call<R> {
        R get() throws StatusException, InterruptedException;
    }

    /** Makes a call, and PopgateException of its errors. */
    static <R> R decoded(Call<R> call) {
        try {
            return call.get();
        } catch (StatusException e) {
            throw PopgateException.of(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PopgateException("interrupted", e, Status.Code.CANCELLED);
        }
    }

    /** Returns the next response, or null at the end. */
    T read() {
        try {
            return decoded(call::read);
        } catch (PopgateException e) {
            close(); // an interrupt leaves the call running
            throw e;
        }
    }

    /**
     * Returns itself: the responses come once.
     *
     * @return this
     */
    @Override
    public Iterator<T> iterator() {
        return this;
    }

    @Override
    public boolean hasNext() {
        if (next == null) {
            next = read();
        }
        return next != null;
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        T response = next;
        next = null;
        return response;
    }

    /** Gives the call up. It does nothing at its end, and may be repeated. */
    @Override
    public void close() {
        call.cancel("closed", null);
    }
}
