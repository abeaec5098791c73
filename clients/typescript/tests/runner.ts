/** Runner of the conformance suite: see clients/conformance/README.md. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";

import { create, fromJson, type JsonValue, type Message as AnyMessage, toJson } from "@bufbuild/protobuf";
import type { DescMethod } from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import { type Client, Code, connect, type Message, PopgateError, type Session, type Settlement } from "popgate";
import { CommitOutcome } from "popgate/v1/error_pb";
import { CollectOpenSchema, FetchMessagesRequestSchema, MailboxService } from "popgate/v1/mailbox_service_pb";
import { Pop3Service } from "popgate/v1/pop3_service_pb";
import { ServerSchema } from "popgate/v1/server_pb";

/** A request, of which each operation has its own fields. */
interface Request {
  op: string;
  target: string;
  ca_file?: string;
  server_name?: string;
  token?: string;
  method: string;
  request?: JsonValue;
  metadata?: Record<string, string>;
  deadline_ms?: number;
  cancel_after?: number;
  server: JsonValue;
  username: string;
  password: string;
  number: number;
  open: JsonValue;
  settle?: Settlement | "";
  stop_at?: number;
  fail_at?: number;
}

type Answer = Record<string, unknown>;
type Method = (request: unknown, options: CallOptions) => AsyncIterable<AnyMessage> & Promise<AnyMessage>;

let connected: Client | undefined;
let client: Client;
let session: Session;
let stream: { desc: DescMethod; requests: PassThrough; responses: AsyncIterator<AnyMessage>; call: AbortController };

function errorAnswer(error: unknown): Answer {
  const failed = PopgateError.from(error);
  const { reason, command, response, responseCode: response_code, cause, outcome, retryAfterMs, message } = failed;
  const code = Code[failed.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase().replace("CANCELED", "CANCELLED");
  const retry_after_ms = retryAfterMs ?? 0;
  return { error: { code, reason, command, response, response_code, cause, outcome, retry_after_ms, text: message } };
}

/** The method of the generated stub, and its description. */
function find(name: string): { desc: DescMethod; method: Method } {
  const [serviceName, methodName] = name.split("/");
  const service = serviceName === "Pop3Service" ? Pop3Service : MailboxService;
  const stub = serviceName === "Pop3Service" ? client.pop3 : client.mailbox;
  const desc = service.methods.find((method) => method.name === methodName);
  if (!desc) {
    throw new Error(`no method ${name}`);
  }
  return { desc, method: stub[desc.localName as keyof typeof stub] as Method };
}

function options({ deadline_ms, metadata }: Request, call: AbortController, more: CallOptions = {}): CallOptions {
  return { ...more, signal: call.signal, headers: metadata ?? {}, timeoutMs: deadline_ms ?? 0 };
}

async function callMethod(request: Request): Promise<Answer> {
  const { desc, method } = find(request.method);
  const call = new AbortController();
  const responses: JsonValue[] = [];
  const hash = createHash("sha256");
  let octets = 0;
  const answer: Answer = { responses };
  const onHeader = (headers: Headers) => {
    answer["header"] = Object.fromEntries(headers);
  };
  const take = (response: AnyMessage) => {
    const json = toJson(desc.output, response) as Record<string, JsonValue>;
    if (/^(Retr|Top)$/.test(desc.name)) {
      const { data } = response as unknown as { data: Uint8Array };
      octets += data.length;
      hash.update(data);
      delete json["data"];
    }
    responses.push(json);
    if (responses.length === request.cancel_after) {
      call.abort();
    }
  };
  try {
    const begun = method(fromJson(desc.input, request.request ?? {}), options(request, call, { onHeader }));
    if (request.cancel_after === 0) {
      call.abort();
    }
    if (desc.methodKind === "unary") {
      take(await begun);
    } else {
      for await (const response of begun) {
        take(response);
      }
    }
  } catch (error) {
    Object.assign(answer, errorAnswer(error));
  }
  return { ...answer, octets, sha256: hash.digest("hex") };
}

function open(request: Request): Answer {
  const { desc, method } = find(request.method);
  const requests = new PassThrough({ objectMode: true });
  const call = new AbortController();
  const responses = method(requests, options(request, call))[Symbol.asyncIterator]();
  // What is received later fails later; gRPC begins the call at once.
  stream = { desc, requests, responses, call };
  return {};
}

async function receive(): Promise<Answer> {
  const next = await stream.responses.next();
  return next.done ? { end: true } : { response: toJson(stream.desc.output, next.value) };
}

function summary({ number, uniqueId, data }: Message): Answer {
  return { number, unique_id: uniqueId, octets: data.length, sha256: createHash("sha256").update(data).digest("hex") };
}

async function fetchAll({ request = {} }: Request): Promise<Answer> {
  const { server, credentials, selection, maxOctets, maxMessages, headerLines, seenUniqueIds, newestFirst } = fromJson(
    FetchMessagesRequestSchema,
    request,
  );
  const fetch = client.fetch(server ?? create(ServerSchema), login(credentials), {
    ...selected(selection),
    seenUniqueIds,
    newestFirst,
    ...(maxOctets !== undefined && { maxOctets }),
    ...(maxMessages !== undefined && { maxMessages }),
    ...(headerLines !== undefined && { headerLines }),
  });
  const answer: Answer = {};
  const messages: Answer[] = [];
  try {
    for await (const message of fetch) {
      messages.push(summary(message));
    }
  } catch (error) {
    Object.assign(answer, errorAnswer(error));
  }
  return { ...answer, messages, cursor: Buffer.from(fetch.cursor ?? []).toString("base64") };
}

class Fault extends Error {}

async function collectAll(request: Request): Promise<Answer> {
  const { fetch } = fromJson(CollectOpenSchema, request.open);
  const { settle: settlement = "delete" } = request;
  const settle = settlement === "" ? null : settlement;
  const collect = client.collect(fetch?.server ?? create(ServerSchema), login(fetch?.credentials), {
    ...selected(fetch?.selection),
    settle,
    ...(fetch?.maxOctets !== undefined && { maxOctets: fetch.maxOctets }),
    ...(fetch?.maxMessages !== undefined && { maxMessages: fetch.maxMessages }),
  });
  const answer: Answer = {};
  const messages: Answer[] = [];
  try {
    for await (const message of collect) {
      messages.push(summary(message));
      if (messages.length === request.stop_at) {
        break;
      }
      if (messages.length === request.fail_at) {
        throw new Fault();
      }
      if (!settle) {
        collect.settle(message, messages.length % 2 ? "delete" : "keep");
      }
    }
  } catch (error) {
    Object.assign(answer, error instanceof Fault ? {} : errorAnswer(error));
  }
  return { ...answer, messages, outcome: collect.outcome };
}

type Init = ReturnType<typeof create<typeof FetchMessagesRequestSchema>>;

function selected(selection: Init["selection"] | undefined) {
  switch (selection?.case) {
    case "all":
      return { everything: selection.value };
    case "cursor":
      return { cursor: selection.value };
    case "uniqueIds":
      return { uniqueIds: selection.value.uniqueIds };
    default:
      return {};
  }
}

function login(credentials: Init["credentials"]) {
  const { username = "", authorizationIdentity = "", mechanism = "", secret } = credentials ?? {};
  return { username, authorizationIdentity, mechanism, ...(secret?.case && { [secret.case]: secret.value }) };
}

async function retrieve(number: number): Promise<Answer> {
  const hash = createHash("sha256");
  let octets = 0;
  for await (const piece of await session.retr(number)) {
    const data = piece as Buffer;
    octets += data.length;
    hash.update(data);
  }
  return { octets, sha256: hash.digest("hex") };
}

function reconnect({ target, ca_file, server_name, token }: Request): Answer {
  connected?.close();
  const tls = ca_file ? { ca: readFileSync(ca_file), ...(server_name && { servername: server_name }) } : undefined;
  client = connected = connect(target, { ...(tls && { tls }), ...(token && { token }) });
  return {};
}

const operations: Record<string, (request: Request) => Answer | Promise<Answer>> = {
  connect: reconnect,
  call: callMethod,
  open,
  send({ request = {} }) {
    stream.requests.write(fromJson(stream.desc.input, request));
    return {};
  },
  half_close() {
    stream.requests.end();
    return {};
  },
  cancel() {
    stream.call.abort();
    return {};
  },
  receive,
  async "session.open"({ server }) {
    session = await client.session(fromJson(ServerSchema, server));
    return { session_id: session.id, response: session.opened.response };
  },
  async "session.login"({ username, password }) {
    await session.login(username, password);
    return {};
  },
  "session.retr": ({ number }) => retrieve(number),
  async "session.dele"({ number }) {
    await session.dele(number);
    return {};
  },
  "session.quit": async () => ({ outcome: CommitOutcome[(await session.quit()).outcome] }),
  async "session.close"() {
    await session.close();
    return {};
  },
  fetch: fetchAll,
  collect: collectAll,
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  let answer: Answer;
  try {
    answer = (await operations[request.op]?.(request)) ?? errorAnswer(new Error(`no operation ${request.op}`));
  } catch (error) {
    answer = errorAnswer(error);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
connected?.close();
