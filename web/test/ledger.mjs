// A ledger in miniature, written from the format's description and sharing no code with src/: the oracle of the tests.
// Everything is done the naive way (whole trees are hashed for every root), with node:crypto alone.
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

export const CONTEXT = "https://w3id.org/security/data-integrity/v2";
export const ZERO = "0".repeat(64);

export const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const tag = (byte) => Buffer.of(byte);
const bytes = (hex) => Buffer.from(hex, "hex");

/** RFC 8785 by its definition: member names sorted by UTF-16 code units, ECMAScript's own numbers and strings. */
export function jcs(value) {
  if (Array.isArray(value)) return "[" + value.map(jcs).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return "{" + names.map((name) => JSON.stringify(name) + ":" + jcs(value[name])).join(",") + "}";
}

export function base58(buffer) {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let number = BigInt("0x" + (buffer.toString("hex") || "0"));
  let text = "";
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text;
  for (const byte of buffer) {
    if (byte) break;
    text = "1" + text;
  }
  return text;
}

/** An Ed25519 key made from a name, with its SS58 address and its did:key. */
export function key(name) {
  const prefix = bytes("302e020100300506032b657004220420");
  const secret = createPrivateKey({ key: Buffer.concat([prefix, sha256("key of " + name)]), format: "der", type: "pkcs8" });
  const open = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  const payload = Buffer.concat([Buffer.of(42), open]);
  const check = createHash("blake2b512").update("SS58PRE").update(payload).digest().subarray(0, 2);
  const multikey = "z" + base58(Buffer.concat([bytes("ed01"), open]));
  return {
    address: base58(Buffer.concat([payload, check])),
    method: `did:key:${multikey}#${multikey}`,
    sign: (message) => sign(null, message, secret),
  };
}

/** A key's W3C Data Integrity proof (eddsa-jcs-2022) under a document. */
export function proofOf(document, { method, sign }, more = {}) {
  const terms = {
    "@context": CONTEXT,
    ...more,
    cryptosuite: "eddsa-jcs-2022",
    proofPurpose: "assertionMethod",
    type: "DataIntegrityProof",
    verificationMethod: method,
  };
  const message = Buffer.concat([sha256(jcs(terms)), sha256(jcs(document))]);
  return { ...terms, proofValue: "z" + base58(sign(message)) };
}

/** Merkle tree hash of RFC 6962 over leaves that are hashes already. */
export function treeHash(leaves) {
  if (leaves.length === 1) return leaves[0];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(tag(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

/** The roots of the largest subtrees that hold none of the shown positions, from left to right. */
function treePath(leaves, shown, first = 0) {
  if (!shown.some((place) => place >= first && place < first + leaves.length)) return [treeHash(leaves)];
  if (leaves.length === 1) return [];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return [
    ...treePath(leaves.slice(0, split), shown, first),
    ...treePath(leaves.slice(split), shown, first + split),
  ];
}
export const pathText = (leaves, shown) => Buffer.concat(treePath(leaves, shown)).toString("base64url");

/** A list committed to in a record and opened one element at a time. */
function detachedList(elements, seed) {
  const sorted = [...elements].sort();
  const salt = sha256("salt of " + seed);
  const salts = sorted.map((_, i) => sha256(salt, Buffer.of(i >> 24, i >> 16, i >> 8, i)));
  const leaves = sorted.map((element, i) => sha256(tag(0), salts[i], element));
  return {
    part: { count: sorted.length, root: treeHash(leaves).toString("hex") },
    disclose(element) {
      const index = sorted.indexOf(element);
      if (index < 0) return undefined;
      return { element, index, path: pathText(leaves, [index]), salt: salts[index].toString("hex") };
    },
  };
}

const link = (rowKey) => "https://id.gs1.org/" + rowKey.slice(rowKey.indexOf("/") + 1);

export class Ledger {
  constructor({ validators = 4, depth = 12, heartbeatMs = 60000 } = {}) {
    this.depth = depth;
    this.validators = Array.from({ length: validators }, (_, i) => key("validator " + i));
    this.members = this.validators
      .map(({ address }, i) => ({ address, party: ["corenest", "huaxu", "yueling", "zhongsheng"][i % 4], power: 1 }))
      .sort((a, b) => (a.address < b.address ? -1 : 1));
    this.genesis = {
      members: this.members,
      name: "hefu-test",
      parameters: { heartbeatMs },
      parties: [],
      registerDepth: depth,
      time: "2026-09-18T00:00:00.000Z",
      type: "genesis",
      version: 1,
    };
    this.chain = sha256(jcs(this.genesis)).toString("hex");
    this.height = 0;
    this.time = this.genesis.time;
    this.rows = new Map();
    this.records = new Map();
    this.changes = [];
    this.previous = this.chain;
  }

  row(rowKey, data) {
    const row = this.rows.get(rowKey) || { entries: [], heads: [ZERO] };
    this.rows.set(rowKey, { ...row, data: data || row.data || {} });
    return this.rows.get(rowKey);
  }

  /** Signs a record; lists become parts. */
  record({ action = "event.capture", body, lists = {}, signers }) {
    const parts = {};
    const opened = {};
    for (const [pointer, elements] of Object.entries(lists)) {
      opened[pointer] = detachedList(elements, pointer + this.records.size);
      parts[pointer] = opened[pointer].part;
    }
    const [author, ...others] = signers.map((name) => key(name));
    const keys = [author, ...others.sort((a, b) => (a.address < b.address ? -1 : 1))];
    const document = {
      "@context": CONTEXT,
      action,
      body,
      chain: this.chain,
      expires: "2026-10-18T00:00:00.000Z",
      nonce: sha256("nonce " + this.records.size).subarray(0, 16).toString("base64url"),
      ...(Object.keys(parts).length ? { parts } : {}),
      seq: this.records.size + 1,
      signers: keys.map(({ address }) => address),
    };
    const proofs = keys.map((key, i) => proofOf(document, key, i ? {} : { created: "2026-09-19T02:00:00Z" }));
    const id = sha256(jcs(document)).toString("hex");
    this.records.set(id, { opened, record: { ...document, proof: proofs.length > 1 ? proofs : proofs[0] } });
    return id;
  }

  /** Enters a record in rows, outermost first, so that an inner row's entry can name how its containers then stand. */
  enter(record, time, by, touched) {
    this.height += 1;
    this.time = time;
    for (const { row: rowKey, role, inside } of touched) {
      const row = this.row(rowKey);
      const containers = inside && inside.map((outer) => this.point(outer));
      const entry = { by, ...(containers ? { containers } : {}), height: this.height, record, role, time };
      const head = sha256(tag(3), bytes(row.heads.at(-1)), sha256(jcs(entry)));
      row.entries.push(entry);
      row.heads.push(head.toString("hex"));
    }
  }

  point(rowKey) {
    const { entries, heads } = this.row(rowKey);
    return { head: heads.at(-1), key: rowKey, n: entries.length };
  }

  rowDocument(rowKey) {
    const { data, entries, heads } = this.rows.get(rowKey);
    return { data, ...(entries.length ? { head: heads.at(-1), n: entries.length } : {}), key: rowKey };
  }

  /** Every bucket of the register, its rows in the order of their keys' hashes. */
  buckets() {
    const buckets = Array.from({ length: 2 ** this.depth }, () => []);
    for (const rowKey of this.rows.keys()) {
      const hash = sha256(rowKey);
      const row = sha256(tag(2), jcs(this.rowDocument(rowKey)));
      const number = hash.readUInt32BE() >>> (32 - this.depth);
      buckets[number].push({ key: hash.toString("hex"), row: row.toString("hex"), leaf: sha256(tag(0), hash, row) });
    }
    for (const bucket of buckets) bucket.sort((a, b) => (a.key < b.key ? -1 : 1));
    return buckets;
  }

  registerLeaves() {
    return this.buckets().map((bucket) => {
      if (!bucket.length) return Buffer.alloc(32);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(bucket.length);
      return sha256(tag(4), size, treeHash(bucket.map(({ leaf }) => leaf)));
    });
  }

  registerProof(present, absent = []) {
    const buckets = this.buckets();
    const numberOf = (hash) => hash.readUInt32BE() >>> (32 - this.depth);
    const shown = new Map();
    const show = (number, places) => shown.set(number, [...(shown.get(number) || []), ...places]);
    for (const rowKey of present) {
      const hash = sha256(rowKey);
      show(numberOf(hash), [buckets[numberOf(hash)].findIndex(({ key }) => key === hash.toString("hex"))]);
    }
    for (const rowKey of absent) {
      const hash = sha256(rowKey);
      const bucket = buckets[numberOf(hash)];
      const place = bucket.filter(({ key }) => key < hash.toString("hex")).length;
      show(numberOf(hash), [place - 1, place].filter((at) => at >= 0 && at < bucket.length));
    }
    const numbers = [...shown.keys()].sort((a, b) => a - b);
    return {
      buckets: numbers.map((index) => {
        const bucket = buckets[index];
        const places = [...new Set(shown.get(index))].sort((a, b) => a - b);
        return {
          entries: places.map((at) => ({ at, key: bucket[at].key, row: bucket[at].row })),
          index,
          path: bucket.length ? pathText(bucket.map(({ leaf }) => leaf), places) : "",
          size: bucket.length,
        };
      }),
      path: pathText(this.registerLeaves(), numbers),
    };
  }

  membersHash(members) {
    return sha256(jcs(members)).toString("hex");
  }

  /** A certified header of the present state, signed by as many validators as wanted. */
  certify({ signing = this.members.length, next = this.members } = {}) {
    const header = {
      builder: this.members[0].address,
      chain: this.chain,
      height: this.height,
      members: this.membersHash(this.members),
      membersSince: this.changes.length ? this.changes.at(-1).header.height + 1 : 1,
      nextMembers: this.membersHash(next),
      previous: this.previous,
      records: ZERO,
      register: treeHash(this.registerLeaves()).toString("hex"),
      time: this.time,
      version: 1,
    };
    const block = sha256(jcs(header)).toString("hex");
    const vote = jcs({ block, chain: this.chain, height: this.height, round: 0, type: "precommit" });
    const signatures = this.members.slice(0, signing).map(({ address }) => {
      const { sign } = this.validators.find((one) => one.address === address);
      return { signature: sign(Buffer.from(vote)).toString("base64url"), validator: address };
    });
    return { certificate: { block, height: this.height, round: 0, signatures }, header };
  }

  /** A block of its own in which the set of validators changes; the old set certifies it. */
  changeMembers(names) {
    this.height += 1;
    this.validators.push(...names.map((name) => key(name)));
    const next = names
      .map((name) => ({ address: key(name).address, party: name.replace(/ .*/, ""), power: 1 }))
      .sort((a, b) => (a.address < b.address ? -1 : 1));
    this.changes.push({ ...this.certify({ next }), members: next });
    this.members = next;
  }

  /** The stays in containers that begin among a row's entries `from` to `to`; `until` is the height of the last one. */
  containerSpans(rowKey, from, to, until, spans) {
    const { entries } = this.rows.get(rowKey);
    for (let i = from; i < to; i++) {
      const { containers, role } = entries[i];
      if (!["pack", "associate"].includes(role)) continue;
      this.staySpans(containers, this.leaves(entries.slice(i + 1, to), containers[0]) || until, spans);
    }
    return spans;
  }

  /** A stay in a container up to height `until`, and in what encloses that container from the same moment on. */
  staySpans([parent, ...around], until, spans) {
    if (!parent) return;
    const entries = this.rows.get(parent.key).entries.filter(({ height }) => height <= until);
    spans.push({ key: parent.key, after: parent.n, end: entries.length });
    this.containerSpans(parent.key, parent.n, entries.length, until, spans);
    if (around.length) this.staySpans(around, this.leaves(entries.slice(parent.n), around[0]) || until, spans);
  }

  leaves(entries, parent) {
    const out = entries.find(({ containers, role }) => {
      return ["unpack", "dissociate"].includes(role) && containers[0].key === parent.key;
    });
    return out && out.height;
  }

  /** The rows that tell of recalls: the thing, what encloses it, all that it came of, their classes, and what is marked there. */
  lookedUp(subject) {
    const data = (rowKey) => (this.rows.has(rowKey) && this.rows.get(rowKey).data) || {};
    const keys = new Set();
    const visit = (rowKey) => {
      if (keys.has(rowKey)) return;
      keys.add(rowKey);
      const { inputs = [], made = [], recalls = [], sources = [] } = data(rowKey);
      for (const next of [...inputs, ...sources, ...recalls.map((id) => `recall/${id}`)]) visit(next);
      if (Array.isArray(made)) for (const { site } of made) visit(`thing/414/${site}`);
      const [, gtin] = /^(?:item|lot)\/(01\/\d+)\//.exec(rowKey) || [];
      if (gtin) visit(`lot/${gtin}`);
    };
    for (let around = subject; around; around = data(around).parent?.key) visit(around);
    return [...keys];
  }

  proof(subject, { alongside = [], ...signing } = {}) {
    const present = this.rows.has(subject);
    const spans = present
      ? [
          { key: subject, after: 0, end: this.rows.get(subject).entries.length },
          ...this.containerSpans(subject, 0, this.rows.get(subject).entries.length, this.height, []),
        ]
      : [];
    const looked = present && /^(item|lot|container|thing)\//.test(subject) ? this.lookedUp(subject) : [];
    const keys = present ? [...new Set([...spans.map((span) => span.key), ...alongside, ...looked])] : [];
    const shown = keys.filter((rowKey) => this.rows.has(rowKey));
    const histories = spans.map(({ key: rowKey, after, end }) => {
      const { entries, heads } = this.rows.get(rowKey);
      return { after, entries: entries.slice(after, end), head: heads[after], key: rowKey };
    });
    return structuredClone({
      ...(this.changes.length ? { changes: this.changes } : {}),
      ...this.certify(signing),
      genesis: this.genesis,
      histories,
      records: this.recordsFor(histories),
      register: this.registerProof(shown, present ? looked.filter((rowKey) => !this.rows.has(rowKey)) : [subject]),
      rows: shown.map((rowKey) => this.rowDocument(rowKey)),
      subject,
      type: "proof",
      version: 1,
    });
  }

  recordsFor(histories) {
    const wanted = new Map();
    for (const { entries, key: rowKey } of histories) {
      for (const { record } of entries) wanted.set(record, [...(wanted.get(record) || []), rowKey]);
    }
    return [...wanted].map(([id, rowKeys]) => {
      const { opened, record } = this.records.get(id);
      const disclosed = {};
      for (const [pointer, list] of Object.entries(opened)) {
        const elements = rowKeys.map((rowKey) => list.disclose(link(rowKey))).filter(Boolean);
        if (elements.length) disclosed[pointer] = elements;
      }
      return Object.keys(disclosed).length ? { disclosed, record } : { record };
    });
  }
}
