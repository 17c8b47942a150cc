//! Things that are seen where they cannot be: too far from where they were seen before, or apart from what encloses them.
//!
//! Neither is refused: a scan may be wrong, or a code copied. It is flagged, and whoever looks at the thing is told.

use serde::{Deserialize, Serialize};

use super::{Event, Flag, capture::Effect, nesting::is_elsewhere, thing::Thing};
use crate::{
    execute::{Case, Checked},
    gs1::{Epc, Gln},
    parties::{Position, site_of_gln},
    time::Time,
};

/// How far goods may travel in a millisecond, in steps of 10^-7 degrees of arc: about 1,000 km/h, which no freight exceeds.
pub const TRAVEL_ARC: u64 = 25;

/// How far apart sightings may be at any time, in the same steps: 10 km, for sites have an extent and clocks differ.
pub const TRAVEL_FREE: u64 = 900_000;

/// When a thing was seen at a site whose position is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// By the event's own time.
    pub at: Time,
    /// Where.
    pub site: Gln,
}

/// Flags each single thing that cannot have come from where it was seen last, and remembers where it is seen now.
pub(super) fn note(case: &Case<'_>, event: &Event, effects: &mut [Effect]) -> Checked<()> {
    let Some(here) = event.read_point.as_ref().and_then(Epc::gln) else { return Ok(()) };
    let Some(position) = position(case, &here)? else { return Ok(()) };
    for effect in effects.iter_mut().filter(|effect| effect.note.is_some() && !effect.key.starts_with("lot/")) {
        if !effect.row.began_here() {
            continue;
        }
        let before = effect.row.seen.take();
        if let Some(before) = &before
            && before.site != here
            && let Some(there) = self::position(case, &before.site)?
        {
            let between = event.time.since(before.at).0.max(before.at.since(event.time).0);
            if there.is_farther(&position, between.saturating_mul(TRAVEL_ARC).saturating_add(TRAVEL_FREE)) {
                effect.row.flag(Flag::ImpossibleTravel);
            }
        }
        let now = Seen { at: event.time, site: here };
        effect.row.seen = Some(before.filter(|before| before.at > event.time).unwrap_or(now));
    }
    Ok(())
}

fn position(case: &Case<'_>, gln: &Gln) -> Checked<Option<Position>> {
    Ok(site_of_gln(case, gln)?.and_then(|site| site.position))
}

/// Flags what is seen by itself at another place than what encloses it, at rest.
pub(super) fn note_apart(case: &Case<'_>, event: &Event, thing: &mut Thing) -> Checked<()> {
    let around = thing.ancestors(case)?.into_iter().map(|(_, row)| row);
    let Some(outer) = around.take_while(|row| row.began_here()).last() else { return Ok(()) };
    let late = outer.last.as_ref().is_some_and(|last| event.time < last.at);
    let place = event.place();
    if !late && outer.transfer.is_none() && is_elsewhere(outer.place.as_deref(), place) {
        thing.row.flag(Flag::BrokenAggregation);
    }
    Ok(())
}
