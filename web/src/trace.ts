/**
 * The trace page's island: checks the proof of the code in this browser, compares it with everything the page says is
 * proven, and only then says so. The page is complete without it.
 *
 * What the page must carry (all words are the page's, so this file knows no language):
 * - `main[data-proof]`: where the proof file is; `data-subject`, `data-genesis`, `data-height`, `data-present` ("true" or
 *   "false"): what the page was made from; `data-proven`, `data-broken`: the words for marks.
 * - `#verdict`: a live region; `template[data-state]` beside it: what to say in each state, with `[data-slot]` to fill.
 * - `[data-record]` in `#steps`: one per entry, with `data-step`, `data-time`, `data-height`, `data-signers`, `data-by`, and
 *   `data-kept` where the record is for its parties alone.
 * - `[data-of]`: a day that a step is told to begin or end something on: `data-role`, `data-time`, `data-by`, `data-in` (rows of
 *   what encloses the thing) are those of the record's entry; `[data-recall]`: a recall that holds for the thing, by its record.
 * - `[data-at]`: text (or `data-value`) that must equal the value at this JSON Pointer in the data of the enclosing
 *   `data-row`, or in the enclosing `data-record`; `[data-count]`: a number of "records" or "parties".
 * - `.mark`: becomes the words for proven, outside `[data-kept]`, or for broken in a step that failed.
 *
 * What it answers, on `main`: `data-verdict` (checking, ok, stale, newer, failed, unsupported, offline), `data-mode`
 * (native, fallback), and for a failure `data-step`, `data-reason` and where it is one record's `data-failed`.
 */
import { at, canonical } from "./verify/canonical";
import { choose } from "./verify/crypto";
import type { Document, ProofFile } from "./verify/file";
import type { Step } from "./verify/refusal";
import { type Held, verify } from "./verify/verify";

/** The header may be this many heartbeats old before the page says so: one may be late, three are not. */
const HEARTBEATS_BEFORE_STALE = 3;

const main = document.querySelector<HTMLElement>("main[data-proof]");
if (main) requestAnimationFrame(() => setTimeout(() => void check(main)));

async function check(main: HTMLElement): Promise<void> {
  say(main, "checking");
  const { proof: address, genesis, subject } = main.dataset;
  const tools = choose();
  let proof: ProofFile;
  try {
    const answer = await fetch(address as string, { headers: { accept: "application/vnd.hefu.proof+json" } });
    if (!answer.ok) throw answer.status;
    proof = await answer.json();
  } catch {
    return say(main, "offline");
  }
  const progress = (done: number): Promise<void> => {
    fill(main, { done });
    // A pause in which the browser can paint the count and answer taps.
    return new Promise((resolve) => setTimeout(resolve));
  };
  const verdict = await verify(proof, { genesis, subject, progress, tools });
  if (!verdict) return say(main, "unsupported");
  main.dataset.mode = verdict.mode || "";
  if (!verdict.ok) return fail(main, verdict.step, verdict.reason, verdict.record, verdict.ordinal);
  conclude(main, verdict);
}

function conclude(main: HTMLElement, held: Held): void {
  const made = Number(main.dataset.height);
  const newest = Math.max(held.present ? 1 : 0, ...held.entries.map((entry) => entry.height));
  const grown = held.height > made && newest > made;
  const appeared = held.present && main.dataset.present === "false";
  if (held.height < made) return fail(main, "page", "the proof is older than the page");
  if (grown) return say(main, "newer", { height: held.height });
  if (appeared) return fail(main, "page", "present");
  const difference = contradiction(main, held);
  if (difference) return fail(main, "page", difference.what, difference.record);

  for (const mark of all(main, ".mark")) {
    if (!mark.closest("[data-kept]")) mark.textContent = main.dataset.proven as string;
  }
  const age = Date.now() - Date.parse(held.time);
  const stale = age > HEARTBEATS_BEFORE_STALE * held.heartbeatMs;
  // Only said when it matters: the first use of Intl takes a slow phone a tenth of a second.
  say(main, stale ? "stale" : "ok", { age: stale ? ago(age) : undefined, height: held.height });
}

interface Facts {
  [name: string]: string | undefined;
}

/** The first thing the page says that the proof does not. */
function contradiction(main: HTMLElement, held: Held): { what: string; record?: string } | undefined {
  if (String(held.present) !== main.dataset.present) return { what: "present" };
  const steps = all(main, "#steps [data-record]");
  const shown = new Map(steps.map((step) => [step.dataset.record as string, step]));
  if (shown.size !== held.entries.length || steps.length !== shown.size) return { what: "number of records" };
  const facts = new Map<string, Facts>();
  for (const { by, containers = [], height, record, role, time } of held.entries) {
    const document = held.records.get(record);
    const step = shown.get(record);
    if (!step) return { what: "record", record };
    const proven: Facts = {
      step: document ? said(document, "/event/bizStep") || document.action : role,
      time: (document && said(document, "/event/eventTime")) || time,
      height: String(height),
      signers: document ? document.signers.join(" ") : "",
      by: by.join(" "),
      kept: document ? undefined : "",
    };
    const what = Object.keys(proven).find((name) => step.dataset[name] !== proven[name]);
    if (what) return { what, record };
    facts.set(record, { ...proven, role, in: containers.map(({ key }) => key).join(" ") });
  }
  for (const { dataset } of all(main, "[data-of]")) {
    const proven = facts.get(dataset.of as string) || {};
    const what = ["role", "time", "by", "in"].find((name) => dataset[name] !== proven[name]);
    if (what) return { what: `${what} of a stretch`, record: dataset.of };
  }
  for (let i = 1; i < steps.length; i++) {
    if (Number(steps[i]!.dataset.height) < Number(steps[i - 1]!.dataset.height)) return { what: "order of records" };
  }
  const recalls = all(main, "[data-recall]").map(({ dataset }) => dataset.recall);
  if (recalls.sort().join(" ") !== held.recalls) return { what: "recalls" };
  return claim(main, held);
}

/** The text at a place in what a record says. */
const said = (document: Document, pointer: string): string | undefined => at(document.body, pointer) as string | undefined;

/** The first text marked as taken from a row or a record that is not what stands there. */
function claim(main: HTMLElement, held: Held): { what: string; record?: string } | undefined {
  for (const element of all(main, "[data-at]")) {
    const { row, record } = element.closest<HTMLElement>("[data-row],[data-record]")!.dataset;
    const source = row === undefined ? held.records.get(record as string) : (held.rows.get(row) || {}).data;
    const value = at(source, element.dataset.at as string);
    const shown = element.dataset.value === undefined ? element.textContent!.trim() : element.dataset.value;
    const proven = typeof value === "string" ? value : value === undefined ? "" : canonical(value);
    if (shown !== proven) return { what: (row || "") + element.dataset.at, record };
  }
  const parties = new Set(held.entries.flatMap((entry) => entry.by)).size;
  for (const element of all(main, "[data-count]")) {
    const proven = element.dataset.count === "parties" ? parties : held.entries.length;
    if (element.textContent!.trim() !== String(proven)) return { what: "count" };
  }
  return undefined;
}

function fail(main: HTMLElement, step: Step, reason: string, record?: string, ordinal?: number): void {
  const steps = all(main, "#steps [data-record]");
  const place = steps.findIndex((shown) => !!record && shown.dataset.record === record);
  main.dataset.step = step;
  main.dataset.reason = reason;
  if (record) main.dataset.failed = record;
  const broken = steps[place];
  if (broken) {
    broken.classList.add("broken");
    for (const mark of all(broken, ".mark")) mark.textContent = main.dataset.broken as string;
  }
  const n = place < 0 ? ordinal : place + 1;
  const state = step === "page" ? "failed-page" : n ? "failed-record" : "failed";
  say(main, state, { n, reason: `${step}: ${reason}` });
}

type Slots = { [slot: string]: string | number | undefined };

/** Puts the page's own words for a state into the live region. */
function say(main: HTMLElement, state: string, slots: Slots = {}): void {
  const region = main.querySelector("#verdict") as HTMLElement;
  const words = main.querySelector(`template[data-state="${state}"]`) as HTMLTemplateElement;
  region.innerHTML = words.innerHTML;
  main.dataset.verdict = state.split("-")[0]!;
  fill(main, slots);
  const again = region.querySelector("button");
  if (again) again.onclick = () => void check(main);
}

function fill(main: HTMLElement, slots: Slots): void {
  for (const slot of all(main, "#verdict [data-slot]")) {
    const value = slots[slot.dataset.slot as string];
    if (value !== undefined) slot.textContent = String(value);
  }
}

/** "3 days ago" in the page's language. */
function ago(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  const [count, unit]: [number, "minute" | "hour" | "day"] =
    minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  return new Intl.RelativeTimeFormat(document.documentElement.lang).format(-Math.floor(count), unit);
}

const all = (within: HTMLElement, selector: string): HTMLElement[] =>
  Array.from(within.querySelectorAll<HTMLElement>(selector));
