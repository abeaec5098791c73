/** Gateways for the tests: real processes of the binary that POPGATE names. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { type Server, TlsMode } from "popgate";

// Where `popgate demo` says what it has started; the last thing it prints is about grpcurl.
const SAID = /gateway +(\S+) .*?mailbox +(\S+):(\d+) .*grpcurl/s;

export const ALICE = { username: "alice", password: "secret" };

/** `popgate demo`: a gateway, and a sample mailbox of five messages. */
export class Demo implements AsyncDisposable {
  private constructor(
    readonly target: string,
    readonly server: Exclude<Server, string>,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Demo> {
    const binary = process.env["POPGATE"];
    if (!binary) {
      throw new Error("POPGATE has to name the binary of popgate");
    }
    const child = spawn(binary, ["demo", "--listen=127.0.0.1:0", "--mailbox=127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    // Not a loop over stdout, which would close it and with it popgate.
    const where = await new Promise<RegExpExecArray>((resolve, reject) => {
      child.once("exit", () => {
        reject(new Error(`popgate has ended: ${said}`));
      });
      child.stdout.on("data", (data: Buffer) => {
        said += data.toString();
        const match = SAID.exec(said);
        if (match) {
          resolve(match);
        }
      });
    });
    const [, target = "", host = "", port] = where;
    return new Demo(target, { host, port: Number(port), tls: { mode: TlsMode.PLAINTEXT } }, child);
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
  }
}
