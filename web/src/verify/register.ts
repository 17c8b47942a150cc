import { canonical } from "./canonical";
import { hash, hashText, type Tools } from "./crypto";
import { type Bytes, hash32, hex } from "./encoding";
import type { Bucket, ProofFile, Row } from "./file";
import { rootFrom, type Revealed } from "./merkle";
import type { Look } from "./origins";
import { demand } from "./refusal";

async function bucketLeaf(tools: Tools, { entries, path, size }: Bucket): Promise<Bytes> {
  if (size === 0) {
    demand(!entries.length && path === "", "empty bucket");
    return new Uint8Array(32);
  }
  const revealed: Revealed[] = [];
  let last = "";
  for (const { at, key, row } of entries) {
    // Keys in ascending order are what lets two neighbours prove that nothing stands between them.
    demand(key > last, "key order");
    last = key;
    revealed.push([at, await hash(tools, 0, hash32(key), hash32(row))]);
  }
  const root = await rootFrom(tools, size, revealed, path);
  return hash(tools, 4, Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size), root);
}

/** Shows that no row of this key hash stands in the bucket: the neighbours of its place are adjacent to each other. */
function demandAbsent({ entries, size }: Bucket, keyHash: string): void {
  const before = entries.filter(({ key }) => key < keyHash).pop();
  const next = entries.find(({ key }) => key >= keyHash);
  demand(!next || next.key !== keyHash, "row left out");
  demand((next ? next.at : size) - (before ? before.at : -1) === 1, "neighbours");
}

/**
 * Checks that every row of the proof stands under the header's register. Returns the rows by key, and what looks up the data
 * of any row: it refuses the proof where that neither shows the row nor that there is none.
 */
export async function rowsUnder(tools: Tools, { genesis, header, register, rows }: ProofFile) {
  const depth = genesis.registerDepth;
  const leaves: Revealed[] = [];
  for (const bucket of register.buckets) leaves.push([bucket.index, await bucketLeaf(tools, bucket)]);
  demand(hex(await rootFrom(tools, 2 ** depth, leaves, register.path)) === header.register, "root");

  /** A row's bucket is numbered by the leading bits of its key's hash. */
  const bucketFor = (keyHash: string): Bucket => {
    const number = Math.floor(parseInt(keyHash.slice(0, 8), 16) / 2 ** (32 - depth));
    const bucket = register.buckets.find(({ index }) => index === number);
    demand(bucket, "bucket");
    return bucket;
  };
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const keyHash = await hashText(tools, row.key);
    const rowHash = await hashText(tools, 2, canonical(row));
    const entry = bucketFor(keyHash).entries.find(({ key }) => key === keyHash);
    demand(entry && entry.row === rowHash, row.key);
    byKey.set(row.key, row);
  }
  const look: Look = async (key) => {
    const row = byKey.get(key);
    if (row) return row.data;
    const keyHash = await hashText(tools, key);
    return demandAbsent(bucketFor(keyHash), keyHash);
  };
  return { rows: byKey, look };
}
