/**
 * Which key signs: a form's key file with its passphrase, or this device's key.
 *
 * The form has `input[name=file]` and `input[name=passphrase]`, and `[data-device]` with `[data-slot="address"]`,
 * `button[data-make]` and `button[data-use]`. What goes wrong before anybody else is asked is said in the form's words.
 */
import { find, make } from "./device";
import type { Key } from "./key";
import { type Failure, open } from "./keyfile";

export type Say = (words: string) => void;

/** The form's words for something. */
export const words = (form: HTMLElement, name: string): string => form.dataset[name] as string;

/** The name of the form's words for what went wrong. */
function why(error: unknown): string {
  const { failure } = error as Failure;
  return failure || (error instanceof TypeError ? "unreachable" : "unsupported");
}

/** Does something once at a time, with the form's buttons at rest meanwhile. */
function during(form: HTMLElement, act: (say: Say) => Promise<void>): void {
  const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
  const state = form.querySelector('[data-slot="state"]') as HTMLElement;
  const say = (text: string) => (state.textContent = text);
  for (const button of buttons) button.disabled = true;
  act(say)
    .catch((error) => say(words(form, why(error))))
    .finally(() => buttons.forEach((button) => (button.disabled = false)));
}

/** Calls `sign` with the key that somebody chooses in a form. */
export function choose(form: HTMLFormElement, sign: (key: Key, say: Say) => Promise<void>): void {
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    during(form, async (say) => {
      const { file, passphrase } = form.elements as unknown as { file: HTMLInputElement; passphrase: HTMLInputElement };
      say(words(form, "opening"));
      await sign(await open(await file.files![0]!.text(), passphrase.value), say);
    });
  };
  const device = form.querySelector<HTMLElement>("[data-device]");
  if (!device) return;
  const [making, using] = ["make", "use"].map((name) => device.querySelector(`[data-${name}]`) as HTMLButtonElement);
  const show = (key: Key | null): void => {
    making!.hidden = !!key;
    using!.hidden = !key;
    (device.querySelector('[data-slot="address"]') as HTMLElement).textContent = key ? key.address : "";
  };
  making!.onclick = () => during(form, async () => show(await make()));
  using!.onclick = () =>
    during(form, async (say) => {
      const key = await find();
      show(key);
      if (key) await sign(key, say);
    });
  // A browser that keeps no data for this site has no device key: the key file is left.
  find().then(show, () => (device.hidden = true));
}
