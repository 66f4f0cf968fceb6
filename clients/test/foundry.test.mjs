// Foundry: cast, forge create, forge script, forge test on a fork.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ACCOUNTS, KEYS, contract, dev, foundry, rpc } from "../lib/node.mjs";

const run = promisify(execFile);
const cwd = new URL("../forge/", import.meta.url).pathname;
let node;

const tool = async (name, ...args) => {
  const env = { ...process.env, ETH_RPC_URL: node.url, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" };
  return (await run(foundry(name), args, { cwd, env })).stdout.trim();
};
const cast = (...args) => tool("cast", ...args);

before(async () => (node = await dev()));
after(async () => assert.equal(await node.stop(), 0));

test("cast sends, reads, traces", async () => {
  assert.equal(await cast("chain-id"), "31337");
  const { bytecode } = contract("Token");
  const supply = "0".repeat(60) + "03e8";
  const sent = await cast("send", "--private-key", KEYS[0], "--json", "--create", bytecode + supply);
  const token = JSON.parse(sent).contractAddress;
  const data = ["transfer(address,uint256)", ACCOUNTS[1], "5"];
  const receipt = JSON.parse(await cast("send", "--private-key", KEYS[0], "--json", token, ...data));
  assert.equal(receipt.status, "0x1");
  const balance = await cast("call", token, "balanceOf(address)(uint256)", ACCOUNTS[1]);
  assert.equal(balance, "5");
  assert.match(await cast("run", receipt.transactionHash), /success/i);
  assert.match(await cast("logs", "--from-block", "0", "Transfer(address,address,uint256)"), /transactionHash/);
  assert.match(await cast("block", "latest"), /stateRoot/);
  assert.match(await cast("estimate", "--from", ACCOUNTS[0], token, ...data), /^\d+$/);
  assert.match(await cast("storage", token, "0"), /3e8$/);
  assert.match(await cast("proof", token, "0"), /storageProof/);
  assert.match(await cast("access-list", "--from", ACCOUNTS[0], token, ...data), /access list/);
  assert.equal(await cast("nonce", ACCOUNTS[0]), "2");
  assert.match(await cast("receipt", receipt.transactionHash, "status"), /^(1|true)/);
});

test("cast sends for an account without a key", async () => {
  const whale = "0x00000000000000000000000000000000000000cc";
  await cast("rpc", "anvil_setBalance", whale, "0xde0b6b3a7640000");
  await cast("rpc", "anvil_impersonateAccount", whale);
  const sent = await cast("send", "--unlocked", "--from", whale, ACCOUNTS[1], "--value", "1", "--json");
  assert.equal(JSON.parse(sent).status, "0x1");
});

test("forge create", async () => {
  const args = ["create", "src/Counter.sol:Counter", "--private-key", KEYS[0], "--broadcast", "--json"];
  const made = JSON.parse(await tool("forge", ...args));
  assert.equal(await cast("call", made.deployedTo, "number()(uint256)"), "0");
});

test("forge script sends what it has simulated", async () => {
  const before = BigInt(await rpc(node.url, "eth_blockNumber"));
  await tool("forge", "script", "script/Deploy.s.sol", "--rpc-url", node.url, "--private-key", KEYS[1], "--broadcast");
  const block = BigInt(await rpc(node.url, "eth_blockNumber"));
  assert.ok(block > before);
  const counter = await cast("compute-address", ACCOUNTS[1], "--nonce", "0");
  const address = /0x[0-9a-fA-F]{40}/.exec(counter)[0];
  assert.equal(await cast("call", address, "number()(uint256)"), "42");
});

test("forge test on a fork of it", async () => {
  const out = await tool("forge", "test", "--fork-url", node.url);
  assert.match(out, /1 (tests )?passed/);
});
