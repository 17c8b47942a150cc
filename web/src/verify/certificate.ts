import { canonical } from "./canonical";
import { hashText, type Tools } from "./crypto";
import { base58, base64url, type Bytes, utf8 } from "./encoding";
import type { Certificate, Header, Member, ProofFile } from "./file";
import { demand } from "./refusal";

/**
 * The Ed25519 key in an SS58 address (prefix 42). Its two check bytes guard typing and are not compared: every address
 * read here stands in a text whose hash is checked.
 */
export function keyOf(address: string): Bytes {
  const bytes = base58(address, 35);
  demand(bytes[0] === 42, "address");
  return bytes.slice(1, 33);
}

/** SHA-256 of the canonical list of members by address: how headers name the set that signs them. */
const membersHash = (tools: Tools, members: Member[]): Promise<string> =>
  hashText(tools, canonical([...members].sort((a, b) => (a.address < b.address ? -1 : 1))));

/** Checks that a header is of this chain and names these members as its signers. */
export async function demandHeader(tools: Tools, header: Header, chain: string, members: Member[]): Promise<void> {
  demand(header.version === 1, "version");
  demand(header.chain === chain, "chain");
  demand(header.members === (await membersHash(tools, members)), "members");
}

/** Checks that members with more than two thirds of the power signed this very header. */
export async function demandCertified(
  tools: Tools,
  header: Header,
  certificate: Certificate,
  members: Member[],
): Promise<void> {
  const { block, height, round, signatures } = certificate;
  demand(block === (await hashText(tools, canonical(header))), "block");
  demand(height === header.height, "height");
  const message = utf8(canonical({ block, chain: header.chain, height, round, type: "precommit" }));
  const unheard = new Map(members.map(({ address, power }) => [address, power]));
  let missing = 0;
  let signed = 0;
  for (const { signature, validator } of signatures) {
    const power = unheard.get(validator);
    demand(power, "no member, or twice: " + validator);
    demand(await tools.ed25519(keyOf(validator), message, base64url(signature)), "signature of " + validator);
    unheard.delete(validator);
    signed += power;
  }
  unheard.forEach((power) => (missing += power));
  demand(signed > missing * 2, "quorum");
}

/**
 * Follows the validators from genesis through the headers at which the set changed, each certified by the set before it,
 * and returns the set that must have certified the proof's header.
 */
export async function membersFor(tools: Tools, proof: ProofFile, chain: string): Promise<Member[]> {
  let { members } = proof.genesis;
  let since = 0;
  for (const { certificate, header, members: next } of proof.changes || []) {
    await demandHeader(tools, header, chain, members);
    await demandCertified(tools, header, certificate, members);
    demand(header.height > since && header.nextMembers === (await membersHash(tools, next)), "next members");
    since = header.height;
    members = next;
  }
  demand(proof.header.height > since, "height");
  return members;
}
