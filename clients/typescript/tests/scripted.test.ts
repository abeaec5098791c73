/** What no honest gateway sends, what a proxy adds, and what is repeated, over transports that are scripted. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { inspect } from "node:util";

import { Code, ConnectError, createRouterTransport, encodeBinaryHeader } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Client, connect, IntegrityError, PopgateError } from "popgate";
import { MailboxService } from "popgate/v1/mailbox_service_pb";
import { Pop3Service } from "popgate/v1/pop3_service_pb";

const ABC = 0x352441c2;
const bytes = (text: string) => new TextEncoder().encode(text);

async function drain(iterable: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of iterable) {
    all.push(item);
  }
  return all;
}

void it("the header of a proxy is echoed", async () => {
  const seen: (string | null)[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(Pop3Service, {
      openSession: (_, context) => {
        context.responseHeader.set("pop3-session", "route");
        return { sessionId: "id" };
      },
      noop: (request, context) => {
        seen.push(request.sessionId, context.requestHeader.get("pop3-session"));
        return {};
      },
    });
  });
  const session = await new Client(transport).session("pop.example.com");
  await session.noop();
  assert.deepEqual(seen, ["id", "route"]);
  assert.doesNotMatch(inspect(session, { depth: 5 }), /route|'id'/); // both are secrets
});

void describe("integrity", () => {
  const pieces = [
    ["octets", { octets: 4n, crc32: ABC }],
    ["CRC-32", { octets: 3n, crc32: ABC + 1 }],
    ["no totals", {}],
    ["whole", { octets: 3n, crc32: ABC }],
  ] as const;
  for (const [what, end] of pieces) {
    void it(`retr: ${what}`, async () => {
      const transport = createRouterTransport(({ service }) => {
        service(Pop3Service, {
          openSession: () => ({ sessionId: "id" }),
          async *retr() {
            yield await Promise.resolve({ response: "+OK", data: bytes("abc") });
            yield end;
          },
        });
      });
      const stream = await (await new Client(transport).session("pop.example.com")).retr(1);
      await (what === "whole" ? drain(stream) : assert.rejects(drain(stream), IntegrityError));
    });
  }

  void it("retr: more than the message", async () => {
    const transport = createRouterTransport(({ service }) => {
      service(Pop3Service, {
        openSession: () => ({ sessionId: "id" }),
        async *retr() {
          yield await Promise.resolve({ response: "+OK", data: bytes("abc"), octets: 3n, crc32: ABC });
          yield { data: bytes("d") };
        },
      });
    });
    const stream = await (await new Client(transport).session("pop.example.com")).retr(1);
    await assert.rejects(drain(stream), IntegrityError);
  });

  void it("retr: nothing came", async () => {
    const transport = createRouterTransport(({ service }) => {
      service(Pop3Service, {
        openSession: () => ({ sessionId: "id" }),
        async *retr() {
          // No response at all.
        },
      });
    });
    const session = await new Client(transport).session("pop.example.com");
    await assert.rejects(session.retr(1), IntegrityError);
  });

  for (const [what, end] of pieces) {
    void it(`fetch and collect: ${what}`, async () => {
      const [start, last] = [{ start: { uniqueId: "a" }, data: bytes("ab") }, { data: bytes("c") }];
      const refused = { failure: { response: "-ERR" } };
      async function* deliver() {
        yield await Promise.resolve({ parts: [start] });
        yield { parts: ["octets" in end ? { ...last, end } : last, refused] };
      }
      const transport = createRouterTransport(({ service }) => {
        service(MailboxService, { fetchMessages: deliver, collectMessages: deliver });
      });
      const client = new Client(transport);
      for (const stream of [client.fetch("h", {}), client.collect("h", {})]) {
        if (what === "octets" || what === "CRC-32") {
          await assert.rejects(drain(stream), IntegrityError);
        } else {
          const whole = await drain(stream);
          assert.equal(whole.length, what === "whole" ? 1 : 0);
          assert.equal(stream.undelivered.length, 1);
        }
      }
    });
  }

  const start = { deliveryId: 1n, start: { uniqueId: "a" }, data: bytes("ab") };
  const end = { deliveryId: 1n, data: bytes("c"), end: { octets: 3n, crc32: ABC } };
  for (const [what, ...parts] of [
    ["no start", { ...end, data: bytes("abc") }],
    ["no end", start],
    ["two starts", start, start, end],
    ["another's end", start, { ...end, deliveryId: 7n }],
    ["another's failure", start, { deliveryId: 7n, failure: {} }],
  ] as const) {
    void it(`fetch and collect: ${what}`, async () => {
      async function* deliver() {
        yield await Promise.resolve({ parts: [start, end, ...parts] });
      }
      const transport = createRouterTransport(({ service }) => {
        service(MailboxService, { fetchMessages: deliver, collectMessages: deliver });
      });
      const client = new Client(transport);
      for (const stream of [client.fetch("h", {}), client.collect("h", {})]) {
        const messages = stream[Symbol.asyncIterator]();
        assert.equal((await messages.next()).value?.uniqueId, "a");
        await assert.rejects(messages.next(), IntegrityError);
      }
    });
  }
});

void it("what the service config repeats is idempotent here", () => {
  const config = JSON.parse(readFileSync(process.env["SERVICE_CONFIG"] ?? "", "utf8")) as {
    methodConfig: [{ name: { service: string; method: string }[] }];
  };
  const want = config.methodConfig[0].name.map(({ service, method }) => `${service}/${method}`).sort();
  const got = [Pop3Service, MailboxService].flatMap((service) =>
    service.methods.filter((method) => method.idempotency).map((method) => `${service.typeName}/${method.name}`),
  );
  assert.deepEqual(got.sort(), want);
});

void describe("over the wire", () => {
  interface Seen {
    method: string | undefined;
    authorization: string | undefined;
    attempts: string | undefined;
  }

  // A gateway that refuses each call twice, without a response, and asks for this delay.
  async function refusing(pushback: string, run: (client: Client, seen: Seen[]) => Promise<void>): Promise<void> {
    const seen: Seen[] = [];
    const serve = connectNodeAdapter({
      routes: ({ service }) => {
        service(Pop3Service, { getWelcome: () => ({ response: "+OK" }), openSession: () => ({}) });
        service(MailboxService, {
          fetchMessages: async function* () {
            yield await Promise.resolve({ cursor: bytes("c") });
          },
        });
      },
    });
    const server = createServer((request, response) => {
      const attempts = request.headers["grpc-previous-rpc-attempts"]?.toString();
      seen.push({ method: request.url, authorization: request.headers.authorization, attempts });
      if (attempts === "2") {
        serve(request, response);
        return;
      }
      response.writeHead(200, {
        "content-type": "application/grpc+proto",
        "grpc-status": "14",
        "grpc-retry-pushback-ms": pushback,
      });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await using client = connect(`127.0.0.1:${port}`, { token: "t" });
      await run(client, seen);
    } finally {
      server.close();
    }
  }

  void it("repeats what is idempotent, with the token", async () => {
    await refusing("1", async (client, seen) => {
      assert.equal((await client.pop3.getWelcome({})).response, "+OK");
      const fetch = client.fetch("h", {});
      await drain(fetch);
      assert.deepEqual(fetch.cursor, bytes("c"));
      assert.deepEqual(seen.map((call) => call.attempts), [undefined, "1", "2", undefined, "1", "2"]);
      assert.deepEqual(new Set(seen.map((call) => call.authorization)), new Set(["Bearer t"]));
    });
  });

  void it("repeats nothing else, nor what the gateway forbids", async () => {
    await refusing("1", async (client, seen) => {
      await assert.rejects(client.session("h"), PopgateError);
      assert.equal(seen.length, 1);
    });
    await refusing("-1", async (client, seen) => {
      await assert.rejects(client.pop3.getWelcome({}), ConnectError);
      assert.equal(seen.length, 1);
    });
  });
});

void it("targets that would be something else are refused", () => {
  for (const target of ["127.0.0.1@elsewhere.example:9110", "127.0.0.1:9110/path", "127.0.0.1:9110?x"]) {
    assert.throws(() => connect(target), TypeError);
  }
  assert.throws(() => connect("h:1", { tls: {}, insecure: true }), TypeError);
});

void it("close has a short deadline, and quit a long one", async () => {
  const left: (number | undefined)[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(Pop3Service, {
      openSession: () => ({ sessionId: "id" }),
      quit: (_, context) => {
        left.push(context.timeoutMs());
        return {};
      },
      closeSession: (_, context) => {
        left.push(context.timeoutMs());
        return {};
      },
    });
  });
  for (const options of [{}, { timeoutMs: 0 }, { timeoutMs: 5000 }]) {
    await using session = await new Client(transport, options).session("pop.example.com");
    await session.quit();
  }
  const [quit = 0, close = 0, endless, closeEndless = 0, , shorter = 0] = left;
  assert(quit > 100_000);
  assert.equal(endless, undefined);
  for (const [milliseconds, most] of [[close, 10_000], [closeEndless, 10_000], [shorter, 5000]] as const) {
    assert(milliseconds > 0 && milliseconds <= most);
  }
});

void describe("a gateway of HTTP/2", () => {
  type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

  const GRPC = { "content-type": "application/grpc+proto" };
  const refusal = (status: Record<string, string>): Handler => (_, response) => {
    response.writeHead(200, { ...GRPC, ...status });
    response.end();
  };

  async function serving(handler: Handler, run: (client: Client) => Promise<void>): Promise<void> {
    const server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await using client = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      await run(client);
    } finally {
      server.close();
    }
  }

  void it("a damaged message ends collect, and commits nothing", async () => {
    const said: (string | undefined)[] = [];
    let over: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    const handler = connectNodeAdapter({
      routes: ({ service }) => {
        service(MailboxService, {
          collectMessages: async function* (requests) {
            try {
              const whole = { start: {}, data: bytes("abc"), end: { octets: 3n, crc32: ABC } };
              yield { parts: [{ ...whole, deliveryId: 1n }] };
              yield { parts: [{ ...whole, deliveryId: 2n, data: bytes("abd") }, { ...whole, deliveryId: 3n }], cursor: bytes("c") };
              for await (const { request } of requests) {
                said.push(request.case);
              }
              said.push("half-close");
              yield { cursor: bytes("d") };
            } finally {
              over();
            }
          },
        });
      },
    });
    await serving(handler, async (client) => {
      const collect = client.collect("h", {});
      const messages = collect[Symbol.asyncIterator]();
      assert.equal((await messages.next()).value?.deliveryId, 1n);
      await assert.rejects(messages.next(), IntegrityError);
      await ended;
      assert.deepEqual([said.includes("half-close"), collect.cursor], [false, undefined]);
      assert.deepEqual(await messages.next(), { value: undefined, done: true });
    });
  });

  for (const [what, details] of [
    ["no base64", "!"],
    ["no Status", encodeBinaryHeader(new Uint8Array([255]))],
    ["no code", ""],
    ["another code", encodeBinaryHeader(new Uint8Array([8, 13, 18, 1, 120]))], // a google.rpc.Status of 13 and "x"
  ] as const) {
    const status = { "grpc-status": "5", "grpc-message": "no such 100%25", "grpc-status-details-bin": details };
    const answers: Record<string, Handler> = {
      "without a response": refusal(status),
      "behind a response": (_, response) => {
        response.writeHead(200, GRPC);
        response.addTrailers(status);
        response.end(new Uint8Array(5));
      },
    };
    for (const [where, answer] of Object.entries(answers)) {
      void it(`an error ${where} whose details are garbage: ${what}`, async () => {
        await serving(answer, async (client) => {
          for (const call of [() => client.session("h"), () => drain(client.fetch("h", {})), () => drain(client.collect("h", {}))]) {
            await assert.rejects(call, (error) => {
              assert(error instanceof PopgateError);
              assert.deepEqual([error.code, error.message, error.reason], [Code.NotFound, "no such 100%", ""]);
              return true;
            });
          }
        });
      });
    }
  }

  void it("a text that is not percent-encoded is shown as it came", async () => {
    await serving(refusal({ "grpc-status": "5", "grpc-message": "100% full" }), async (client) => {
      await assert.rejects(client.session("h"), (error) => {
        assert(error instanceof PopgateError);
        assert.deepEqual([error.code, error.message], [Code.NotFound, "100% full"]);
        return true;
      });
    });
  });

  for (const pushback of ["2147483648", "9223372036854775807", "-1", "1.5", ""]) {
    void it(`a pushback that is none forbids another attempt: ${pushback}`, async () => {
      let attempts = 0;
      const refuse = refusal({ "grpc-status": "14", "grpc-retry-pushback-ms": pushback });
      const handler: Handler = (request, response) => {
        attempts++;
        refuse(request, response);
      };
      await serving(handler, async (client) => {
        await assert.rejects(client.pop3.getWelcome({}), (error) => error instanceof ConnectError && error.code === Code.Unavailable);
        assert.equal(attempts, 1);
      });
    });
  }

  void it("a deadline that passes between two attempts is DEADLINE_EXCEEDED", async () => {
    const down = { "grpc-status": "14", "grpc-message": "down", "grpc-retry-pushback-ms": "2147483647" };
    await serving(refusal(down), async (client) => {
      await client.session("h").catch(() => undefined); // connects
      const timeoutMs = 3000; // in which the first attempt fails
      const raw = (error: unknown) => {
        assert(error instanceof ConnectError && error.cause instanceof ConnectError);
        assert.deepEqual([error.code, error.cause.code, error.cause.rawMessage], [Code.DeadlineExceeded, Code.Unavailable, "down"]);
        return true;
      };
      await Promise.all([
        assert.rejects(client.pop3.getWelcome({}, { timeoutMs }), raw),
        assert.rejects(drain(client.mailbox.fetchMessages({}, { timeoutMs })), raw),
        assert.rejects(drain(client.fetch("h", {}, { timeoutMs })), (error) => {
          assert(error instanceof PopgateError);
          assert.deepEqual([error.code, error.message], [Code.DeadlineExceeded, "the operation timed out; the last attempt: down"]);
          return true;
        }),
      ]);
      const controller = new AbortController();
      const cancelled = client.pop3.getWelcome({}, { signal: controller.signal });
      controller.abort();
      await assert.rejects(cancelled, (error) => error instanceof ConnectError && error.code === Code.Canceled);
    });
  });
});

void it("a client that is closed while a call begins leaves no connection", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/grpc+proto", "grpc-status": "5" });
    response.end();
  });
  const open = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    open.add(session);
    session.on("close", () => open.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    for (let ticks = 0; ticks < 100; ticks++) {
      const client = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      await assert.rejects(client.session("h")); // connects
      const call = assert.rejects(client.session("h"));
      for (let tick = 0; tick < ticks; tick++) {
        await Promise.resolve();
      }
      client.close();
      await call;
    }
    for (let tries = 0; open.size > 0 && tries < 1000; tries++) {
      await setTimeout(10);
    }
    assert.equal(open.size, 0);
  } finally {
    for (const session of open) {
      session.destroy();
    }
    server.close();
  }
});

void it("a client that is closed does not connect again", async () => {
  const server = createServer(
    connectNodeAdapter({
      routes: ({ service }) => {
        service(Pop3Service, { openSession: () => ({ sessionId: "id" }), noop: () => ({}), closeSession: () => ({}) });
      },
    }),
  );
  let connections = 0;
  server.on("session", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const client = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    const session = await client.session("h");
    client.close();
    await session.close(); // does not fail
    await assert.rejects(session.noop(), (error) => error instanceof PopgateError && error.code === Code.Canceled);
    client.close();
    assert.equal(connections, 1);
  } finally {
    server.close();
  }
});
