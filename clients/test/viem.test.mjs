// viem, and prool, which starts the node for it as anvil.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Instance, Server } from "prool";
import {
  createPublicClient, createTestClient, createWalletClient, http, keccak256, parseEther, webSocket,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { ACCOUNTS, KEYS, contract, dev } from "../lib/node.mjs";

// prool is written for a newer Node than it may run on.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

let node, open, wallet, admin;
const account = privateKeyToAccount(KEYS[0]);
const other = ACCOUNTS[1];

before(async () => {
  node = await dev();
  const transport = http(node.url);
  open = createPublicClient({ chain: foundry, transport });
  wallet = createWalletClient({ chain: foundry, transport, account });
  admin = createTestClient({ chain: foundry, transport, mode: "anvil" });
});
after(async () => assert.equal(await node.stop(), 0));

const mined = (hash) => open.waitForTransactionReceipt({ hash });

async function deployed(name, args) {
  const made = contract(name);
  const receipt = await mined(await wallet.deployContract({ ...made, args }));
  assert.equal(receipt.status, "success");
  return { abi: made.abi, address: receipt.contractAddress };
}

test("says nothing on stderr", () => assert.equal(node.err(), ""));

test("payments of every type", async () => {
  const paid = await open.getBalance({ address: other });
  for (const more of [{ type: "legacy" }, { type: "eip2930", accessList: [] }, { type: "eip1559" }]) {
    const receipt = await mined(await wallet.sendTransaction({ to: other, value: 1n, ...more }));
    assert.equal(receipt.type, more.type);
    assert.equal(receipt.gasUsed, 21000n);
  }
  assert.equal(await open.getBalance({ address: other }), paid + 3n);
});

test("a token: deploy, read, write, logs, revert", async () => {
  const token = await deployed("Token", [1000n]);
  const read = (functionName, args) => open.readContract({ ...token, functionName, args });
  assert.equal(await read("balanceOf", [account.address]), 1000n);
  const { request } = await open.simulateContract({
    ...token, account, functionName: "transfer", args: [other, 7n],
  });
  const receipt = await mined(await wallet.writeContract(request));
  assert.equal(await read("balanceOf", [other]), 7n);
  const events = await open.getContractEvents({ ...token, eventName: "Transfer", fromBlock: 0n });
  assert.deepEqual(events.map((event) => event.args.value), [1000n, 7n]);
  assert.equal(events[1].transactionHash, receipt.transactionHash);
  const tooMuch = { ...token, account, functionName: "transfer", args: [other, 5000n] };
  await assert.rejects(open.simulateContract(tooMuch), /InsufficientBalance/);
});

test("a transaction that reverts is mined and says so", async () => {
  const token = await deployed("Token", [1n]);
  const hash = await wallet.writeContract({
    ...token, functionName: "transfer", args: [other, 2n], gas: 100_000n,
  });
  assert.equal((await mined(hash)).status, "reverted");
});

test("a delegation (EIP-7702)", async () => {
  const token = await deployed("Token", [1n]);
  const authorization = await wallet.signAuthorization({
    contractAddress: token.address, executor: "self",
  });
  const hash = await wallet.sendTransaction({ to: other, authorizationList: [authorization] });
  assert.equal((await mined(hash)).type, "eip7702");
  const code = await open.getCode({ address: account.address });
  assert.equal(code, `0xef0100${token.address.slice(2).toLowerCase()}`);
});

test("snapshots, time, balances, impersonation", async () => {
  const id = await admin.snapshot();
  const before = await open.getBlock();
  await admin.setBalance({ address: other, value: parseEther("77") });
  assert.equal(await open.getBalance({ address: other }), parseEther("77"));
  await admin.increaseTime({ seconds: 3600 });
  await admin.mine({ blocks: 3 });
  const block = await open.getBlock();
  assert.equal(block.number, before.number + 3n);
  assert.ok(block.timestamp >= before.timestamp + 3600n);
  const nobody = "0x00000000000000000000000000000000000000aa";
  await admin.setBalance({ address: nobody, value: parseEther("2") });
  await admin.impersonateAccount({ address: nobody });
  const sender = createWalletClient({ chain: foundry, transport: http(node.url), account: nobody });
  const receipt = await mined(await sender.sendTransaction({ to: other, value: 5n }));
  assert.equal(receipt.from, nobody);
  await admin.stopImpersonatingAccount({ address: nobody });
  await assert.rejects(sender.sendTransaction({ to: other, value: 5n }));
  await admin.revert({ id });
  assert.equal(await open.getBlockNumber({ cacheTime: 0 }), before.number);
  assert.notEqual(await open.getBalance({ address: other }), parseEther("77"));
});

test("code, storage and nonces", async () => {
  const address = "0x00000000000000000000000000000000000000bb";
  await admin.setCode({ address, bytecode: "0x60005460005260206000f3" });
  const word = `0x${"0".repeat(62)}2a`;
  await admin.setStorageAt({ address, index: 0, value: word });
  assert.equal((await open.call({ to: address })).data, word);
  await admin.setNonce({ address, nonce: 9 });
  assert.equal(await open.getTransactionCount({ address }), 9);
  await admin.mine({ blocks: 1 });
  assert.equal(await open.getStorageAt({ address, slot: "0x0" }), word);
});

test("mining by hand", async () => {
  await admin.setAutomine(false);
  const hash = await wallet.sendTransaction({ to: other, value: 1n });
  const waiting = await open.getTransaction({ hash });
  assert.equal(waiting.blockNumber, null);
  assert.equal((await admin.getTxpoolStatus()).pending, 1);
  await admin.mine({ blocks: 1 });
  assert.equal((await mined(hash)).status, "success");
  await admin.setAutomine(true);
});

test("a proof that fits to the block's root", async () => {
  await admin.mine({ blocks: 1 });
  const block = await open.getBlock();
  const proof = await open.getProof({ address: other, storageKeys: [] });
  assert.equal(keccak256(proof.accountProof[0]), block.stateRoot);
});

test("subscriptions over WebSocket", async () => {
  const live = createPublicClient({ chain: foundry, transport: webSocket(node.ws) });
  const token = await deployed("Token", [10n]);
  const seen = { blocks: [], logs: [] };
  const ends = [
    live.watchBlockNumber({ onBlockNumber: (number) => seen.blocks.push(number) }),
    live.watchContractEvent({ ...token, onLogs: (logs) => seen.logs.push(...logs) }),
  ];
  await new Promise((resolve) => setTimeout(resolve, 300));
  await mined(await wallet.writeContract({ ...token, functionName: "transfer", args: [other, 1n] }));
  for (let i = 0; i < 100 && !(seen.blocks.length && seen.logs.length); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ends.forEach((end) => end());
  assert.ok(seen.blocks.length > 0);
  assert.equal(seen.logs[0].args.value, 1n);
  (await live.transport.getRpcClient()).close();
});

test("prool starts it as anvil", async () => {
  const binary = new URL("../lib/anvil.mjs", import.meta.url).pathname;
  const server = Server.create({ instance: Instance.anvil({ binary, chainId: 123 }), port: 0 });
  const stop = await server.start();
  const { port } = server.address();
  const client = createPublicClient({ transport: http(`http://127.0.0.1:${port}/1`) });
  assert.equal(await client.getChainId(), 123);
  await stop();
});
