/** Whole messages of a mailbox, as async iterables: Fetch deletes none, Collect those that are settled for deletion. */

import { PassThrough } from "node:stream";
import { crc32 } from "node:zlib";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Client as Stub } from "@connectrpc/connect";

import { type Credentials, credentialsMessage } from "./credentials.js";
import { IntegrityError, PopgateError } from "./errors.js";
import { CommitOutcome } from "./gen/popgate/v1/error_pb.js";
import {
  type CollectMessagesRequest,
  CollectMessagesRequestSchema,
  type CollectMessagesResponse,
  type CollectOpenSchema,
  type Commit,
  Disposition,
  type FetchMessagesRequestSchema,
  type FetchMessagesResponse,
  type MailboxService,
  type Part,
  type PartStart,
  type Progress,
  type Summary,
  type UniqueIdKind,
} from "./gen/popgate/v1/mailbox_service_pb.js";

/** What becomes of a message that is done with. */
export type Settlement = "delete" | "keep";

const DISPOSITIONS = { delete: Disposition.DELETE, keep: Disposition.KEEP };

type MailboxStub = Stub<typeof MailboxService>;

/**
 * A whole message, its octets and CRC-32 checked. Store it under `uniqueId` and `sha256` together: what is delivered twice then is
 * stored once.
 */
export interface Message {
  /** Counts the messages of the call from 1. */
  readonly deliveryId: bigint;
  /** Message number, good for one login only. */
  readonly number: number;
  /** Unique-id, escaped as all texts of servers. */
  readonly uniqueId: string;
  /** What the unique-id is worth. */
  readonly idKind: UniqueIdKind;
  /** The message byte for byte. */
  readonly data: Uint8Array;
  /** SHA-256 of `data`, 32 octets; empty if it was left out. */
  readonly sha256: Uint8Array;
}

/** Puts messages together from the parts of a stream, and ends the call when the loop is left. It can be iterated once. */
abstract class Delivery implements AsyncIterable<Message>, AsyncDisposable {
  /** What there is to do, once the maildrop is listed. */
  progress: Progress | undefined;
  /** The last cursor that came. It knows no message that the loop has not reached. */
  cursor: Uint8Array | undefined;
  /** Parts with `failure` or `skipped`: messages that the server refused, or that are larger than `maxOctets`. */
  readonly undelivered: Part[] = [];
  /** What the call came to, at its end. */
  summary: Summary | undefined;
  protected readonly call = new AbortController();
  readonly #messages = this.run();
  #start: PartStart | undefined; // of the message that is under way
  #deliveryId = 0n;
  #data: Uint8Array[] = [];

  protected abstract run(): AsyncGenerator<Message, void, undefined>;

  /** The iterator of `for await`; it is the same each time. */
  [Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    return this.#messages;
  }

  /** What leaving the loop early does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#messages.return();
  }

  protected options(options: CallOptions): CallOptions {
    const { signal } = this.call;
    return { ...options, signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal };
  }

  protected note(response: FetchMessagesResponse | CollectMessagesResponse): void {
    this.progress = response.progress ?? this.progress;
    this.cursor = response.cursor ?? this.cursor;
    this.summary = response.summary ?? this.summary;
  }

  /** The message that this part completes. */
  protected add(part: Part): Message | undefined {
    if (part.deliveryId !== this.#deliveryId) {
      this.ended();
    }
    if (part.failure || part.skipped) {
      this.#start = undefined;
      this.undelivered.push(part);
      return undefined;
    }
    if (part.start) {
      this.ended();
      this.#start = part.start;
      this.#deliveryId = part.deliveryId;
      this.#data = [];
    }
    const [start, end] = [this.#start, part.end];
    if (!start || part.deliveryId !== this.#deliveryId) {
      throw new IntegrityError("a part of a message that has no start");
    }
    this.#data.push(part.data);
    if (!end) {
      return undefined;
    }
    this.#start = undefined;
    const [only] = this.#data;
    const data = this.#data.length === 1 && only ? only : Buffer.concat(this.#data);
    this.#data = [];
    if (BigInt(data.length) !== end.octets || crc32(data) !== end.crc32) {
      throw new IntegrityError(`${data.length} octets came, ${end.octets} were sent, or their CRC-32 differs`);
    }
    const { messageNumber: number, uniqueId, idKind } = start;
    return { deliveryId: part.deliveryId, number, uniqueId, idKind, data, sha256: end.sha256 };
  }

  /** Throws if a message is under way: it has no end. */
  protected ended(): void {
    if (this.#start) {
      throw new IntegrityError("a message ended before it was whole");
    }
  }
}

/** The messages that `Client.fetch` asked for. None is deleted. Leaving the loop gives the rest up. */
export class Fetch extends Delivery {
  readonly #begin: () => AsyncIterable<FetchMessagesResponse>;

  /** `Client.fetch` makes it. The call begins with the loop. */
  constructor(stub: MailboxStub, request: MessageInitShape<typeof FetchMessagesRequestSchema>, options: CallOptions) {
    super();
    this.#begin = () => stub.fetchMessages(request, this.options(options));
  }

  protected override async *run(): AsyncGenerator<Message, void, undefined> {
    try {
      for await (const response of this.#begin()) {
        for (const part of response.parts) {
          const message = this.add(part);
          if (message) {
            yield message;
          }
        }
        this.note(response);
      }
      this.ended();
    } catch (error) {
      throw PopgateError.from(error);
    } finally {
      this.call.abort();
    }
  }
}

/** How `Client.collect` settles, and whom it tells. */
export interface Settling {
  /** What the loop's going on says of a message: "delete" by default; null leaves it to `Collect.settle`. */
  readonly settle?: Settlement | null;
  /** Is told what became of each message of a batch. */
  readonly onCommit?: (commit: Commit) => void;
}

/**
 * The messages that `Client.collect` asked for, deleted when they are settled for it.
 *
 * With `settle: "delete"` or `"keep"` a message is settled when the loop asks for the next one. A message whose body threw, or which
 * `break` or `return` left, is not settled and stays on the server. With `settle: null` only `settle()` does it; it also overrides what
 * the loop would do, as the first settlement of a message stands. A message that is not settled for 10 minutes ends the call with
 * UNSETTLED.
 *
 * Leaving the loop early commits what was settled before the program goes on. A signal that aborts gives the call up, and so does a
 * damaged message (IntegrityError): what was not settled stays on the server and comes again, and so may what was.
 */
export class Collect extends Delivery {
  /** Name of the last commit's CommitOutcome without its prefix, such as "COMMITTED", or empty. */
  outcome = "";
  readonly #settling: Settling;
  readonly #requests = new PassThrough({ objectMode: true });
  readonly #begin: () => AsyncIterable<CollectMessagesResponse>;

  /** `Client.collect` makes it. The call begins with the loop. */
  constructor(
    stub: MailboxStub,
    open: MessageInitShape<typeof CollectOpenSchema>,
    settling: Settling,
    options: CallOptions,
  ) {
    super();
    this.#settling = settling;
    this.#say({ request: { case: "open", value: open } });
    this.#begin = () =>
      stub.collectMessages(this.#requests as AsyncIterable<CollectMessagesRequest>, this.options(options));
  }

  /** Says that a message is stored durably and may go ("delete"), or was seen and is to stay ("keep"). */
  settle(message: Message, settlement: Settlement): void {
    const value = { deliveryIds: [message.deliveryId], disposition: DISPOSITIONS[settlement] };
    this.#say({ request: { case: "settle", value } });
  }

  /** Gives a fresh secret of the same user, such as an access token, for the next login inside the call. */
  renew(credentials: Credentials): void {
    this.#say({ request: { case: "credentials", value: credentialsMessage(credentials) } });
  }

  // Where the call is over the next response says why.
  #say(request: MessageInitShape<typeof CollectMessagesRequestSchema>): void {
    if (!this.#requests.writableEnded && !this.#requests.destroyed && !this.call.signal.aborted) {
      this.#requests.write(create(CollectMessagesRequestSchema, request));
    }
  }

  protected override note(response: CollectMessagesResponse): void {
    super.note(response);
    if (response.commit) {
      this.outcome = CommitOutcome[response.commit.outcome];
      this.#settling.onCommit?.(response.commit);
    }
  }

  protected override async *run(): AsyncGenerator<Message, void, undefined> {
    const responses = new Responses(this.#begin());
    const { settle = "delete" } = this.#settling;
    let failed = false;
    try {
      for (let response = await responses.next(); response; response = await responses.next()) {
        for (const part of response.parts) {
          const message = this.add(part);
          if (message) {
            yield message;
            if (settle) {
              this.settle(message, settle);
            }
          }
        }
        this.note(response);
      }
      this.ended();
    } catch (error) {
      failed = true;
      if (error instanceof IntegrityError) {
        this.call.abort(); // gives the call up: a half-close would commit
      }
      throw error;
    } finally {
      await this.#finish(responses, failed);
    }
  }

  /** Commits what is settled, leaves the rest on the server, and ends the call; that something is unsettled is no error then. */
  async #finish(responses: Responses, failed: boolean): Promise<void> {
    if (this.call.signal.aborted) {
      return;
    }
    this.#requests.end(); // half-closes; what is settled behind it is not said
    try {
      for (let response = await responses.next(); response; response = await responses.next()) {
        this.note(response);
      }
    } catch (error) {
      if (!failed && PopgateError.from(error).reason !== "UNSETTLED") {
        throw error;
      }
    } finally {
      this.call.abort();
    }
  }
}

/** The responses of a call, of which there are no more after an error. */
class Responses {
  readonly #iterator: AsyncIterator<CollectMessagesResponse>;
  #over = false;

  constructor(stream: AsyncIterable<CollectMessagesResponse>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  async next(): Promise<CollectMessagesResponse | undefined> {
    if (this.#over) {
      return undefined;
    }
    try {
      const next = await this.#iterator.next();
      this.#over = next.done ?? false;
      return next.done ? undefined : next.value;
    } catch (error) {
      this.#over = true;
      throw PopgateError.from(error);
    }
  }
}
