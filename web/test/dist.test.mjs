// The committed files: what the manifest promises, within the budget, and made from these sources.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const web = fileURLToPath(new URL("..", import.meta.url));
const dist = join(web, "../explorer/assets/dist");
const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
const compressed = (name) => brotliCompressSync(readFileSync(join(dist, manifest[name].file))).length;

test("the manifest names every file by its hash, and there are no others", () => {
  const files = Object.entries(manifest).map(([name, { bytes, file, sha256 }]) => {
    const contents = readFileSync(join(dist, file));
    assert.equal(contents.length, bytes);
    assert.equal(createHash("sha256").update(contents).digest("hex"), sha256);
    const [stem, extension] = name.split(".");
    assert.equal(file, `${stem}.${sha256.slice(0, 8)}.${extension}`);
    return file;
  });
  assert.deepEqual(readdirSync(dist).sort(), [...files, "manifest.json"].sort());
});

test("building these sources gives these bytes", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "hefu-dist-"));
  try {
    execFileSync(process.execPath, ["build.mjs", elsewhere], { cwd: web, stdio: "pipe" });
    for (const name of readdirSync(dist)) {
      assert.ok(readFileSync(join(dist, name)).equals(readFileSync(join(elsewhere, name))), name);
    }
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test("a trace page's files stay within what a slow phone can load", () => {
  assert.ok(compressed("trace.js") <= 6000, "verifier and page logic");
  assert.ok(compressed("fallback.js") <= 7500, "Ed25519 and SHA-2 in JavaScript");
  assert.ok(compressed("trace.js") + compressed("style.css") <= 8250, "what every trace page loads");
});

test("the scripts of pages that sign stay within what somebody with a key will wait for", () => {
  assert.ok(compressed("session.js") <= 43500, "age, Ed25519, the device's key and page logic");
  assert.ok(compressed("signing.js") <= 45500, "the same, with records and terms");
});

test("nothing in them loads anything from elsewhere", () => {
  for (const { file } of Object.values(manifest)) {
    const text = readFileSync(join(dist, file), "utf8");
    const addresses = text.match(/https?:\/\/[^"'`)\s]+/g) || [];
    assert.deepEqual(addresses.filter((address) => address !== "https://w3id.org/security/data-integrity/v2"), []);
    assert.ok(!/\beval\(|new Function|url\(/.test(text), file);
  }
});
