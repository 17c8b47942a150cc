// Pages of the real binary in a real Chromium. The cargo test `browser` starts the node with the demo's story and runs
// this with HEFU_URL, HEFU_GENESIS and HEFU_ITEM (path of a trace page) set; HEFU_SHOTS names a folder for screenshots.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliDecompressSync } from "node:zlib";

const fromWeb = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = fromWeb("playwright-core");
const axe = await readFile(fromWeb.resolve("axe-core/axe.min.js"), "utf8");

const { HEFU_URL: url, HEFU_GENESIS: genesis, HEFU_ITEM: item, HEFU_SHOTS: shots } = process.env;
assert.ok(url && genesis && item, "HEFU_URL, HEFU_GENESIS and HEFU_ITEM must be set");

const executable = [process.env.CHROMIUM, "/usr/bin/chromium"].find((path) => path && existsSync(path));
let browser;

before(async () => {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"];
  browser = await chromium.launch({ executablePath: executable, args });
  if (shots) await mkdir(shots, { recursive: true });
});
after(() => browser?.close());

/** A page that fails its test on any error or refused resource. */
async function open(path, options = {}, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await prepare(page);
  const answer = await page.goto(url + path, { waitUntil: "load" });
  return { page, errors, status: answer.status(), close: () => context.close() };
}

/** Waits for the island's verdict. */
async function verdict(page) {
  const main = page.locator("main[data-verdict]");
  await page.waitForFunction(() => !["pending", "checking"].includes(document.querySelector("main").dataset.verdict));
  return main.evaluate(({ dataset }) => ({ ...dataset }));
}

for (const [lang, name] of [["zh", "桂花"], ["en", "Osmanthus"]]) {
  test(`the trace page is checked by the browser's own signatures (${lang})`, async () => {
    const { page, errors, status, close } = await open(`${item}?lang=${lang}`);
    assert.equal(status, 200);
    assert.match(await page.locator("h1").innerText(), new RegExp(name, "i"));
    const { verdict: told, mode, reason } = await verdict(page);
    assert.deepEqual([told, mode, reason], ["ok", "native", undefined]);
    assert.equal(await page.locator("#steps li.broken").count(), 0);
    assert.deepEqual(errors, []);
    await close();
  });
}

test("a browser without Ed25519 checks it with the fallback", async () => {
  const { page, close } = await open(item, {}, (page) =>
    page.addInitScript(() => (crypto.subtle.verify = () => Promise.reject(new Error("none")))),
  );
  const { verdict: told, mode, reason } = await verdict(page);
  assert.deepEqual([told, mode, reason], ["ok", "fallback", undefined]);
  await close();
});

test("a changed byte turns the page red and names the record", async () => {
  const { records } = await (await fetch(`${url}/v1/items${item.replace("/01", "").replace("/21", "")}/proof`)).json();
  const { signature } = records[0].record.proof.proofValue ? { signature: records[0].record.proof.proofValue } : {};
  const changed = signature.slice(0, 20) + (signature[20] === "2" ? "3" : "2") + signature.slice(21);
  const { page, close } = await open(item, {}, (page) =>
    page.route("**/proof", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace(signature, changed) });
    }),
  );
  const told = await verdict(page);
  assert.equal(told.verdict, "failed");
  assert.equal(told.step, "record");
  assert.match(told.failed, /^[0-9a-f]{64}$/);
  assert.equal(await page.locator(`#steps li.broken[data-record="${told.failed}"]`).count(), 1);
  await close();
});

test("without JavaScript the page is complete", async () => {
  const { page, close } = await open(item, { javaScriptEnabled: false });
  assert.ok((await page.locator("#steps > li").count()) >= 4);
  assert.match(await page.locator("body").innerText(), new RegExp(genesis.slice(0, 8)));
  await close();
});

test("a code without a record is said to have none, proven", async () => {
  const { page, status, close } = await open(item.replace(/\/21\/.*/, "/21/00000000000000000000"));
  assert.equal(status, 404);
  const { verdict: told, reason } = await verdict(page);
  assert.deepEqual([told, reason], ["ok", undefined]);
  await close();
});

test("no page promises what it cannot know", async () => {
  for (const lang of ["zh", "en"]) {
    const { page, close } = await open(`${item}?lang=${lang}`);
    await verdict(page);
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /genuine|authentic|正品|保真/i);
    await close();
  }
});

test("somebody with a key file signs in, is told as whom, and signs out", async () => {
  const { page, errors, close } = await open("/x/session?lang=en&next=/x/blocks/1");
  const file = new URL("../../web/test/corenest.key", import.meta.url).pathname;
  await page.setInputFiles("#file", file);
  await page.fill("#passphrase", "not this one");
  await page.click("button");
  await page.getByText("The passphrase is wrong.").waitFor();
  await page.fill("#passphrase", "for tests");
  await page.click("button");
  await page.waitForURL("**/x/blocks/1?lang=en");
  await page.goto(`${url}/x/session?lang=en`);
  assert.match(await page.locator("main").innerText(), /You read as CoreNest/);
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name.endsWith("hefu"));
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["hefu", true, "Strict"]);
  assert.ok(cookie.expires * 1000 - Date.now() <= 15 * 60_000);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.click("button");
  await page.locator("form").waitFor();
  assert.deepEqual((await page.context().cookies()).filter(({ name }) => name.endsWith("hefu")), []);
  assert.deepEqual(errors, []);
  await close();
});

/** Signs in with a key file of the tests, and goes on to a page. */
async function signIn(page, name, next) {
  await page.goto(`${url}/x/session?lang=en&next=${next}`);
  await page.setInputFiles("#file", new URL(`../../web/test/${name}.key`, import.meta.url).pathname);
  await page.fill("#passphrase", "for tests");
  await page.click("button");
  await page.waitForURL(`**${next}?lang=en`);
}

test("a creator signs in and reads what she earns, why, and her statements", async () => {
  const { page, errors, close } = await open("/");
  await signIn(page, "adu", "/x/earnings");
  const text = () => page.locator("main").innerText();
  const links = await page.locator("main a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  const contracts = links.filter((link) => /^\/x\/earnings\/[^/]+\/adu(\?|$)/.test(link));
  assert.deepEqual(contracts.map((link) => link.split("/")[3]).sort(), ["K1", "K1-CO"], links.join());
  await page.goto(`${url}/x/earnings/K1/adu?lang=en`);
  for (const amount of ["7.12", "3.60", "4.27", "14.99"]) assert.match(await text(), new RegExp(amount));
  const items = await page.locator("article.line a[href*='/21/']").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.equal(items.length, 5, "the items that left with three lines");
  assert.equal((await page.goto(url + items[0])).status(), 200);
  await page.goto(`${url}/x/earnings/K1-CO/adu?lang=en`);
  assert.match(await text(), /\(came back\)/);
  await page.goto(`${url}/x/earnings/K1-CO/adu/2?lang=en`);
  assert.match(await text(), /−¥0\.67/);
  assert.equal((await page.goto(`${url}/x/earnings/K2/xiaoman?lang=en`)).status(), 404, "another creator's account");
  assert.deepEqual(errors.filter((error) => !error.includes("404")), []);
  await close();
});

const pages = async () => {
  const status = await (await fetch(`${url}/v1/status`)).json();
  const proof = await (await fetch(`${url}/v1/items${item.replace("/01", "").replace("/21", "")}`)).json();
  const record = proof.history?.[0]?.record ?? proof.steps?.[0]?.record;
  const block = `/x/blocks/${status.height}`;
  const id = encodeURIComponent(item.slice(1));
  return {
    home: "/", trace: item, how: "/how", block, record: `/x/records/${record}`, session: "/x/session", sign: "/x/sign",
    origins: `/x/trace?id=${id}`, impact: `/x/impact?id=${id}`, labels: "/x/labels",
    earnings: "/x/earnings", sheet: "/x/earnings/K1/adu", statement: "/x/earnings/K1-CO/adu/2",
  };
};

test("every page is accessible and fits a phone, in both languages, light and dark", async () => {
  const signedIn = await browser.newContext();
  await signIn(await signedIn.newPage(), "adu", "/x/earnings");
  const storageState = await signedIn.storageState();
  for (const [name, path] of Object.entries(await pages())) {
    for (const lang of ["zh", "en"]) {
      for (const colorScheme of ["light", "dark"]) {
        const address = `${path}${path.includes("?") ? "&" : "?"}lang=${lang}`;
        const { page, errors, status, close } = await open(address, { colorScheme, bypassCSP: true, storageState });
        assert.equal(status, 200, path);
        if (name === "trace") await verdict(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${path} ${lang} is ${wide} px too wide`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa"] }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), [], `${path} ${lang} ${colorScheme}`);
        assert.deepEqual(errors, [], path);
        for (const width of shots ? [360, 1280] : []) {
          await page.setViewportSize({ width, height: 900 });
          await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}-${lang}.png`), fullPage: true });
        }
        await close();
      }
    }
  }
  await signedIn.close();
});

/** An answer's content as it travels to a browser, and its bytes with those of its header fields. */
const travels = (path) =>
  new Promise((resolve, reject) => {
    get(url + path, { headers: { "accept-encoding": "br, gzip" } }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const fields = answer.rawHeaders.reduce((sum, text) => sum + text.length + 2, `HTTP/1.1 200 OK`.length + 4);
        const bytes = Buffer.concat(parts);
        resolve({ encoding: answer.headers["content-encoding"], bytes, transferred: fields + bytes.length });
      });
    }).on("error", reject);
  });

test("the trace page stays within its budget of bytes", async () => {
  const page = await travels(item);
  assert.equal(page.encoding, "br");
  const html = brotliDecompressSync(page.bytes).toString();
  const files = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(files.some((file) => file.endsWith(".css")) && files.some((file) => file.endsWith(".js")), files.join());
  let rest = page.transferred;
  for (const file of new Set(files)) rest += (await travels(file)).transferred;
  const proof = (await travels(/data-proof="([^"]+)"/.exec(html)[1])).transferred;
  console.log(`# trace page: ${rest} bytes transferred without proof, ${proof} of proof`);
  // What the first burst of a new connection carries: ten packets (RFC 6928).
  assert.ok(rest <= 14 * 1024, `${rest} bytes without proof`);
  assert.ok(rest + proof <= 35 * 1024, `${rest + proof} bytes with proof`);
});
