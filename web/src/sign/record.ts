/** Records on their way from signer to signer, as `hefu record sign` passes them on. */
import { canonical, without } from "../verify/canonical";
import type { Tools } from "../verify/crypto";
import type { DataIntegrityProof, Document } from "../verify/file";
import { demandProof, idOf } from "../verify/record";
import { type Key, proofOf } from "./key";

/** A record that some of its signers have signed. */
export interface Partial {
  annex?: unknown;
  document: Document;
  id: string;
  /** By address. */
  proofs: Map<string, DataIntegrityProof>;
}

/**
 * Takes up a record, or an object with `record` and perhaps `annex`, and checks the signatures that it has.
 *
 * Throws where it is neither, or a signature does not match: somebody has changed the record since.
 */
export async function read(tools: Tools, text: string): Promise<Partial> {
  const parsed = JSON.parse(text);
  const { annex, record } = parsed.record ? parsed : { annex: undefined, record: parsed };
  const { action, body, signers, proof } = record as Document & { action: unknown; body: unknown };
  if (typeof action !== "string" || !body || !Array.isArray(signers) || !signers.length) throw new Error("no record");
  const document = without(record, "proof") as Document;
  const id = await idOf(tools, document);
  const proofs = new Map<string, DataIntegrityProof>();
  for (const made of ([] as DataIntegrityProof[]).concat(proof || [])) {
    const signer = await signerOf(tools, made, signers, id);
    proofs.set(signer, made);
  }
  return { annex, document, id, proofs };
}

/** Whose proof it is: the one signer under whose key it holds. */
async function signerOf(tools: Tools, proof: DataIntegrityProof, signers: string[], id: string): Promise<string> {
  let refusal: unknown;
  for (const signer of signers) {
    try {
      await demandProof(tools, proof, signer, id);
      return signer;
    } catch (refused) {
      refusal = refused;
    }
  }
  throw refusal;
}

/** Who has yet to sign, in the order of the document. */
export const missing = ({ document, proofs }: Partial): string[] =>
  document.signers.filter((signer) => !proofs.has(signer));

/** Adds a key's proof; whether the record asks for that key at all. */
export async function sign(partial: Partial, key: Key): Promise<boolean> {
  if (!partial.document.signers.includes(key.address)) return false;
  partial.proofs.set(key.address, await proofOf(key, partial.document));
  return true;
}

/** The record with the signatures it has, canonical. */
function record({ document, proofs }: Partial): object {
  const made = document.signers.filter((signer) => proofs.has(signer)).map((signer) => proofs.get(signer)!);
  return made.length ? { ...document, proof: made.length === 1 ? made[0] : made } : document;
}

/** The file that goes to the next signer. */
export const text = (partial: Partial): string =>
  canonical(partial.annex ? { annex: partial.annex, record: record(partial) } : record(partial));

/** What a node takes. */
export const submission = (partial: Partial): string =>
  canonical(partial.annex ? { annex: partial.annex, record: record(partial) } : { record: record(partial) });
