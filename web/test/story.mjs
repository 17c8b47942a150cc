// A small story in the ledger of ledger.mjs: three refills, filled, tested, packed into a case, the case onto a pallet,
// shipped, received and taken out again; a second case stays on its pallet.
import { Ledger, jcs, sha256 } from "./ledger.mjs";

export const GTIN = "09528880010021";
export const R1 = `item/01/${GTIN}/21/7K3M9Q2X4BHT6WZ0N5PD`;
export const R2 = `item/01/${GTIN}/21/1D8V5RNA0JX2C7GQ4WME`;
export const R3 = `item/01/${GTIN}/21/Z6T0YB3KH9PE5SV8M1QA`;
export const UNKNOWN = `item/01/${GTIN}/21/00000000000000000000`;
export const CASE = "container/00/095288803000000015";
export const CASE2 = "container/00/095288803000000022";
export const PALLET = "container/00/095288803000000039";
export const WAREHOUSE = "site/9528880100029";
export const PRODUCT = `product/${GTIN}`;

const link = (rowKey) => "https://id.gs1.org/" + rowKey.slice(rowKey.indexOf("/") + 1);

const NAMES = {
  corenest: ["CoreNest", "栖芯"],
  yueling: ["Yueling FlexMake", "越岭柔造"],
  puyan: ["Puyan Testing", "谱验检测"],
  swiftboat: ["Swiftboat Logistics", "迅舟物流"],
};

export class Story extends Ledger {
  constructor(options) {
    super(options);
    for (const [party, [en, zh]] of Object.entries(NAMES)) this.row(`party/${party}`, { name: { en, zh } });
    this.row(PRODUCT, { kind: "finished", name: { en: "Osmanthus Refill 50 g", zh: "桂花冷萃内芯 50 克" }, owner: "corenest" });
    this.row(WAREHOUSE, { name: { en: "CoreNest RDC Hangzhou", zh: "栖芯杭州仓" }, party: "corenest" });
  }

  /** An ObjectEvent about `things`, entered in `rows` with one role each. */
  observe(time, bizStep, signers, things, role, extra = {}) {
    const event = {
      action: bizStep === "commissioning" ? "ADD" : "OBSERVE",
      bizStep,
      eventTime: time,
      eventTimeZoneOffset: "+08:00",
      type: "ObjectEvent",
      ...extra,
    };
    const id = this.capture(event, { "/body/event/epcList": things.map(link) }, signers);
    this.enter(id, time, signers.map((name) => name.split(" ")[0]), things.map((row) => ({ row, role })));
  }

  /** An AggregationEvent that puts `children` into `parents[0]`, which stands in `parents[1]` and so on, or takes them out. */
  aggregate(time, bizStep, signers, parents, children) {
    const packing = bizStep === "packing";
    const event = {
      action: packing ? "ADD" : "DELETE",
      bizStep,
      eventTime: time,
      eventTimeZoneOffset: "+08:00",
      parentID: link(parents[0]),
      type: "AggregationEvent",
    };
    const id = this.capture(event, { "/body/event/childEPCs": children.map(link) }, signers);
    this.enter(id, time, signers.map((name) => name.split(" ")[0]), [
      { row: parents[0], role: packing ? "contain" : "release" },
      ...children.map((row) => ({ row, role: packing ? "pack" : "unpack", inside: parents })),
    ]);
  }

  capture(event, lists, signers) {
    return this.record({ body: { cbv: sha256(jcs(event)).toString("hex"), event }, lists, signers });
  }

  tell() {
    const warehouse = { bizLocation: { id: "https://id.gs1.org/414/9528880100029" } };
    this.observe("2026-09-19T02:00:00.000Z", "commissioning", ["yueling line 2"], [R1, R2, R3], "commission");
    this.observe("2026-09-21T07:30:00.000Z", "inspecting", ["puyan lab"], [R1, R2, R3], "inspect", {
      disposition: "conformant",
    });
    this.aggregate("2026-09-21T08:10:00.000Z", "packing", ["yueling line 2"], [CASE], [R1, R2]);
    this.aggregate("2026-09-21T08:12:00.000Z", "packing", ["yueling line 2"], [CASE2], [R3]);
    this.aggregate("2026-09-21T08:40:00.000Z", "packing", ["yueling dock"], [PALLET], [CASE, CASE2]);
    this.observe("2026-09-21T09:05:00.000Z", "shipping", ["yueling dock", "swiftboat van 7"], [PALLET], "ship");
    this.observe("2026-09-22T01:20:00.000Z", "receiving", ["corenest dock"], [PALLET], "receive", warehouse);
    this.aggregate("2026-09-22T01:40:00.000Z", "unpacking", ["corenest dock"], [CASE, PALLET], [R2]);
    this.aggregate("2026-09-22T02:00:00.000Z", "unpacking", ["corenest dock"], [PALLET], [CASE]);
    this.aggregate("2026-09-22T03:00:00.000Z", "unpacking", ["corenest dock"], [CASE], [R1]);
    this.observe("2026-09-23T02:15:00.000Z", "shipping", ["corenest dock"], [R1], "ship");
    for (const item of [R1, R2, R3]) this.settle(item);
    return this;
  }

  /** What an item's row says: by whom it was made, and who has it. */
  settle(item, more = {}) {
    const mark = ({ by, record, time }) => ({ at: time, by: by[0], record });
    const [made] = this.row(item).entries;
    const taken = this.row(PALLET).entries.find(({ role }) => role === "receive");
    this.row(item, { commissioned: mark(made), holder: mark(taken), ...more });
  }
}

export const ALONGSIDE = [PRODUCT, WAREHOUSE, ...Object.keys(NAMES).map((party) => `party/${party}`)];
export const tell = (options) => new Story(options).tell();
