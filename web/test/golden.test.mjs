// Proofs built by the node's own code (crate contracts, whose tests freeze them: a refill put into a bottle, the bottle
// into a case, the case onto a pallet and off again) hold here as well. Written by it, these files are never edited.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { load, withoutNative } from "./bundle.mjs";

let verifier;
before(async () => (verifier = await load("verify")));
after(() => verifier.dispose());

const GOLDEN = new URL("../../contracts/src/golden/proofs/", import.meta.url);
const golden = async (name) => JSON.parse(await readFile(new URL(`${name}.json`, GOLDEN), "utf8"));

test("an item's proof by the node holds, natively and with the fallback, and tells its whole way", async () => {
  const proof = await golden("item");
  for (const verdict of [await verifier.verify(proof), await withoutNative(() => verifier.verify(proof))]) {
    assert.equal(verdict.ok, true, verdict.reason);
    assert.equal(
      verdict.entries.map(({ role }) => role).join(" "),
      "commission ship receive pack pack pack ship receive unpack unpack observe",
    );
    assert.ok(verdict.rows.has("product/09528880010021") && verdict.rows.has("party/yueling"));
  }
});

test("an absence proof and a product's proof by the node hold", async () => {
  const absent = await verifier.verify(await golden("absent"));
  assert.deepEqual([absent.ok, absent.present], [true, false]);
  const product = await verifier.verify(await golden("product"));
  assert.deepEqual([product.ok, product.present, product.entries.length], [true, true, 1]);
});

test("the recalls that a thing inherits are found, and no row that tells of one can be left out", async () => {
  const { rows } = await golden("inherited");
  const recall = rows.find(({ key }) => key.startsWith("recall/")).key.slice(7);
  // Made of the recalled lot; and a bottle that holds what was.
  for (const name of ["inherited", "assembly"]) {
    const proof = await golden(name);
    const verdict = await verifier.verify(proof);
    assert.deepEqual([verdict.ok, verdict.recalls], [true, recall], verdict.reason);
    for (const left of ["lot/01/04012345123456/10/HP-2609B", `recall/${recall}`]) {
      const without = { ...proof, rows: proof.rows.filter(({ key }) => key !== left) };
      assert.ok(without.rows.length < proof.rows.length);
      assert.equal((await verifier.verify(without)).step, "register", left);
    }
  }
  assert.equal((await verifier.verify(await golden("item"))).recalls, "");
});

test("a record for its parties alone is proven to exist where its entry says so, and nowhere else", async () => {
  const proof = await golden("withheld");
  const verdict = await verifier.verify(proof);
  assert.equal(verdict.ok, true, verdict.reason);
  assert.deepEqual(verdict.entries.map(({ role, record }) => [role, verdict.records.has(record)]), [
    ["commission", true],
    ["inspect", false],
  ]);
  for (const change of [
    (entries) => (entries[0].visibility = "parties"),
    (entries) => delete entries[1].visibility,
  ]) {
    const changed = structuredClone(proof);
    change(changed.histories[0].entries);
    assert.equal((await verifier.verify(changed)).step, "history", change.toString());
  }
  proof.records.pop();
  const { step, reason, ordinal } = await verifier.verify(proof);
  assert.deepEqual([step, reason, ordinal], ["record", "id", 1]);
});

test("proofs of the other rows with entries hold: a batch, a company that joined, one that changed its keys", async () => {
  for (const [name, roles] of [
    ["batch", "issue"],
    ["newcomer", "register"],
    ["keys", "update update"],
  ]) {
    const verdict = await verifier.verify(await golden(name));
    assert.equal(verdict.ok, true, `${name}: ${verdict.reason}`);
    assert.equal(verdict.entries.map(({ role }) => role).join(" "), roles);
  }
});

test("what is broken in a proof by the node is named as the command line names it", async () => {
  for (const [step, change] of [
    ["form", (proof) => (proof.version = 2)],
    ["header", (proof) => (proof.genesis.name = "other")],
    ["header", (proof) => (proof.header.members = "0".repeat(64))],
    ["certificate", (proof) => (proof.header.register = "0".repeat(64))],
    ["certificate", (proof) => (proof.certificate.round = 1)],
    ["certificate", (proof) => (proof.certificate.signatures = [])],
    ["register", (proof) => (proof.rows[0].n = 77)],
    ["history", (proof) => proof.histories.pop()],
    ["history", (proof) => proof.histories[0].entries.pop()],
    ["history", (proof) => (proof.histories[0].entries[0].by = ["huaxu"])],
    ["record", (proof) => proof.records.pop()],
    ["record", (proof) => (proof.records[0].record.body.event.eventTime = "2026-09-21T12:00:00.000+08:00")],
    ["element", (proof) => proof.records.forEach((shown) => delete shown.disclosed)],
  ]) {
    const proof = await golden("item");
    change(proof);
    assert.equal((await verifier.verify(proof)).step, step, change.toString());
  }
});
