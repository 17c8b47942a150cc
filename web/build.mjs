// Builds the browser's files into explorer/assets/dist, from where the node's binary takes them. Each name carries the
// beginning of its content's SHA-256, so a browser may keep it for ever; manifest.json tells the server the names.
//
// The result is committed: building the node needs neither node.js nor a network. The same sources give the same bytes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const web = dirname(fileURLToPath(import.meta.url));
/** Another directory may be named, to compare. */
const dist = process.argv[2] || join(web, "../explorer/assets/dist");

/** Everything runs on ES2019 browsers but what signs or checks by itself, which is nothing without big integers. */
const SCRIPTS = [
  { name: "fallback", entry: "src/verify/fallback.ts", target: "es2020" },
  { name: "trace", entry: "src/trace.ts", target: "es2019" },
  { name: "blocks", entry: "src/blocks.ts", target: "es2019" },
  { name: "earnings", entry: "src/earnings.ts", target: "es2019" },
  { name: "session", entry: "src/session.ts", target: "es2020" },
  { name: "signing", entry: "src/signing.ts", target: "es2020" },
];
const STYLES = ["style", "explorer", "labels"];

const manifest = {};

/** The fallback is a file of its own, downloaded by browsers that need it: its import gets the name it was built to. */
const lazyFallback = {
  name: "lazy-fallback",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/fallback$/ }, () => ({ path: `./${manifest["fallback.js"].file}`, external: true }));
  },
};

async function bundle(options) {
  const { outputFiles } = await build({
    absWorkingDir: web,
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    write: false,
    ...options,
  });
  return outputFiles[0].contents;
}

async function keep(name, extension, contents) {
  const sha256 = createHash("sha256").update(contents).digest("hex");
  const file = `${name}.${sha256.slice(0, 8)}.${extension}`;
  manifest[`${name}.${extension}`] = { bytes: contents.length, file, sha256 };
  await writeFile(join(dist, file), contents);
  const sizes = [contents, gzipSync(contents, { level: 9 }), brotliCompressSync(contents)].map(({ length }) => length);
  console.log(`${file.padEnd(24)} ${sizes.map((size) => String(size).padStart(6)).join(" ")}`);
}

await mkdir(dist, { recursive: true });
for (const old of await readdir(dist)) await rm(join(dist, old));
console.log(`${"".padEnd(24)}    raw   gzip brotli`);
for (const { name, entry, target } of SCRIPTS) {
  const plugins = name === "fallback" ? [] : [lazyFallback];
  await keep(name, "js", await bundle({ entryPoints: [entry], format: "esm", target, plugins }));
}
for (const name of STYLES) {
  // As old as the scripts' browsers: nothing newer may be needed to read a page.
  const target = ["chrome73", "safari13", "firefox67"];
  await keep(name, "css", await bundle({ entryPoints: [`src/style/${name}.css`], target }));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(join(dist, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
