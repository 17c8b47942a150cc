/**
 * The sign-in page: opens a key file, signs an access document for this very origin, and shows it to the node, which
 * answers with a cookie. The key and its passphrase never leave this script.
 *
 * The page carries either `form[data-session="closed"]` with `data-chain`, `data-next`, `data-lang` and the words of each
 * thing that can go wrong, or `[data-session="open"]` with a button that ends the session. Both have a
 * `[data-slot="state"]`.
 */
import { type Failure, open, pass } from "./sign/access";

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

async function signIn(form: HTMLFormElement, say: (words: string) => void): Promise<void> {
  const words = (name: string): string => form.dataset[name] as string;
  const { file, passphrase } = form.elements as unknown as { file: HTMLInputElement; passphrase: HTMLInputElement };
  say(words("opening"));
  const key = await open(await file.files![0]!.text(), passphrase.value);
  say(words("sending"));
  const expires = new Date((await now()) + LASTS_MS);
  const body = await pass(key, location.origin, words("chain"), expires);
  const answer = await fetch(SESSION, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (answer.ok) {
    location.assign(`${words("next") || "/x/session"}?lang=${words("lang")}`);
    return;
  }
  const { code, detail, title } = await answer.json();
  say(REFUSALS[code] ? words(REFUSALS[code]!) : words("refused") + (detail || title));
}

/** The words for what went wrong before the node was asked. */
function why(error: unknown): string {
  const { failure } = error as Failure;
  return failure || (error instanceof TypeError ? "unreachable" : "unsupported");
}

/** Does something once at a time, with the button at rest meanwhile. */
function during(section: HTMLElement, act: (say: (words: string) => void) => Promise<void>): void {
  const button = section.querySelector("button") as HTMLButtonElement;
  const state = section.querySelector('[data-slot="state"]') as HTMLElement;
  button.disabled = true;
  act((words) => (state.textContent = words)).finally(() => (button.disabled = false));
}

const closed = document.querySelector<HTMLFormElement>('[data-session="closed"]');
if (closed) {
  closed.onsubmit = (submitted) => {
    submitted.preventDefault();
    during(closed, (say) => signIn(closed, say).catch((error) => say(closed.dataset[why(error)] as string)));
  };
}

const opened = document.querySelector<HTMLElement>('[data-session="open"]');
if (opened) {
  opened.querySelector("button")!.onclick = () =>
    during(opened, async (say) => {
      const answer = await fetch(SESSION, { method: "DELETE" }).catch(() => null);
      if (answer && answer.ok) location.reload();
      else say(opened.dataset.failed as string);
    });
}
