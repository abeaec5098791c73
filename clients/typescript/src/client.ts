/** A connection to a gateway, and what can be asked of it. */

import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type SecureClientSessionOptions } from "node:http2";
import { isIPv4, connect as connectSocket } from "node:net";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client as Stub, Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { type Credentials, credentialsMessage, type Server, serverMessage } from "./credentials.js";
import { type FetchMessagesRequestSchema, MailboxService } from "./gen/popgate/v1/mailbox_service_pb.js";
import { Pop3Service } from "./gen/popgate/v1/pop3_service_pb.js";
import { Collect, Fetch, type Settling } from "./mailbox.js";
import { retry } from "./retry.js";
import { Session } from "./session.js";

const TIMEOUT_MS = 330_000; // the gateway waits for QUIT's reply for 300 s

/** How to reach a gateway. */
export interface ConnectOptions {
  /** What Node's `tls` takes: `ca` for an own authority, `cert` and `key` for a client certificate, `servername`. Implies TLS. */
  readonly tls?: SecureClientSessionOptions;
  /** A bearer token, sent with every call. */
  readonly token?: string;
  /** Plaintext to a host that is not this machine: whoever is between reads passwords, mail and the token. */
  readonly insecure?: boolean;
  /** How long a call of a session may take that is not a stream; 330 s by default, 0 is no limit of one's own. */
  readonly timeoutMs?: number;
}

/** Which messages: one of `cursor`, `everything` and `uniqueIds`; by default all, as with an empty cursor. */
export interface Selection {
  /** All but those that an earlier Fetch or Collect saw, which left this cursor. */
  readonly cursor?: Uint8Array;
  /** All that the server lists. */
  readonly everything?: boolean;
  /** These. */
  readonly uniqueIds?: readonly string[];
  /** A message is as large as memory allows: this skips larger ones; Session.retr streams them. */
  readonly maxOctets?: number | bigint;
  /** How many at most. */
  readonly maxMessages?: number;
  /** For the whole call; by default it has no limit. */
  readonly timeoutMs?: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** What `Client.fetch` can be told. */
export interface FetchOptions extends Selection {
  /** Passed over as well: what came after the cursor was stored. */
  readonly seenUniqueIds?: readonly string[];
  readonly newestFirst?: boolean;
  /** The header and so many lines of the body in place of the message. */
  readonly headerLines?: number;
}

/** What `Client.collect` can be told. */
export interface CollectOptions extends Selection, Settling {}

/**
 * Makes a client of the gateway at `target`, such as "popgate.internal.example:9110" or "unix:/run/popgate.sock". It connects at the
 * first call.
 *
 * It is TLS, verified by Node's own roots; only a loopback address or a Unix socket is spoken to in plaintext, unless `insecure` says
 * so of another.
 */
export function connect(target: string, options: ConnectOptions = {}): Client {
  const manager = sessionManager(target, options);
  const interceptors = options.token === undefined ? [retry] : [bearer(options.token), retry];
  const transport = createGrpcTransport({ baseUrl: manager.authority, sessionManager: manager, interceptors });
  return new Client(transport, { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, close: manager.abort.bind(manager) });
}

function sessionManager(target: string, { tls, insecure = false }: ConnectOptions): Http2SessionManager {
  if (insecure && tls) {
    throw new TypeError("give one of tls and insecure");
  }
  if (target.startsWith("unix:")) {
    if (tls) {
      throw new TypeError("a Unix socket is spoken to in plaintext");
    }
    const path = target.slice("unix:".length);
    return new SessionManager("http://localhost", {}, { createConnection: () => connectSocket(path) });
  }
  const url = new URL(`http://${target}`);
  if (url.username || url.password || url.pathname !== "/" || url.search || url.hash) {
    throw new TypeError(`${target} is not host:port`);
  }
  const plain = !tls && (insecure || isLoopback(url.hostname));
  return new SessionManager(`${plain ? "http" : "https"}://${target}`, {}, tls);
}

/**
 * Puts four things of Node and connect-node right. A stream is cancelled without being ended first: to a gateway the end is a
 * half-close, which commits what is settled. A gateway that ends a call before this side has (RST_STREAM with NO_ERROR, RFC 9113
 * section 8.1) has not aborted it. The errors of connections that connect-node no longer listens to, such as after a GOAWAY, do not end
 * the process. And a status is what grpc-status says, even if its text or details are garbage.
 */
class SessionManager extends Http2SessionManager {
  #closed = false;

  /** Closes for good: a call behind it would make a connection that nobody closes, which keeps the process. */
  override abort(reason?: Error): void {
    this.#closed = true;
    super.abort(reason);
  }

  /** Throws if the client is closed, also where it was while a call began, which may have connected again. */
  #open(): void {
    if (this.#closed) {
      super.abort();
      throw new ConnectError("the client is closed", Code.Canceled);
    }
  }

  override async request(...parameters: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    this.#open();
    const stream = await super.request(...parameters);
    stream.on("error", ignore);
    this.#open();
    if (stream.session?.listenerCount("error", ignore) === 0) {
      stream.session.on("error", ignore);
    }
    const emit = stream.emit.bind(stream) as (...event: unknown[]) => boolean;
    stream.emit = (...event: unknown[]) => {
      if (event[0] === "response" || event[0] === "trailers") {
        mendStatus(event[1] as IncomingHttpHeaders);
      }
      if (event[0] !== "aborted") {
        return emit(...event);
      }
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR) {
        return false;
      }
      stream.end = () => stream;
      return emit(...event);
    };
    return stream;
  }
}

/** Takes away details that do not fit the status: connect-node believes them more than it, also that there is no error. */
function mendStatus(headers: IncomingHttpHeaders): void {
  const { "grpc-status": status, "grpc-message": text, "grpc-status-details-bin": details } = headers;
  if (details !== undefined && codeOf({ "grpc-status-details-bin": String(details) }) !== Number(status)) {
    delete headers["grpc-status-details-bin"];
  }
  if (text !== undefined && codeOf({ "grpc-status": "2", "grpc-message": String(text) }) === undefined) {
    headers["grpc-message"] = encodeURIComponent(String(text));
  }
}

/** The code that connect-node would make of them, or undefined where it would fail. */
function codeOf(headers: Record<string, string>): number | undefined {
  try {
    return findTrailerError(new Headers(headers))?.code ?? 0;
  } catch {
    return undefined;
  }
}

function ignore(): void {
  // Each call has its own error.
}

/** Whether a host, as URL gives it, is this machine, so that nobody can read along. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

/** A gateway. `connect` makes one; `close`, or the end of `await using`, ends all its calls. */
export class Client implements AsyncDisposable {
  /** The generated stub of Pop3Service, for what the methods here do not offer. It throws ConnectError: see PopgateError.from. */
  readonly pop3: Stub<typeof Pop3Service>;
  /** The generated stub of MailboxService. */
  readonly mailbox: Stub<typeof MailboxService>;
  readonly #timeoutMs: number;
  readonly #close: (() => void) | undefined;

  /** A client over a transport of one's own, which may then have its own interceptors. `close` is what ends the transport. */
  constructor(transport: Transport, options: { timeoutMs?: number; close?: () => void } = {}) {
    this.pop3 = createClient(Pop3Service, transport);
    this.mailbox = createClient(MailboxService, transport);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#close = options.close;
  }

  /** Closes the connection. Sessions that are open end by their idle time-out, without QUIT: close them first. */
  close(): void {
    this.#close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /**
   * Connects to a POP3 server.
   *
   * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_VERIFICATION_FAILED and others of OpenSession.
   */
  session(server: Server): Promise<Session> {
    return Session.open(this.pop3, serverMessage(server), this.#timeoutMs);
  }

  /** Iterates over the messages that are new, and deletes none. Store `cursor`, which the Fetch leaves, with the messages. */
  fetch(server: Server, credentials: Credentials, options: FetchOptions = {}): Fetch {
    const { seenUniqueIds = [], newestFirst = false, headerLines } = options;
    const request = {
      ...selected(server, credentials, options),
      seenUniqueIds: [...seenUniqueIds],
      newestFirst,
      ...(headerLines !== undefined && { headerLines }),
    };
    return new Fetch(this.mailbox, request, callOptions(options));
  }

  /**
   * Iterates over the messages that are new, and has each deleted once the loop goes on to the next. Collect says when exactly. Store
   * each message durably in the loop's body.
   */
  collect(server: Server, credentials: Credentials, options: CollectOptions = {}): Collect {
    const open = { fetch: selected(server, credentials, options) };
    return new Collect(this.mailbox, open, options, callOptions(options));
  }
}

type FetchInit = Exclude<MessageInitShape<typeof FetchMessagesRequestSchema>, { $typeName: string }>;

function selected(server: Server, credentials: Credentials, options: Selection): FetchInit {
  const { cursor, everything = false, uniqueIds, maxOctets, maxMessages } = options;
  if (Number(cursor !== undefined) + Number(everything) + Number(uniqueIds !== undefined) > 1) {
    throw new TypeError("give one of cursor, everything and uniqueIds");
  }
  let selection: FetchInit["selection"] = { case: "cursor", value: cursor ?? new Uint8Array() };
  if (everything) {
    selection = { case: "all", value: true };
  } else if (uniqueIds) {
    selection = { case: "uniqueIds", value: { uniqueIds: [...uniqueIds] } };
  }
  return {
    server: serverMessage(server),
    credentials: credentialsMessage(credentials),
    selection,
    ...(maxOctets !== undefined && { maxOctets: BigInt(maxOctets) }),
    ...(maxMessages !== undefined && { maxMessages }),
  };
}

// No time-out of a stream has to be said as 0: undefined would be the transport's.
function callOptions({ timeoutMs = 0, signal }: Selection): { timeoutMs: number; signal?: AbortSignal } {
  return signal ? { timeoutMs, signal } : { timeoutMs };
}
