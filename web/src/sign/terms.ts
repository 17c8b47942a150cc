/** What a term sheet says, in lines that people can compare with what they agreed. Each line of the page is for one field. */
import type { Document } from "../verify/file";

type Fields = { [name: string]: any };

/** Decimals of the currencies' minor units (ISO 4217); the node knows no others. */
const DECIMALS: { [currency: string]: number } = { CNY: 2, EUR: 2, HKD: 2, JPY: 0, KWD: 3, SGD: 2, USD: 2 };

function money(minor: string, currency: string): string {
  const decimals = DECIMALS[currency] ?? 0;
  const digits = minor.replace("-", "").padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = decimals ? "." + digits.slice(-decimals) : "";
  return `${minor[0] === "-" ? "−" : ""}${whole}${fraction} ${currency}`.trim();
}

/** Millionths as a percentage: 15000 is 1.5%. */
const percent = (ppm: string): string => `${Number(ppm) / 10_000}%`;

/** A metric's value: only a net base is money. */
const measured = (value: string, metric: string, currency: string): string =>
  metric === "net_base" ? money(value, currency) : metric === "refund_rate_ppm" ? percent(value) : value;

/** One component: what it pays for, how much, less which fee. */
function component({ id, kind, fee_ppm, ...terms }: Fields, currency: string): string {
  const fee = fee_ppm && fee_ppm !== "0" ? ` − ${percent(fee_ppm)}` : "";
  const told = (): string => {
    switch (kind) {
      case "per_line":
        return percent(terms.ppm);
      case "tiered": {
        const step = ([from, ppm]: [string, string]) => `≥ ${measured(from, terms.metric, currency)}: ${percent(ppm)}`;
        return `${terms.mode} ${terms.metric} ${terms.steps.map(step).join("; ")}`;
      }
      case "threshold":
        return `${terms.metric} ≥ ${measured(terms.at_least, terms.metric, currency)}: ${money(terms.amount, currency)}`;
      case "fixed":
        return `${money(terms.amount, currency)} (${terms.due})`;
      default:
        return JSON.stringify(terms);
    }
  };
  return `${id}: ${kind} ${told()}${fee}`;
}

/** Amounts or weights by party. */
const shared = (shares: [string, string][]): string => shares.map(([party, weight]) => `${party} ${weight}`).join(" : ");

/** One level of a waterfall: how much, and who shares it. */
function level({ kind, to, contributions, amount }: Fields, currency: string): string {
  const invested = (contributions || []).map(([party, minor]: [string, string]) => `${party} ${money(minor, currency)}`);
  return [kind, amount && money(amount, currency), to && shared(to), invested.join(" + ")].filter(Boolean).join(" ");
}

/** How each field is told; fields that are not named here are told as they stand. */
const TOLD: { [field: string]: (value: any, currency: string) => string } = {
  amount: money,
  amounts: (amounts: Fields, currency) =>
    Object.entries(amounts)
      .map(([party, minor]) => `${party} ${money(minor, currency)}`)
      .join("\n"),
  base: (parts: Fields) =>
    Object.entries(parts)
      .map(([part, sign]) => (Number(sign) < 0 ? `− ${part}` : Number(sign) ? `+ ${part}` : `0 × ${part}`))
      .join(" "),
  cap: money,
  clawback_limit: money,
  components: (components: Fields[], currency) => components.map((each) => component(each, currency)).join("\n"),
  feeds: (feeds: string[]) => feeds.join(", "),
  guarantee: ({ amount, due }: Fields, currency) => `${money(amount, currency)} (${due})`,
  min_payout: money,
  pool: ({ tiers, borne_by }: Fields, currency) =>
    [
      ...tiers.map((each: Fields) => level(each, currency)),
      ...Object.entries(borne_by || {}).map(([category, bearers]) => `${category}: ${(bearers as string[]).join(", ")}`),
    ].join("\n"),
  scope: (scope: Fields) =>
    Object.entries(scope)
      .map(([what, which]) => `${what}: ${([] as unknown[]).concat(which).join(", ")}`)
      .join("\n"),
  required_signers: (signers: string[]) => signers.join(", "),
  split: shared,
};

/** What is signed: a term sheet, a cost of a pool or an adjustment. The last two are in the contract's currency, which
 * they do not name, so that their amounts are told in minor units. */
function said(body: Fields): Fields {
  const { cost } = body.fact || {};
  if (cost) return { ...cost, contract_id: cost.contract, at: body.at };
  return body.terms || { ...body, contract_id: body.contract };
}

/** Fills the lines of a list with what a record's terms say, and hides those of fields that it does not have. */
export function show(list: HTMLElement, record: Document): void {
  const { action, body } = record as unknown as { action: string; body: Fields };
  const terms: Fields = { ...said(body), action };
  for (const line of list.querySelectorAll<HTMLElement>("[data-field]")) {
    const field = line.dataset.field as string;
    const value = terms[field];
    line.hidden = value === undefined || value === null;
    if (line.hidden) continue;
    const tell = TOLD[field];
    const told = tell ? tell(value, terms.currency || (body.terms ? "CNY" : "")) : typeof value === "string" ? value : JSON.stringify(value);
    line.querySelector("dd")!.textContent = told;
  }
}
