// Signing a record that several sign, in a real browser: what it says is shown before, every signature is checked, the file
// goes on to the next signer, and the complete record is what the node would take. The records are an oracle's own.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, manifest, missing, serve } from "./browser.mjs";
import { load } from "./bundle.mjs";
import { CONTEXT, jcs, key, proofOf } from "./ledger.mjs";

const FILE = new URL("corenest.key", import.meta.url);
const PASSPHRASE = "for tests";
const CHAIN = "92e856d72822424aa4cb42ece4083e32d68f5b19be4cbf68437d6f89cfad5164";
const creator = key("creator");

const words = ["no-record", "broken", "other-chain", "not-asked", "signed", "unsigned", "pass-on", "complete", "sending"]
  .map((name) => `data-${name}="${name}"`)
  .join(" ");
const fields = ["action", "contract_id", "components", "split", "cap", "min_payout", "guarantee", "base", "scope"]
  .map((field) => `<div data-field="${field}"><dt>${field}</dt><dd></dd></div>`)
  .join("");
const PAGE = `<!doctype html><html lang="en"><link rel="icon" href="data:,">
<script type="module" src="/assets/${manifest["signing.js"].file}"></script>
<main data-signing data-chain="${CHAIN}" data-lang="en" ${words} data-refused="refused: ">
<input type="file" data-record><p data-slot="file-state"></p>
<div data-slot="record" hidden><dl data-slot="terms">${fields}</dl><pre data-slot="text"></pre><code data-slot="id"></code>
<ul data-slot="signers"></ul><template data-signer><li><span></span><code></code></li></template>
<form data-opening="opening" data-passphrase="wrong passphrase"><input name="file" type="file"><input name="passphrase">
<button>sign</button><p data-slot="state"></p></form><a data-slot="save" href="">save</a>
<div data-slot="hand-in" hidden><button>hand in</button><p data-slot="result"></p></div></div></main>`;

const TERMS = {
  base: { goods: "1", merchant_discount: "-1", shipping: "0" },
  cap: null,
  components: [
    { fee_ppm: "100000", id: "comm", kind: "per_line", ppm: "200000" },
    { id: "tier", kind: "tiered", metric: "net_base", mode: "marginal", steps: [["0", "0"], ["10000000", "20000"]] },
    { amount: "500000", at_least: "1000", id: "bonus", kind: "threshold", metric: "net_units" },
    { amount: "3000000", due: "draft_accepted", id: "fee", kind: "fixed" },
  ],
  contract_id: "C1",
  currency: "CNY",
  guarantee: { amount: "2000000", due: "sign" },
  min_payout: "10000",
  scope: { contents: "any", products: ["09528880010021", "09528880010014"] },
  split: [["adu", "7"], ["mcn1", "3"]],
};

/** A record of terms that the key file's owner and the creator sign; the creator has. */
async function draft(change = (document) => document) {
  const { address } = JSON.parse(await readFile(FILE, "utf8"));
  const document = {
    "@context": CONTEXT,
    action: "agreement.sign",
    body: { terms: TERMS },
    chain: CHAIN,
    expires: "2026-12-05T00:00:00.000Z",
    nonce: "AAAAAAAAAAAAAAAAAAAAAA",
    seq: 1,
    signers: [address, creator.address],
    visibility: "parties",
  };
  return JSON.stringify(change({ ...document, proof: proofOf(document, creator) }));
}

let browser;
before(async () => {
  if (!missing) browser = await launch();
});
after(() => browser?.close());

const give = (page, selector, name, text) =>
  page.setInputFiles(selector, { name, mimeType: "application/json", buffer: Buffer.from(text) });
const says = (page, slot, said) =>
  page.waitForFunction(([slot, said]) => document.querySelector(`[data-slot="${slot}"]`).textContent === said, [slot, said]);

test("terms are shown, signed, saved, and handed in when everybody has signed", { skip: missing }, async () => {
  const handed = [];
  const server = await serve({
    "/": PAGE,
    "/v1/records": async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      handed.push({ body, url: request.url });
      const refused = handed.length === 1;
      response.writeHead(refused ? 422 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(refused ? { code: "E-AGREEMENT-VERSION", title: "not the next version" } : {}));
    },
  });
  const page = await browser.newPage();
  await page.route("**/x/records/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>record</title>" }));
  await page.goto(server.origin);
  await give(page, "[data-record]", "draft.json", await draft());
  await page.waitForSelector('[data-slot="record"]:visible');
  const told = await page.$$eval("[data-field]", (lines) =>
    lines.filter((line) => !line.hidden).map((line) => [line.dataset.field, line.querySelector("dd").textContent]),
  );
  assert.deepEqual(Object.fromEntries(told), {
    action: "agreement.sign",
    base: "+ goods − merchant_discount 0 × shipping",
    components:
      "comm: per_line 20% − 10%\ntier: tiered marginal net_base ≥ 0.00 CNY: 0%; ≥ 100,000.00 CNY: 2%\n" +
      "bonus: threshold net_units ≥ 1000: 5,000.00 CNY\nfee: fixed 30,000.00 CNY (draft_accepted)",
    contract_id: "C1",
    guarantee: "20,000.00 CNY (sign)",
    min_payout: "100.00 CNY",
    scope: "contents: any\nproducts: 09528880010021, 09528880010014",
    split: "adu 7 : mcn1 3",
  });
  const signers = () => page.$$eval('[data-slot="signers"] span', (spans) => spans.map((span) => span.textContent));
  assert.deepEqual(await signers(), ["unsigned", "signed"]);
  assert.equal(await page.isVisible('[data-slot="hand-in"]'), false);
  await page.setInputFiles("[name=file]", FILE.pathname);
  await page.fill("[name=passphrase]", PASSPHRASE);
  await page.click("form button");
  await says(page, "state", "complete");
  assert.deepEqual(await signers(), ["signed", "signed"]);
  const saved = await page.$eval('[data-slot="save"]', async (link) => (await fetch(link.href).catch(() => null))?.text());
  const [download] = await Promise.all([page.waitForEvent("download"), page.click('[data-slot="save"]')]);
  const file = await readFile(await download.path(), "utf8");
  assert.ok(saved === undefined || saved === file);
  await page.click('[data-slot="hand-in"] button');
  await says(page, "result", "refused: not the next version (E-AGREEMENT-VERSION)");
  await page.click('[data-slot="hand-in"] button');
  await page.waitForURL("**/x/records/*?lang=en");
  assert.deepEqual(handed.map(({ url }) => url), ["/v1/records?wait=final", "/v1/records?wait=final"]);
  const { record } = JSON.parse(handed[1].body);
  assert.equal(handed[1].body, jcs({ record }));
  assert.equal(file, jcs(record));
  const [{ demandSigned, idOf, dispose }, crypto] = await Promise.all([load("record"), load("crypto")]);
  const tools = await crypto.choose();
  await demandSigned(tools, record, await idOf(tools, record), CHAIN);
  await Promise.all([dispose(), crypto.dispose(), page.close(), server.close()]);
});

test("what is no record, was changed, or is for others is not signed", { skip: missing }, async () => {
  const server = await serve({ "/": PAGE });
  const page = await browser.newPage();
  await page.goto(server.origin);
  for (const [text, said] of [
    ["no JSON", "no-record"],
    ['{"action":"agreement.sign"}', "no-record"],
    [await draft((record) => ({ ...record, body: { terms: { ...TERMS, min_payout: "1" } } })), "broken"],
    [await draft((record) => ({ ...record, signers: record.signers.slice(0, 1) })), "broken"],
    [await draft(({ proof, ...record }) => ({ ...record, chain: CHAIN.replace("9", "8") })), "other-chain"],
  ]) {
    await give(page, "[data-record]", "draft.json", text);
    await says(page, "file-state", said);
    assert.equal(await page.isVisible('[data-slot="record"]'), false);
  }
  await give(page, "[data-record]", "draft.json", await draft(({ proof, ...record }) => ({ ...record, signers: [creator.address] })));
  await page.waitForSelector('[data-slot="record"]:visible');
  await page.setInputFiles("[name=file]", FILE.pathname);
  await page.fill("[name=passphrase]", PASSPHRASE);
  await page.click("form button");
  await says(page, "state", "not-asked");
  await Promise.all([page.close(), server.close()]);
});
