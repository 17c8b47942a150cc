//! The steps of a trace page.

use std::collections::BTreeSet;

use hefu_api::views::{EventView, StepView};
use hefu_contracts::time::Time;

use super::{
    super::{Said, Source},
    spelling::{Spelling, Spellings},
};
use crate::{
    moment::{Zone, date_and_clock},
    words::{
        Words,
        terms::{ACTIONS, BIZ_STEPS, DISPOSITIONS, ERROR_REASONS, ROLES, say},
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
    /// What this step says of an earlier one, or a later one of this.
    pub correction: Option<Correction>,
}

/// That a record was declared to be in error by its author: EPCIS keeps both.
#[derive(Debug)]
pub(crate) struct Correction {
    /// Beside the step's name.
    pub tag: &'static str,
    pub text: Said,
    /// Why, in the declaration.
    pub reason: Option<Said>,
}

/// What the author of a declared event is found again by: it and its declaration share the hash of what they say.
type Declared = BTreeSet<(Vec<String>, String)>;

impl Step {
    /// The steps of a history.
    pub(super) fn all(history: &[StepView], spellings: &Spellings, w: &Words) -> Vec<Step> {
        let declares = |step: &&StepView| step.event.as_ref().is_some_and(|event| event.declares_error);
        let event = |step: &StepView| Some((by(step), spellings.get(&step.record)?.cbv.clone()?));
        let declared: Declared = history.iter().filter(declares).filter_map(event).collect();
        let spelling = |step: &StepView| spellings.get(&step.record).cloned().unwrap_or_default();
        history.iter().map(|step| Step::new(step, &spelling(step), &declared, w)).collect()
    }

    fn new(step: &StepView, spelling: &Spelling, declared: &Declared, w: &Words) -> Step {
        Step {
            record: step.record.to_string(),
            kept: !step.visibility.is_public(),
            step: step.step.clone().unwrap_or_else(|| role(step).to_owned()),
            time: spelled_time(step),
            height: step.height.get(),
            signers: step.signers.iter().map(ToString::to_string).collect(),
            by: by(step),
            told: Told::new(step, spelling, declared, w),
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
    fn new(step: &StepView, spelling: &Spelling, declared: &Declared, w: &Words) -> Told {
        let event = step.event.as_ref();
        let title = match (event.and_then(|event| event.biz_step.as_deref()), &step.step) {
            (Some(word), _) => say(BIZ_STEPS, word, w),
            (None, Some(action)) => say(ACTIONS, action, w),
            (None, None) => say(ROLES, role(step), w),
        };
        let drill = if step.drill { w.trace.step_drill } else { "" };
        let place = event.and_then(|event| event.location.as_ref().or(event.read_point.as_ref()));
        let spelt = event.and_then(|event| event.disposition.as_deref()).zip(spelling.disposition.as_ref());
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
                source: in_record("/body/event/disposition", spelt),
            }),
            correction: Correction::of(step, spelling, declared, w),
        }
    }
}

impl Correction {
    fn of(step: &StepView, spelling: &Spelling, declared: &Declared, w: &Words) -> Option<Correction> {
        let cbv = spelling.cbv.as_ref()?;
        if let Some(error) = &spelling.error {
            let at = "/body/event/errorDeclaration";
            let reason = error.reason.as_ref().map(|reason| Said {
                text: say(ERROR_REASONS, reason.rsplit(['/', ':', '-']).next().unwrap_or(reason), w),
                source: in_record(&format!("{at}/reason"), reason),
            });
            let source = in_record(&format!("{at}/declarationTime"), &error.declaration_time);
            let text = Said { text: w.trace.step_declares.to_owned(), source };
            return Some(Correction { tag: w.trace.tag_declares, text, reason });
        }
        let is_declared = declared.contains(&(by(step), cbv.clone()));
        is_declared.then(|| Correction {
            tag: w.trace.tag_declared,
            text: Said { text: w.trace.step_declared.to_owned(), source: in_record("/body/cbv", cbv) },
            reason: None,
        })
    }
}

fn in_record(at: &str, value: &str) -> Source {
    Source::Record { at: at.to_owned(), value: Some(value.to_owned()) }
}

/// The event's time as the record spells it, the block's where there is none.
pub(super) fn spelled_time(step: &StepView) -> String {
    step.event.as_ref().map_or_else(|| step.time.to_string(), |event| event.time.clone())
}

/// The ids of the organisations that signed.
pub(super) fn by(step: &StepView) -> Vec<String> {
    step.by.iter().map(|party| party.id.clone()).collect()
}

/// What the ledger noted, in the letters of the entry.
fn role(step: &StepView) -> &'static str {
    step.role.name()
}

/// When a step happened by its author's word, by the block's time where the record has none.
pub(super) fn moment(step: &StepView) -> Time {
    let said = step.event.as_ref().and_then(|event| Time::from_rfc3339(&event.time).ok());
    said.unwrap_or(step.time)
}

/// Where the clocks of a step's place stand.
pub(super) fn zone(event: Option<&EventView>) -> Zone {
    event.map_or(Zone::UTC, |event| Zone::read(&event.offset))
}
