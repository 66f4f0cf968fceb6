// Hardhat's network helpers, on the node as an external network.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { dev, program } from "../lib/node.mjs";

const run = promisify(execFile);
const cwd = new URL("../hardhat/", import.meta.url).pathname;
let node;

before(async () => (node = await dev()));
after(async () => assert.equal(await node.stop(), 0));

test("the helpers work", async () => {
  const env = { ...process.env, PARALLAX_URL: node.url, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" };
  const args = ["test", "--network", "parallax", "--no-compile"];
  const { stdout } = await run(program("hardhat"), args, { cwd, env });
  assert.match(stdout, /\d+ passing/);
  assert.doesNotMatch(stdout, /failing/);
});
