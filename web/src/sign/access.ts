/** Signing access documents, as `hefu access` does. */
import { canonical } from "../verify/canonical";
import { CONTEXT, type Key, proofOf } from "./key";

/** The canonical text of an access document for an origin and a chain. */
export async function pass(key: Key, aud: string, chain: string, expires: Date): Promise<string> {
  const document = {
    "@context": CONTEXT,
    action: "access",
    aud,
    chain,
    expires: expires.toISOString(),
    signers: [key.address],
  };
  return canonical({ ...document, proof: await proofOf(key, document) });
}
