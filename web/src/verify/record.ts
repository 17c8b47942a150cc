import { canonical, without } from "./canonical";
import { keyOf } from "./certificate";
import { hash, hashText, type Tools } from "./crypto";
import { base58, concat, hash32, hex } from "./encoding";
import type { DataIntegrityProof, Disclosed, Document } from "./file";
import { rootFrom } from "./merkle";
import { demand } from "./refusal";

const CONTEXT = "https://w3id.org/security/data-integrity/v2";

/** The id of a record: the SHA-256 of its canonical document without `proof`. */
export const idOf = (tools: Tools, record: Document): Promise<string> =>
  hashText(tools, canonical(without(record, "proof")));

/**
 * Checks the W3C Data Integrity proof (eddsa-jcs-2022) that one signer put under a record: signed is the hash of the
 * proof's own terms followed by the hash of the document, which is the record's id.
 */
export async function demandProof(tools: Tools, proof: DataIntegrityProof, signer: string, id: string): Promise<void> {
  const { proofValue, verificationMethod } = proof;
  const fixed = {
    "@context": CONTEXT,
    cryptosuite: "eddsa-jcs-2022",
    proofPurpose: "assertionMethod",
    proofValue,
    type: "DataIntegrityProof",
    verificationMethod,
  };
  demand(canonical(without(proof, "created")) === canonical(fixed), "proof", id);
  const [, method, again] = /^did:key:z(\w+)#z(\w+)$/.exec(verificationMethod) || [];
  const key = keyOf(signer);
  demand(method && method === again && hex(base58(method, 34)) === "ed01" + hex(key), "signer", id);
  demand(proofValue[0] === "z", "signature", id);
  const terms = await hash(tools, canonical(without(proof, "proofValue")));
  const signature = base58(proofValue.slice(1), 64);
  demand(await tools.ed25519(key, concat(terms, hash32(id)), signature), "signature", id);
}

/** Checks that a record belongs to the chain and that each of its signers, and nobody else, signed it. */
export async function demandSigned(tools: Tools, record: Document, id: string, chain: string): Promise<void> {
  const { proof, signers } = record;
  demand(record.chain === chain, "chain", id);
  demand(record["@context"] === CONTEXT, "context", id);
  const proofs = ([] as DataIntegrityProof[]).concat(proof);
  demand(proofs.length === signers.length && new Set(signers).size === signers.length, "signers", id);
  for (const [i, signer] of signers.entries()) await demandProof(tools, proofs[i]!, signer, id);
}

/** Checks that an element opens the list that the record commits to under `pointer`. */
export async function demandDisclosed(
  tools: Tools,
  record: Document,
  id: string,
  pointer: string,
  { element, index, path, salt }: Disclosed,
): Promise<void> {
  const part = record.parts && record.parts[pointer];
  demand(part && part.count, "list", id);
  const leaf = await hash(tools, 0, hash32(salt), element);
  demand(hex(await rootFrom(tools, part.count, [[index, leaf]], path)) === part.root, "element", id);
}

/**
 * Whether a text names a thing, by its Digital Link on any domain and with any qualifiers. An EPC URN in the text counts
 * as well: which link it stands for takes a table of company prefixes, and the entry's chain binds the record anyway.
 */
export function names(value: unknown, key: string): boolean {
  if (typeof value === "string") {
    const segments = value.split("/");
    return /^urn:epc:/.test(value) || key.split("/").every((segment, i) => !i || segments.includes(segment));
  }
  return !!value && typeof value === "object" && Object.values(value).some((inside) => names(inside, key));
}
