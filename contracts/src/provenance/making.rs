//! Making: where and when things came into being, so that a recall can name a site and a time.

use serde::{Deserialize, Serialize};

use super::Event;
use crate::{
    execute::{Case, Checked},
    gs1::{Epc, Gln},
    parties::site_of_gln,
    time::Time,
};

/// That something was made at a site that is registered here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// When, of a lot for the first time.
    pub from: Time,
    /// Where.
    pub site: Gln,
    /// When for the last time, where that is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// A stretch of time, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Where it begins.
    pub from: Time,
    /// Where it ends; it is still going on where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Span {
    /// Whether a thing may have been made in it. Of a lot only the first and last time are known.
    pub fn meets(&self, making: &Making) -> bool {
        let last = making.until.unwrap_or(making.from);
        self.from <= last && self.until.is_none_or(|until| making.from <= until)
    }
}

impl Making {
    /// Where and when an event makes things: where they were seen, or else where they are afterwards.
    pub(super) fn by(case: &Case<'_>, event: &Event) -> Checked<Option<Making>> {
        let gln = |place: &Option<Epc>| place.as_ref().and_then(Epc::gln);
        let Some(site) = gln(&event.read_point).or_else(|| gln(&event.biz_location)) else { return Ok(None) };
        let known = site_of_gln(case, &site)?.is_some();
        Ok(known.then_some(Making { from: event.time, site, until: None }))
    }

    /// Adds it to makings, of which there is one for each site, sorted by site. Whether that changes them.
    pub(super) fn add_to(&self, makings: &mut Vec<Making>) -> bool {
        match makings.binary_search_by(|known| known.site.cmp(&self.site)) {
            Ok(at) => makings.get_mut(at).is_some_and(|known| known.widen(self)),
            Err(at) => {
                makings.insert(at, self.clone());
                true
            }
        }
    }

    fn widen(&mut self, other: &Making) -> bool {
        let last = |making: &Making| making.until.unwrap_or(making.from);
        let (from, until) = (self.from.min(other.from), last(self).max(last(other)));
        let wide = Making { from, site: self.site, until: Some(until).filter(|until| *until > from) };
        let changes = wide != *self;
        *self = wide;
        changes
    }
}
