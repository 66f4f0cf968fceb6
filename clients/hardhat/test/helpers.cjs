const assert = require("node:assert/strict");
const helpers = require("@nomicfoundation/hardhat-network-helpers");
const { network } = require("hardhat");

const call = (method, ...params) => network.provider.send(method, params);
const alice = "0x00000000000000000000000000000000000000a1";
const number = async () => Number(await call("eth_blockNumber"));

describe("network helpers", () => {
  it("fixtures go back", async () => {
    const fixture = async () => {
      await helpers.setBalance(alice, 5n);
      await helpers.mine(2);
      return number();
    };
    const first = await helpers.loadFixture(fixture);
    await helpers.setBalance(alice, 9n);
    await helpers.mine(5);
    assert.equal(await helpers.loadFixture(fixture), first);
    assert.equal(await number(), first);
    assert.equal(BigInt(await call("eth_getBalance", alice, "latest")), 5n);
  });

  it("mines up to a block and a time", async () => {
    const now = await number();
    await helpers.mineUpTo(now + 10);
    assert.equal(await number(), now + 10);
    const time = (await helpers.time.latest()) + 1000;
    await helpers.time.increaseTo(time);
    assert.equal(await helpers.time.latest(), time);
    await helpers.time.increase(60);
    assert.ok((await helpers.time.latest()) >= time + 60);
    await helpers.time.setNextBlockTimestamp(time + 5000);
    await helpers.mine();
    assert.equal(await helpers.time.latest(), time + 5000);
  });

  it("sets code, storage, nonce, base fee, coinbase, randomness, gas limit", async () => {
    await helpers.setCode(alice, "0x60005460005260206000f3");
    await helpers.setStorageAt(alice, 0, 42);
    assert.equal(BigInt(await call("eth_call", { to: alice }, "latest")), 42n);
    assert.equal(BigInt(await helpers.getStorageAt(alice, 0)), 42n);
    await helpers.setNonce(alice, 7);
    assert.equal(Number(await call("eth_getTransactionCount", alice, "latest")), 7);
    await helpers.setNextBlockBaseFeePerGas(12345);
    await helpers.setCoinbase(alice);
    await helpers.setPrevRandao(99);
    await helpers.setBlockGasLimit(20_000_000);
    await helpers.mine();
    const block = await call("eth_getBlockByNumber", "latest", false);
    assert.equal(Number(block.baseFeePerGas), 12345);
    assert.equal(block.miner, alice);
    assert.equal(BigInt(block.mixHash), 99n);
    assert.equal(Number(block.gasLimit), 20_000_000);
  });

  it("acts for others and drops what waits", async () => {
    await helpers.setBalance(alice, 10n ** 18n);
    await helpers.setCode(alice, "0x");
    await helpers.impersonateAccount(alice);
    await call("evm_setAutomine", false);
    const hash = await call("eth_sendTransaction", { from: alice, to: alice, value: "0x1" });
    assert.equal(await helpers.dropTransaction(hash), true);
    await call("evm_setAutomine", true);
    await helpers.stopImpersonatingAccount(alice);
  });

  it("snapshots", async () => {
    const snapshot = await helpers.takeSnapshot();
    const before = await number();
    await helpers.mine(3);
    await snapshot.restore();
    assert.equal(await number(), before);
  });
});
