package io.github.popgate;

import com.google.protobuf.ByteString;
import io.github.popgate.v1.RetrResponse;
import io.github.popgate.v1.TopResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Function;
import java.util.zip.CRC32;

/**
 * A message as it comes: byte for byte, dot-unstuffed, with its line ends.
 *
 * <p>The end of the stream is only reached if the message came whole. A broken connection is {@link PopgateException} and wrong
 * octets or a wrong CRC-32 are {@link IntegrityException}, in the read that meets them and in each one after it. Read it to its end
 * or close it before the session's next call: the session is sequential.
 */
public final class MessageInputStream extends InputStream {
    private final Responses<?> responses;
    private final Source source;
    private final String response;
    private final CRC32 crc32 = new CRC32();
    private long octets;
    private ByteBuffer rest = ByteBuffer.allocate(0);
    private boolean whole;
    private boolean ended;
    private boolean closed;
    private PopgateException failure;

    /** What RetrResponse and TopResponse have in common; {@code octets} is -1 but in the last one. */
    private record Piece(String response, ByteString data, long octets, int crc32) {}

    @FunctionalInterface
    private interface Source {
        Piece read();
    }

    private <T> MessageInputStream(Responses<T> responses, Function<T, Piece> piece) {
        this.responses = responses;
        this.source = () -> {
            T next = responses.read();
            return next == null ? null : piece.apply(next);
        };
        this.response = take();
    }

    static MessageInputStream ofRetr(Responses<RetrResponse> responses) {
        return new MessageInputStream(
                responses, r -> new Piece(r.getResponse(), r.getData(), r.hasOctets() ? r.getOctets() : -1, r.getCrc32()));
    }

    static MessageInputStream ofTop(Responses<TopResponse> responses) {
        return new MessageInputStream(
                responses, r -> new Piece(r.getResponse(), r.getData(), r.hasOctets() ? r.getOctets() : -1, r.getCrc32()));
    }

    /** Takes the next piece, and returns its status line. */
    private String take() {
        try {
            Piece piece = source.read();
            if (piece == null) {
                if (!whole) {
                    throw new IntegrityException("the stream ended before the message");
                }
                ended = true;
                return "";
            }
            count(piece);
            rest = piece.data().asReadOnlyByteBuffer();
            return piece.response();
        } catch (PopgateException e) {
            failure = e;
            close();
            throw e;
        }
    }

    private void count(Piece piece) {
        if (whole) {
            throw new IntegrityException("the stream goes on behind the message");
        }
        octets += piece.data().size();
        for (ByteBuffer buffer : piece.data().asReadOnlyByteBufferList()) {
            crc32.update(buffer);
        }
        if (piece.octets() >= 0) {
            if (piece.octets() != octets || piece.crc32() != (int) crc32.getValue()) {
                throw IntegrityException.differs(octets, piece.octets());
            }
            whole = true;
        }
    }

    /** Returns whether there is something in {@code rest}, for which it waits; false at the end. */
    private boolean fill() throws IOException {
        if (failure != null) {
            throw failure;
        }
        if (closed) {
            throw new IOException("the stream is closed");
        }
        while (!rest.hasRemaining() && !ended) {
            take();
        }
        return rest.hasRemaining();
    }

    /**
     * The server's status line.
     *
     * @return the line, such as "+OK 120 octets"
     */
    public String response() {
        return response;
    }

    @Override
    public int read() throws IOException {
        return fill() ? rest.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, rest.remaining());
        rest.get(buffer, offset, count);
        return count;
    }

    @Override
    public int available() {
        return rest.remaining();
    }

    /** Gives the rest up. It does nothing at the end of the message, and may be repeated. */
    @Override
    public void close() {
        closed = true;
        responses.close();
    }
}
