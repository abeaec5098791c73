/** A connection to a POP3 server, a method a command. */

import { inspect } from "node:util";

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Client as Stub } from "@connectrpc/connect";

import { type Credentials, credentialsMessage } from "./credentials.js";
import { PopgateError } from "./errors.js";
import type {
  AuthResponse,
  CapaResponse,
  LangResponse,
  ListResponse,
  OpenSessionResponse,
  Pop3Service,
  QuitResponse,
  StatResponse,
  StlsResponse,
  UidlResponse,
} from "./gen/popgate/v1/pop3_service_pb.js";
import type { ServerSchema, TlsOptionsSchema } from "./gen/popgate/v1/server_pb.js";
import { MessageStream, type Piece } from "./message.js";

const HEADER = "pop3-session";

/** How long `close` takes at most. Nothing depends on the gateway's answer, so a silent one does not hold up the caller. */
const CLOSE_TIMEOUT_MS = 10_000;

type Pop3Stub = Stub<typeof Pop3Service>;

/**
 * A connection to a POP3 server, until `close`, which is also what the end of `await using` does. `Client.session` opens it.
 *
 * Each command is a method; what it sends, and which reasons it can fail for, is at the RPC of the same name in
 * popgate/v1/pop3_service.proto. Errors are PopgateError. Those that return a string return the server's status line. Only `quit`
 * sends QUIT: whatever else ends a session removes nothing. Calls of one session wait for each other.
 */
export class Session implements AsyncDisposable {
  /** The session's name, a secret. */
  readonly id: string;
  /** The gateway's answer: the greeting (`response`), `tls`, `replica`, `idleTimeout`, `maxAge`. */
  readonly opened: OpenSessionResponse;
  readonly #stub: Pop3Stub;
  readonly #options: { timeoutMs: number; headers: Record<string, string> };

  private constructor(stub: Pop3Stub, opened: OpenSessionResponse, header: string, timeoutMs: number) {
    this.#stub = stub;
    this.id = opened.sessionId;
    this.opened = opened;
    this.#options = { timeoutMs, headers: { [HEADER]: header } };
  }

  /** Opens a session over a generated stub; `Client.session` is shorter. `timeoutMs` is for each unary call, 0 is no limit. */
  static async open(stub: Pop3Stub, server: MessageInitShape<typeof ServerSchema>, timeoutMs: number): Promise<Session> {
    let header = "";
    const onHeader = (headers: Headers) => {
      header = headers.get(HEADER) ?? "";
    };
    const opened = await decoded(stub.openSession({ server }, { timeoutMs, onHeader }));
    // A proxy may have put its own value into the header, and routes by what comes back.
    return new Session(stub, opened, header || opened.sessionId, timeoutMs);
  }

  /**
   * Ends the session without QUIT, whatever is running: nothing is removed. It does not fail, and may be repeated.
   *
   * It takes 10 s at most, or `timeoutMs` of `connect` where that is less. Where the gateway is silent the session counts as closed
   * then, and ends by its idle time-out.
   */
  async close(): Promise<void> {
    const timeoutMs = Math.min(this.#options.timeoutMs || CLOSE_TIMEOUT_MS, CLOSE_TIMEOUT_MS);
    await this.#stub.closeSession(this.#request({}), { ...this.#options, timeoutMs }).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What console.log prints: without the id, which is a secret. */
  [inspect.custom](): string {
    return `Session { ${inspect(this.opened.response)} }`;
  }

  #request<T extends object>(fields: T): T & { sessionId: string } {
    return { ...fields, sessionId: this.id };
  }

  async #status(call: (request: { sessionId: string }, options: CallOptions) => Promise<{ response: string }>): Promise<string> {
    return (await decoded(call(this.#request({}), this.#options))).response;
  }

  /** The greeting. */
  getWelcome(): Promise<string> {
    return this.#status(this.#stub.getWelcome);
  }

  /** CAPA: what the server can do. */
  capa(): Promise<CapaResponse> {
    return decoded(this.#stub.capa(this.#request({}), this.#options));
  }

  /** STLS: begins TLS, verified as `tls` says, by default by the host's name and the gateway's roots. */
  stls(tls: MessageInitShape<typeof TlsOptionsSchema> = {}): Promise<StlsResponse> {
    return decoded(this.#stub.stls(this.#request({ tls }), this.#options));
  }

  /** UTF8. */
  utf8(): Promise<string> {
    return this.#status(this.#stub.utf8);
  }

  /** LANG: chooses the language of the server's texts, or lists them. */
  lang(tag?: string): Promise<LangResponse> {
    return decoded(this.#stub.lang(this.#request(tag === undefined ? {} : { tag }), this.#options));
  }

  /** USER and PASS. `auth` is safer where the server has SASL. */
  async login(username: string, password: string): Promise<string> {
    await this.user(username);
    return this.pass(password);
  }

  /** AUTH: logs in by SASL, by default with the strongest mechanism that both sides have. */
  auth(credentials: Credentials): Promise<AuthResponse> {
    return decoded(this.#stub.auth(this.#request({ credentials: credentialsMessage(credentials) }), this.#options));
  }

  /** USER. */
  user(username: string): Promise<string> {
    return this.#status((request, options) => this.#stub.user({ ...request, username }, options));
  }

  /** PASS. */
  pass(password: string): Promise<string> {
    return this.#status((request, options) => this.#stub.pass({ ...request, password }, options));
  }

  /** APOP. The secret does not go over the wire. */
  apop(username: string, secret: string): Promise<string> {
    return this.#status((request, options) => this.#stub.apop({ ...request, username, secret }, options));
  }

  /** RPOP. */
  rpop(username: string): Promise<string> {
    return this.#status((request, options) => this.#stub.rpop({ ...request, username }, options));
  }

  /** STAT: `messageCount` and `octets` of the maildrop. */
  stat(): Promise<StatResponse> {
    return decoded(this.#stub.stat(this.#request({}), this.#options));
  }

  /** LIST: the octets of each message, or of one, in batches: `response` first, `entries`, `octets` last. */
  list(messageNumber?: number): AsyncIterable<ListResponse> {
    return this.#stream(this.#stub.list, messageNumber === undefined ? {} : { messageNumber });
  }

  /** UIDL: the unique-id of each message, or of one, in batches as those of `list`. */
  uidl(messageNumber?: number): AsyncIterable<UidlResponse> {
    return this.#stream(this.#stub.uidl, messageNumber === undefined ? {} : { messageNumber });
  }

  async *#stream<I extends object, O>(
    call: (request: I & { sessionId: string }, options: CallOptions) => AsyncIterable<O>,
    fields: I,
  ): AsyncGenerator<O, void, undefined> {
    const controller = new AbortController();
    try {
      yield* call(this.#request(fields), { headers: this.#options.headers, signal: controller.signal });
    } catch (error) {
      throw PopgateError.from(error);
    } finally {
      controller.abort();
    }
  }

  /** RETR: a message of any size. One that LIST says is larger than `maxOctets` is MESSAGE_TOO_LARGE. */
  retr(messageNumber: number, options: { maxOctets?: number | bigint } = {}): Promise<MessageStream> {
    const limit = options.maxOctets === undefined ? {} : { maxOctets: BigInt(options.maxOctets) };
    return this.#message((call) => this.#stub.retr(this.#request({ messageNumber, ...limit }), call));
  }

  /** TOP: the header and so many lines of the body. Never take it for the whole message. */
  top(messageNumber: number, lines = 0): Promise<MessageStream> {
    return this.#message((call) => this.#stub.top(this.#request({ messageNumber, lines }), call));
  }

  #message(begin: (options: CallOptions) => AsyncIterable<Piece>): Promise<MessageStream> {
    const call = new AbortController();
    return MessageStream.open(begin({ headers: this.#options.headers, signal: call.signal }), call);
  }

  /** DELE: marks a message, if it has this unique-id. `quit` removes it. */
  dele(messageNumber: number, options: { ifUniqueId?: string } = {}): Promise<string> {
    return this.#status((request, call) => this.#stub.dele({ ...request, messageNumber, ...options }, call));
  }

  /** RSET: takes all marks back. */
  rset(): Promise<string> {
    return this.#status(this.#stub.rset);
  }

  /** NOOP. */
  noop(): Promise<string> {
    return this.#status(this.#stub.noop);
  }

  /**
   * QUIT: has the marked messages removed; `outcome` says whether any were. Repeating it sends nothing and gets the same answer, so
   * after a lost reply call it again.
   */
  quit(): Promise<QuitResponse> {
    return decoded(this.#stub.quit(this.#request({}), this.#options));
  }
}

async function decoded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw PopgateError.from(error);
  }
}
