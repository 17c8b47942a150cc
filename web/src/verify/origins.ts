/** The data of a row, undefined where it is proven that there is none; refuses the proof where neither is shown. */
export type Look = (key: string) => Promise<unknown>;

/** A stretch of time: of a recall of a site's, or with the site that made something in it. */
interface Span {
  from: string;
  site?: string;
  until?: string;
}

/** What is read of a row, whatever kind it is; numbers and names are those of contracts/src/provenance. */
interface Data {
  contents?: { classes?: string[]; made?: Span[]; of?: string[]; recalls?: string[] };
  inputs?: string[];
  lifted?: string;
  lots?: string[];
  made?: Span[] | Span;
  parent?: { key: string };
  recalls?: string[];
  sources?: string[];
}

const THINGS_MAX = 256;
const MARKS_MAX = 1024;
const NESTING_MAX = 64;

/**
 * The ids of the open recalls that hold for a thing, found as the rules find them: on itself, on what it came of, what is
 * inside it and what encloses it, on the classes of all that, and on the sites that made it in a time. Sorted, with "…" at
 * the end where there is more than a proof shows. A row that would tell one cannot be left out: each is looked up.
 */
export async function recallsOf(look: Look, subject: string): Promise<string> {
  const row = async (key: string): Promise<Data> => ((await look(key)) || {}) as Data;
  const thing = await row(subject);
  const { classes = [], made, of = [], recalls } = thing.contents || {};
  const isMaking = (key: string): boolean => /^transformation\//.test(key);
  const open: [string, Data?][] = [[subject, thing]];
  if (thing.contents) open.push(["contents/", { made, recalls, sources: of.filter(isMaking) }]);
  for (const key of of) if (!isMaking(key)) open.push([key]);
  for (const balance of thing.lots || []) open.push([balance.replace(/^balance\/[^/]*\/(.*)@.*/, "lot/$1")]);
  for (let around = thing.parent, n = 0; around && n < NESTING_MAX; n++) {
    const parent = await row(around.key);
    open.push([around.key, parent]);
    around = parent.parent;
  }

  const things = new Set<string>();
  const makings = new Set<string>();
  const marked = new Set<string>();
  const sites = new Map<string, Span[]>();
  const note = ({ made, recalls }: Data): void => {
    for (const id of recalls || []) marked.add(id);
    for (const span of (made || []) as Span[]) sites.set(span.site!, (sites.get(span.site!) || []).concat(span));
  };
  let cut = false;
  for (let next = open.shift(); next && !cut; next = open.shift()) {
    const [key, known] = next;
    if (things.has(key)) continue;
    cut = things.size >= THINGS_MAX;
    if (cut) break;
    things.add(key);
    const { sources = [], ...marks } = known || (await row(key));
    note(marks);
    for (const source of sources) {
      if (makings.has(source)) continue;
      cut = makings.size >= THINGS_MAX;
      if (cut) break;
      makings.add(source);
      for (const input of (await row(source)).inputs || []) open.push([input]);
    }
  }

  let left = MARKS_MAX;
  const mark = async (key: string): Promise<Data> => {
    if (left-- > 0) return row(key);
    cut = true;
    return { lifted: "" };
  };
  const kinds = Array.from(things, (key) => (/^(item|lot)\/(01\/\d+)\//.exec(key) || [])[2]);
  const all = new Set(classes.concat(kinds.filter(Boolean).map((gtin) => "lot/" + gtin)));
  for (const key of Array.from(all).sort()) note(await mark(key));
  const held: string[] = [];
  const isOpen = ({ lifted }: Data): boolean => lifted === undefined;
  for (const id of Array.from(marked).sort()) if (isOpen(await mark("recall/" + id))) held.push(id);
  for (const [site, made] of Array.from(sites).sort()) {
    for (const id of (await mark("thing/414/" + site)).recalls || []) {
      const recall = await mark("recall/" + id);
      const span = recall.made as Span | undefined;
      const meets = ({ from, until = from }: Span): boolean =>
        !!span && span.from <= until && (!span.until || from <= span.until);
      if (isOpen(recall) && made.some(meets)) held.push(id);
    }
  }
  return Array.from(new Set(held)).sort().concat(cut ? "…" : []).join(" ");
}
