// The same signed transactions on anvil and on us: what became of them must be the same.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createPublicClient, createWalletClient, encodeFunctionData, http, maxUint256, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { ACCOUNTS, KEYS, anvil, contract, dev, hasPublished, rpc, third } from "../lib/node.mjs";

let ours, theirs, wallet, open;
const account = privateKeyToAccount(KEYS[0]);
const sent = [];

before(async () => {
  const flags = ["--timestamp", "1800000000", "--hardfork", "prague"];
  [ours, theirs] = await Promise.all([dev(flags), anvil([...flags, "--steps-tracing"])]);
  wallet = createWalletClient({ account, chain: foundry, transport: http(ours.url) });
  open = createPublicClient({ chain: foundry, transport: http(ours.url) });
});
after(async () => {
  await Promise.all([ours.stop(), theirs.stop()]);
});

/** Signs once, and sends the same bytes to both. */
async function send(request) {
  const nonce = sent.length;
  const signed = await wallet.signTransaction({
    type: "eip1559", chainId: 31337, gas: 6_000_000n, nonce,
    maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n, ...request,
  });
  await both("evm_setNextBlockTimestamp", [1_800_000_000 + 10 * (nonce + 1)]);
  const hashes = await both("eth_sendRawTransaction", [signed]);
  assert.equal(hashes[0], hashes[1]);
  sent.push(hashes[0]);
  return (await open.waitForTransactionReceipt({ hash: hashes[0] })).contractAddress;
}

const deploy = async ({ abi, bytecode }, args = []) => {
  const { encodeDeployData } = await import("viem");
  return { abi, address: await send({ data: encodeDeployData({ abi, bytecode, args }) }) };
};
const call = ({ abi, address }, functionName, args = [], value = 0n) =>
  send({ to: address, value, data: encodeFunctionData({ abi, functionName, args }) });

/** Differences that are meant:
 * - the hash of a block: our states have the protocol's own contracts, so other roots;
 * - the time of the block, which geth has in logs and anvil in receipts too. */
function plain(receipt) {
  const { blockHash, blockTimestamp, logs, ...rest } = receipt;
  for (const name of ["blobGasPrice", "blobGasUsed", "authorizationList"]) delete rest[name];
  return { ...rest, logs: logs.map(({ blockHash, ...log }) => log) };
}

const both = (method, params) => Promise.all([ours, theirs].map(({ url }) => rpc(url, method, params)));

test("tokens, reverts, creations", async () => {
  const token = await deploy(contract("Token"), [parseEther("1000")]);
  await call(token, "transfer", [ACCOUNTS[1], 5n]);
  await call(token, "approve", [ACCOUNTS[1], maxUint256]);
  await call(token, "transfer", [ACCOUNTS[1], maxUint256]);
  await send({ to: ACCOUNTS[1], value: 1n });
  await deploy(contract("Counter"));
  const key = `0x${"0".repeat(64)}`;
  const [a, b] = await both("eth_getProof", [token.address, [key], "latest"]);
  assert.deepEqual([a.storageHash, a.codeHash, a.storageProof[0].value, a.storageProof[0].proof],
    [b.storageHash, b.codeHash, b.storageProof[0].value, b.storageProof[0].proof]);
});

test("Uniswap V2: pair, liquidity, swaps", { skip: !hasPublished && "contracts not found" }, async () => {
  const core = "@uniswap/v2-core/build/";
  const weth = await deploy(third("@uniswap/v2-periphery/build/WETH9.json"));
  const factory = await deploy(third(`${core}UniswapV2Factory.json`), [account.address]);
  const router = await deploy(third("@uniswap/v2-periphery/build/UniswapV2Router02.json"), [factory.address, weth.address]);
  const tokens = [];
  for (let i = 0; i < 2; i++) {
    tokens.push(await deploy(contract("Token"), [parseEther("1000000")]));
    await call(tokens[i], "approve", [router.address, maxUint256]);
  }
  const path = tokens.map(({ address }) => address);
  const [who, end] = [account.address, 1_900_000_000n];
  await call(router, "addLiquidity", [...path, parseEther("1000"), parseEther("2000"), 0n, 0n, who, end]);
  await call(router, "addLiquidityETH", [path[0], parseEther("10"), 0n, 0n, who, end], parseEther("5"));
  for (let i = 1n; i < 6n; i++) {
    await call(router, "swapExactTokensForTokens", [parseEther("1") * i, 0n, path, who, end]);
  }
  await call(router, "swapExactETHForTokens", [0n, [weth.address, path[0]], who, end], 1000n);
  await call(router, "swapExactTokensForTokens", [1n, maxUint256, path, who, end]);
});

test("Uniswap V3: factory and pool", { skip: !hasPublished && "contracts not found" }, async () => {
  const core = "@uniswap/v3-core/artifacts/contracts/";
  const factory = await deploy(third(`${core}UniswapV3Factory.sol/UniswapV3Factory.json`));
  const tokens = [await deploy(contract("Token"), [1n]), await deploy(contract("Token"), [1n])];
  await call(factory, "createPool", [...tokens.map(({ address }) => address), 3000]);
  const hash = sent.at(-1);
  const { logs } = await rpc(ours.url, "eth_getTransactionReceipt", [hash]);
  const pool = { ...third(`${core}UniswapV3Pool.sol/UniswapV3Pool.json`), address: `0x${logs[0].data.slice(-40)}` };
  await call(pool, "initialize", [2n ** 96n]);
});

test("receipts are the same", async () => {
  for (const hash of sent) {
    const [a, b] = await both("eth_getTransactionReceipt", [hash]);
    assert.deepEqual(plain(a), plain(b));
  }
});

test("call traces and prestates are the same", async () => {
  for (const tracer of ["callTracer", "prestateTracer"]) {
    for (const hash of sent) {
      const [a, b] = await both("debug_traceTransaction", [hash, { tracer, tracerConfig: { withLog: true } }]);
      if (tracer === "callTracer") {
        // As geth we begin with the gas limit of the transaction, anvil with what is left
        // of it after the intrinsic gas.
        assert.equal(BigInt(a.gas), 6_000_000n);
        delete a.gas;
        delete b.gas;
      }
      assert.deepEqual(existing(a), existing(b), `${tracer} of ${hash}`);
    }
  }
});

/** anvil shows accounts that were not there before, geth and we do not. */
function existing(prestate) {
  const was = ([, own]) => own?.balance !== "0x0" || own.nonce || own.code;
  return Object.fromEntries(Object.entries(prestate).filter(was));
}

test("struct logs are the same", async () => {
  for (const hash of sent.slice(0, 8)) {
    const [a, b] = await both("debug_traceTransaction", [hash, {}]);
    assert.deepEqual(a, b, hash);
  }
});

test("errors have the same codes and data", async () => {
  const token = (await rpc(ours.url, "eth_getTransactionReceipt", [sent[0]])).contractAddress;
  const data = encodeFunctionData({ ...contract("Token"), functionName: "transfer", args: [ACCOUNTS[1], maxUint256] });
  const wrong = [
    ["eth_call", [{ from: ACCOUNTS[0], to: token, data }, "latest"]],
    ["eth_estimateGas", [{ from: ACCOUNTS[0], to: token, data }]],
    ["eth_sendRawTransaction", ["0x1234"]],
    ["eth_nothing", []],
  ];
  for (const [method, params] of wrong) {
    const [a, b] = await Promise.all([ours, theirs].map(({ url }) => rpc(url, method, params).then(
      (result) => ({ result }), ({ code, data }) => ({ code, data }))));
    assert.deepEqual(a, b, method);
  }
});
