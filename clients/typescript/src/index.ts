/**
 * POP3 mailboxes through a popgate gateway.
 *
 * `connect` makes a Client, which fetches and collects whole messages, or opens a Session with a method for each POP3 command. The
 * generated code is at "popgate/v1/pop3_service_pb" and its like.
 */

export { Code } from "@connectrpc/connect";

export {
  Client,
  type CollectOptions,
  connect,
  type ConnectOptions,
  type FetchOptions,
  type Selection,
} from "./client.js";
export type { Credentials, Server } from "./credentials.js";
export { IntegrityError, PopgateError } from "./errors.js";
export { TlsMode } from "./gen/popgate/v1/server_pb.js";
export { Collect, Fetch, type Message, type Settlement, type Settling } from "./mailbox.js";
export { MessageStream, type Piece } from "./message.js";
export { Session } from "./session.js";
