// Good proofs hold, natively and with the fallback; dishonest ones are refused at the step that finds them out.
import assert from "node:assert/strict";
import { createPublicKey, verify as verifyInNode } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { load, withoutNative } from "./bundle.mjs";
import { jcs, key, sha256 } from "./ledger.mjs";
import { ALONGSIDE, CASE, PALLET, R1, R2, R3, Story, tell, UNKNOWN } from "./story.mjs";

let verifier;
const verify = (proof, expected) => verifier.verify(proof, expected);
before(async () => (verifier = await load("verify")));
after(() => verifier.dispose());

const story = tell();
const single = tell({ validators: 1 });
const rolesOf = (verdict) => verdict.entries.map(({ role }) => role).join(" ");

test("a proof holds natively and tells the item's own steps and those of its containers while it was inside", async () => {
  const verdict = await verify(story.proof(R1, { alongside: ALONGSIDE }), { genesis: story.chain, subject: R1 });
  assert.equal(verdict.ok, true, verdict.reason);
  assert.equal(verdict.mode, "native");
  assert.equal(verdict.present, true);
  assert.equal(verdict.genesis, story.chain);
  assert.equal(verdict.height, story.height);
  assert.equal(verdict.heartbeatMs, 60000);
  assert.equal(rolesOf(verdict), "commission inspect pack pack ship receive unpack unpack ship");
  assert.equal(verdict.rows.get("party/yueling").data.name.zh, "越岭柔造");
});

test("an item taken out of its case on the pallet shares the pallet's way up to that moment only", async () => {
  const verdict = await verify(story.proof(R2));
  assert.equal(rolesOf(verdict), "commission inspect pack pack ship receive unpack");
});

test("an item still in its case on the pallet shares their way up to now", async () => {
  const verdict = await verify(story.proof(R3));
  assert.equal(rolesOf(verdict), "commission inspect pack pack ship receive");
});

test("an item put into a case that stands on a pallet shares the pallet's way from that moment on", async () => {
  const late = new Story();
  late.observe("2026-09-19T02:00:00.000Z", "commissioning", ["yueling line 2"], [R1, R2], "commission");
  late.aggregate("2026-09-19T03:00:00.000Z", "packing", ["yueling dock"], [CASE], [R2]);
  late.aggregate("2026-09-19T04:00:00.000Z", "packing", ["yueling dock"], [PALLET], [CASE]);
  late.observe("2026-09-19T05:00:00.000Z", "storing", ["yueling dock"], [PALLET], "observe");
  late.aggregate("2026-09-19T06:00:00.000Z", "packing", ["yueling dock"], [CASE, PALLET], [R1]);
  assert.equal(rolesOf(await verify(late.proof(R1))), "commission pack");
  late.observe("2026-09-19T07:00:00.000Z", "shipping", ["yueling dock"], [PALLET], "ship");
  late.aggregate("2026-09-19T08:00:00.000Z", "unpacking", ["corenest dock"], [PALLET], [CASE]);
  late.observe("2026-09-19T09:00:00.000Z", "storing", ["corenest dock"], [PALLET], "observe");
  late.observe("2026-09-19T10:00:00.000Z", "inspecting", ["corenest dock"], [CASE], "inspect");
  for (const [item, roles] of [
    [R1, "commission pack ship unpack inspect"],
    [R2, "commission pack pack observe ship unpack inspect"],
  ]) {
    const verdict = await verify(late.proof(item));
    assert.equal(verdict.ok, true, verdict.reason);
    assert.equal(rolesOf(verdict), roles);
  }
});

test("a container's own proof holds", async () => {
  const verdict = await verify(story.proof(PALLET));
  assert.equal(verdict.ok, true, verdict.reason);
  assert.equal(rolesOf(verdict), "contain ship receive release");
});

test("one validator is a quorum of one", async () => {
  assert.equal((await verify(single.proof(R1))).ok, true);
});

test("three of four validators are a quorum and two are not", async () => {
  assert.equal((await verify(story.proof(R1, { signing: 3 }))).ok, true);
  const verdict = await verify(story.proof(R1, { signing: 2 }));
  assert.deepEqual([verdict.ok, verdict.step, verdict.reason], [false, "certificate", "quorum"]);
});

test("absence is proven by neighbours in a shared bucket and by an empty bucket", async () => {
  const shallow = tell({ depth: 2 });
  for (const ledger of [story, shallow]) {
    const proof = ledger.proof(UNKNOWN);
    const verdict = await verify(proof, { subject: UNKNOWN });
    assert.equal(verdict.ok, true, verdict.reason);
    assert.equal(verdict.present, false);
    assert.equal(verdict.entries.length, 0);
  }
});

test("an item that has a row cannot be shown as absent", async () => {
  const shallow = tell({ depth: 2 });
  const proof = { ...shallow.proof(UNKNOWN), register: shallow.registerProof([], [R1]), subject: R1 };
  assert.deepEqual(await refusal(proof), ["register", "row left out"]);
  const [bucket] = proof.register.buckets.filter(({ entries }) => entries.length === 2);
  const others = shallow.registerProof([], [UNKNOWN]);
  assert.ok(bucket, "the item's place and its neighbour are shown");
  assert.equal((await refusal({ ...proof, register: others }))[0], "register");
});

test("the set of validators is followed through its changes", async () => {
  const moving = tell();
  moving.changeMembers(["corenest new", "huaxu new", "yueling new"]);
  moving.changeMembers(["corenest new", "puyan new"]);
  moving.observe("2026-09-24T02:00:00.000Z", "inspecting", ["puyan lab"], [R1], "inspect");
  const proof = moving.proof(R1);
  const verdict = await verify(proof, { genesis: moving.chain });
  assert.equal(verdict.ok, true, verdict.reason);
  assert.deepEqual(await refusal({ ...proof, changes: proof.changes.slice(1) }), ["header", "members"]);
  assert.deepEqual(await refusal({ ...proof, changes: proof.changes.slice(0, 1) }), ["header", "members"]);
  assert.equal((await refusal({ ...proof, changes: undefined }))[0], "header");
});

test("the same proofs hold with the fallback, which is chosen when the browser does not know Ed25519", async () => {
  for (const ledger of [single, story]) {
    const verdict = await withoutNative(() => verify(ledger.proof(R1), { genesis: ledger.chain }));
    assert.equal(verdict.ok, true, verdict.reason);
    assert.equal(verdict.mode, "fallback");
  }
  const absent = await withoutNative(() => verify(story.proof(UNKNOWN)));
  assert.deepEqual([absent.ok, absent.mode, absent.present], [true, "fallback", false]);
});

test("the fallback refuses what the native check refuses", async () => {
  const forged = structuredClone(story.proof(R1));
  forged.records[2].record.body.event.eventTime = "2026-09-21T08:10:00.001Z";
  const verdict = await withoutNative(() => verify(forged));
  assert.deepEqual([verdict.ok, verdict.mode, verdict.step, verdict.ordinal], [false, "fallback", "record", 3]);
  const signature = structuredClone(story.proof(R1));
  signature.certificate.signatures[0].signature = signature.certificate.signatures[1].signature;
  assert.equal((await withoutNative(() => verify(signature))).step, "certificate");
});

test("nothing is claimed in a browser that has neither", async () => {
  const bare = await load("verify", { withFallback: false });
  assert.equal(await withoutNative(() => bare.verify(story.proof(R1))), null);
  assert.equal((await bare.verify(story.proof(R1))).mode, "native");
  await bare.dispose();
});

test("an implementation that accepts every signature is not used", async () => {
  const { subtle } = globalThis.crypto;
  const inherited = Object.getPrototypeOf(subtle).verify;
  subtle.verify = () => Promise.resolve(true);
  try {
    assert.equal((await verify(story.proof(R1))).mode, "fallback");
  } finally {
    subtle.verify = inherited;
  }
});

test("the known answer is a real signature by the key of RFC 8032 TEST 2", async () => {
  const source = await readFile(new URL("../src/verify/crypto.ts", import.meta.url), "utf8");
  const [open, r, s] = source.match(/[0-9a-f]{64}/g);
  assert.equal(open, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(open, "hex")]);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  assert.ok(verifyInNode(null, sha256("abc"), publicKey, Buffer.from(r + s, "hex")));
});

test("a changed record is named, whatever in it was changed", async () => {
  const honest = story.proof(R1);
  for (const [i, { record }] of honest.records.entries()) {
    const changed = structuredClone(honest);
    changed.records[i].record.nonce = "AAAAAAAAAAAAAAAAAAAAAA";
    const verdict = await verify(changed);
    assert.deepEqual([verdict.step, verdict.reason], ["record", "id"]);
    const unsigned = structuredClone(honest);
    const proof = [unsigned.records[i].record.proof].flat()[0];
    proof.proofValue = proof.proofValue.slice(0, -1) + (proof.proofValue.endsWith("2") ? "3" : "2");
    const other = await verify(unsigned);
    assert.deepEqual([other.step, other.reason], ["record", "signature"]);
    assert.equal(verdict.record, other.record);
    assert.equal(verdict.ordinal, other.ordinal);
    assert.equal(other.record, idOf(record));
  }
});

test("a record needs the signature of each of its signers and of nobody else", async () => {
  const honest = story.proof(R1);
  const i = honest.records.findIndex(({ record }) => record.signers.length === 2);
  for (const tamper of [
    (record) => record.proof.pop(),
    (record) => record.proof.reverse(),
    (record) => (record.proof[1] = record.proof[0]),
    (record) => record.proof.push(record.proof[0]),
    (record) => (record.proof = record.proof[0]),
    (record) => (record.proof[0].domain = "example.org"),
    (record) => (record.proof[1].created = "2026-09-19T02:00:00Z"),
  ]) {
    const forged = structuredClone(honest);
    tamper(forged.records[i].record);
    const verdict = await verify(forged);
    assert.equal(verdict.step, "record", tamper.toString());
    assert.ok(verdict.record);
  }
});

test("a signature by a key other than the signer's is refused", async () => {
  const forged = structuredClone(story.proof(R1));
  const { proof } = forged.records[0].record;
  const thief = key("thief");
  proof.verificationMethod = thief.method;
  assert.deepEqual(await refusal(forged), ["record", "signer"]);
});

test("a history may not be cut, at either end or in the middle, nor borrowed", async () => {
  const honest = story.proof(R1, { alongside: ALONGSIDE });
  const of = (proof, rowKey) => proof.histories.find((history) => history.key === rowKey);
  for (const [tamper, step] of [
    [(proof) => of(proof, R1).entries.pop(), "history"],
    [(proof) => of(proof, R1).entries.shift(), "history"],
    [(proof) => of(proof, R1).entries.splice(2, 1), "history"],
    [(proof) => of(proof, R1).entries.reverse(), "history"],
    [(proof) => proof.histories.shift(), "history"],
    [(proof) => (proof.histories = []), "history"],
    [(proof) => of(proof, CASE).entries.pop(), "history"],
    [(proof) => proof.histories.splice(1, 1), "history"],
    [(proof) => proof.histories.push({ ...of(proof, CASE), key: "container/00/1" }), "history"],
  ]) {
    const forged = structuredClone(honest);
    tamper(forged);
    const ids = new Set(forged.histories.flatMap(({ entries }) => entries.map(({ record }) => record)));
    forged.records = forged.records.filter(({ record }) => ids.has(idOf(record)));
    assert.equal((await refusal(forged))[0], step, tamper.toString());
  }
});

test("a container's way may not be left out while the item is still inside", async () => {
  const forged = structuredClone(story.proof(R3));
  const gone = forged.rows.findIndex(({ key: rowKey }) => rowKey === PALLET);
  forged.rows.splice(gone, 1);
  assert.deepEqual(await refusal(forged), ["history", PALLET]);
});

test("a record that no entry speaks of is refused", async () => {
  const forged = structuredClone(story.proof(R3));
  forged.records.push(structuredClone(story.proof(R1)).records.at(-1));
  assert.deepEqual(await refusal(forged), ["record", "without entry"]);
});

test("a record must name the item it is entered for", async () => {
  const forged = structuredClone(story.proof(R1));
  const before = forged.records[1].disclosed["/body/event/epcList"];
  forged.records[1].disclosed["/body/event/epcList"] = [];
  assert.deepEqual(await refusal(forged), ["element", `names no ${R1}`]);
  const stranger = structuredClone(story.proof(R2)).records[1].disclosed["/body/event/epcList"];
  assert.notDeepEqual(stranger, before);
  forged.records[1].disclosed["/body/event/epcList"] = stranger;
  assert.deepEqual(await refusal(forged), ["element", `names no ${R1}`]);
});

test("another chain and another subject than the page's are refused", async () => {
  assert.deepEqual(await refusal(story.proof(R1), { genesis: single.chain }), ["genesis", "hash"]);
  assert.deepEqual(await refusal(story.proof(R1), { subject: R2 }), ["form", "subject"]);
});

test("whatever is not a proof at all is refused and never throws", async () => {
  for (const nonsense of [null, 1, "proof", [], {}, { type: "proof" }, { type: "proof", version: 1, histories: [] }]) {
    assert.equal((await verify(nonsense)).ok, false);
  }
});

function without(object, name) {
  const { [name]: _, ...rest } = object;
  return rest;
}

const idOf = (record) => sha256(jcs(without(record, "proof"))).toString("hex");

async function refusal(proof, expected) {
  const verdict = await verify(proof, expected);
  assert.equal(verdict.ok, false);
  return [verdict.step, verdict.reason];
}
