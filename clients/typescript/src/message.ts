/** A message as it comes, in pieces. */

import { Readable } from "node:stream";
import { crc32 } from "node:zlib";

import { IntegrityError, PopgateError } from "./errors.js";

/** What RetrResponse and TopResponse have in common. */
export interface Piece {
  readonly response: string;
  readonly data: Uint8Array;
  readonly octets?: bigint | undefined;
  readonly crc32?: number | undefined;
}

/**
 * A message byte for byte, dot-unstuffed, with its line ends, as a stream of Buffers.
 *
 * It only ends if the message came whole: a broken connection is a PopgateError, wrong octets or a wrong CRC-32 are an IntegrityError,
 * by the stream's error. Read it to its end or destroy it (`break` in a loop does) before the session's next call: the session is
 * sequential.
 */
export class MessageStream extends Readable {
  /** The server's status line. */
  readonly response: string;
  readonly #pieces: AsyncIterator<Piece>;
  readonly #call: AbortController;
  #first: Piece | undefined;
  #octets = 0n;
  #crc32 = 0;
  #whole = false;

  private constructor(first: Piece, pieces: AsyncIterator<Piece>, call: AbortController) {
    // A piece is as large as a buffer should be: there is nothing to read ahead.
    super({ highWaterMark: 1 });
    this.response = first.response;
    this.#first = first;
    this.#pieces = pieces;
    this.#call = call;
  }

  /** Waits for the status line, so that a refusal is thrown here. `call` is what ends the call. */
  static async open(stream: AsyncIterable<Piece>, call: AbortController): Promise<MessageStream> {
    const pieces = stream[Symbol.asyncIterator]();
    try {
      const first = await pieces.next();
      if (first.done) {
        throw new IntegrityError("the stream ended before the message");
      }
      return new MessageStream(first.value, pieces, call);
    } catch (error) {
      throw PopgateError.from(error);
    }
  }

  /** Part of Readable. */
  override _read(): void {
    this.#next().then(
      (data) => this.push(data),
      (error: unknown) => this.destroy(PopgateError.from(error)),
    );
  }

  /** Part of Readable. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#call.abort();
    callback(error);
  }

  /** The octets of the next piece that has any, or null at the end. */
  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#first ?? (await this.#pieces.next()).value as Piece | undefined;
      this.#first = undefined;
      if (piece === undefined) {
        if (!this.#whole) {
          throw new IntegrityError("the stream ended before the message");
        }
        return null;
      }
      this.#count(piece);
      if (piece.data.length > 0) {
        return piece.data;
      }
    }
  }

  #count(piece: Piece): void {
    if (this.#whole) {
      throw new IntegrityError("the stream goes on behind the message");
    }
    this.#octets += BigInt(piece.data.length);
    this.#crc32 = crc32(piece.data, this.#crc32);
    if (piece.octets === undefined) {
      return;
    }
    if (piece.octets !== this.#octets || piece.crc32 !== this.#crc32) {
      throw new IntegrityError(`${this.#octets} octets came, ${piece.octets} were sent, or their CRC-32 differs`);
    }
    this.#whole = true;
  }
}
