// Signing in with a key file: the key file is one that `hefu` wrote (of the demo's published phrase), the document must be
// byte for byte what the node's own code signs, and the page must say what goes wrong, in a real browser.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, manifest, missing, serve } from "./browser.mjs";
import { load } from "./bundle.mjs";

const FILE = new URL("corenest.key", import.meta.url);
const PASSPHRASE = "for tests";
const CHAIN = "92e856d72822424aa4cb42ece4083e32d68f5b19be4cbf68437d6f89cfad5164";

let access;
let browser;
let keyfile;
before(async () => {
  access = await load("access", { folder: "sign" });
  keyfile = await load("keyfile", { folder: "sign" });
  if (!missing) browser = await launch();
});
after(async () => {
  await access.dispose();
  await keyfile.dispose();
  await browser?.close();
});

test("a document is byte for byte what the node's own code signs", async () => {
  const golden = await readFile(new URL("../../contracts/src/golden/access.json", import.meta.url), "utf8");
  const { aud, chain, expires, signers } = JSON.parse(golden);
  const secret = new Uint8Array(createHash("sha256").update("reader").digest());
  const key = keyfile.keyFrom(signers[0], secret);
  assert.equal(await access.pass(key, aud, chain, new Date(expires)), golden);
});

test("a key file that hefu wrote is opened", async () => {
  const key = await keyfile.open(await readFile(FILE, "utf8"), PASSPHRASE);
  assert.equal(key.address, JSON.parse(await readFile(FILE, "utf8")).address);
  assert.equal((await key.sign(new Uint8Array(64))).length, 64);
});

test("what is no key file, of another key, or of another passphrase is told apart", async () => {
  const text = await readFile(FILE, "utf8");
  const file = JSON.parse(text);
  const other = { ...file, address: "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu" };
  for (const [given, passphrase, failure] of [
    [text, "another", "passphrase"],
    [text, "", "passphrase"],
    ["", PASSPHRASE, "notAKeyFile"],
    ["[]", PASSPHRASE, "notAKeyFile"],
    [JSON.stringify({ ...file, version: 2 }), PASSPHRASE, "notAKeyFile"],
    [JSON.stringify({ ...file, address: "5F" }), PASSPHRASE, "notAKeyFile"],
    [JSON.stringify({ ...file, age: "age" }), PASSPHRASE, "notAKeyFile"],
    [JSON.stringify(other), PASSPHRASE, "otherKey"],
  ]) {
    await assert.rejects(keyfile.open(given, passphrase), { failure }, failure);
  }
});

const SCRIPT = `<link rel="icon" href="data:,"><script type="module" src="/assets/${manifest["session.js"].file}"></script>`;
const CLOSED = `<!doctype html><html lang="en">${SCRIPT}
<form data-session="closed" data-chain="${CHAIN}" data-next="/x/blocks/1" data-lang="en" data-opening="opening"
data-sending="sending" data-not-a-key-file="no file" data-other-key="other key" data-passphrase="wrong passphrase"
data-unreachable="unreachable" data-unsupported="unsupported" data-refused="refused: " data-role="no role">
<input name="file" type="file"><input name="passphrase" type="password"><button>sign in</button>
<div data-device><code data-slot="address"></code><button type="button" data-make hidden>make</button>
<button type="button" data-use hidden>use</button></div>
<p data-slot="state"></p></form>`;
const OPEN = `<!doctype html><html lang="en">${SCRIPT}
<section data-session="open" data-failed="failed"><button>sign out</button><p data-slot="state"></p></section>`;

/** A node of which only sessions are there, two hours ahead of this machine. */
async function node(answer) {
  const asked = [];
  const server = await serve({
    "/": CLOSED,
    "/open": OPEN,
    "/x/blocks/1": "<!doctype html><title>block</title>",
    "/v1/session": async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      asked.push({ body, method: request.method, type: request.headers["content-type"] });
      const { status, ...told } = answer(request.method);
      response.writeHead(status, { date: new Date(Date.now() + 7_200_000).toUTCString(), "content-type": "application/json" });
      response.end(JSON.stringify(told));
    },
  });
  return { asked, server };
}

async function sign(page, passphrase) {
  await page.setInputFiles("[name=file]", FILE.pathname);
  await page.fill("[name=passphrase]", passphrase);
  await page.click("button");
}

const says = (page, words) => page.waitForFunction((said) => document.querySelector('[data-slot="state"]').textContent === said, words);

test("the browser signs a document for its own origin and goes on", { skip: missing }, async () => {
  const { asked, server } = await node(() => ({ status: 200 }));
  const page = await browser.newPage();
  await page.goto(server.origin);
  await sign(page, PASSPHRASE);
  await page.waitForURL("**/x/blocks/1?lang=en");
  assert.deepEqual(asked.map(({ method, type }) => [method, type]), [["GET", undefined], ["POST", "application/json"]]);
  const { aud, chain, expires, signers } = JSON.parse(asked[1].body);
  assert.deepEqual([aud, chain, signers.length], [server.origin, CHAIN, 1]);
  const minutes = (Date.parse(expires) - Date.now() - 7_200_000) / 60_000;
  assert.ok(minutes > 13 && minutes <= 14, `${minutes} minutes by the node's clock`);
  assert.ok(asked.every(({ body }) => !body.includes(PASSPHRASE)));
  await page.close();
  await server.close();
});

test("what goes wrong is said in the page's words", { skip: missing }, async () => {
  const refusals = [
    { status: 403, code: "E-KEY-ROLE", title: "the key has no role for this" },
    { status: 401, code: "E-ACCESS-EXPIRED", title: "has expired", detail: "at noon" },
  ];
  const { asked, server } = await node((method) => (method === "GET" ? { status: 200 } : refusals.shift()));
  const page = await browser.newPage();
  await page.goto(server.origin);
  await sign(page, "another");
  await says(page, "wrong passphrase");
  assert.deepEqual(asked, [], "a wrong passphrase is nobody's business");
  await sign(page, PASSPHRASE);
  await says(page, "no role");
  await page.click("button");
  await says(page, "refused: at noon");
  await page.route("**/v1/session", (route) => route.abort());
  await page.click("button");
  await says(page, "unreachable");
  assert.equal(await page.isEnabled("button"), true);
  await page.close();
  await server.close();
});

test("signing out ends the session, or says that it did not", { skip: missing }, async () => {
  const answers = [{ status: 403 }, { status: 200 }];
  const { asked, server } = await node(() => answers.shift());
  const page = await browser.newPage();
  await page.goto(`${server.origin}/open`);
  await page.click("button");
  await says(page, "failed");
  await Promise.all([page.waitForEvent("load"), page.click("button")]);
  assert.deepEqual(asked.map(({ method }) => method), ["DELETE", "DELETE"]);
  await page.close();
  await server.close();
});

test("a device makes a key once, keeps it where no script can read it, and signs with it", { skip: missing }, async () => {
  const { asked, server } = await node(() => ({ status: 200 }));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.origin);
  await page.click("[data-make]");
  await page.waitForSelector("[data-use]:visible");
  const address = await page.textContent('[data-slot="address"]');
  assert.match(address, /^5\w{47}$/);
  await page.reload();
  await page.waitForSelector("[data-use]:visible");
  assert.equal(await page.isVisible("[data-make]"), false);
  assert.equal(await page.textContent('[data-slot="address"]'), address);
  const refused = await page.evaluate(async () => {
    const opening = indexedDB.open("hefu", 1);
    const db = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
    const asking = db.transaction("keys").objectStore("keys").get("device");
    const pair = await new Promise((resolve) => (asking.onsuccess = () => resolve(asking.result)));
    db.close();
    return crypto.subtle.exportKey("pkcs8", pair.privateKey).then(() => "", (error) => error.name);
  });
  assert.equal(refused, "InvalidAccessError");
  await page.click("[data-use]");
  await page.waitForURL("**/x/blocks/1?lang=en");
  const record = await load("record", { folder: "verify" });
  const tools = await (await load("crypto", { folder: "verify" })).choose();
  const document = JSON.parse(asked[1].body);
  assert.deepEqual(document.signers, [address]);
  await record.demandSigned(tools, document, await record.idOf(tools, document), CHAIN);
  await record.dispose();
  await context.close();
  await server.close();
});
