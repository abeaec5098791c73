/** The README's examples, compiled as they stand save for the ports, each with a gateway and a sample mailbox of its own. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { it } from "node:test";

import { Demo } from "./support.js";

// Beside the tests, where the package is found as they find it.
const folder = new URL("examples/", import.meta.url);

// How many lines each example prints of the sample mailbox, and the files that it leaves.
const want = [
  [5, 0],
  [0, 0],
  [0, 5],
  [1, 1],
] as const;

void it("the examples of README.md run", async () => {
  const text = readFileSync(process.env["README"] ?? "", "utf8");
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
  assert.equal(examples.length, want.length);
  const demos = await Promise.all(examples.map(() => Demo.start()));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const run = (cwd: URL, ...command: string[]) =>
    execFileSync(process.execPath, command, { cwd, encoding: "utf8", timeout: 200_000 });
  try {
    for (const [number, demo] of demos.entries()) {
      const code = (examples[number] ?? "").replaceAll("127.0.0.1:9110", demo.target);
      writeFileSync(new URL(`${number}.ts`, folder), code.replaceAll("9111", String(demo.server.port)));
    }
    const options = ["--ignoreConfig", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext"];
    // Once for all: the compiler takes seconds to begin.
    run(folder, process.env["TSC"] ?? "", ...options, "--types", "node", ...demos.map((_, number) => `${number}.ts`));
    for (const number of demos.keys()) {
      const mine = new URL(`${number}/`, folder);
      mkdirSync(mine);
      const printed = run(mine, `../${number}.js`);
      const files = readdirSync(mine, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".eml"));
      assert.deepEqual([printed.split("\n").length - 1, files.length], want[number], examples[number]);
    }
  } finally {
    await Promise.all(demos.map((demo) => demo[Symbol.asyncDispose]()));
  }
});
