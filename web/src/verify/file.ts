import type { Json } from "./canonical";

/** Where a chain of entries stands: how many there are and the hash that binds them all. */
export interface Point {
  key: string;
  n: number;
  head: string;
}

export interface Member {
  address: string;
  party: string;
  power: number;
}

export interface Header {
  chain: string;
  height: number;
  members: string;
  nextMembers: string;
  register: string;
  time: string;
  version: number;
}

export interface Certificate {
  block: string;
  height: number;
  round: number;
  signatures: { signature: string; validator: string }[];
}

export interface Row {
  data: Json;
  /** Absent, like `n`, in a row without entries. */
  head?: string;
  key: string;
  n?: number;
}

export interface Entry {
  by: string[];
  /** In pack, unpack, associate and dissociate: every enclosing parent, innermost first, as it stood after the record. */
  containers?: Point[];
  height: number;
  record: string;
  role: string;
  time: string;
  /** Absent where everybody may read the record. */
  visibility?: "parties";
}

/** The entries of a row after the first `after`, where its head was `head`. */
export interface History {
  after: number;
  entries: Entry[];
  head: string;
  key: string;
}

export interface Disclosed {
  element: string;
  index: number;
  path: string;
  salt: string;
}

export interface DataIntegrityProof {
  proofValue: string;
  verificationMethod: string;
}

export interface Document {
  "@context": string;
  action: string;
  body: Json;
  chain: string;
  parts?: { [pointer: string]: { count?: number; root?: string } };
  proof: DataIntegrityProof | DataIntegrityProof[];
  signers: string[];
  visibility?: "parties";
}

export interface Bucket {
  entries: { at: number; key: string; row: string }[];
  index: number;
  path: string;
  size: number;
}

/** A proof file (application/vnd.hefu.proof+json); the types say what is read, not what may be relied on. */
export interface ProofFile {
  certificate: Certificate;
  changes?: { certificate: Certificate; header: Header; members: Member[] }[];
  genesis: { members: Member[]; parameters: { heartbeatMs: number }; registerDepth: number };
  header: Header;
  histories: History[];
  records: { disclosed?: { [pointer: string]: Disclosed[] }; record: Document }[];
  register: { buckets: Bucket[]; path: string };
  rows: Row[];
  subject: string;
  type: string;
  version: number;
}
