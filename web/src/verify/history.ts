import { canonical } from "./canonical";
import { hash, hashText, type Tools } from "./crypto";
import { hash32 } from "./encoding";
import type { Entry, History, Point, Row } from "./file";
import { demand } from "./refusal";

const ZERO = "0".repeat(64);

/** A history with the head it reaches after each entry; `heads[0]` is the one it starts from. */
export interface Folded extends History {
  heads: string[];
  /** After how many entries it was left: their heads are ones that the register or a proven entry names. */
  reached: Set<number>;
}

/** Chains a history's entries onto its starting head: head_n = SHA-256(3 ‖ head_(n−1) ‖ SHA-256(entry)). */
export async function fold(tools: Tools, history: History): Promise<Folded> {
  const { entries, head } = history;
  const heads = [head];
  for (const [i, entry] of entries.entries()) {
    heads.push(await hashText(tools, 3, hash32(heads[i]!), await hash(tools, canonical(entry))));
  }
  return { ...history, heads, reached: new Set() };
}

/**
 * Everything that happened to a thing, one entry per record: its own history from nothing to its row and, for as long as
 * it was inside a container, that of the container, and so on outwards. A stay in a container begins and ends at the
 * points that the thing's own entries name, and lasts to the container's row while it is still inside. What else went
 * into or out of the container is not the thing's story.
 */
export function timeline(subject: string, histories: Folded[], rows: Map<string, Row>): Map<string, Entry> {
  const happened = new Map<string, Entry>();

  /** Walks the chain of `start[0]` to `end[0]` or its row; the points behind are those of what encloses it then. */
  function walk(start: Point[], end: Point[]): void {
    const [from, ...around] = start;
    if (!from) return;
    const { key, n, head } = from;
    const row = rows.get(key);
    const closed = end[0] && end[0].key === key;
    const to: Partial<Point> = (closed ? end[0] : row) || {};
    const history = histories.find((one) => one.key === key && one.after === n && one.head === head);
    const count = (to.n || 0) - n;
    demand(history && (closed || row) && history.heads[count] === (to.head || ZERO), key);
    // Each stay once, however often it is named.
    if (history.reached.has(count)) return;
    history.reached.add(count);

    let enclosing = around;
    for (const entry of history.entries.slice(0, count)) {
      const { containers, record, role } = entry;
      // Told where the thing goes into something, and where it is unpacked or dissociated.
      if (containers) {
        const out = /^(un|dis)/.test(role);
        if (out) walk(enclosing, containers);
        enclosing = out ? [] : containers;
      }
      // What a record did to the thing itself goes before what it did to something around it, and inner before outer.
      if (key === subject || !(happened.has(record) || /^(contain|release)$/.test(role))) happened.set(record, entry);
    }
    walk(enclosing, closed ? end.slice(1) : []);
  }

  walk([{ key: subject, n: 0, head: ZERO }], []);
  for (const { entries, key, reached } of histories) demand(reached.has(entries.length), key);
  return happened;
}
