//! Signing a record that goes from signer to signer: the browser shows what it says and signs; the node sees the record when
//! it is complete.

use actix_web::HttpResponse;
use askama::Template;

use super::Page;
use crate::{visit::Visit, words::Words};

/// `signing.html`
#[derive(Template)]
#[template(path = "signing.html")]
struct SigningPage {
    w: &'static Words,
    page: Page,
    /// Fields of a term sheet and what they are called, in the order in which they are shown.
    fields: Vec<(&'static str, &'static str)>,
}

/// `GET /x/sign`
pub(crate) async fn read(visit: Visit) -> HttpResponse {
    let w = visit.words;
    let fields = FIELDS.map(|(field, zh, en)| (field, w.pick(zh, en))).to_vec();
    let page = SigningPage { w, page: visit.page(visit.newest()), fields };
    visit.answer(Ok(page))
}

/// Names of the fields of term sheets (settlement §4).
const FIELDS: [(&str, &str, &str); 35] = [
    ("action", "操作", "Action"),
    ("contract_id", "合同", "Contract"),
    ("version", "版本", "Version"),
    ("prev", "上一版本", "Replaces"),
    ("effective_from", "生效时间", "In force from"),
    ("currency", "币种", "Currency"),
    ("obligor", "付款方", "Who owes"),
    ("split", "分成", "Shared by weight"),
    ("components", "计酬项", "What is earned"),
    ("pool", "共投池分配顺序", "Pool, level by level"),
    ("item", "成本名称", "Cost"),
    ("category", "成本类别", "Kind of cost"),
    ("amount", "金额（最小货币单位）", "Amount in minor units"),
    ("name", "调整名称", "Adjustment"),
    ("amounts", "调整金额（最小货币单位）", "Amounts in minor units"),
    ("reason", "原因", "Reason"),
    ("about", "涉及", "About"),
    ("at", "发生时间", "When"),
    ("base", "计酬基数", "Base of a line"),
    ("cap", "封顶", "Cap"),
    ("guarantee", "保底", "Guarantee"),
    ("fee_to", "服务费归", "Fees go to"),
    ("feeds", "数据来源", "Reported by"),
    ("scope", "适用范围", "Covers"),
    ("period", "结算期", "Period"),
    ("hold_days", "保留天数", "Days held"),
    ("release_blocked_by_aftersale", "售后期间不释放", "Held by after-sales cases"),
    ("min_payout", "最低付款额", "Smallest payout"),
    ("clawback_limit", "冲回上限", "Clawback limit"),
    ("risk_weights", "坏账分担", "Write-offs borne by"),
    ("dispute_days", "争议期（天）", "Days to dispute"),
    ("decrease_notice_days", "下调提前通知（天）", "Days of notice of a decrease"),
    ("arbiter", "仲裁方", "Arbiter"),
    ("required_signers", "须签署方", "Must sign"),
    ("legal_text_hash", "合同文本摘要", "Hash of the wording"),
];
