// Chains for development, started for a test file, and contracts to deploy.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url).pathname;

export const PARALLAX = process.env.PARALLAX_BIN ?? here("../../target/release/parallax");

/** The first accounts of everybody's words. */
export const ACCOUNTS = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
];
export const KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];

/** A program that was fetched with this folder. */
export const program = (name) => here(`../node_modules/.bin/${name}`);

/** One of Foundry's: what is in `.bin` starts it, and may end before it has said all. */
export function foundry(name) {
  const machine = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  return here(`../node_modules/@foundry-rs/${name}-${machine}/bin/${name}`);
}

/** `parallax dev`. */
export const dev = (args = []) => listen(spawn(PARALLAX, ["dev", "-p", "0", ...args]));

/** anvil itself. */
export const anvil = (args = []) => listen(spawn(foundry("anvil"), ["-p", "0", ...args]));

/** Waits until a program says where it listens. */
async function listen(child) {
  let [out, err] = ["", ""];
  child.stderr.on("data", (data) => (err += data));
  const port = await new Promise((resolve, reject) => {
    child.stdout.on("data", (data) => {
      out += data;
      const found = /Listening on [\d.]+:(\d+)/.exec(out);
      if (found) resolve(Number(found[1]));
    });
    child.on("exit", (code) => reject(new Error(`it ended with ${code}: ${err}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners("exit");
      child.on("exit", (code) => resolve(code));
      child.kill("SIGTERM");
    });
  const [url, ws] = [`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`];
  return { port, url, ws, stop, out: () => out, err: () => err };
}

/** Calls a method; an error is thrown as it came. */
export async function rpc(url, method, params = []) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "content-type": "application/json" };
  const answer = await (await fetch(url, { method: "POST", headers, body })).json();
  if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
  return answer.result;
}

/** One of our own contracts. */
export function contract(name) {
  const json = JSON.parse(readFileSync(here(`../../contracts/out/${name}.json`)));
  return { abi: json.abi, bytecode: hex(json.creation) };
}

const published = here("../../contracts/third-party/node_modules/");

/** Whether published contracts were fetched: `npm ci --prefix contracts/third-party`. */
export const hasPublished = existsSync(published);

/** A published contract. */
export function third(path) {
  const json = JSON.parse(readFileSync(published + path));
  return { abi: json.abi, bytecode: hex(json.bytecode?.object ?? json.bytecode) };
}

const hex = (code) => (code.startsWith("0x") ? code : `0x${code}`);
