package io.github.popgate;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call failed. Its message is the gateway's sentence, for people; the methods are for programs.
 *
 * <p>It is unchecked, in streams too: {@code java.util.Scanner} and others take an {@code IOException} for the end of the input, and
 * half a message would pass for a whole one.
 */
public class PopgateException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final String DOMAIN = "popgate.v1";
    private static final String PREFIX = "ERROR_REASON_";

    /** Without its prefix, or empty. */
    private final String reason;
    /** Of gRPC. */
    private final Status.Code code;
    private final transient Map<String, String> metadata;
    /** Null where trying again does not help. */
    private final Duration retryAfter;

    PopgateException(String text, Throwable thrown, Status.Code code, String reason, Map<String, String> metadata, Duration retryAfter) {
        super(text, thrown);
        this.code = code;
        this.reason = reason;
        this.metadata = metadata;
        this.retryAfter = retryAfter;
    }

    /** An error that does not come from the gateway. */
    PopgateException(String text, Throwable thrown, Status.Code code) {
        this(text, thrown, code, "", Map.of(), null);
    }

    /**
     * Decodes the status of a failed call of a generated stub.
     *
     * @param thrown gRPC's StatusException or StatusRuntimeException
     * @return the error
     */
    public static PopgateException of(Throwable thrown) {
        Status status = Status.fromThrowable(thrown);
        String reason = "";
        Map<String, String> metadata = Map.of();
        Duration retryAfter = null;
        try {
            com.google.rpc.Status details = StatusProto.fromThrowable(thrown);
            for (Any detail : details == null ? List.<Any>of() : details.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    ErrorInfo info = detail.unpack(ErrorInfo.class);
                    if (info.getDomain().equals(DOMAIN)) {
                        reason = info.getReason().startsWith(PREFIX) ? info.getReason().substring(PREFIX.length()) : info.getReason();
                        metadata = Map.copyOf(info.getMetadataMap());
                    }
                } else if (detail.is(RetryInfo.class)) {
                    com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                }
            }
        } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
            // Details that cannot be read, or do not fit the status: not popgate's.
            thrown.addSuppressed(e);
        }
        String text = status.getDescription() == null ? "" : status.getDescription();
        return new PopgateException(text, thrown, status.getCode(), reason, metadata, retryAfter);
    }

    /**
     * A value of {@link io.github.popgate.v1.ErrorReason} without its prefix.
     *
     * @return the reason, such as "LOGIN_FAILED"; empty where the error does not come from popgate but from the transport or the
     *     caller's own deadline
     */
    public String reason() {
        return reason;
    }

    /**
     * The status code of gRPC.
     *
     * @return the code
     */
    public Status.Code code() {
        return code;
    }

    /**
     * The POP3 command that failed.
     *
     * @return the command without its arguments, or empty
     */
    public String command() {
        return metadata("command");
    }

    /**
     * The POP3 server's status line. Octets that are not printable UTF-8 are escaped.
     *
     * @return the line, or empty
     */
    public String response() {
        return metadata("response");
    }

    /**
     * The response code in the status line (RFC 2449 section 8).
     *
     * @return the code without brackets, such as "SYS/TEMP", or empty
     */
    public String responseCode() {
        return metadata("responseCode");
    }

    /**
     * Why a session ended or a connection was not made: a value of {@link io.github.popgate.v1.Cause} without its prefix.
     * {@link #getCause} is something else: gRPC's own exception.
     *
     * @return the cause, such as "REFUSED", or empty
     */
    public String cause() {
        return metadata("cause");
    }

    /**
     * What became of messages marked by DELE: a value of {@link io.github.popgate.v1.CommitOutcome} without its prefix.
     *
     * @return the outcome, such as "NOT_COMMITTED", or empty
     */
    public String outcome() {
        return metadata("outcome");
    }

    /**
     * How long to wait until the same call may succeed.
     *
     * @return the delay; empty where trying again does not help
     */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /**
     * All metadata of {@code google.rpc.ErrorInfo}; lost when the exception is serialized.
     *
     * @return the metadata, not modifiable
     */
    public Map<String, String> metadata() {
        return metadata == null ? Map.of() : metadata;
    }

    private String metadata(String key) {
        return metadata().getOrDefault(key, "");
    }
}
