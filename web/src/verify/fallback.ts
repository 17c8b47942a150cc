import { hashes, Point, verify } from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import type { Tools } from "./crypto";
import type { Bytes } from "./encoding";

hashes.sha512 = sha512 as typeof hashes.sha512;

/** Lets the browser paint and answer taps: a signature takes up to 50 ms on a slow phone. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** The first multiplication fills a table, which takes as long as a signature: a task of its own. */
let table: Promise<unknown> | undefined;
const fillTable = (): Promise<unknown> => breathe().then(() => Point.BASE.multiply(BigInt(2)));

/** Pure JavaScript, for browsers without Ed25519 and for pages without a secure origin, where crypto.subtle is missing. */
export const fallback: Tools = {
  mode: "fallback",
  async sha256(bytes) {
    return sha256(bytes) as Bytes;
  },
  async ed25519(key, message, signature) {
    await (table = table || fillTable());
    await breathe();
    return verify(signature, message, key, { zip215: false });
  },
};
