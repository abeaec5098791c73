/** Servers and credentials as a program writes them. */

import type { MessageInitShape } from "@bufbuild/protobuf";

import type { CredentialsSchema, ServerSchema } from "./gen/popgate/v1/server_pb.js";

/** A POP3 server: the host's name alone is verified TLS on port 995; an object says more, as Server in popgate/v1/server.proto. */
export type Server = string | MessageInitShape<typeof ServerSchema>;

/** Who logs in to a mailbox, and by what; at most one of the secrets. */
export interface Credentials {
  /** The user's name. */
  readonly username?: string;
  /** For who acts on behalf of another. */
  readonly authorizationIdentity?: string;
  /** The SASL mechanism; by default the strongest that both sides have and that fits the secret. */
  readonly mechanism?: string;
  readonly password?: string;
  /** An OAuth 2.0 bearer token (RFC 6750). */
  readonly accessToken?: string;
  /** The TLS client certificate proves the identity. */
  readonly external?: true;
}

/** The message of the contract. */
export function serverMessage(server: Server): MessageInitShape<typeof ServerSchema> {
  return typeof server === "string" ? { host: server } : server;
}

/** The message of the contract. */
export function credentialsMessage(credentials: Credentials): MessageInitShape<typeof CredentialsSchema> {
  const { password, accessToken, external, ...rest } = credentials;
  const secrets = [
    password !== undefined && ({ case: "password", value: password } as const),
    accessToken !== undefined && ({ case: "accessToken", value: accessToken } as const),
    external && ({ case: "external", value: true } as const),
  ].filter((secret) => secret !== undefined && secret !== false);
  if (secrets.length > 1) {
    throw new TypeError("give one of password, accessToken and external");
  }
  const [secret] = secrets;
  return secret ? { ...rest, secret } : rest;
}
