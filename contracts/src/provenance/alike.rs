//! Alike: how many items of one source are in the same state, so that a recall tells who has a million of them without
//! looking at each.
//!
//! A node keeps this index beside the register, as it keeps [`onward`](super::onward): a source is a transformation, or the
//! class of an item. Items that lead nowhere, and came of one transformation at most, are counted by what an impact tells of
//! them. Where they are is told by what encloses them, so moving that changes no number. Everything else that came of a
//! transformation stands alone, because a walk has to look at it.

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{Mark, Parent, ThingRow, Transfer, recall::class_of};
use crate::{
    row::{Data, Row},
    time::Time,
};

/// What an impact tells of an item, and to whom: the same for all that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Alike {
    /// Row of their class.
    pub class: String,
    /// Who brought them into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commissioned: Option<String>,
    /// By whom they were destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destroyed: Option<String>,
    /// CBV disposition after the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disposition: Option<String>,
    /// Who has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// Who changed their state last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// Who owns them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Row of the container that they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// Where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    /// From whom to whom they are on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transfer: Option<(String, String)>,
}

impl Alike {
    /// What is counted of a thing; none of what a walk looks at by itself: what is no trade item of its own, was used up, is
    /// fixed to something, or came of several transformations.
    pub fn of(key: &str, thing: &ThingRow) -> Option<Alike> {
        let contained = thing.parent.as_ref().is_none_or(|parent| parent.key.starts_with("container/"));
        if !key.starts_with("item/") || thing.consumed.is_some() || thing.sources.len() > 1 || !contained {
            return None;
        }
        let by = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.by.clone());
        Some(Alike {
            class: class_of(key)?,
            commissioned: by(&thing.commissioned),
            destroyed: by(&thing.destroyed),
            disposition: thing.disposition.clone(),
            holder: by(&thing.holder),
            last: by(&thing.last),
            owner: by(&thing.owner),
            parent: thing.parent.as_ref().map(|parent| parent.key.clone()),
            place: thing.place.clone(),
            transfer: thing.transfer.as_ref().map(|transfer| (transfer.from.clone(), transfer.to.clone())),
        })
    }

    /// One of them, as far as they are alike; its records and times are nobody's.
    pub fn specimen(&self) -> ThingRow {
        let (at, record) = (Time::EPOCH, Hash::ZERO);
        let mark = |by: &Option<String>| by.clone().map(|by| Mark { at, by, record });
        ThingRow {
            commissioned: mark(&self.commissioned),
            destroyed: mark(&self.destroyed),
            disposition: self.disposition.clone(),
            holder: mark(&self.holder),
            last: mark(&self.last),
            owner: mark(&self.owner),
            parent: self.parent.clone().map(|key| Parent { key, record }),
            place: self.place.clone(),
            transfer: self.transfer.clone().map(|(from, to)| Transfer {
                at,
                expires: at,
                from,
                owner: None,
                record,
                to,
            }),
            ..ThingRow::default()
        }
    }

    /// Canonical JSON.
    pub fn text(&self) -> String {
        // Texts and pairs of texts, in the order of their names: there is nothing that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Rows of the sources under which a thing is counted, or stands alone.
pub fn sources(key: &str, thing: &ThingRow) -> impl Iterator<Item = String> {
    let class = class_of(key).filter(|_| key.starts_with("item/"));
    thing.sources.iter().cloned().chain(class)
}

/// The thing of a row, where it can have a place in the index.
pub fn thing_of(row: &Row) -> Option<&ThingRow> {
    let Data::Thing(thing) = &row.data else { return None };
    (row.key.starts_with("item/") || !thing.sources.is_empty()).then_some(thing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(by: &str, record: u8) -> Option<Mark> {
        Some(Mark { at: Time::EPOCH, by: by.to_owned(), record: Hash::from_bytes([record; 32]) })
    }

    const ITEM: &str = "item/01/09528880010021/21/A";

    fn packed() -> ThingRow {
        let parent = Parent { key: "container/00/1".to_owned(), record: Hash::ZERO };
        ThingRow {
            commissioned: mark("huaxu", 1),
            disposition: Some("in_progress".to_owned()),
            holder: mark("huaxu", 2),
            parent: Some(parent),
            sources: vec!["transformation/huaxu/1".to_owned()],
            ..ThingRow::default()
        }
    }

    #[test]
    fn items_that_an_impact_tells_the_same_of_are_alike_whatever_their_records() {
        let one = Alike::of(ITEM, &packed()).unwrap();
        let other = ThingRow { commissioned: mark("huaxu", 7), ..packed() };
        assert_eq!(Alike::of("item/01/09528880010021/21/B", &other), Some(one.clone()));
        assert_eq!(Alike::of(ITEM, &one.specimen()), Some(one.clone()));
        assert_eq!(serde_json::from_str::<Alike>(&one.text()).unwrap(), one);
        let changes: [&dyn Fn(&mut ThingRow); 6] = [
            &|thing| thing.holder = mark("yueling", 2),
            &|thing| thing.last = mark("yueling", 2),
            &|thing| thing.destroyed = mark("huaxu", 2),
            &|thing| thing.disposition = None,
            &|thing| thing.parent = None,
            &|thing| thing.place = Some("https://id.gs1.org/414/9528880200019".to_owned()),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut thing = packed();
            change(&mut thing);
            assert_ne!(Alike::of(ITEM, &thing), Some(one.clone()), "{number}");
        }
        assert_ne!(Alike::of("item/01/09528880010038/21/A", &packed()), Some(one));
    }

    #[test]
    fn what_a_walk_must_look_at_is_counted_with_nothing() {
        let fixed = Parent { key: "item/01/09528880010021/21/B".to_owned(), record: Hash::ZERO };
        let more = vec!["transformation/huaxu/1".to_owned(), "transformation/huaxu/2".to_owned()];
        let alone = [
            ThingRow { consumed: mark("huaxu", 3), ..packed() },
            ThingRow { parent: Some(fixed), ..packed() },
            ThingRow { sources: more, ..packed() },
        ];
        for thing in alone {
            assert_eq!(Alike::of(ITEM, &thing), None);
        }
        for key in ["lot/01/09528880010021/10/L7", "container/00/1", "thing/8004/1"] {
            assert_eq!(Alike::of(key, &packed()), None, "{key}");
        }
    }

    #[test]
    fn an_item_stands_under_its_class_and_everything_under_its_transformations() {
        let found = |key| sources(key, &packed()).collect::<Vec<_>>();
        assert_eq!(found(ITEM), ["transformation/huaxu/1", "lot/01/09528880010021"]);
        assert_eq!(found("lot/01/09528880010021/10/L7"), ["transformation/huaxu/1"]);
    }
}
