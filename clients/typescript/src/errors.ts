/** What can go wrong: the gateway's errors, decoded. */

import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const DOMAIN = "popgate.v1";

/** A call failed. `message` is the gateway's sentence, for people; the other properties are for programs. */
export class PopgateError extends Error {
  override readonly name: string = "PopgateError";
  /** The status code of gRPC. Without a `reason`, a connection that broke may be Unavailable or Canceled. */
  readonly code: Code;
  /**
   * A value of ErrorReason (popgate/v1/error.proto) without its prefix, such as "LOGIN_FAILED"; empty where the error does not come
   * from popgate but from the transport or the caller's own deadline.
   */
  readonly reason: string;
  /** The POP3 command without its arguments, or empty. */
  readonly command: string;
  /** The POP3 server's status line, or empty. Octets that are not printable UTF-8 are escaped. */
  readonly response: string;
  /** The response code in it (RFC 2449 section 8), such as "SYS/TEMP", or empty. */
  readonly responseCode: string;
  /** Why a session ended or a connection was not made, such as "REFUSED", or empty. */
  override readonly cause: string;
  /** What became of messages marked by DELE, such as "NOT_COMMITTED", or empty. */
  readonly outcome: string;
  /** Milliseconds after which the same call may succeed; undefined where trying again does not help. */
  readonly retryAfterMs: number | undefined;
  /** All of google.rpc.ErrorInfo's metadata. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(text: string, code: Code, reason = "", metadata: Record<string, string> = {}, retryAfterMs?: number) {
    super(text);
    this.code = code;
    this.reason = reason;
    this.command = metadata["command"] ?? "";
    this.response = metadata["response"] ?? "";
    this.responseCode = metadata["responseCode"] ?? "";
    this.cause = metadata["cause"] ?? "";
    this.outcome = metadata["outcome"] ?? "";
    this.retryAfterMs = retryAfterMs;
    this.metadata = metadata;
  }

  /** Decodes what a method of the generated stubs threw; what is a PopgateError already stays as it is. */
  static from(error: unknown): PopgateError {
    if (error instanceof PopgateError) {
      return error;
    }
    const failed = ConnectError.from(error);
    const info = failed.findDetails(ErrorInfoSchema).find((detail) => detail.domain === DOMAIN);
    const delay = failed.findDetails(RetryInfoSchema)[0]?.retryDelay;
    const last = failed.cause instanceof ConnectError ? `; the last attempt: ${failed.cause.rawMessage}` : "";
    return new PopgateError(
      failed.rawMessage + last,
      statusCode(failed),
      info?.reason.replace(/^ERROR_REASON_/, ""),
      info?.metadata,
      delay && durationMs(delay),
    );
  }
}

/** What arrived is not what the gateway sent: its octets or its CRC-32 differ, or its end is missing. Do not store it. */
export class IntegrityError extends PopgateError {
  override readonly name = "IntegrityError";

  constructor(text: string) {
    super(text, Code.DataLoss);
  }
}

/** The status code, as other gRPC libraries have it: connect-node says Aborted of a connection that broke. */
export function statusCode(error: ConnectError): Code {
  return error.code === Code.Aborted && error.cause !== undefined ? Code.Unavailable : error.code;
}
