// Proofs built by the node's own code (crate contracts, whose tests tell the same story: a refill fixed to a bottle, the
// bottle in a case, the case on a pallet and off again) hold here as well. Written by it, these files are never edited.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { load, withoutNative } from "./bundle.mjs";

let verifier;
before(async () => (verifier = await load("verify")));
after(() => verifier.dispose());

const golden = async (name) => JSON.parse(await readFile(new URL(`golden/${name}.json`, import.meta.url), "utf8"));

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
