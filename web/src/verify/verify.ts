import { canonical } from "./canonical";
import { demandCertified, demandHeader, membersFor } from "./certificate";
import { choose, hashText, type Tools } from "./crypto";
import type { Document, Entry, ProofFile, Row } from "./file";
import { fold, type Folded, timeline } from "./history";
import { recallsOf } from "./origins";
import { demandDisclosed, demandSigned, idOf, names } from "./record";
import { demand, type Refusal, type Step } from "./refusal";
import { rowsUnder } from "./register";

export interface Held {
  ok: true;
  mode: Tools["mode"];
  /** SHA-256 of genesis: the name of the chain whose validators certified all this. */
  genesis: string;
  heartbeatMs: number;
  height: number;
  time: string;
  /** False when what is proven is that the subject has no row. */
  present: boolean;
  /** The ids of the open recalls that hold for the subject, sorted, with "…" at the end where a proof shows no more. */
  recalls: string;
  rows: Map<string, Row>;
  /** Every record checked, by id. Those that are for their parties alone are missing: their entries prove that they exist. */
  records: Map<string, Document>;
  /** What happened to the subject, alone or inside its containers: one entry per record, in order of height. */
  entries: Entry[];
}

export interface Broken {
  ok: false;
  mode: Tools["mode"];
  step: Step;
  reason: string;
  /** The id of the record at fault, and its place among the proof's records counted from 1. */
  record?: string;
  ordinal?: number;
}

export interface Expected {
  genesis?: string;
  subject?: string;
  /** The tools chosen already, while the proof was being fetched. */
  tools?: Promise<Tools | null>;
  /** Called after each record's signatures have been checked, and waited for. */
  progress?: (done: number) => Promise<void>;
}

type Records = Map<string, ProofFile["records"][number]>;

/** Verifies a proof file with the best tools this browser has; null when it has none. */
export async function verify(proof: ProofFile, expected: Expected = {}): Promise<Held | Broken | null> {
  const tools = await (expected.tools || choose());
  if (!tools) return null;
  let step: Step = "form";
  let order: string[] = [];
  try {
    order = recordOrder(proof);
    return await inOrder(tools, proof, order, expected, (next) => (step = next));
  } catch (error) {
    // Whatever a malformed file makes fail is a refusal at the step reached, like a check that does not hold.
    const { message: reason, record } = error as Refusal;
    const ordinal = (record && order.indexOf(record) + 1) || undefined;
    return { ok: false, mode: tools.mode, step, reason, record, ordinal };
  }
}

async function inOrder(
  tools: Tools,
  proof: ProofFile,
  order: string[],
  { genesis: known, subject, progress }: Expected,
  enter: (step: Step) => void,
): Promise<Held> {
  const { genesis, header } = proof;
  demand(proof.type === "proof" && proof.version === 1, "version");
  demand(!subject || subject === proof.subject, "subject");
  enter("genesis");
  const chain = await hashText(tools, canonical(genesis));
  demand(!known || known === chain, "hash");
  enter("header");
  const members = await membersFor(tools, proof, chain);
  await demandHeader(tools, header, chain, members);
  enter("certificate");
  await demandCertified(tools, header, proof.certificate, members);
  enter("register");
  const { rows, look } = await rowsUnder(tools, proof);
  const isThing = (await look(proof.subject)) && /^(item|lot|container|thing)\//.test(proof.subject);
  const recalls = isThing ? await recallsOf(look, proof.subject) : "";
  enter("history");
  const row = rows.get(proof.subject);
  demand(row || !proof.histories.length, "of nothing");
  const histories: Folded[] = [];
  for (const history of proof.histories) histories.push(await fold(tools, history));
  const happened = row ? timeline(proof.subject, histories, rows) : new Map<string, Entry>();
  enter("record");
  const records = await recordsOf(tools, proof, order);
  for (const [i, id] of order.entries()) {
    const shown = records.get(id);
    if (shown) await demandSigned(tools, shown.record, id, chain);
    if (progress) await progress(i + 1);
  }
  enter("element");
  for (const history of histories) await demandNamed(tools, records, history);
  return {
    ok: true,
    mode: tools.mode,
    genesis: chain,
    heartbeatMs: genesis.parameters.heartbeatMs,
    height: header.height,
    time: header.time,
    present: !!row,
    recalls,
    rows,
    records: new Map(Array.from(records, ([id, { record }]) => [id, record])),
    entries: Array.from(happened.values()).sort((a, b) => a.height - b.height),
  };
}

/** The ids of the records that the entries speak of, by height: the numbering used to point at one of them. */
function recordOrder({ histories }: ProofFile): string[] {
  const entries = histories.flatMap((history) => history.entries).sort((a, b) => a.height - b.height);
  return Array.from(new Set(entries.map(({ record }) => record)));
}

/** The records by the ids computed from their text: one for every entry that is not private, and none from elsewhere. */
async function recordsOf(tools: Tools, proof: ProofFile, order: string[]): Promise<Records> {
  const records: Records = new Map();
  for (const shown of proof.records) records.set(await idOf(tools, shown.record), shown);
  for (const { record: id, visibility } of proof.histories.flatMap(({ entries }) => entries)) {
    demand(visibility === "parties" || records.has(id), "id", id);
  }
  demand(proof.records.length === order.filter((id) => records.has(id)).length, "without entry");
  return records;
}

/** Opens the disclosed elements of a history's records, among which each must name the thing it is an entry of. */
async function demandNamed(tools: Tools, records: Records, { entries, key }: Folded): Promise<void> {
  for (const { by, record: id, visibility } of entries) {
    const shown = records.get(id);
    if (!shown) continue;
    const { disclosed = {}, record } = shown;
    demand(record.visibility === visibility, "visibility", id);
    // A batch is named by its record's id, and a company that changes its keys by its signature.
    let named = ["batch/" + id, ...(/^key\./.test(record.action) ? by.map((party) => "party/" + party) : [])].includes(key);
    named = named || names(record.body, key);
    for (const pointer of Object.keys(disclosed)) {
      for (const element of disclosed[pointer]!) {
        await demandDisclosed(tools, record, id, pointer, element);
        named = named || names(element.element, key);
      }
    }
    demand(named, "names no " + key, id);
  }
}
