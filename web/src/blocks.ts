/**
 * The home page's island: puts new blocks on top of the server's list as they are decided. Without it the list is as old
 * as the page.
 *
 * The page carries `[data-stream]` (an event stream of `{block, builder, height, records, time}`, each event's id its
 * height) with `data-newest` (the height the list begins with), inside it an `ol` or `tbody[data-rows]`, a
 * `template[data-row]` with `[data-slot]` for the values (an `a` gets the value appended to its `data-href`), a hidden
 * `button`, `[data-slot="state"]`, and the words `data-pause`, `data-resume`, `data-live`, `data-lost`. A builder's address
 * is shown by the name in `[data-validator]`, `[data-newest-height]` follows.
 */

/** So many blocks stay on the page; older ones have a page of their own. */
const ROWS_MAX = 20;

interface Block {
  block: string;
  /** Address of the validator that built it. */
  builder: string;
  height: number;
  records: number;
  time: string;
}

function follow(section: HTMLElement): void {
  const list = section.querySelector("[data-rows]") as HTMLElement;
  const row = section.querySelector("template[data-row]") as HTMLTemplateElement;
  const button = section.querySelector("button") as HTMLButtonElement;
  const state = section.querySelector('[data-slot="state"]') as HTMLElement;
  let newest = Number(section.dataset.newest);
  let stream: EventSource | undefined;

  function add(block: Block): void {
    // A reconnected stream may begin with what is here already.
    if (block.height <= newest) return;
    newest = block.height;
    const entry = row.content.cloneNode(true) as DocumentFragment;
    entry.querySelectorAll<HTMLElement>("[data-slot]").forEach((slot) => fill(slot, block));
    list.prepend(entry);
    while (list.children.length > ROWS_MAX) list.lastElementChild!.remove();
    document.querySelectorAll<HTMLElement>("[data-newest-height]").forEach((shown) => {
      shown.textContent = String(newest);
    });
  }

  function open(): void {
    // The browser itself resumes after a broken connection, by Last-Event-ID; `from` serves the first one and pauses.
    stream = new EventSource(`${section.dataset.stream}?from=${newest + 1}`);
    stream.onopen = () => (state.textContent = section.dataset.live as string);
    stream.onerror = () => (state.textContent = section.dataset.lost as string);
    stream.onmessage = ({ data }: MessageEvent<string>) => add(JSON.parse(data));
  }

  function pause(): void {
    stream!.close();
    stream = undefined;
    state.textContent = "";
  }

  button.hidden = false;
  button.onclick = () => {
    stream ? pause() : open();
    button.textContent = (stream ? section.dataset.pause : section.dataset.resume) as string;
  };
  open();
}

function fill(slot: HTMLElement, block: Block): void {
  const name = slot.dataset.slot as keyof Block;
  const value = String(block[name]);
  if (slot instanceof HTMLAnchorElement) slot.href = (slot.dataset.href as string) + value;
  if (slot instanceof HTMLTimeElement) slot.dateTime = value;
  slot.textContent = SHOWN[name] ? SHOWN[name]!(value) : value;
}

const SHOWN: { [slot in keyof Block]?: (value: string) => string } = {
  /** First eight and last six digits, as everywhere on the pages. */
  block: (hash) => `${hash.slice(0, 8)}…${hash.slice(-6)}`,
  builder: (address) => {
    const named = document.querySelector(`[data-validator="${CSS.escape(address)}"]`);
    return named ? (named.textContent as string) : address;
  },
  time: (time) => time.slice(11, 19),
};

document.querySelectorAll<HTMLElement>("[data-stream]").forEach(follow);
