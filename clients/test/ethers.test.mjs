// ethers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, Wallet, WebSocketProvider } from "ethers";
import { ACCOUNTS, KEYS, contract, dev } from "../lib/node.mjs";

let node, provider, wallet;

before(async () => {
  node = await dev();
  provider = new JsonRpcProvider(node.url, undefined, { cacheTimeout: -1 });
  wallet = new Wallet(KEYS[0], provider);
});
after(async () => {
  provider.destroy();
  assert.equal(await node.stop(), 0);
});

test("deploy, call, events, errors", async () => {
  const { abi, bytecode } = contract("Token");
  const token = await new ContractFactory(abi, bytecode, wallet).deploy(1000n);
  await token.waitForDeployment();
  const receipt = await (await token.transfer(ACCOUNTS[1], 9n)).wait();
  assert.equal(receipt.status, 1);
  assert.equal(await token.balanceOf(ACCOUNTS[1]), 9n);
  const events = await token.queryFilter("Transfer", 0);
  assert.equal(events.length, 2);
  await assert.rejects(token.transfer.staticCall(ACCOUNTS[1], 5000n), /InsufficientBalance/);
  await assert.rejects(token.transfer(ACCOUNTS[1], 5000n), { code: "CALL_EXCEPTION" });
});

test("accounts of the node", async () => {
  const signer = await provider.getSigner(2);
  assert.equal(await signer.getAddress(), ACCOUNTS[2]);
  const receipt = await (await signer.sendTransaction({ to: ACCOUNTS[0], value: 3n })).wait();
  assert.equal(receipt.from, ACCOUNTS[2]);
  const signature = await signer.signMessage("hello");
  assert.equal(signature.length, 132);
});

test("fees, blocks, a batch of requests", async () => {
  const [fees, block, network] = await Promise.all([
    provider.getFeeData(), provider.getBlock("latest", true), provider.getNetwork(),
  ]);
  assert.ok(fees.maxFeePerGas > 0n);
  assert.equal(network.chainId, 31337n);
  assert.ok(block.number > 0);
});

test("events over WebSocket", async () => {
  const live = new WebSocketProvider(node.ws);
  const { abi, bytecode } = contract("Token");
  const token = await new ContractFactory(abi, bytecode, wallet).deploy(5n);
  await token.waitForDeployment();
  const watched = new Contract(await token.getAddress(), abi, live);
  const seen = new Promise((resolve) => watched.on("Transfer", (_, __, value) => resolve(value)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await (await token.transfer(ACCOUNTS[1], 2n)).wait();
  assert.equal(await seen, 2n);
  await live.destroy();
});

test("a nonce that was used, a fee that is too low, no funds", async () => {
  const send = (more) => wallet.sendTransaction({ to: ACCOUNTS[1], value: 1n, ...more });
  await assert.rejects(send({ nonce: 0 }), { code: "NONCE_EXPIRED" });
  const poor = Wallet.createRandom(provider);
  const broke = poor.sendTransaction({ to: ACCOUNTS[1], value: 1n, gasLimit: 21000n });
  await assert.rejects(broke, { code: "INSUFFICIENT_FUNDS" });
});
