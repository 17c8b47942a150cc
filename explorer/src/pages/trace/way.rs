//! What a trace page gathers from the steps and the origin of a thing: who had it when, what it was inside of, and what was
//! used up in making it.

use hefu_api::views::{ContainerView, InputView, ItemView, StepView, WhereaboutsView};
use hefu_contracts::{entry::Role, provenance::Flag, row::key_of_product};

use super::{super::Said, story};
use crate::{
    directory::in_language,
    moment::{Zone, date},
    words::{Words, terms},
};

/// Most inputs of a thing that its page lists.
const INPUTS_MAX: usize = 12;

/// The day of a step, with what the check compares.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    pub record: String,
    pub role: &'static str,
    /// As the step spells it.
    pub time: String,
    /// Rows of what encloses the thing from here on, or did until here.
    pub inside: String,
    pub by: String,
    pub text: String,
}

/// A stretch of time, which may go on.
#[derive(Debug)]
pub(crate) struct Stay {
    pub name: Said,
    pub from: Day,
    pub until: Option<Day>,
}

/// Something that was used up.
#[derive(Debug)]
pub(crate) struct Input {
    pub name: Said,
    pub lot: Option<Said>,
    pub flags: Vec<Said>,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Way {
    /// Who had it.
    pub keepers: Vec<Stay>,
    /// Who is to have it, and since when it is on its way.
    pub awaited: Option<(Said, Said)>,
    /// What it was inside of.
    pub containers: Vec<Stay>,
    pub inputs: Vec<Input>,
}

impl Way {
    pub(super) fn new(item: &ItemView, w: &Words) -> Way {
        Way {
            keepers: keepers(item, w),
            awaited: awaited(&item.whereabouts, w),
            containers: containers(&item.history, w),
            inputs: item.origin.inputs.iter().take(INPUTS_MAX).map(|input| used_up(input, w)).collect(),
        }
    }
}

impl Day {
    fn of(step: &StepView, w: &Words) -> Day {
        let rows: Vec<&str> = step.containers.iter().map(|container| container.row.as_str()).collect();
        let text = date(story::moment(step), story::zone(step.event.as_ref()), w);
        Day {
            record: step.record.to_string(),
            role: step.role.name(),
            time: story::spelled_time(step),
            inside: rows.join(" "),
            by: story::by(step).join(" "),
            text,
        }
    }
}

/// Whoever made it or received it has it until somebody else receives it. Where the ledger's word on who has it now is another,
/// as with things that came in a container from elsewhere, only that is told.
fn keepers(item: &ItemView, w: &Words) -> Vec<Stay> {
    let mut keepers: Vec<Stay> = Vec::new();
    let mut last = None;
    for step in item.history.iter().filter(|step| {
        let own = step.via.is_none() && matches!(step.role, Role::Commission | Role::Produce);
        own || step.role == Role::Receive
    }) {
        let Some(party) = step.by.first() else { continue };
        let from = Day::of(step, w);
        if let Some(before) = keepers.last_mut() {
            before.until = Some(from.clone());
        }
        keepers.push(Stay { name: Said::party(party, w.locale), from, until: None });
        last = Some(party.id.as_str());
    }
    let holder = item.whereabouts.holder.as_ref().map(|holder| holder.by.id.as_str());
    if last == holder { keepers } else { Vec::new() }
}

fn awaited(whereabouts: &WhereaboutsView, w: &Words) -> Option<(Said, Said)> {
    let transfer = whereabouts.transfer.as_ref()?;
    let since = date(transfer.at, Zone::read("+08:00"), w);
    let since = Said::of_row(since, &whereabouts.row, "/transfer/at", transfer.at.to_string());
    Some((Said::party(&transfer.to, w.locale), since))
}

/// Each stay begins with the step that put the thing, or what it was in, into a container, and ends with the one that took
/// it out.
fn containers(history: &[StepView], w: &Words) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    // What encloses it, innermost first, and where its stay stands in the list.
    let mut around: Vec<(&ContainerView, usize)> = Vec::new();
    for step in history {
        let goes_in = matches!(step.role, Role::Pack | Role::Associate);
        if !goes_in && !matches!(step.role, Role::Unpack | Role::Dissociate) {
            continue;
        }
        let inner = match &step.via {
            None => 0,
            Some(via) => match around.iter().position(|(container, _)| container.row == via.row) {
                Some(at) => at.saturating_add(1),
                None => continue,
            },
        };
        for (_, at) in around.drain(inner.min(around.len())..) {
            if let Some(stay) = stays.get_mut(at) {
                stay.until = Some(Day::of(step, w));
            }
        }
        for container in step.containers.iter().filter(|_| goes_in) {
            around.push((container, stays.len()));
            let name = Said::by_server(named(&container.id));
            stays.push(Stay { name, from: Day::of(step, w), until: None });
        }
    }
    stays
}

/// The number on a container; of an assembly the trade item.
fn named(id: &str) -> String {
    match id.split('/').collect::<Vec<_>>().as_slice() {
        ["00", sscc] => format!("SSCC {sscc}"),
        ["01", gtin, ..] => format!("GTIN {gtin}"),
        _ => id.to_owned(),
    }
}

fn used_up(input: &InputView, w: &Words) -> Input {
    let lot = input.lot.as_deref().and_then(|lot| lot.split_once("/10/")).map(|(_, lot)| lot.to_owned());
    let at = format!("/inputs/{}", input.index);
    let name = match (&input.product, &input.lot) {
        (Some(product), _) => Said::name(&product.name, key_of_product(&product.gtin), w.locale),
        (None, Some(class)) => Said::by_server(classed(class)),
        (None, None) => Said::by_server(w.trace.input_unnamed),
    };
    let spelt = serde_json::to_string(&input.flags).unwrap_or_default();
    let flag = |flag: &Flag| {
        let text = terms::flag(*flag, w);
        // The row of one thing has its code in its key, which is not for everybody.
        let lot = input.lot.as_ref();
        lot.map_or_else(|| Said::by_server(&text), |_| Said::of_row(text.clone(), &input.row, "/flags", spelt.clone()))
    };
    Input {
        name,
        lot: lot.map(|lot| Said::of_row(lot, &input.made, at, input.row.clone())),
        flags: input.flags.iter().map(flag).collect(),
    }
}

/// A class without a name: its trade item's number.
fn classed(link: &str) -> String {
    let gtin = link.strip_prefix("https://id.gs1.org/01/").and_then(|path| path.split('/').next());
    gtin.map_or_else(|| link.to_owned(), |gtin| format!("GTIN {gtin}"))
}

/// What was recalled, by name where the proof holds one.
pub(super) fn recalled(source: &str, item: &ItemView, w: &Words) -> String {
    let inputs = item.origin.inputs.iter().filter_map(|input| input.product.as_ref());
    let named = item.product.iter().chain(inputs).find(|product| {
        source.strip_prefix("https://id.gs1.org/01/").is_some_and(|path| path.starts_with(&product.gtin.to_string()))
    });
    let name = match named {
        Some(product) => in_language(&product.name, w.locale).to_owned(),
        None => match source.strip_prefix("https://id.gs1.org/414/") {
            Some(gln) => format!("GLN {gln}"),
            None => classed(source),
        },
    };
    match source.split_once("/10/") {
        Some((_, lot)) => format!("{name} {}{lot}", w.trace.lot),
        None => name,
    }
}
