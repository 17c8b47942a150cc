//! Nine term sheets to begin with: how far a creator reaches by how deep the work with her goes. They only prefill; what
//! counts is what is signed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How far a creator reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Millions.
    Head,
    /// Hundreds of thousands.
    Waist,
    /// Fewer.
    Tail,
}

/// How deep the work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// She shapes the product and has a share in all that is sold of it.
    Strategic,
    /// She makes reviews and videos for a fee and a commission.
    Content,
    /// She earns by what she sells.
    Performance,
}

/// Which sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// How far she reaches.
    pub reach: Reach,
    /// How deep the work goes.
    pub depth: Depth,
}

/// A term sheet to fill in: parties, feeds, products and dates are placeholders that read as what they stand for.
pub fn template(Template { reach, depth }: Template) -> Value {
    let (commission, above, fee, bonus) = match reach {
        Reach::Head => ("80000", "100000", "6000000", "300000"),
        Reach::Waist => ("100000", "120000", "1200000", "100000"),
        Reach::Tail => ("150000", "150000", "100000", "30000"),
    };
    let quality = json!({"id": "quality", "kind": "tiered", "mode": "slab", "metric": "refund_rate_ppm",
        "steps": [["0", "10000"], ["30001", "0"], ["80001", "-20000"]]});
    let per_line = json!({"id": "commission", "kind": "per_line", "ppm": commission});
    let rising = json!({"id": "commission", "kind": "tiered", "mode": "marginal", "metric": "net_base",
        "steps": [["0", commission], ["15000000", above]]});
    let base_fee = json!({"id": "fee", "kind": "fixed", "amount": fee, "due": "milestone:published",
        "factor": {"milestone": "answered", "within_min": "120", "else_ppm": "900000"}});
    let response = json!({"id": "response", "kind": "fixed", "amount": bonus, "due": "milestone:answered",
        "factor": {"milestone": "answered", "within_min": "60", "else_ppm": "0"}});
    let volume =
        json!({"id": "volume", "kind": "threshold", "metric": "net_units", "at_least": "1000", "amount": bonus});
    let (components, guarantee, notice) = match depth {
        Depth::Strategic => (json!([rising, quality, base_fee, response]), json!({"amount": fee, "due": "sign"}), "30"),
        Depth::Content => (json!([per_line, quality, base_fee, response]), Value::Null, "30"),
        Depth::Performance => (json!([per_line, volume]), Value::Null, "7"),
    };
    json!({
        "arbiter": "arbiter", "base": {"goods": "1", "merchant_discount": "-1"}, "cap": null,
        "clawback_limit": "5000000", "components": components, "contract_id": "CONTRACT", "currency": "CNY",
        "decrease_notice_days": notice, "dispute_days": "30", "effective_from": "2026-01-01T00:00:00+08:00",
        "feeds": ["platform:shop"], "guarantee": guarantee, "hold_days": "15", "min_payout": "100",
        "obligor": "brand", "partial_refund": "proportional", "period": "month", "release_blocked_by_aftersale": true,
        "required_signers": ["brand", "creator"], "scope": {"contents": "any", "products": "any"},
        "split": [["creator", "1"]], "tz_offset_min": "480", "version": "1",
    })
}

/// A term sheet of a co-investment pool to fill in: who put in how much gets it back first, the rest is shared, and
/// losses are borne as agreed.
pub fn pool() -> Value {
    json!({
        "arbiter": "arbiter", "base": {"goods": "1", "merchant_discount": "-1"}, "clawback_limit": "5000000",
        "contract_id": "CONTRACT", "currency": "CNY", "decrease_notice_days": "30", "dispute_days": "30",
        "effective_from": "2026-01-01T00:00:00+08:00", "feeds": ["platform:shop"], "hold_days": "15",
        "min_payout": "100", "obligor": "brand",
        "period": {"from": "2026-01-01T00:00:00+08:00", "to": "2026-02-01T00:00:00+08:00"},
        "pool": {
            "borne_by": {"coordination": ["brand"], "fixed": ["brand", "creator"], "variable": ["brand", "creator"]},
            "tiers": [
                {"kind": "amount", "to": [["platform", "1"]], "amount": "500000"},
                {"kind": "return_capital", "contributions": [["brand", "2000000"], ["creator", "1000000"]]},
                {"kind": "split", "to": [["brand", "5"], ["creator", "3"], ["factory", "2"]]},
                {"kind": "loss", "to": [["brand", "2"], ["creator", "1"]]},
            ],
        },
        "release_blocked_by_aftersale": true, "required_signers": ["brand", "creator", "factory"],
        "scope": {"contents": "any", "products": "any"}, "version": "1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::{Book, Terms};

    #[test]
    fn a_pool_is_a_term_sheet() {
        Book::new(Terms::read(&pool()).unwrap());
    }

    #[test]
    fn all_nine_are_term_sheets_and_differ() {
        let reaches = [Reach::Head, Reach::Waist, Reach::Tail];
        let depths = [Depth::Strategic, Depth::Content, Depth::Performance];
        let pairs = reaches.into_iter().flat_map(|reach| depths.map(|depth| Template { reach, depth }));
        let sheets: Vec<Value> = pairs.map(template).collect();
        for (place, sheet) in sheets.iter().enumerate() {
            Book::new(Terms::read(sheet).unwrap());
            assert!(!sheets[..place].contains(sheet));
        }
        assert_eq!(sheets.len(), 9);
    }
}
