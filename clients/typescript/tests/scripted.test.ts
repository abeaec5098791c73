/** What no honest gateway sends, what a proxy adds, and what is repeated, over transports that are scripted. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { ConnectError, createRouterTransport } from "@connectrpc/connect";
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
