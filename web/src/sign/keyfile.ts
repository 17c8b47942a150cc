/** Key files, as `hefu keys new` writes them. */
import { armor, Decrypter } from "age-encryption";
import { base58 } from "@scure/base";
import { getPublicKey, hashes, sign } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { keyOf } from "../verify/certificate";
import { hex } from "../verify/encoding";
import type { Key } from "./key";

hashes.sha512 = sha512 as typeof hashes.sha512;

/** Multicodec prefix of an Ed25519 key's secret half. */
const SECRET = "8026";

/** Why a key file cannot be used: the name of the page's words for it. */
export interface Failure {
  failure: "notAKeyFile" | "otherKey" | "passphrase";
}

function fail(failure: Failure["failure"]): never {
  throw { failure };
}

function read(text: string): { address: string; age: string } {
  try {
    const { address, age, version } = JSON.parse(text);
    if (version === 1 && keyOf(address) && armor.decode(age)) return { address, age };
  } catch {
    // Not JSON, or not of a key.
  }
  return fail("notAKeyFile");
}

/** The key of these 32 bytes. */
export const keyFrom = (address: string, secret: Uint8Array): Key => ({
  address,
  sign: async (message) => sign(message, secret),
});

/**
 * Decrypts the key of a file. Takes as long as the file's work factor asks for, about a second where it was made.
 *
 * Throws a `Failure`, or what the browser throws where it has too little memory.
 */
export async function open(text: string, passphrase: string): Promise<Key> {
  const { address, age } = read(text);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let multikey: string;
  try {
    multikey = await decrypter.decrypt(armor.decode(age), "text");
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return fail("passphrase");
  }
  const bytes = /^z[1-9A-HJ-NP-Za-km-z]+$/.test(multikey) ? base58.decode(multikey.slice(1)) : new Uint8Array();
  if (bytes.length !== 34 || hex(bytes.slice(0, 2)) !== SECRET) return fail("notAKeyFile");
  const secret = bytes.slice(2);
  return hex(getPublicKey(secret)) === hex(keyOf(address)) ? keyFrom(address, secret) : fail("otherKey");
}
