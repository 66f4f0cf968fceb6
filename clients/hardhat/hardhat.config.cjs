// What hardhat.test.mjs runs.
module.exports = {
  solidity: "0.8.30",
  networks: { parallax: { url: process.env.PARALLAX_URL ?? "http://127.0.0.1:8545" } },
};
