// The trace page's island in a real browser, under the pages' content security policy, from the committed bundle.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, manifest, missing, serve } from "./browser.mjs";
import { load } from "./bundle.mjs";
import { ALONGSIDE, PRODUCT, R1, tell, UNKNOWN } from "./story.mjs";

/** So long that the story's validators count as just heard. */
const YEARS = 1e12;
const STATES = ["checking", "ok", "stale", "newer", "failed", "failed-record", "failed-page", "unsupported", "offline"];
const SLOTS = ["done", "height", "age", "n", "reason"];

const story = tell({ heartbeatMs: YEARS });
const proof = story.proof(R1, { alongside: ALONGSIDE });
const absence = story.proof(UNKNOWN);

/** By the node: a refill whose inspection is for its parties alone. */
const withheld = JSON.parse(await readFile(new URL("../../contracts/src/golden/proofs/withheld.json", import.meta.url), "utf8"));
const recalled = JSON.parse(await readFile(new URL("../../contracts/src/golden/proofs/inherited.json", import.meta.url), "utf8"));
const [made, inspected] = withheld.histories[0].entries;
const kept = `<ol id="steps"><li data-record="${made.record}" data-step="commissioning"
 data-time="${withheld.records[0].record.body.event.eventTime}" data-height="${made.height}"
 data-signers="${withheld.records[0].record.signers}" data-by="${made.by}"><span class="mark">signed</span></li>
<li data-record="${inspected.record}" data-kept data-step="inspect" data-time="${inspected.time}"
 data-height="${inspected.height}" data-signers="" data-by="${inspected.by}"><span class="mark">kept</span></li></ol>`;

let browser;
let server;
let steps;
let recalledSteps;

before(async () => {
  if (missing) return;
  const verifier = await load("verify");
  const stepsOf = async (file) => {
    const { entries, records } = await verifier.verify(file);
    return entries.map((entry) => ({ ...entry, document: records.get(entry.record) }));
  };
  steps = await stepsOf(proof);
  recalledSteps = await stepsOf(recalled);
  await verifier.dispose();
  browser = await launch();
  server = await serve({
    "/trace": page({ subject: R1, present: true, content: content(steps) }),
    "/absent": page({ subject: UNKNOWN, present: false, content: "" }),
    "/withheld": page({
      subject: withheld.subject,
      present: true,
      content: kept,
      genesis: createHash("sha256").update(JSON.stringify(withheld.genesis)).digest("hex"),
      height: withheld.header.height,
    }),
    "/proof.json": JSON.stringify(proof),
  });
});
after(async () => {
  if (missing) return;
  await browser.close();
  await server.close();
});

/** The least a page must carry, as src/trace.ts lists it. */
function page({ subject, present, content: inside, genesis = story.chain, height = story.height }) {
  const slots = SLOTS.map((slot) => `<i data-slot="${slot}"></i>`).join(" ");
  const templates = STATES.map((state) => `<template data-state="${state}"><h2>${state}</h2>${slots}<button>again</button></template>`);
  return `<!doctype html><html lang="zh-CN"><link rel="icon" href="data:,">
<script type="module" src="/assets/${manifest["trace.js"].file}"></script>
<main data-proof="/proof.json" data-subject="${subject}" data-genesis="${genesis}" data-height="${height}"
 data-present="${present}" data-kind="consistent" data-verdict="pending" data-proven="proven" data-broken="broken">
<div id="verdict" aria-live="polite">pending</div>${templates.join("")}${inside}</main>`;
}

/** The steps as a page lists them. */
function list(shown) {
  const rows = shown.map(({ by, document, height, record }) => {
    const { bizStep, eventTime } = document.body.event;
    return `<li data-record="${record}" data-step="${bizStep}" data-time="${eventTime}" data-height="${height}"
 data-signers="${document.signers.join(" ")}" data-by="${by.join(" ")}"><b data-at="/body/event/type">${document.body.event.type}</b>
 <span class="mark">signed</span></li>`;
  });
  return rows.join("");
}

function content(shown) {
  const packed = shown.find(({ containers }) => containers);
  const stay = packed && `<time data-of="${packed.record}" data-role="pack" data-time="${packed.document.body.event.eventTime}"
 data-by="${packed.by.join(" ")}" data-in="${packed.containers.map(({ key }) => key).join(" ")}">2026</time>`;
  return `<h1 data-row="${PRODUCT}" data-at="/name/zh">桂花冷萃内芯 50 克</h1>
<p data-row="${R1}" data-at="/holder/by" data-value="corenest">栖芯</p><p data-row="${R1}" data-at="/flags" data-value=""></p>
<p><b data-count="parties">4</b> <b data-count="records">${shown.length}</b> <span class="mark">signed</span></p>
<ol id="steps">${list(shown)}</ol>${stay || ""}`;
}

/** Opens a page and returns what it says once it has made up its mind. */
async function open(path, { init, routes = {}, click } = {}) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const tab = await context.newPage();
  const errors = [];
  tab.on("pageerror", (error) => errors.push(String(error)));
  if (init) await tab.addInitScript(init);
  for (const [glob, answer] of Object.entries(routes)) await tab.route(glob, answer);
  await tab.goto(server.origin + path);
  const decided = () => !["pending", "checking"].includes(document.querySelector("main").dataset.verdict);
  await tab.waitForFunction(decided);
  if (click) {
    for (const glob of Object.keys(routes)) await tab.unroute(glob);
    await tab.click("#verdict button");
    await tab.waitForFunction(() => document.querySelector("main").dataset.verdict === "ok");
  }
  const said = await tab.evaluate(() => ({
    ...document.querySelector("main").dataset,
    state: document.querySelector("#verdict h2").textContent,
    slots: Object.fromEntries(
      [...document.querySelectorAll("#verdict [data-slot]")].map((slot) => [slot.dataset.slot, slot.textContent]),
    ),
    marks: [...document.querySelectorAll(".mark")].map((mark) => mark.textContent),
    broken: [...document.querySelectorAll(".broken")].map((step) => step.dataset.record),
  }));
  await context.close();
  assert.deepEqual(errors, []);
  return said;
}

const withProof = (changed) => ({ routes: { "**/proof.json": (route) => route.fulfill({ json: changed }) } });
const withPage = (from, to, path = "trace") => ({
  routes: {
    [`**/${path}`]: async (route) => {
      const answer = await route.fetch();
      const html = await answer.text();
      assert.ok(html.includes(from), from);
      await route.fulfill({ response: answer, body: html.replace(from, to) });
    },
  },
});
const noEd25519 = () => {
  crypto.subtle.verify = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
};

test("a proof that holds is checked natively and every mark says so", { skip: missing }, async () => {
  const said = await open("/trace");
  assert.deepEqual([said.verdict, said.mode, said.slots.height], ["ok", "native", String(story.height)]);
  assert.ok(said.marks.length === steps.length + 1 && said.marks.every((mark) => mark === "proven"));
});

test("without Ed25519, without a secure origin, the fallback checks the same", { skip: missing }, async () => {
  const noSubtle = () => Object.defineProperty(crypto, "subtle", { value: undefined });
  for (const init of [noEd25519, noSubtle]) {
    const said = await open("/trace", { init });
    assert.deepEqual([said.verdict, said.mode], ["ok", "fallback"]);
    const forged = structuredClone(proof);
    forged.records[1].record.body.event.disposition = "sellable_accessible";
    const refused = await open("/trace", { init, ...withProof(forged) });
    assert.deepEqual([refused.verdict, refused.mode, refused.failed], ["failed", "fallback", steps[1].record]);
  }
});

test("where nothing can check, the page says that it cannot", { skip: missing }, async () => {
  const noBigInt = () => {
    crypto.subtle.verify = () => Promise.resolve(false);
    delete globalThis.BigInt;
  };
  const said = await open("/trace", { init: noBigInt });
  assert.equal(said.verdict, "unsupported");
  const offline = { "**/fallback*": (route) => route.abort() };
  assert.equal((await open("/trace", { init: noEd25519, routes: offline })).verdict, "unsupported");
  assert.ok(said.marks.every((mark) => mark === "signed"));
});

test("a changed record is named, and only it is marked", { skip: missing }, async () => {
  for (const i of [0, 4, steps.length - 1]) {
    const forged = structuredClone(proof);
    const of = forged.records.find(({ record }) => record.nonce === steps[i].document.nonce);
    of.record.seq += 1;
    const said = await open("/trace", withProof(forged));
    assert.deepEqual([said.verdict, said.state, said.step], ["failed", "failed-record", "record"]);
    assert.deepEqual([said.failed, said.slots.n], [steps[i].record, String(i + 1)]);
    assert.deepEqual(said.broken, [steps[i].record]);
    assert.equal(said.marks.filter((mark) => mark === "broken").length, 1);
    assert.ok(!said.marks.includes("proven"));
  }
});

test("a proof that does not hold is refused with the step that failed", { skip: missing }, async () => {
  for (const [tamper, step] of [
    [(forged) => forged.certificate.signatures.splice(2), "certificate"],
    [(forged) => (forged.genesis.name = "another"), "genesis"],
    [(forged) => (forged.header.time = "2026-09-23T02:15:00.001Z"), "certificate"],
    [(forged) => (forged.rows[0].data.holder.by = "yueling"), "register"],
    [(forged) => forged.histories[0].entries.pop(), "history"],
    [(forged) => (forged.subject = UNKNOWN), "form"],
    [(forged) => delete forged.records, "record"],
  ]) {
    const forged = structuredClone(proof);
    tamper(forged);
    const said = await open("/trace", withProof(forged));
    assert.deepEqual([said.verdict, said.state, said.step], ["failed", "failed", step], tamper.toString());
  }
});

test("the page may not say anything other than the proof", { skip: missing }, async () => {
  const [first] = steps;
  for (const [from, to, reason] of [
    ["桂花冷萃内芯 50 克</h1>", "飞天茅台</h1>", `${PRODUCT}/name/zh`],
    ['data-value="corenest"', 'data-value="yueling"', `${R1}/holder/by`],
    ['data-at="/flags" data-value=""', 'data-at="/flags" data-value="[]"', `${R1}/flags`],
    ['data-count="parties">4', 'data-count="parties">5', "count"],
    ['data-step="commissioning"', 'data-step="inspecting"', "step"],
    [`data-time="${first.document.body.event.eventTime}"`, 'data-time="2026-09-19T01:00:00.000Z"', "time"],
    ['data-by="yueling"', 'data-by="huaxu"', "by"],
    [`data-signers="${first.document.signers[0]}"`, 'data-signers=""', "signers"],
    [`data-height="${first.height}"`, 'data-height="2"', "height"],
    ['data-role="pack"', 'data-role="receive"', "role of a stretch"],
    ['data-in="container/', 'data-in="container/1', "in of a stretch"],
    ['<ol id="steps">', '<i data-recall="00"></i><ol id="steps">', "recalls"],
    [">ObjectEvent<", ">AggregationEvent<", "/body/event/type"],
    [`data-record="${first.record}"`, `data-record="${"0".repeat(64)}"`, "record"],
    ['<ol id="steps">', '<ol id="steps"><li data-record="1"></li>', "number of records"],
    ['data-present="true"', 'data-present="false"', "present"],
    [`data-height="${story.height}"`, `data-height="${story.height + 1}"`, "the proof is older than the page"],
  ]) {
    const said = await open("/trace", withPage(from, to));
    assert.deepEqual([said.verdict, said.step, said.reason], ["failed", "page", reason]);
  }
});

test("a page that keeps quiet about a recall the item inherits is noticed", { skip: missing }, async () => {
  const told = (recall) => page({
    subject: recalled.subject,
    present: true,
    genesis: createHash("sha256").update(JSON.stringify(recalled.genesis)).digest("hex"),
    height: recalled.header.height,
    content: `<i ${recall ? `data-recall="${recall}"` : ""}></i><ol id="steps">${list(recalledSteps)}</ol>`,
  });
  const id = recalled.rows.find(({ key }) => key.startsWith("recall/")).key.slice(7);
  for (const [recall, verdict, reason] of [[id, "stale"], [undefined, "failed", "recalls"]]) {
    const routes = { ...withProof(recalled).routes, "**/trace": (route) => route.fulfill({ contentType: "text/html", body: told(recall) }) };
    const said = await open("/trace", { routes });
    assert.deepEqual([said.verdict, said.reason], [verdict, reason]);
  }
});

test("a step left out or moved is noticed", { skip: missing }, async () => {
  const [first, second] = steps;
  const swap = [second, first, ...steps.slice(2)];
  for (const [shown, reason] of [
    [steps.slice(1), "number of records"],
    [steps.slice(0, -1), "number of records"],
    [swap, "order of records"],
  ]) {
    const said = await open("/trace", withPage(content(steps), content(shown)));
    assert.deepEqual([said.verdict, said.reason], ["failed", reason]);
  }
});

test("a step kept private keeps its mark, and can be shown neither as open nor as another", { skip: missing }, async () => {
  const { routes } = withProof(withheld);
  const said = await open("/withheld", { routes });
  // The story of 2026 was certified long ago; that it is old is said, and everything in it holds.
  assert.deepEqual([said.verdict, said.marks], ["stale", ["proven", "kept"]]);
  for (const [from, to, reason] of [
    [" data-kept", "", "kept"],
    ['data-step="inspect"', 'data-step="sampling"', "step"],
    ['data-signers=""', `data-signers="${withheld.records[0].record.signers}"`, "signers"],
    [`data-by="${inspected.by}"`, 'data-by="yueling"', "by"],
    ['<li data-record="' + made.record, '<li data-kept data-record="' + made.record, "kept"],
    ["kept</span>", 'kept</span><b data-at="/body/event/type">ObjectEvent</b>', "/body/event/type"],
  ]) {
    const { routes: changed } = withPage(from, to, "withheld");
    const refused = await open("/withheld", { routes: { ...routes, ...changed } });
    assert.deepEqual([refused.verdict, refused.step, refused.reason], ["failed", "page", reason]);
  }
});

test("a ledger that has grown since the page was made asks for a new page", { skip: missing }, async () => {
  const last = steps.at(-1).height;
  const said = await open("/trace", withPage(`data-height="${story.height}"`, `data-height="${last - 1}"`));
  assert.deepEqual([said.verdict, said.slots.height], ["newer", String(story.height)]);
  assert.ok(said.marks.every((mark) => mark === "signed"));
});

test("a header older than three heartbeats is called old in the page's language", { skip: missing }, async () => {
  const later = `{ const now = Date.parse("${proof.header.time}") + ${3 * YEARS} + 3 * 86400000; Date.now = () => now; }`;
  const said = await open("/trace", { init: { content: later } });
  assert.equal(said.verdict, "stale");
  assert.match(said.slots.age, /^[\d,]+天前$/);
  assert.ok(said.marks.every((mark) => mark === "proven"));
});

test("an absent code is proven absent, and a code with a row is not taken for absent", { skip: missing }, async () => {
  const said = await open("/absent", withProof(absence));
  assert.deepEqual([said.verdict, said.mode], ["ok", "native"]);
  const present = await open("/trace", withProof({ ...absence, subject: R1 }));
  assert.equal(present.verdict, "failed");
});

test("no connection is no verdict, and can be tried again", { skip: missing }, async () => {
  for (const answer of [(route) => route.abort(), (route) => route.fulfill({ status: 503, body: "" })]) {
    const routes = { "**/proof.json": answer };
    assert.equal((await open("/trace", { routes })).verdict, "offline");
    assert.equal((await open("/trace", { routes, click: true })).verdict, "ok");
  }
});
