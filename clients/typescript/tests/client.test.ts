/** The hand-written layer, against `popgate demo`. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";

import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Client, Code, connect, type FetchOptions, type Message, PopgateError } from "popgate";
import { CommitOutcome } from "popgate/v1/error_pb";
import { type Commit, DeleteOutcome } from "popgate/v1/mailbox_service_pb";

import { ALICE, Demo } from "./support.js";

let demo: Demo;
let client: Client;
let calls: { method: string; session: string | null }[];

beforeEach(async () => {
  demo = await Demo.start();
  calls = [];
  const recorder: Interceptor = (next) => (request) => {
    calls.push({ method: request.method.name, session: request.header.get("pop3-session") });
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: `http://${demo.target}`, interceptors: [recorder] });
  client = new Client(transport, { timeoutMs: 60_000 });
});

afterEach(() => demo[Symbol.asyncDispose]());

/** Does it when the server has seen that what had the mailbox is over: without QUIT that takes it some time. */
async function onceFree<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 1000 || !reason("MAILBOX_IN_USE")(error)) {
        throw error;
      }
    }
    await setTimeout(20);
  }
}

/** How many messages the mailbox has, which is free afterwards. */
function count(): Promise<number> {
  return onceFree(async () => {
    await using session = await client.session(demo.server);
    await session.auth(ALICE);
    const { messageCount } = await session.stat();
    await session.quit();
    return messageCount;
  });
}

async function all(messages: AsyncIterable<Message>): Promise<Message[]> {
  const list: Message[] = [];
  for await (const message of messages) {
    list.push(message);
  }
  return list;
}

/** Fetches from the mailbox, which is free afterwards. */
async function fetched(options: FetchOptions = {}): Promise<Message[]> {
  const messages = await onceFree(() => all(client.fetch(demo.server, ALICE, { ...options, timeoutMs: 60_000 })));
  await count();
  return messages;
}

function reason(want: string): (error: unknown) => boolean {
  return (error) => error instanceof PopgateError && error.reason === want;
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

void describe("session", () => {
  void it("is closed without QUIT at the end of its scope", async () => {
    {
      await using session = await client.session(demo.server);
      await session.login("alice", "secret");
      await session.dele(1);
    }
    assert.deepEqual(calls.map((call) => call.method), ["OpenSession", "User", "Pass", "Dele", "CloseSession"]);
    assert.equal(await count(), 5);
  });

  void it("is closed once only", async () => {
    const session = await client.session(demo.server);
    await session.close();
    await assert.rejects(session.noop(), (error) => {
      assert(error instanceof PopgateError);
      assert.deepEqual([error.reason, error.cause, error.outcome], ["SESSION_ENDED", "CLOSED", "NOT_COMMITTED"]);
      return true;
    });
    await session.close();
  });

  void it("echoes the header", async () => {
    const session = await client.session(demo.server);
    await session.auth(ALICE);
    (await session.retr(1)).destroy();
    await session.list()[Symbol.asyncIterator]().next();
    await session.close();
    assert.deepEqual(calls.map((call) => call.session), [null, ...Array<string>(4).fill(session.id)]);
  });

  void it("commits by QUIT", async () => {
    await using session = await client.session(demo.server);
    await session.apop("alice", "secret");
    const ids: string[] = [];
    for await (const batch of session.uidl()) {
      ids.push(...batch.entries.map((entry) => entry.uniqueId ?? ""));
    }
    const [first = "", second = ""] = ids;
    await assert.rejects(session.dele(1, { ifUniqueId: second }), reason("UNIQUE_ID_MISMATCH"));
    await session.dele(1, { ifUniqueId: first });
    assert.equal((await session.quit()).outcome, CommitOutcome.COMMITTED);
    assert((await session.quit()).replayed);
    assert.deepEqual((await fetched()).map((message) => message.uniqueId), ids.slice(1));
  });

  void it("decodes errors", async () => {
    await using session = await client.session(demo.server);
    await session.user("alice");
    await assert.rejects(session.pass("wrong"), (error) => {
      assert(error instanceof PopgateError);
      assert.deepEqual([error.reason, error.code, error.command], ["LOGIN_FAILED", Code.PermissionDenied, "PASS"]);
      assert.match(error.response, /^-ERR/);
      assert.equal(error.retryAfterMs, undefined);
      assert(!JSON.stringify(error).includes("wrong"));
      return true;
    });
    await assert.rejects(client.session("127.0.0.1"), reason("TARGET_NOT_ALLOWED"));
  });

  void it("says when to try again", async () => {
    await using first = await client.session(demo.server);
    await using second = await client.session(demo.server);
    await first.auth(ALICE);
    await assert.rejects(second.auth(ALICE), (error) => {
      assert(error instanceof PopgateError);
      assert.deepEqual([error.reason, error.responseCode, error.retryAfterMs], ["MAILBOX_IN_USE", "IN-USE", 30_000]);
      return true;
    });
  });

  void it("streams messages", async () => {
    const whole = await fetched();
    await using session = await client.session(demo.server);
    await session.auth(ALICE);
    for (const { number, data } of whole) {
      const stream = await session.retr(number);
      assert.match(stream.response, /^\+OK/);
      assert.deepEqual(await read(stream), Buffer.from(data));
      const text = Buffer.from(data);
      assert.deepEqual(await read(await session.top(number)), text.subarray(0, text.indexOf("\r\n\r\n") + 4));
    }
    await assert.rejects(session.retr(6), reason("COMMAND_REFUSED"));
    await assert.rejects(session.retr(1, { maxOctets: 1 }), reason("MESSAGE_TOO_LARGE"));
    for await (const piece of await session.retr(5)) {
      assert(piece);
      break;
    }
    assert.match(await session.noop(), /^\+OK/);
  });
});

void it("a transport's error has no reason", async () => {
  await using nobody = connect("127.0.0.1:1");
  await assert.rejects(nobody.session(demo.server), (error) => {
    assert(error instanceof PopgateError);
    assert.deepEqual([error.reason, error.code], ["", Code.Unavailable]);
    return true;
  });
});

void it("a gateway that dies is UNAVAILABLE", async () => {
  const session = await client.session(demo.server);
  const collecting = client.collect(demo.server, ALICE);
  await assert.rejects(async () => {
    for await (const message of collecting) {
      assert(message);
      await demo[Symbol.asyncDispose]();
    }
  }, (error) => error instanceof PopgateError && error.reason === "" && [Code.Unavailable, Code.Canceled].includes(error.code));
  await session.close();
});

void it("fetches", async () => {
  const fetch = client.fetch(demo.server, ALICE);
  const messages = await all(fetch);
  assert.deepEqual(messages.map((message) => message.data.length), [686, 700, 663, 1187, 10443]);
  for (const message of messages) {
    assert.deepEqual(Buffer.from(message.sha256), createHash("sha256").update(message.data).digest());
  }
  assert.deepEqual([fetch.progress?.newMessages, fetch.summary?.delivered], [5, 5]);
  assert(fetch.cursor);
  assert.deepEqual(await fetched({ cursor: fetch.cursor }), []);
  assert.equal((await fetched({ everything: true, maxMessages: 2 })).length, 2);
  const fourth = messages[3]?.uniqueId ?? "";
  assert.deepEqual((await fetched({ uniqueIds: [fourth] })).map((m) => m.uniqueId), [fourth]);
  assert.deepEqual(await fetched({ uniqueIds: [] }), []);
  const small = client.fetch(demo.server, ALICE, { maxOctets: 1000 });
  assert.deepEqual([(await all(small)).length, small.undelivered.length], [3, 2]);
  assert.throws(() => client.fetch(demo.server, ALICE, { everything: true, uniqueIds: [] }), TypeError);
  assert.equal(await count(), 5);
  const left = client.fetch(demo.server, ALICE);
  for await (const message of left) {
    assert(message);
    break;
  }
  assert.equal(left.cursor, undefined);
  await assert.rejects(all(client.fetch(demo.server, { ...ALICE, password: "wrong" })), reason("LOGIN_FAILED"));
  assert.equal(await count(), 5);
});

void describe("collect", () => {
  void it("deletes what the loop went on from", async () => {
    const commits: Commit[] = [];
    const collect = client.collect(demo.server, ALICE, { onCommit: (commit) => commits.push(commit), timeoutMs: 60_000 });
    assert.equal((await all(collect)).length, 5);
    assert.deepEqual([collect.outcome, collect.summary?.delivered], ["COMMITTED", 5]);
    const outcomes = commits.flatMap((commit) => commit.messages.map((message) => message.outcome));
    assert.deepEqual(outcomes, Array<DeleteOutcome>(5).fill(DeleteOutcome.DELETED));
    assert.equal(await count(), 0);
  });

  void it("keeps the message that break left, and commits those before", async () => {
    const ids = (await fetched()).map((message) => message.uniqueId);
    const collect = client.collect(demo.server, ALICE, { timeoutMs: 60_000 });
    for await (const message of collect) {
      if (message.deliveryId === 3n) {
        break;
      }
    }
    assert.equal(collect.outcome, "COMMITTED");
    assert.deepEqual((await fetched()).map((message) => message.uniqueId), ids.slice(2));
  });

  void it("keeps the message whose body threw", async () => {
    const ids = (await fetched()).map((message) => message.uniqueId);
    await assert.rejects(async () => {
      for await (const message of client.collect(demo.server, ALICE, { timeoutMs: 60_000 })) {
        if (message.deliveryId === 2n) {
          throw new RangeError();
        }
      }
    }, RangeError);
    assert.deepEqual((await fetched()).map((message) => message.uniqueId), ids.slice(1));
  });

  void it("gives up by a signal", async () => {
    const ids = (await fetched()).map((message) => message.uniqueId);
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const message of client.collect(demo.server, ALICE, { signal: controller.signal })) {
        assert.equal(message.deliveryId, 1n);
        controller.abort();
      }
    }, (error) => error instanceof PopgateError && error.code === Code.Canceled);
    assert.deepEqual((await fetched()).map((message) => message.uniqueId), ids);
  });

  void it("keeps", async () => {
    const collect = client.collect(demo.server, ALICE, { settle: "keep", timeoutMs: 60_000 });
    assert.equal((await all(collect)).length, 5);
    assert(collect.cursor);
    assert.equal(await count(), 5);
    assert.deepEqual(await all(client.collect(demo.server, ALICE, { cursor: collect.cursor })), []);
  });

  void it("settles by hand, and the first settlement stands", async () => {
    const collect = client.collect(demo.server, ALICE, { settle: null, timeoutMs: 60_000 });
    for await (const message of collect) {
      collect.settle(message, message.deliveryId % 2n ? "delete" : "keep");
      collect.settle(message, "delete");
    }
    assert.equal(await count(), 2);
  });

  void it("throws what the call failed with", async () => {
    await assert.rejects(all(client.collect(demo.server, { ...ALICE, password: "wrong" })), reason("LOGIN_FAILED"));
  });
});
