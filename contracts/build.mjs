// Compiles src/*.sol to out/*.json. With --check, writes nothing and fails if
// out/ is not what the sources give.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const root = dirname(fileURLToPath(import.meta.url));
const sourceDir = join(root, "src");
const outputDir = join(root, "out");

// The metadata hash would make the bytecode depend on comments and file names.
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: {
    "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
  },
};

function compile() {
  const files = readdirSync(sourceDir).filter((file) => file.endsWith(".sol")).sort();
  const sources = Object.fromEntries(
    files.map((file) => [file, { content: readFileSync(join(sourceDir, file), "utf8") }]),
  );
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const output = JSON.parse(solc.compile(input));
  // SELFDESTRUCT is deprecated (5159); destroying accounts is what some of
  // these contracts are for.
  const messages = (output.errors ?? []).filter((message) => message.errorCode !== "5159");
  if (messages.length > 0) {
    throw new Error(messages.map((message) => message.formattedMessage).join("\n"));
  }
  return output.contracts;
}

function artifacts(contracts) {
  const result = new Map();
  for (const file of Object.values(contracts)) {
    for (const [name, { abi, evm }] of Object.entries(file)) {
      // An interface has no code.
      if (evm.bytecode.object === "") continue;
      const artifact = {
        contract: name,
        compiler: solc.version(),
        abi,
        creation: `0x${evm.bytecode.object}`,
        runtime: `0x${evm.deployedBytecode.object}`,
      };
      result.set(`${name}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
    }
  }
  return result;
}

function stale(expected) {
  const present = existsSync(outputDir) ? readdirSync(outputDir) : [];
  const extra = present.filter((file) => !expected.has(file));
  const different = [...expected].filter(([file, text]) => {
    const path = join(outputDir, file);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  return [...extra, ...different.map(([file]) => file)];
}

const expected = artifacts(compile());
if (process.argv.includes("--check")) {
  const files = stale(expected);
  if (files.length > 0) {
    console.error(`out of date, run \`npm run build\`: ${files.join(", ")}`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(outputDir, { recursive: true });
  for (const [file, text] of expected) writeFileSync(join(outputDir, file), text);
  console.log(`wrote ${expected.size} files`);
}
