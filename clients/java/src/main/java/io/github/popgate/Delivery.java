package io.github.popgate;

import com.google.protobuf.ByteString;
import io.github.popgate.v1.Part;
import io.github.popgate.v1.PartEnd;
import io.github.popgate.v1.PartStart;
import io.github.popgate.v1.Progress;
import io.github.popgate.v1.Summary;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The messages of a call, whole and checked, in the order they come. They come once, and one thread at a time may ask for them.
 *
 * <p>An error ends the delivery: {@link PopgateException}, of which {@link IntegrityException} is one. A message is as large as memory
 * allows: {@code max_octets} of the request skips larger ones, and {@link Session#retr} streams them.
 */
public abstract sealed class Delivery implements Iterable<Message>, Iterator<Message>, AutoCloseable permits Fetch, Collect {
    private final ArrayDeque<Part> parts = new ArrayDeque<>();
    private final List<Part> undelivered = new ArrayList<>();
    private final List<ByteString> data = new ArrayList<>();
    /** Of the message that is under way, or null. */
    private PartStart start;
    private long deliveryId;
    private Progress progress;
    private ByteString cursor;
    private Summary summary;
    private Message next;
    private PopgateException failure;

    Delivery() {}

    /** Waits for the next response and gives it to {@link #take}; false at the end of the call. */
    abstract boolean receive();

    /** The loop asks for the next message. */
    void asked() {}

    /** The loop gets a message. */
    void handedOut(Message message) {}

    /** Gives the call up. */
    abstract void cancel();

    @Override
    public abstract void close();

    /**
     * Returns itself: the messages come once.
     *
     * @return this
     */
    @Override
    public final Iterator<Message> iterator() {
        return this;
    }

    @Override
    public final boolean hasNext() {
        if (failure != null) {
            throw failure;
        }
        if (next == null) {
            try {
                asked();
                next = advance();
            } catch (PopgateException e) {
                failure = e;
                cancel();
                throw e;
            }
        }
        return next != null;
    }

    @Override
    public final Message next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Message message = next;
        next = null;
        handedOut(message);
        return message;
    }

    private Message advance() {
        do {
            while (!parts.isEmpty()) {
                Message message = add(parts.remove());
                if (message != null) {
                    return message;
                }
            }
        } while (receive());
        ended();
        return null;
    }

    /** Throws if a message is under way: it has no end. */
    private void ended() {
        if (start != null) {
            throw new IntegrityException("a message ended before it was whole");
        }
    }

    private Message add(Part part) {
        if (part.getDeliveryId() != deliveryId) {
            ended();
        }
        if (part.hasFailure() || part.hasSkipped()) {
            start = null;
            undelivered.add(part);
            return null;
        }
        if (part.hasStart()) {
            ended();
            start = part.getStart();
            deliveryId = part.getDeliveryId();
            data.clear();
        }
        if (start == null || part.getDeliveryId() != deliveryId) {
            throw new IntegrityException("a part of a message that has no start");
        }
        data.add(part.getData());
        return part.hasEnd() ? whole(part.getEnd()) : null;
    }

    private Message whole(PartEnd end) {
        PartStart begun = start;
        start = null;
        byte[] octets = joined();
        CRC32 crc32 = new CRC32();
        crc32.update(octets);
        if (octets.length != end.getOctets() || (int) crc32.getValue() != end.getCrc32()) {
            throw IntegrityException.differs(octets.length, end.getOctets());
        }
        return new Message(
                deliveryId, begun.getMessageNumber(), begun.getUniqueId(), begun.getIdKind(), octets, end.getSha256().toByteArray());
    }

    private byte[] joined() {
        byte[] octets = new byte[Math.toIntExact(data.stream().mapToLong(ByteString::size).sum())];
        int offset = 0;
        for (ByteString piece : data) {
            piece.copyTo(octets, offset);
            offset += piece.size();
        }
        data.clear();
        return octets;
    }

    /** Takes a response, of which what is not there is null; all messages of the one before have been returned. */
    final void take(List<Part> more, Progress toDo, ByteString known, Summary done) {
        parts.addAll(more);
        progress = toDo == null ? progress : toDo;
        cursor = known == null ? cursor : known;
        summary = done == null ? summary : done;
    }

    /** Throws the parts away that have not made a message. */
    final void discardParts() {
        parts.clear();
    }

    /**
     * What there is to do.
     *
     * @return it, once the maildrop is listed
     */
    public final Optional<Progress> progress() {
        return Optional.ofNullable(progress);
    }

    /**
     * The last cursor that came. It knows no message that the loop has not reached. Store it with the messages, and give it next time.
     *
     * @return the cursor, if one has come
     */
    public final Optional<ByteString> cursor() {
        return Optional.ofNullable(cursor);
    }

    /**
     * Messages that the server refused, or that are larger than {@code max_octets}.
     *
     * @return parts with {@code failure} or {@code skipped}
     */
    public final List<Part> undelivered() {
        return Collections.unmodifiableList(undelivered);
    }

    /**
     * What the call came to.
     *
     * @return it, at the end of the call
     */
    public final Optional<Summary> summary() {
        return Optional.ofNullable(summary);
    }
}
