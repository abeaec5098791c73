package io.github.popgate;

import io.grpc.Status;

/** What arrived is not what the gateway sent: its octets or its CRC-32 differ, or its end or an entry is missing. Do not store it. */
public final class IntegrityException extends PopgateException {
    private static final long serialVersionUID = 1;

    IntegrityException(String text) {
        super(text, null, Status.Code.DATA_LOSS);
    }

    static IntegrityException differs(long came, long sent) {
        return new IntegrityException(came + " octets came, " + sent + " were sent, or their CRC-32 differs");
    }
}
