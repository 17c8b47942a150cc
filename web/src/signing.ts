/**
 * The signing page: shows what a record says, adds this signer's signature to those it has, and hands it on: as a file to
 * the next signer, or to the node where it is complete. Nothing is sent before that.
 */
import { choose as chooseKey, type Say, words } from "./sign/choice";
import type { Key } from "./sign/key";
import { missing, type Partial, read, sign, submission, text } from "./sign/record";
import { show } from "./sign/terms";
import { choose as chooseTools } from "./verify/crypto";

const page = document.querySelector<HTMLElement>("[data-signing]");

/** An element of the page by its name. */
const slot = (name: string): HTMLElement => page!.querySelector(`[data-slot="${name}"]`) as HTMLElement;

let partial: Partial | null = null;

/** Offers the record as a file, with the signatures it has. */
function offer(): void {
  const link = slot("save") as HTMLAnchorElement;
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text(partial!)], { type: "application/json" }));
  link.download = `${partial!.id.slice(0, 12)}.json`;
}

/** Shows what is signed and by whom. */
function render(): void {
  const { document: record, id, proofs } = partial!;
  slot("id").textContent = id;
  show(slot("terms"), record);
  slot("text").textContent = JSON.stringify(record, null, 2);
  const line = page!.querySelector<HTMLTemplateElement>("template[data-signer]")!;
  slot("signers").replaceChildren(
    ...record.signers.map((signer) => {
      const item = line.content.cloneNode(true) as DocumentFragment;
      item.querySelector("code")!.textContent = signer;
      item.querySelector("span")!.textContent = words(page!, proofs.has(signer) ? "signed" : "unsigned");
      return item;
    }),
  );
  slot("hand-in").hidden = missing(partial!).length > 0;
  slot("record").hidden = false;
  offer();
}

async function take(file: File): Promise<void> {
  const say = (name: string): void => {
    slot("file-state").textContent = name && words(page!, name);
  };
  slot("record").hidden = true;
  try {
    const tools = await chooseTools();
    if (!tools) return say("unsupported");
    partial = await read(tools, await file.text());
    if ((partial.document as { chain?: string }).chain !== words(page!, "chain")) return say("otherChain");
    say("");
    render();
  } catch (error) {
    say(error instanceof SyntaxError || (error as Error).message === "no record" ? "noRecord" : "broken");
  }
}

async function add(key: Key, say: Say): Promise<void> {
  if (!(await sign(partial!, key))) return say(words(page!, "notAsked"));
  render();
  say(words(page!, missing(partial!).length ? "passOn" : "complete"));
}

async function handIn(): Promise<void> {
  const button = slot("hand-in").querySelector("button")!;
  const state = slot("result");
  button.disabled = true;
  state.textContent = words(page!, "sending");
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/v1/records?wait=final", { method: "POST", headers, body: submission(partial!) });
    const told = await answer.json();
    if (answer.ok) location.assign(`/x/records/${partial!.id}?lang=${words(page!, "lang")}`);
    else state.textContent = `${words(page!, "refused")}${told.detail || told.title} (${told.code})`;
  } catch {
    state.textContent = words(page!, "unreachable");
  }
  button.disabled = false;
}

if (page) {
  const file = page.querySelector<HTMLInputElement>("input[data-record]")!;
  file.onchange = () => file.files![0] && take(file.files![0]);
  chooseKey(page.querySelector("form")!, add);
  slot("hand-in").querySelector("button")!.onclick = handIn;
}
