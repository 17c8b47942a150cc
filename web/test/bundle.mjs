// Builds the verifier as the browser gets it (esbuild, the fallback apart) into a directory of its own and loads it.
import { build } from "esbuild";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Loads `entry` of src/verify/, or of another folder of src/; without the fallback when its file is not to be found, as when it cannot be downloaded. */
export async function load(entry, { folder = "verify", withFallback = true } = {}) {
  const outdir = await mkdtemp(join(tmpdir(), "hefu-web-"));
  await build({
    absWorkingDir: web,
    entryPoints: [`src/${folder}/${entry}.ts`],
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2020",
    outdir,
    outExtension: { ".js": ".mjs" },
    external: withFallback ? [] : ["./fallback"],
  });
  const module = await import(pathToFileURL(join(outdir, `${entry}.mjs`)).href);
  return { ...module, dispose: () => rm(outdir, { recursive: true }) };
}

/** Runs `action` in a browser whose WebCrypto does not know Ed25519. */
export async function withoutNative(action) {
  const { subtle } = globalThis.crypto;
  const inherited = Object.getPrototypeOf(subtle).verify;
  subtle.verify = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
  try {
    return await action();
  } finally {
    subtle.verify = inherited;
  }
}
