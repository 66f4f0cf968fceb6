#!/usr/bin/env node
// The compiler of package.json as the executable that forge expects: it is asked
// for its version, and for an answer to a request on standard input.
import { readFileSync } from "node:fs";
import solc from "solc";

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error("--version or --standard-json");
  process.exitCode = 2;
}
