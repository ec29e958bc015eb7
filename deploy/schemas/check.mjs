// check.mjs MODULES WORK: checks manifests, JSON objects in an array on standard input, against the
// schemas that npm publishes of their API versions, which lie in the folder MODULES. Twice: the
// schemas' own validators know types, formats and what is required, but let unknown fields pass;
// those the TypeScript compiler finds, with the types made from the same schemas. WORK is a folder
// for its input. What is wrong goes to standard output, a line each.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const packages = [
  "kubernetes-models",
  "@kubernetes-models/keda",
  "@kubernetes-models/cloudnative-pg",
];
const [modules, work] = process.argv.slice(2);
const manifests = JSON.parse(readFileSync(0, "utf8"));
const findings = [];

const nameOf = (manifest) => `${manifest.kind}/${manifest.metadata?.name}`;

/** The module that holds the schema of a manifest, such as kubernetes-models/apps/v1/Deployment. */
function moduleOf({ apiVersion, kind }) {
  return packages
    .map((name) => `${name}/${apiVersion}/${kind}`)
    .find((path) => existsSync(join(modules, `${path}.js`)));
}

async function validate(manifest, path) {
  const found = await import(pathToFileURL(join(modules, `${path}.js`)));
  try {
    new found[manifest.kind](manifest).validate();
  } catch (error) {
    for (const one of error.errors ?? [{ message: error.message }]) {
      findings.push(`${nameOf(manifest)}: ${one.instancePath ?? ""} ${one.message}`);
    }
  }
}

function compile(checked) {
  mkdirSync(work, { recursive: true });
  if (!existsSync(join(work, "node_modules"))) symlinkSync(modules, join(work, "node_modules"));
  const lines = checked.map(
    ({ manifest, path }, at) =>
      `import type { I${manifest.kind} as T${at} } from "${path}";\n` +
      `export const manifest${at}: T${at} = ${JSON.stringify(manifest, null, 1)};\n`,
  );
  writeFileSync(join(work, "manifests.ts"), lines.join(""));
  writeFileSync(join(work, "package.json"), '{"type": "module"}');
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext"];
  const done = spawnSync(
    process.execPath,
    [join(modules, "typescript/bin/tsc"), ...options, "--moduleResolution", "bundler", "manifests.ts"],
    { cwd: work, encoding: "utf8" },
  );
  if (done.status !== 0) findings.push(...(done.stdout + done.stderr).trim().split("\n"));
}

const checked = [];
for (const manifest of manifests) {
  const path = moduleOf(manifest);
  if (!path) {
    findings.push(`${nameOf(manifest)}: no schema of ${manifest.apiVersion} ${manifest.kind}`);
    continue;
  }
  checked.push({ manifest, path });
  await validate(manifest, path);
}
compile(checked);
for (const finding of findings) console.log(finding);
process.exitCode = findings.length ? 1 : 0;
