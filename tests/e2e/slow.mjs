// How long somebody with a slow phone waits for the trace page: on slow 4G (1.6 Mbit/s down, 750 kbit/s up, 150 ms) and
// with a processor six times slower than this machine's. Run by `make bench` with HEFU_URL and HEFU_ITEM set; prints the
// medians of five visits with an empty cache, natively and with the JavaScript fallback.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");
const { HEFU_URL: url, HEFU_ITEM: item } = process.env;

const VISITS = 5;
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };
const SLOWER = 6;

/** Watches, from before the page's own script on, when its largest text stood there and when its verdict changed. */
function watch() {
  window.seen = { verdicts: [] };
  new PerformanceObserver((list) => (window.seen.lcp = list.getEntries().at(-1).startTime)).observe({
    type: "largest-contentful-paint",
    buffered: true,
  });
  new MutationObserver(() => {
    const main = document.querySelector("main[data-verdict]");
    const verdict = main && main.dataset.verdict;
    const last = window.seen.verdicts.at(-1);
    if (verdict && (!last || last[0] !== verdict)) window.seen.verdicts.push([verdict, performance.now()]);
  }).observe(document, { attributes: true, childList: true, subtree: true });
}

const withoutEd25519 = () => {
  crypto.subtle.verify = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
};

async function visit(browser, prepare) {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_4G);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.addInitScript(watch);
  if (prepare) await page.addInitScript(prepare);
  await page.goto(url + item);
  await page.waitForFunction(() => window.seen.verdicts.some(([verdict]) => verdict === "ok"), null, { timeout: 30_000 });
  const { lcp, verdicts } = await page.evaluate(() => window.seen);
  const mode = await page.locator("main").getAttribute("data-mode");
  await context.close();
  const when = Object.fromEntries(verdicts);
  return { lcp, verify: when.ok - when.checking, whole: when.ok, mode };
}

const median = (numbers) => Math.round(numbers.sort((a, b) => a - b)[numbers.length >> 1]);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});
for (const prepare of [undefined, withoutEd25519]) {
  const visits = [];
  for (let i = 0; i < VISITS; i++) visits.push(await visit(browser, prepare));
  const of = (name) => median(visits.map((one) => one[name]));
  const [{ mode }] = visits;
  console.log(
    `slow phone   ${mode}: largest text after ${of("lcp")} ms, verified within ${of("verify")} ms, ${of("whole")} ms in all`,
  );
}
await browser.close();
