//! The steps of a trace page.

use std::collections::BTreeMap;

use hefu_api::views::{EventView, StepView};
use hefu_contracts::time::Time;
use hefu_keys::Hash;

use super::super::{Said, Source};
use crate::{
    moment::{Zone, date_and_clock},
    words::{
        Words,
        terms::{ACTIONS, BIZ_STEPS, DISPOSITIONS, ROLES, say},
    },
};

/// A step, with what the check compares.
#[derive(Debug)]
pub(crate) struct Step {
    pub record: String,
    /// Whether the record is for its parties alone, so that only what the ledger noted is shown.
    pub kept: bool,
    /// Business step or action as the record spells it; of one that is kept private, its role.
    pub step: String,
    /// The event's time as the record spells it, the block's where there is none.
    pub time: String,
    pub height: u64,
    pub signers: Vec<String>,
    pub by: Vec<String>,
    pub told: Told,
}

/// What people read of a step.
#[derive(Debug)]
pub(crate) struct Told {
    pub title: String,
    pub when: String,
    pub who: Vec<Said>,
    pub place: Option<Said>,
    pub with: Option<String>,
    pub disposition: Option<Said>,
}

impl Step {
    pub(crate) fn new(step: &StepView, dispositions: &BTreeMap<Hash, String>, w: &Words) -> Step {
        let spelt = step.event.as_ref().map(|event| event.time.clone());
        Step {
            record: step.record.to_string(),
            kept: !step.visibility.is_public(),
            step: step.step.clone().unwrap_or_else(|| role(step).to_owned()),
            time: spelt.unwrap_or_else(|| step.time.to_string()),
            height: step.height.get(),
            signers: step.signers.iter().map(ToString::to_string).collect(),
            by: step.by.iter().map(|party| party.id.clone()).collect(),
            told: Told::new(step, dispositions, w),
        }
    }

    pub(crate) fn signers_text(&self) -> String {
        self.signers.join(" ")
    }

    pub(crate) fn by_text(&self) -> String {
        self.by.join(" ")
    }

    /// Enough to find it again below its address, which has the whole.
    pub(crate) fn record_short(&self) -> &str {
        self.record.get(..8).unwrap_or(&self.record)
    }
}

impl Told {
    fn new(step: &StepView, dispositions: &BTreeMap<Hash, String>, w: &Words) -> Told {
        let event = step.event.as_ref();
        let title = match (event.and_then(|event| event.biz_step.as_deref()), &step.step) {
            (Some(word), _) => say(BIZ_STEPS, word, w),
            (None, Some(action)) => say(ACTIONS, action, w),
            (None, None) => say(ROLES, role(step), w),
        };
        let drill = if step.drill { w.trace.step_drill } else { "" };
        let place = event.and_then(|event| event.location.as_ref().or(event.read_point.as_ref()));
        let spelt = event.and_then(|event| event.disposition.as_deref()).zip(dispositions.get(&step.record));
        Told {
            title: format!("{title}{drill}"),
            when: date_and_clock(moment(step), zone(event), w),
            who: step.by.iter().map(|party| Said::party(party, w.locale)).collect(),
            place: place.map(|place| Said::place(place, w.locale)),
            with: step.via.as_ref().map(|container| {
                let last: Vec<char> = container.id.chars().rev().take(4).collect();
                format!("{}{}", w.trace.step_inside, last.into_iter().rev().collect::<String>())
            }),
            disposition: spelt.map(|(word, spelt)| Said {
                text: say(DISPOSITIONS, word, w),
                source: Source::Record { at: "/body/event/disposition".to_owned(), value: Some(spelt.clone()) },
            }),
        }
    }
}

/// What the ledger noted, in the letters of the entry.
fn role(step: &StepView) -> &'static str {
    step.role.name()
}

/// When a step happened by its author's word, by the block's time where the record has none.
fn moment(step: &StepView) -> Time {
    let said = step.event.as_ref().and_then(|event| Time::from_rfc3339(&event.time).ok());
    said.unwrap_or(step.time)
}

/// Where the clocks of a step's place stand.
pub(super) fn zone(event: Option<&EventView>) -> Zone {
    event.map_or(Zone::UTC, |event| Zone::read(&event.offset))
}
