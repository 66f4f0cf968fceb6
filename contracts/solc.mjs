#!/usr/bin/env node
// The compiler of package.json as the executable that forge expects: it is asked
// for its version, and for an answer to a request on standard input. It is that of
// the project that forge is at work on.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(`${process.cwd()}/`)("solc");

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error("--version or --standard-json");
  process.exitCode = 2;
}
