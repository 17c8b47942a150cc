// The home page's island in a real browser: new blocks appear on top, once each, and none is lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, manifest, missing, serve } from "./browser.mjs";

const block = (height) => ({
  block: height.toString(16).padStart(64, "0"),
  builder: "5Address",
  height,
  records: height % 3,
  time: `2026-09-23T02:15:${String(height).padStart(2, "0")}.000Z`,
});

const HOME = `<!doctype html><html lang="en"><link rel="icon" href="data:,">
<script type="module" src="/assets/${manifest["blocks.js"].file}"></script>
<b data-newest-height>3</b><i data-validator="5Address">CoreNest</i>
<section data-stream="/stream" data-newest="3" data-live="live" data-lost="lost" data-pause="pause" data-resume="resume">
<span data-slot="state"></span><button hidden>pause</button>
<table><tbody data-rows><tr><td>3</td></tr><tr><td>2</td></tr></tbody></table>
<template data-row><tr><td><a data-slot="height" data-href="/x/blocks/"></a></td><td><time data-slot="time"></time></td>
<td data-slot="records"></td><td data-slot="builder"></td><td><code data-slot="block"></code></td></tr></template></section>`;

let browser;
let server;
let newest = 5;
/** Ends the newest connection, so that the browser has to come back. */
let breakOff;
const asked = [];

before(async () => {
  if (missing) return;
  browser = await launch();
  server = await serve({
    "/": HOME,
    "/stream": (request, response) => {
      const from = Number(new URL(request.url, "http://localhost").searchParams.get("from"));
      const last = request.headers["last-event-id"];
      asked.push({ from, last });
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("retry: 50\n\n");
      // Begins one too early, as a server may after a reconnection.
      const first = last ? Number(last) : from;
      for (let height = first; height <= newest; height++) {
        response.write(`id: ${height}\ndata: ${JSON.stringify(block(height))}\n\n`);
      }
      breakOff = () => response.end();
    },
  });
});
after(async () => {
  if (missing) return;
  await browser.close();
  await server.close();
});

test("blocks appear once each, over a broken connection and a pause", { skip: missing }, async () => {
  const tab = await browser.newPage();
  await tab.goto(server.origin);
  const heights = () => tab.$$eval("tbody td:first-child", (cells) => cells.map((cell) => cell.textContent).join(" "));
  const shows = (text) => tab.waitForFunction((wanted) => document.querySelector("tbody td").textContent === wanted, text);
  await shows("5");
  newest = 6;
  breakOff();
  await shows("6");
  assert.equal(await heights(), "6 5 4 3 2");
  assert.deepEqual(asked.slice(0, 2), [{ from: 4, last: undefined }, { from: 4, last: "5" }]);

  await tab.click("button");
  assert.equal(await tab.textContent("button"), "resume");
  newest = 40;
  await tab.click("button");
  await shows("40");
  assert.equal(asked.at(-1).from, 7);
  const shown = (await heights()).split(" ").map(Number);
  assert.deepEqual(shown, Array.from({ length: 20 }, (_, i) => 40 - i));

  const cells = await tab.$$eval("tbody tr:first-child td", (all) => all.map((cell) => cell.textContent));
  assert.deepEqual(cells, ["40", "02:15:40", "1", "CoreNest", "00000000…000028"]);
  assert.equal(await tab.getAttribute("tbody a", "href"), "/x/blocks/40");
  assert.equal(await tab.getAttribute("tbody time", "datetime"), "2026-09-23T02:15:40.000Z");
  assert.equal(await tab.textContent("[data-newest-height]"), "40");
  await tab.close();
});
