//! Events as JSON, in the spelling that they are read from.

use serde_json::{Map, Value, json};

use super::{Event, Paid, Payout, What};
use crate::settlement::{
    money::Minor,
    names::{LineId, Party},
    parts::Parts,
};

impl Event {
    /// The event without its id, which whoever keeps it knows from elsewhere. An amendment's terms are told by their
    /// version alone: they stand in a document of their own.
    pub fn to_value(&self) -> Value {
        let mut fields = self.what.fields();
        fields.insert("type".to_owned(), json!(self.what.name()));
        if let Some(at) = self.at {
            fields.insert("at".to_owned(), json!(at.millis().to_string()));
        }
        Value::Object(fields)
    }
}

impl What {
    /// What an event's `type` says.
    pub const fn name(&self) -> &'static str {
        match self {
            What::Milestone { .. } => "milestone",
            What::Paid(_) => "paid",
            What::Shipped { .. } => "shipped",
            What::Received { .. } => "received",
            What::Refund { .. } => "refund",
            What::AftersaleOpen { .. } => "aftersale_open",
            What::AftersaleClosed { .. } => "aftersale_closed",
            What::Tick => "tick",
            What::Release { .. } => "release",
            What::PeriodClose => "period_close",
            What::DisputeOpen { .. } => "dispute_open",
            What::DisputeClose { .. } => "dispute_close",
            What::Payout(_) => "payout",
            What::PayoutResult { .. } => "payout_result",
            What::Cost(_) => "cost",
            What::Adjust(_) => "adjust",
            What::Amend(_) => "amend",
        }
    }

    /// The line that it is about, where it is about one.
    pub const fn line(&self) -> Option<&LineId> {
        match self {
            What::Paid(Paid { line, .. })
            | What::Shipped { line }
            | What::Received { line }
            | What::Refund { line, .. }
            | What::AftersaleOpen { line }
            | What::AftersaleClosed { line } => Some(line),
            What::Milestone { .. }
            | What::Tick
            | What::Release { .. }
            | What::PeriodClose
            | What::DisputeOpen { .. }
            | What::DisputeClose { .. }
            | What::Payout(_)
            | What::PayoutResult { .. }
            | What::Cost(_)
            | What::Adjust(_)
            | What::Amend(_) => None,
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        };
        if let Some(line) = self.line() {
            put("line", json!(line.as_str()));
        }
        match self {
            What::Milestone { name, after_min } => {
                put("name", json!(name.as_str()));
                put("after_min", json!(after_min.map(|minutes| minutes.to_string())));
            }
            What::Paid(paid) => {
                put("order", json!(paid.order.as_ref().map(|order| order.as_str())));
                put("parts", paid.parts.to_value());
                put("units", json!(paid.units.to_string()));
                put("currency", json!(paid.currency.map(|currency| currency.code())));
            }
            What::Refund { parts, units, .. } => {
                put("parts", parts.to_value());
                put("units", json!(units.to_string()));
            }
            What::Release { units } => put("units", json!(units)),
            What::DisputeOpen { unit } | What::DisputeClose { unit } => put("unit", json!(unit)),
            What::Payout(Payout { batch, party, amount, tax_withheld }) => {
                put("batch", json!(batch.as_str()));
                put("party", json!(party.as_str()));
                put("amount", json!(amount));
                put("tax_withheld", json!(tax_withheld));
            }
            What::PayoutResult { batch, is_paid } => {
                put("batch", json!(batch.as_str()));
                put("ok", json!(is_paid));
            }
            What::Cost(cost) => {
                put("item", json!(cost.id.as_str()));
                put("category", json!(cost.category.word()));
                put("amount", json!(cost.amount));
            }
            What::Adjust(adjustment) => {
                let amount = |(party, amount): (&Party, &Minor)| (party.as_str().to_owned(), json!(amount));
                put("name", json!(adjustment.id.as_str()));
                put("amounts", adjustment.amounts.iter().map(amount).collect());
            }
            What::Amend(amendment) => put("version", json!(amendment.terms.heading.version.to_string())),
            What::Shipped { .. }
            | What::Received { .. }
            | What::AftersaleOpen { .. }
            | What::AftersaleClosed { .. }
            | What::Tick
            | What::PeriodClose => {}
        }
        fields
    }
}

impl Parts {
    fn to_value(&self) -> Value {
        self.iter().map(|(part, amount)| (part.to_owned(), json!(amount))).collect()
    }
}
