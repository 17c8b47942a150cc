/** Keys that sign, wherever they are, and the W3C Data Integrity proofs (eddsa-jcs-2022) that they make. */
import { base58 } from "@scure/base";
import { blake2b } from "@noble/hashes/blake2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { canonical, without } from "../verify/canonical";
import { type Bytes, concat, utf8 } from "../verify/encoding";
import type { DataIntegrityProof } from "../verify/file";
import { keyOf } from "../verify/certificate";

export const CONTEXT = "https://w3id.org/security/data-integrity/v2";

/** Multicodec prefix of an Ed25519 public key. */
const PUBLIC = Uint8Array.of(0xed, 0x01);

/** A key that is ready to sign. */
export interface Key {
  address: string;
  sign(message: Bytes): Promise<Uint8Array>;
}

/** The SS58 address (prefix 42) of a public key. */
export function addressOf(open: Uint8Array): string {
  const payload = concat(Uint8Array.of(42), open);
  const check = blake2b(concat(utf8("SS58PRE"), payload)).slice(0, 2);
  return base58.encode(concat(payload, check));
}

/** A key's proof under a document, which may have other proofs already: none of them is signed. */
export async function proofOf(key: Key, document: object): Promise<DataIntegrityProof> {
  const multikey = `z${base58.encode(concat(PUBLIC, keyOf(key.address)))}`;
  const terms = {
    "@context": CONTEXT,
    cryptosuite: "eddsa-jcs-2022",
    proofPurpose: "assertionMethod",
    type: "DataIntegrityProof",
    verificationMethod: `did:key:${multikey}#${multikey}`,
  };
  const hashes = [terms, without(document, "proof")].map((part) => sha256(utf8(canonical(part))));
  const signature = await key.sign(concat(...hashes));
  return { ...terms, proofValue: `z${base58.encode(signature)}` } as DataIntegrityProof;
}
