//! Units by their names.

use crate::settlement::{
    change::Draft,
    reason::Reason,
    unit::{Unit, UnitId},
};

/// The unit of a name.
pub(super) fn find(draft: &Draft<'_>, name: &str) -> Result<(UnitId, Unit), Reason> {
    let id = find_of_line(draft, name).or_else(|| find_of_segment(draft, name)).ok_or(Reason::UnitUnknown)?;
    let unit = draft.unit(&id).cloned().ok_or(Reason::UnitUnknown)?;
    Ok((id, unit))
}

fn find_of_line(draft: &Draft<'_>, name: &str) -> Option<UnitId> {
    let (line, component) = UnitId::of_line(name)?;
    let terms = draft.book.terms(draft.line(&line).ok()?.segment.version).ok()?;
    let component = terms.components.iter().position(|known| known.id.as_str() == component)?;
    Some(UnitId::Line { line, component })
}

fn find_of_segment(draft: &Draft<'_>, name: &str) -> Option<UnitId> {
    draft.book.segments.keys().find_map(|segment| {
        let terms = draft.book.terms(segment.version).ok()?;
        let units = draft.units_of_segment(*segment).ok()?;
        units.into_iter().map(|(id, _)| id).find(|id| id.name(terms).is_some_and(|known| known.to_string() == name))
    })
}
