#!/usr/bin/env node
// The node under the name of anvil, for programs that start anvil.
import { spawn } from "node:child_process";
import { PARALLAX } from "./node.mjs";

const child = spawn(PARALLAX, ["dev", ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
