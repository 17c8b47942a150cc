/** Opening a key file and signing an access document with it, as `hefu access` does. */
import { armor, Decrypter } from "age-encryption";
import { base58 } from "@scure/base";
import { getPublicKey, hashes, sign } from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { canonical } from "../verify/canonical";
import { keyOf } from "../verify/certificate";
import { concat, hex, utf8 } from "../verify/encoding";

hashes.sha512 = sha512 as typeof hashes.sha512;

const CONTEXT = "https://w3id.org/security/data-integrity/v2";

/** Multicodec prefixes of an Ed25519 key's secret and public half. */
const SECRET = "8026";
const PUBLIC = Uint8Array.of(0xed, 0x01);

/** Why a key file cannot be used: the name of the page's words for it. */
export interface Failure {
  failure: "notAKeyFile" | "otherKey" | "passphrase";
}

/** A key that is ready to sign. */
export interface Key {
  address: string;
  secret: Uint8Array;
}

function fail(failure: Failure["failure"]): never {
  throw { failure };
}

/** The fields of a key file, as `hefu keys new` writes them. */
function read(text: string): { address: string; age: string } {
  try {
    const { address, age, version } = JSON.parse(text);
    if (version === 1 && keyOf(address) && armor.decode(age)) return { address, age };
  } catch {
    // Not JSON, or not of a key.
  }
  return fail("notAKeyFile");
}

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
  return hex(getPublicKey(secret)) === hex(keyOf(address)) ? { address, secret } : fail("otherKey");
}

/** The canonical text of an access document for an origin and a chain, signed (W3C Data Integrity, eddsa-jcs-2022). */
export function pass({ address, secret }: Key, aud: string, chain: string, expires: Date): string {
  const document = {
    "@context": CONTEXT,
    action: "access",
    aud,
    chain,
    expires: expires.toISOString(),
    signers: [address],
  };
  const multikey = `z${base58.encode(concat(PUBLIC, getPublicKey(secret)))}`;
  const proof = {
    "@context": CONTEXT,
    cryptosuite: "eddsa-jcs-2022",
    proofPurpose: "assertionMethod",
    type: "DataIntegrityProof",
    verificationMethod: `did:key:${multikey}#${multikey}`,
  };
  const message = concat(sha256(utf8(canonical(proof))), sha256(utf8(canonical(document))));
  return canonical({ ...document, proof: { ...proof, proofValue: `z${base58.encode(sign(message, secret))}` } });
}
