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
  return `${minor[0] === "-" ? "−" : ""}${whole}${fraction} ${currency}`;
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

/** How each field is told; fields that are not named here are told as they stand. */
const TOLD: { [field: string]: (value: any, currency: string) => string } = {
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
  scope: (scope: Fields) =>
    Object.entries(scope)
      .map(([what, which]) => `${what}: ${([] as unknown[]).concat(which).join(", ")}`)
      .join("\n"),
  required_signers: (signers: string[]) => signers.join(", "),
  split: (split: [string, string][]) => split.map(([party, weight]) => `${party} ${weight}`).join(" : "),
};

/** Fills the lines of a list with what a record's terms say, and hides those of fields that it does not have. */
export function show(list: HTMLElement, record: Document): void {
  const { action, body } = record as unknown as { action: string; body: Fields };
  const terms: Fields = { ...(body.terms || {}), action };
  for (const line of list.querySelectorAll<HTMLElement>("[data-field]")) {
    const field = line.dataset.field as string;
    const value = terms[field];
    line.hidden = value === undefined || value === null;
    if (line.hidden) continue;
    const tell = TOLD[field];
    const told = tell ? tell(value, terms.currency || "CNY") : typeof value === "string" ? value : JSON.stringify(value);
    line.querySelector("dd")!.textContent = told;
  }
}
