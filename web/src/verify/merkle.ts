import { hash, type Tools } from "./crypto";
import { base64url, type Bytes } from "./encoding";
import { demand } from "./refusal";

/** A leaf whose place and hash are known. */
export type Revealed = [position: number, leaf: Bytes];

/**
 * The root of an RFC 6962 tree of `size` leaves, from some of its leaves (by position, ascending) and a path: the hashes
 * of the subtrees without a revealed leaf, from left to right, base64url. The path must be used up exactly.
 */
export async function rootFrom(tools: Tools, size: number, revealed: Revealed[], path: string): Promise<Bytes> {
  const hashes = base64url(path);
  let last = -1;
  for (const [position] of revealed) {
    demand(Number.isInteger(position) && position > last && position < size, "position");
    last = position;
  }
  demand(Number.isSafeInteger(size) && size > 0, "size");
  let taken = 0;

  async function walk(lo: number, hi: number, inside: Revealed[]): Promise<Bytes> {
    if (!inside.length) return hashes.slice(taken, (taken += 32));
    if (hi - lo === 1) return inside[0]![1];
    let middle = 1;
    while (middle * 2 < hi - lo) middle *= 2;
    middle += lo;
    const left = await walk(lo, middle, inside.filter(([position]) => position < middle));
    return hash(tools, 1, left, await walk(middle, hi, inside.filter(([position]) => position >= middle)));
  }

  const root = await walk(0, size, revealed);
  demand(taken === hashes.length, "path");
  return root;
}
