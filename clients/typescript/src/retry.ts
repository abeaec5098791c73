/** What other gRPC libraries do by the service config, clients/service_config.json: repeat calls that may be repeated. */

import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";

import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";

import { statusCode } from "./errors.js";

const ATTEMPTS = 5;
const FIRST_MS = 200;
const LONGEST_MS = 5000;
const LONGEST_PUSHBACK_MS = 2 ** 31 - 1; // more would be a wait without end, and Node's timers take it for 1

/**
 * Repeats an idempotent call that failed as UNAVAILABLE before it had a response, up to four times, after 0.2 s and twice as long
 * each time; or after what the gateway asks for by `grpc-retry-pushback-ms`, which may also forbid it. Deadline and signal are for
 * all attempts together; where the deadline ends the wait for the next, the error of the last is the cause.
 */
export const retry: Interceptor = (next) => async (request) => {
  if (!request.method.idempotency || request.method.methodKind === "bidi_streaming") {
    return next(request);
  }
  const again = await repeatable(request);
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(again());
    } catch (error) {
      const wait = attempt < ATTEMPTS ? pauseMs(ConnectError.from(error), attempt) : undefined;
      if (wait === undefined) {
        throw error;
      }
      await setTimeout(wait, undefined, { signal: request.signal }).catch(() => {
        throw interrupted(request.signal, error);
      });
      request.header.set("grpc-previous-rpc-attempts", String(attempt));
    }
  }
};

/** What ended the wait. The transport throws the signal's reason whatever is thrown here, so the cause has to be in that. */
function interrupted(signal: AbortSignal, last: unknown): ConnectError {
  const reason = ConnectError.from(signal.reason, Code.Canceled);
  if (reason.code === Code.DeadlineExceeded) {
    reason.cause ??= last;
  }
  return reason;
}

/** How long to wait for the next attempt, or undefined if there must be none (gRFC A6). */
function pauseMs(error: ConnectError, attempt: number): number | undefined {
  if (statusCode(error) !== Code.Unavailable) {
    return undefined;
  }
  const asked = error.metadata.get("grpc-retry-pushback-ms");
  if (asked !== null) {
    return /^\d+$/.test(asked) && Number(asked) <= LONGEST_PUSHBACK_MS ? Number(asked) : undefined;
  }
  return Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS) * (0.8 + 0.4 * Math.random());
}

/** Keeps the message of a request that streams its answer, as the iterable that holds it can be read only once. */
async function repeatable(request: UnaryRequest | StreamRequest): Promise<() => UnaryRequest | StreamRequest> {
  if (!request.stream) {
    return () => request;
  }
  const messages: Message[] = [];
  for await (const message of request.message) {
    messages.push(message);
  }
  return () => ({ ...request, message: Readable.from(messages) });
}
