//! The records of a block whose text is still on its way.
//!
//! What takes the time, verifying them, can so begin before the last of it is here. Nothing depends on it: whoever has the
//! whole text cuts it anew ([`Block::cut`](super::Block::cut)).

use std::mem;

use super::RECORD_BYTES_MIN;
use crate::submission::SUBMISSION_BYTES_MAX;

/// What stands before a block's header, and between that and its records.
const BEFORE_HEADER: &[u8] = b"{\"header\":";
const BEFORE_RECORDS: &[u8] = b",\"records\":[";

/// Takes a block's text bit by bit and gives its records as they become whole.
#[derive(Debug)]
pub struct Inflow {
    place: Place,
    /// What has come of the record that is not whole yet.
    record: Vec<u8>,
    object: Object,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// These bytes, then the header or the first record.
    Before(&'static [u8], Part),
    Inside(Part),
    AfterRecord,
    /// Nothing that would be looked at: the block is over, or it is none.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    Record,
}

impl Default for Inflow {
    fn default() -> Inflow {
        Inflow { place: Place::Before(BEFORE_HEADER, Part::Header), record: Vec::new(), object: Object::default() }
    }
}

impl Inflow {
    /// Takes the next bytes, and gives the records that are whole with them, in their order. What is no block gives none, or
    /// none any more, and no error: whoever has all of it finds out what is wrong.
    pub fn take(&mut self, mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        while let Some((first, rest)) = bytes.split_first() {
            match self.place {
                Place::Before(words, part) => {
                    self.place = match words.strip_prefix(&[*first]) {
                        Some([]) => Place::Inside(part),
                        Some(words) => Place::Before(words, part),
                        None => Place::Over,
                    };
                    bytes = rest;
                }
                Place::Inside(part) => {
                    let (some, after) = self.object.take(bytes);
                    bytes = after;
                    records.extend(self.taken(part, some));
                }
                Place::AfterRecord => {
                    self.place = if *first == b',' { Place::Inside(Part::Record) } else { Place::Over };
                    bytes = rest;
                }
                Place::Over => return records,
            }
        }
        records
    }

    /// Some bytes of the header or of a record have come; the record, where it is whole.
    fn taken(&mut self, part: Part, some: &[u8]) -> Option<Vec<u8>> {
        if part == Part::Record {
            self.record.extend_from_slice(some);
        }
        let length = self.record.len();
        match (self.object.state, part) {
            (State::Inside, _) if length <= SUBMISSION_BYTES_MAX => None,
            (State::Whole, Part::Header) => {
                self.object = Object::default();
                self.place = Place::Before(BEFORE_RECORDS, Part::Record);
                None
            }
            (State::Whole, Part::Record) if length >= RECORD_BYTES_MIN => {
                self.object = Object::default();
                self.place = Place::AfterRecord;
                Some(mem::take(&mut self.record))
            }
            (State::Inside | State::Whole | State::None, _) => {
                self.place = Place::Over;
                self.record = Vec::new();
                None
            }
        }
    }
}

/// How far a text is in a JSON object.
#[derive(Debug, Default)]
struct Object {
    depth: u32,
    in_string: bool,
    escaped: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Inside,
    Whole,
    /// It is no object.
    None,
}

impl Object {
    /// Takes what belongs to it, and gives that and the rest. Whether it is one that anybody would read is not looked at.
    fn take<'t>(&mut self, bytes: &'t [u8]) -> (&'t [u8], &'t [u8]) {
        if self.depth == 0 && !bytes.starts_with(b"{") {
            self.state = State::None;
            return (&[], bytes);
        }
        let end = bytes.iter().position(|byte| self.ends_with(*byte));
        if end.is_some() {
            self.state = State::Whole;
        }
        bytes.split_at_checked(end.map_or(bytes.len(), |end| end.saturating_add(1))).unwrap_or((bytes, &[]))
    }

    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Header};

    fn record(number: usize) -> String {
        format!(
            r#"{{"annex":{{"a":["é","\"]}}"]}},"record":{{"e":1.5e-7,"n":-{number},"x":"{}"}}}}"#,
            "x".repeat(RECORD_BYTES_MIN)
        )
    }

    fn block(records: &[String]) -> String {
        let header: Header = serde_json::from_str(include_str!("../golden/header.json")).unwrap();
        Block::write(&header, records.iter())
    }

    fn all(texts: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut inflow = Inflow::default();
        texts.iter().flat_map(|text| inflow.take(text)).collect()
    }

    proptest! {
        #[test]
        fn however_it_comes_the_records_are_those_of_the_block(count in 0_usize..5, cuts in prop::collection::vec(0_usize..2_000, 0..20)) {
            let records: Vec<String> = (0..count).map(record).collect();
            let text = block(&records);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let records: Vec<Vec<u8>> = records.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(all(&parts), records);
        }

        #[test]
        fn a_changed_byte_gives_nothing_that_is_not_there(at in 0_usize..1_000, byte in any::<u8>(), cut in 0_usize..1_000) {
            let mut text = block(&[record(1), record(2)]).into_bytes();
            let (at, cut) = (at % text.len(), cut % text.len());
            text[at] = byte;
            let (first, second) = text.split_at(cut);
            for record in all(&[first, second]) {
                prop_assert!(text.windows(record.len()).any(|some| some == record));
            }
        }
    }

    #[test]
    fn a_record_is_given_as_soon_as_it_is_whole() {
        let text = block(&[record(1), record(2)]);
        let end = text.find(&record(1)).unwrap() + record(1).len();
        let mut inflow = Inflow::default();
        assert!(inflow.take(&text.as_bytes()[..end - 1]).is_empty());
        assert_eq!(inflow.take(&text.as_bytes()[end - 1..end]), [record(1).as_bytes()]);
        assert_eq!(inflow.take(&text.as_bytes()[end..]), [record(2).as_bytes()]);
        assert!(inflow.take(record(3).as_bytes()).is_empty(), "nothing follows a block");
    }

    #[test]
    fn what_is_no_block_gives_nothing_from_there_on() {
        let text = block(&[record(1), record(2)]);
        for (broken, left) in [
            (text.replacen("header", "hearder", 1), 0),
            (text.replacen("\"records\":[", "\"record\":[", 1), 0),
            (text.replacen("},{\"annex", "}{\"annex", 1), 1),
            (text.replacen("[{\"annex", "[}{\"annex", 1), 0),
            (text.replacen("[{\"annex", "[{},{\"annex", 1), 0),
        ] {
            assert_ne!(broken, text);
            assert_eq!(all(&[broken.as_bytes()]).len(), left, "{broken}");
        }
        let endless = text.replacen("é", &"é".repeat(SUBMISSION_BYTES_MAX), 1);
        let halves = endless.as_bytes().split_at(endless.len() - 2_000);
        assert!(all(&[halves.0, halves.1]).is_empty(), "no record is so long");
    }
}
