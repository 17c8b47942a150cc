//! Words for codes: CBV business steps and dispositions, actions, kinds and remarks.

use hefu_contracts::{parties::PartyKind, provenance::Flag};

use super::Words;

/// What a code is called.
#[derive(Debug)]
pub(crate) struct Term {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
}

const fn term(code: &'static str, zh: &'static str, en: &'static str) -> Term {
    Term { code, zh, en }
}

/// CBV 2.0 §7.1.
pub(crate) const BIZ_STEPS: &[Term] = &[
    term("accepting", "验收", "Accepted"),
    term("arriving", "到达", "Arrived"),
    term("assembling", "组装", "Assembled"),
    term("collecting", "回收", "Collected"),
    term("commissioning", "生产赋码", "Made and coded"),
    term("consigning", "交付承运", "Consigned"),
    term("creating_class_instance", "建立批次", "Lot created"),
    term("cycle_counting", "循环盘点", "Cycle count"),
    term("decommissioning", "注销", "Decommissioned"),
    term("departing", "出发", "Departed"),
    term("destroying", "销毁", "Destroyed"),
    term("disassembling", "拆解", "Disassembled"),
    term("dispensing", "配发", "Dispensed"),
    term("encoding", "写码", "Encoded"),
    term("entering_exiting", "进出", "Entered or left"),
    term("holding", "扣留", "Held"),
    term("inspecting", "检验", "Inspected"),
    term("installing", "安装", "Installed"),
    term("killing", "灭活标签", "Tag disabled"),
    term("loading", "装车", "Loaded"),
    term("other", "其他", "Other step"),
    term("packing", "装箱", "Packed"),
    term("picking", "拣货", "Picked"),
    term("receiving", "收货", "Received"),
    term("removing", "移除", "Removed"),
    term("repackaging", "换包装", "Repackaged"),
    term("repairing", "维修", "Repaired"),
    term("replacing", "更换", "Replaced"),
    term("reserving", "预留", "Reserved"),
    term("retail_selling", "售出", "Sold"),
    term("returning", "退回", "Returned"),
    term("sampling", "抽样", "Sampled"),
    term("sensor_reporting", "传感器读数", "Sensor reading"),
    term("shipping", "发货", "Shipped"),
    term("staging_outbound", "待发", "Staged for shipping"),
    term("stock_taking", "盘点", "Stock taken"),
    term("stocking", "上架", "Put on the shelf"),
    term("storing", "入库", "Stored"),
    term("transporting", "运输", "In transport"),
    term("unloading", "卸车", "Unloaded"),
    term("unpacking", "拆箱", "Unpacked"),
    term("void_shipping", "取消发货", "Shipping cancelled"),
];

/// CBV 2.0 §7.2.
pub(crate) const DISPOSITIONS: &[Term] = &[
    term("active", "正常使用", "Active"),
    term("available", "可用", "Available"),
    term("completeness_inferred", "推定完整", "Completeness inferred"),
    term("completeness_verified", "核实完整", "Completeness verified"),
    term("conformant", "合格", "Conformant"),
    term("container_closed", "已封箱", "Container closed"),
    term("container_open", "已开箱", "Container open"),
    term("damaged", "破损", "Damaged"),
    term("destroyed", "已销毁", "Destroyed"),
    term("dispensed", "已配发", "Dispensed"),
    term("disposed", "已处置", "Disposed of"),
    term("encoded", "已写码", "Encoded"),
    term("expired", "已过期", "Expired"),
    term("in_progress", "进行中", "In progress"),
    term("in_transit", "在途", "In transit"),
    term("inactive", "停用", "Inactive"),
    term("mismatch_class", "品类不符", "Class mismatch"),
    term("mismatch_instance", "单品不符", "Instance mismatch"),
    term("mismatch_quantity", "数量不符", "Quantity mismatch"),
    term("needs_replacement", "待更换", "Needs replacement"),
    term("no_pedigree_match", "来历不符", "No pedigree match"),
    term("non_conformant", "不合格", "Not conformant"),
    term("non_sellable_other", "不可销售", "Not sellable"),
    term("partially_dispensed", "部分配发", "Partly dispensed"),
    term("recalled", "已召回", "Recalled"),
    term("reserved", "已预留", "Reserved"),
    term("retail_sold", "已售出", "Sold"),
    term("returned", "已退回", "Returned"),
    term("sellable_accessible", "在售", "On sale"),
    term("sellable_not_accessible", "可售未上架", "Sellable, not on the shelf"),
    term("stolen", "失窃", "Stolen"),
    term("unavailable", "不可用", "Unavailable"),
    term("unknown", "不明", "Unknown"),
];

/// What a record did to a thing, where only that is public.
pub(crate) const ROLES: &[Term] = &[
    term("associate", "组装", "Assembled"),
    term("commission", "生产赋码", "Made and coded"),
    term("consume", "投入生产", "Used up"),
    term("contain", "装入", "Filled"),
    term("contradict", "自相矛盾", "Contradiction shown"),
    term("destroy", "销毁", "Destroyed"),
    term("dissociate", "拆解", "Disassembled"),
    term("flag", "备注", "Remark"),
    term("inspect", "检验", "Inspected"),
    term("issue", "发码", "Codes issued"),
    term("lift", "解除召回", "Recall lifted"),
    term("observe", "经过一步", "One step"),
    term("pack", "装箱", "Packed"),
    term("produce", "产出", "Made of others"),
    term("receive", "收货", "Received"),
    term("recall", "召回", "Recalled"),
    term("recover", "撤回发货", "Shipping taken back"),
    term("refuse", "拒收", "Refused"),
    term("register", "登记", "Registered"),
    term("release", "取出", "Emptied"),
    term("settle", "结算", "Settled"),
    term("ship", "发货", "Shipped"),
    term("transact", "关联单据", "Linked to an order"),
    term("undo", "撤销", "Undone"),
    term("unpack", "拆箱", "Unpacked"),
    term("update", "更新", "Updated"),
];

/// Actions of records.
pub(crate) const ACTIONS: &[Term] = &[
    term("agreement.sign", "签署合同", "Agreement signed"),
    term("authority.grant", "授权记录", "Authority granted"),
    term("authority.revoke", "收回授权", "Authority revoked"),
    term("bom.put", "登记物料清单", "Bill of material set"),
    term("codes.issue", "发码", "Codes issued"),
    term("agreement.adjust", "另行约定的调整", "Amounts agreed on outside of the terms"),
    term("dispute.close", "争议了结", "Dispute closed"),
    term("dispute.open", "提出争议", "Dispute opened"),
    term("event.capture", "事件", "Event"),
    term("fact.report", "订单事实", "Fact reported"),
    term("feed.put", "登记数据源", "Feed declared"),
    term("hold.release", "解冻", "Hold released"),
    term("key.grant", "授予密钥", "Key granted"),
    term("key.revoke", "吊销密钥", "Key revoked"),
    term("party.add", "企业加入", "Company joined"),
    term("payout.instruct", "发起付款", "Payout instructed"),
    term("payout.receipt", "付款回执", "Payout attested"),
    term("period.close", "结期", "Period closed"),
    term("product.put", "登记产品", "Product registered"),
    term("quota.set", "设定配额", "Quota set"),
    term("recall.lift", "解除召回", "Recall lifted"),
    term("recall.open", "召回", "Recalled"),
    term("site.put", "登记场所", "Place registered"),
    term("statement.accept", "接受对账单", "Statement accepted"),
    term("statement.issue", "出具对账单", "Statement issued"),
    term("system.evidence", "验证节点自相矛盾", "Validator contradicted itself"),
];

const PARTY_KINDS: &[Term] = &[
    term("auditor", "审计", "Auditor"),
    term("brand", "品牌", "Brand"),
    term("carrier", "物流", "Carrier"),
    term("factory", "工厂", "Factory"),
    term("kol", "达人", "Creator"),
    term("lab", "检测机构", "Lab"),
    term("mcn", "达人机构", "Creator agency"),
    term("platform", "平台", "Platform"),
    term("supplier", "供应商", "Supplier"),
    term("warehouse", "仓库", "Warehouse"),
    term("workshop", "工坊", "Workshop"),
];

/// Remarks on an item.
pub(crate) const FLAGS: &[Term] = &[
    term(
        "broken-aggregation",
        "曾在与其所在容器不同的地点单独出现",
        "It was seen by itself at another place than the container it is in",
    ),
    term("error-declared", "有一条记录已被其作者声明有误", "One record was declared wrong by its author"),
    term("error-without-original", "声明有误的原记录不在此账本中", "A record declared wrong is not on this ledger"),
    term(
        "impossible-travel",
        "曾在短时间内出现在相距过远的两地",
        "It was seen at two places too far apart for the time between",
    ),
    term(
        "not-commissioned",
        "账本中没有此件如何产生的记录",
        "The ledger has no record of how this item came into being",
    ),
    term(
        "origin-not-on-ledger",
        "此码的发码企业不在此账本中，来源无法确认",
        "The company that issued this code is not on this ledger, so its origin cannot be confirmed",
    ),
    term("over-received", "收到的数量多于发出的数量", "More of it was received than was shipped"),
    term("short-received", "收到的数量少于发出的数量", "Less of it was received than was shipped"),
    term(
        "yield-out-of-bounds",
        "生产用料与物料清单不符",
        "It was made with more or less than the bill of material asks for",
    ),
];

/// Why an author takes back its word (CBV 2.0 §7.5), without what all error reasons begin with.
pub(crate) const ERROR_REASONS: &[Term] = &[
    term("did_not_occur", "事件并未发生", "the event did not occur"),
    term("incorrect_data", "数据有误", "its data were incorrect"),
];

/// What does not fit an item in circulation.
pub(crate) const CONFLICTS: &[Term] = &[
    term("consumed", "账本记载此件已用于生产", "The ledger records this item as used up in making others"),
    term("destroyed", "账本记载此件已销毁", "The ledger records this item as destroyed"),
];

/// What whoever holds an item should know.
pub(crate) const NOTICES: &[Term] = &[
    term("packed", "账本记载此件仍装在箱中", "The ledger records this item as still packed"),
    term("transfer", "账本记载此件仍在途中", "The ledger records this item as still in transit"),
];

/// What a code is called; a code that is not in the table stands for itself.
pub(crate) fn say(table: &'static [Term], code: &str, words: &Words) -> String {
    let found = table.iter().find(|term| term.code == code);
    found.map_or(code, |term| words.pick(term.zh, term.en)).to_owned()
}

/// What an organisation is.
pub(crate) fn party_kind(kind: PartyKind, words: &Words) -> String {
    let code = match kind {
        PartyKind::Auditor => "auditor",
        PartyKind::Brand => "brand",
        PartyKind::Carrier => "carrier",
        PartyKind::Factory => "factory",
        PartyKind::Kol => "kol",
        PartyKind::Lab => "lab",
        PartyKind::Mcn => "mcn",
        PartyKind::Platform => "platform",
        PartyKind::Supplier => "supplier",
        PartyKind::Warehouse => "warehouse",
        PartyKind::Workshop => "workshop",
    };
    say(PARTY_KINDS, code, words)
}

/// What a remark means.
pub(crate) fn flag(flag: Flag, words: &Words) -> String {
    let code = match flag {
        Flag::BrokenAggregation => "broken-aggregation",
        Flag::ImpossibleTravel => "impossible-travel",
        Flag::ErrorDeclared => "error-declared",
        Flag::ErrorWithoutOriginal => "error-without-original",
        Flag::OriginNotOnLedger => "origin-not-on-ledger",
        Flag::OverReceived => "over-received",
        Flag::ShortReceived => "short-received",
        Flag::YieldOutOfBounds => "yield-out-of-bounds",
    };
    say(FLAGS, code, words)
}
