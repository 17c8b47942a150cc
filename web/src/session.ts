/**
 * The sign-in page: a key file or this device's key signs an access document for this very origin, which is shown to the
 * node and answered with a cookie. The key and its passphrase never leave this script.
 *
 * The page carries either `form[data-session="closed"]` with `data-chain`, `data-next`, `data-lang` and the words of each
 * thing that can go wrong, or `[data-session="open"]` with a button that ends the session. Both have a
 * `[data-slot="state"]`.
 */
import { pass } from "./sign/access";
import { choose, type Say, words } from "./sign/choice";
import type { Key } from "./sign/key";

const SESSION = "/v1/session";

/** A pass is good for 14 minutes: the node takes 15, and clocks differ. */
const LASTS_MS = 14 * 60_000;

/** Which words the page has for what the node refuses. */
const REFUSALS: { [code: string]: string } = {
  "E-ACCESS-AUDIENCE": "audience",
  "E-KEY-EXPIRED": "revoked",
  "E-KEY-REVOKED": "revoked",
  "E-KEY-ROLE": "role",
  "E-KEY-UNKNOWN": "unknown",
};

/** What the node says the time is; a browser's own clock may be hours off. */
async function now(): Promise<number> {
  const answer = await fetch(SESSION);
  return Date.parse(answer.headers.get("date") || "") || Date.now();
}

async function signIn(form: HTMLFormElement, key: Key, say: Say): Promise<void> {
  say(words(form, "sending"));
  const expires = new Date((await now()) + LASTS_MS);
  const body = await pass(key, location.origin, words(form, "chain"), expires);
  const answer = await fetch(SESSION, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (answer.ok) {
    location.assign(`${words(form, "next") || "/x/session"}?lang=${words(form, "lang")}`);
    return;
  }
  const { code, detail, title } = await answer.json();
  say(REFUSALS[code] ? words(form, REFUSALS[code]!) : words(form, "refused") + (detail || title));
}

const closed = document.querySelector<HTMLFormElement>('[data-session="closed"]');
if (closed) choose(closed, (key, say) => signIn(closed, key, say));

const opened = document.querySelector<HTMLElement>('[data-session="open"]');
if (opened) {
  const button = opened.querySelector("button")!;
  button.onclick = async () => {
    button.disabled = true;
    const answer = await fetch(SESSION, { method: "DELETE" }).catch(() => null);
    if (answer && answer.ok) location.reload();
    else opened.querySelector('[data-slot="state"]')!.textContent = opened.dataset.failed as string;
    button.disabled = false;
  };
}
