//! A subscription by webhook: what it was asked to do, and how far it has come.

use std::collections::BTreeMap;

use hefu_contracts::{
    height::Height,
    time::{Millis, Time},
};
use hefu_keys::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::schedule::{FIELDS, Schedule};
use crate::{
    epcis::event::EpcFormat,
    ledger::Place,
    problem::{Door, Problem, ProblemView},
};

/// Largest body of a subscription in bytes.
pub(super) const SUBSCRIPTION_BYTES_MAX: usize = 16 << 10;

/// Longest token to sign with, in bytes.
const TOKEN_BYTES_MAX: usize = 1_024;

/// First and longest wait after a receiver has not taken a report.
const AGAIN_AFTER: Millis = Millis(1_000);
const AGAIN_AFTER_MAX: Millis = Millis(15 * 60 * 1_000);

/// A receiver that has taken nothing for so long gets nothing more.
pub const GIVEN_UP_AFTER: Millis = Millis(24 * 60 * 60 * 1_000);

/// When a query is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Trigger {
    /// With every block that has an event that matches.
    Stream,
    /// At times.
    Schedule {
        schedule: Schedule,
        /// Whether nothing new is reported too.
        report_if_empty: bool,
    },
}

/// How far a subscription has come. What stands before was reported, or does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reached {
    /// The last place that was looked at.
    pub height: Height,
    pub index: u32,
    /// When the query was last run for it.
    pub run: Option<Time>,
}

impl Reached {
    pub(crate) fn place(&self) -> Place {
        Place { height: self.height, index: self.index }
    }
}

/// How the last reports went.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub(crate) enum Delivery {
    /// The receiver takes what it is sent.
    Active,
    /// It does not, and is asked again.
    #[serde(rename_all = "camelCase")]
    Retrying { failures: u32, since: Time, next_attempt_at: Time, detail: String },
    /// Nothing more is sent.
    #[serde(rename_all = "camelCase")]
    Ended { ended_at: Time, problem: ProblemView },
}

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub id: String,
    /// Id of the query.
    pub query: String,
    pub owner: String,
    /// The key that subscribed: it must still be one that reads whenever something is sent.
    pub key: Address,
    pub order: Order,
    pub created: Time,
    pub reached: Reached,
    pub notified: Option<Time>,
    pub delivery: Delivery,
}

/// What a client asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Where reports go.
    pub dest: String,
    /// What they are signed with. It is never told.
    pub token: Option<String>,
    pub trigger: Trigger,
    /// Events recorded before are not reported; without it, those of blocks before the subscription.
    pub initial: Option<Time>,
    pub format: EpcFormat,
}

fn wrong(pointer: &str, what: impl std::fmt::Display) -> Problem {
    let problem = Problem::from(Door::Subscription).because(what);
    if pointer.is_empty() { problem } else { problem.at(pointer) }
}

fn string(pointer: &str, value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(wrong(pointer, "must be a text"))
        }
    }
}

fn flag(pointer: &str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| wrong(pointer, "must be true or false"))
}

impl Order {
    /// Reads a subscription's body.
    ///
    /// # Errors
    /// `E-SUBSCRIPTION` with a pointer to what does not fit.
    pub(crate) fn read(text: &str, format: EpcFormat) -> Result<Order, Problem> {
        let value: Value = serde_json::from_str(text).map_err(|bad| wrong("", bad))?;
        let Value::Object(members) = value else { return Err(wrong("", "a subscription is an object")) };
        let (mut dest, mut token, mut initial) = (None, None, None);
        let mut when = When::default();
        for (name, value) in members {
            let pointer = format!("/{name}");
            match name.as_str() {
                "dest" => dest = Some(string(&pointer, value)?),
                // The description has it under one name and requires it under the other.
                "signatureToken" | "secret" => {
                    let given = string(&pointer, value)?;
                    if given.is_empty() || given.len() > TOKEN_BYTES_MAX {
                        return Err(wrong(&pointer, format!("must have 1 to {TOKEN_BYTES_MAX} bytes")));
                    }
                    if token.as_ref().is_some_and(|known| *known != given) {
                        return Err(wrong(&pointer, "signatureToken and secret are two names of one thing"));
                    }
                    token = Some(given);
                }
                "initialRecordTime" => initial = Some(time(&pointer, &string(&pointer, value)?)?),
                "stream" => when.stream = Some(flag(&pointer, &value)?),
                "reportIfEmpty" => when.report_if_empty = Some(flag(&pointer, &value)?),
                "schedule" => match value {
                    Value::Object(fields) => when.fields = Some(fields_of(fields)?),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                        return Err(wrong(&pointer, "must be an object"));
                    }
                },
                _ => return Err(wrong(&pointer, "a subscription has no such member")),
            }
        }
        let dest = dest.ok_or_else(|| wrong("", "`dest` is missing"))?;
        Ok(Order { dest, token, trigger: when.trigger()?, initial, format })
    }
}

/// A time of a subscription.
///
/// # Errors
/// `E-SUBSCRIPTION`.
pub(crate) fn time(pointer: &str, text: &str) -> Result<Time, Problem> {
    // A plus sign of an address that was not encoded has become a space.
    Time::from_rfc3339(&text.replace(' ', "+")).map_err(|bad| wrong(pointer, bad))
}

fn fields_of(fields: Map<String, Value>) -> Result<BTreeMap<String, String>, Problem> {
    let written = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(wrong(&format!("/schedule/{name}"), "must be a text"))
        }
    };
    fields.into_iter().map(written).collect()
}

/// When a query is to be run, as a client says it.
#[derive(Debug, Default)]
pub(crate) struct When {
    pub stream: Option<bool>,
    pub report_if_empty: Option<bool>,
    pub fields: Option<BTreeMap<String, String>>,
}

impl When {
    /// Takes a parameter of an address; whether it is one of a subscription.
    ///
    /// # Errors
    /// `E-SUBSCRIPTION`.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        let flag = || value.parse::<bool>().map_err(|_| wrong("", format!("{name}: must be true or false")));
        match name {
            "stream" => self.stream = Some(flag()?),
            "reportIfEmpty" => self.report_if_empty = Some(flag()?),
            name if FIELDS.iter().any(|(known, ..)| *known == name) => {
                self.fields.get_or_insert_default().insert(name.to_owned(), value.to_owned());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What it comes to.
    ///
    /// # Errors
    /// `E-SUBSCRIPTION` where it is both or neither of stream and schedule, or the schedule is none.
    pub(crate) fn trigger(self) -> Result<Trigger, Problem> {
        match (self.stream, self.fields) {
            (Some(true), None) if self.report_if_empty == Some(true) => {
                Err(wrong("", "reportIfEmpty goes with a schedule: a stream reports when there is something"))
            }
            (Some(true), None) => Ok(Trigger::Stream),
            (None, Some(fields)) => {
                let schedule = Schedule::try_from(fields).map_err(|bad| wrong("/schedule", bad))?;
                Ok(Trigger::Schedule { schedule, report_if_empty: self.report_if_empty.unwrap_or(false) })
            }
            (Some(_), Some(_)) => Err(wrong("", "stream and schedule exclude each other")),
            (Some(false), None) => Err(wrong("", "stream can only be true; a subscription without it has a schedule")),
            (None, None) => Err(wrong("", "say when to report: a schedule, or `stream`: true")),
        }
    }
}

impl Delivery {
    /// After a receiver has not taken a report: when it is asked again, or that it no longer is.
    pub(crate) fn failed(&self, now: Time, detail: String) -> Delivery {
        let (failures, since) = match self {
            Delivery::Retrying { failures, since, .. } => (failures.saturating_add(1), *since),
            Delivery::Active | Delivery::Ended { .. } => (1, now),
        };
        if now.since(since) >= GIVEN_UP_AFTER {
            let detail = format!("nothing was taken in {failures} attempts since {since}; at last: {detail}");
            return Delivery::ended(now, &Problem::from(Door::SubscriptionEnded).because(detail));
        }
        let doubled = AGAIN_AFTER.0.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
        let wait = Millis(if failures > 20 { AGAIN_AFTER_MAX.0 } else { doubled.min(AGAIN_AFTER_MAX.0) });
        Delivery::Retrying { failures, since, next_attempt_at: now.plus(wait), detail }
    }

    /// That nothing more is sent.
    pub(crate) fn ended(now: Time, problem: &Problem) -> Delivery {
        Delivery::Ended { ended_at: now, problem: problem.view().clone() }
    }
}

impl Subscription {
    /// When it is its turn; `None` where a new block brings it, or nothing.
    pub(crate) fn due(&self) -> Option<Time> {
        match (&self.delivery, &self.order.trigger) {
            (Delivery::Ended { .. }, _) | (Delivery::Active, Trigger::Stream) => None,
            (Delivery::Retrying { next_attempt_at, .. }, _) => Some(*next_attempt_at),
            (Delivery::Active, Trigger::Schedule { schedule, .. }) => {
                schedule.after(self.reached.run.unwrap_or(self.created))
            }
        }
    }

    /// What was recorded up to then was told: first `initialRecordTime`, then when the query was last run.
    pub(crate) fn reached_time(&self) -> Time {
        self.reached.run.or(self.order.initial).unwrap_or(self.created)
    }

    /// As it is answered, never with its token (`AbstractQuerySubscriptionResponse`).
    pub(crate) fn view(&self, query: &str) -> Value {
        let Order { dest, trigger, initial, format, token } = &self.order;
        let mut view = json!({
            "subscriptionID": self.id,
            "queryName": query,
            "dest": dest,
            "createdAt": self.created,
            "initialRecordTime": initial.unwrap_or(self.created),
            "minRecordTime": self.reached_time(),
            "epcFormat": format,
            "hefu:signed": token.is_some(),
            "hefu:delivery": self.delivery,
        });
        if let Value::Object(members) = &mut view {
            match trigger {
                Trigger::Stream => {
                    members.insert("stream".to_owned(), true.into());
                }
                Trigger::Schedule { schedule, report_if_empty } => {
                    members.insert("schedule".to_owned(), json!(schedule));
                    members.insert("reportIfEmpty".to_owned(), (*report_if_empty).into());
                }
            }
            members.extend(self.notified.map(|time| ("lastNotifiedAt".to_owned(), json!(time))));
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(body: &Value) -> Option<String> {
        let problem = Order::read(&body.to_string(), EpcFormat::AsRecorded).map(|_| ()).unwrap_err();
        assert_eq!(problem.view().code, "E-SUBSCRIPTION", "{body}");
        problem.view().pointer.clone()
    }

    #[test]
    fn a_subscription_says_where_and_when() {
        let dest = "https://client.example.com/queryCallback";
        let order = |body: Value| Order::read(&body.to_string(), EpcFormat::AsRecorded).unwrap();
        assert_eq!(order(json!({"dest": dest, "stream": true})).trigger, Trigger::Stream);
        let scheduled = order(json!({
            "dest": dest, "signatureToken": "13df", "secret": "13df", "reportIfEmpty": true,
            "schedule": {"hour": "1", "minute": 5}, "initialRecordTime": "2020-04-04T20:33:31.116-06:00",
        }));
        assert!(matches!(scheduled.trigger, Trigger::Schedule { report_if_empty: true, .. }));
        assert_eq!(scheduled.initial.unwrap().to_string(), "2020-04-05T02:33:31.116Z");
        for (body, pointer) in [
            (json!([]), None),
            (json!({"stream": true}), None),
            (json!({"dest": dest}), None),
            (json!({"dest": dest, "stream": false}), None),
            (json!({"dest": dest, "stream": true, "schedule": {"hour": "1"}}), None),
            (json!({"dest": dest, "stream": true, "reportIfEmpty": true}), None),
            (json!({"dest": 7, "stream": true}), Some("/dest")),
            (json!({"dest": dest, "stream": 1}), Some("/stream")),
            (json!({"dest": dest, "schedule": {}}), Some("/schedule")),
            (json!({"dest": dest, "schedule": {"hour": "25"}}), Some("/schedule")),
            (json!({"dest": dest, "schedule": {"hour": null}}), Some("/schedule/hour")),
            (json!({"dest": dest, "schedule": "hourly"}), Some("/schedule")),
            (json!({"dest": dest, "stream": true, "initialRecordTime": "now"}), Some("/initialRecordTime")),
            (json!({"dest": dest, "stream": true, "signatureToken": ""}), Some("/signatureToken")),
            (json!({"dest": dest, "stream": true, "secret": "a", "signatureToken": "b"}), Some("/signatureToken")),
            (json!({"dest": dest, "stream": true, "queryName": "x"}), Some("/queryName")),
        ] {
            assert_eq!(refused(&body).as_deref(), pointer, "{body}");
        }
    }

    #[test]
    fn a_receiver_is_asked_again_ever_more_seldom_and_in_the_end_no_more() {
        let mut now = Time::from_rfc3339("2026-11-28T00:00:00Z").unwrap();
        let begun = now;
        let (mut delivery, mut waits) = (Delivery::Active, Vec::new());
        loop {
            delivery = delivery.failed(now, "status 500".to_owned());
            let Delivery::Retrying { next_attempt_at, .. } = delivery else { break };
            waits.push(next_attempt_at.since(now).0 / 1_000);
            now = next_attempt_at;
        }
        assert_eq!(waits[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert!(waits[11..].iter().all(|wait| *wait == 900));
        assert!(now.since(begun) >= GIVEN_UP_AFTER && waits.len() < 120);
        let Delivery::Ended { problem, .. } = delivery else { panic!("{delivery:?}") };
        assert_eq!(problem.code, "E-SUBSCRIPTION-ENDED");
        assert!(problem.detail.unwrap().ends_with("at last: status 500"));
    }
}
