//! The records of a block whose text is still on its way.
//!
//! What takes the time, verifying them, can so begin before the last of it is here. Nothing depends on it: whoever has the
//! whole text cuts it anew ([`Block::cut`](super::Block::cut)).

use std::mem;

use serde_json::value::RawValue;

use super::RECORD_BYTES_MIN;
use crate::submission::SUBMISSION_BYTES_MAX;

/// What stands before a block's header, and between that and its records.
const BEFORE_HEADER: &[u8] = b"{\"header\":";
const BEFORE_RECORDS: &[u8] = b",\"records\":[";

/// Takes a block's text bit by bit and gives its records as they become whole.
#[derive(Debug, Default)]
pub struct Inflow {
    /// What has come and is not whole yet.
    rest: Vec<u8>,
    place: Place,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Header,
    AfterHeader,
    Record,
    AfterRecord,
    /// Nothing that would be looked at: the block is over, or it is none.
    Over,
}

impl Inflow {
    /// Takes the next bytes, and gives the records that are whole with them, in their order. What is no block gives none, or
    /// none any more, and no error: whoever has all of it finds out what is wrong.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        if self.place == Place::Over {
            return records;
        }
        self.rest.extend_from_slice(bytes);
        let text = mem::take(&mut self.rest);
        let mut rest = text.as_slice();
        while let Some((after, whole)) = self.step(rest) {
            records.extend(whole.map(|record| record.get().as_bytes().to_vec()));
            rest = after;
        }
        if rest.len() > SUBMISSION_BYTES_MAX {
            self.place = Place::Over;
        }
        if self.place != Place::Over {
            self.rest = rest.to_vec();
        }
        records
    }

    /// What follows the next thing, where that is whole, and the record that it is, if it is one.
    fn step<'t>(&mut self, text: &'t [u8]) -> Option<(&'t [u8], Option<&'t RawValue>)> {
        let (after, record, next) = match self.place {
            Place::Start => (self.skip(text, BEFORE_HEADER)?, None, Place::Header),
            Place::Header => (self.value(text)?.0, None, Place::AfterHeader),
            Place::AfterHeader => (self.skip(text, BEFORE_RECORDS)?, None, Place::Record),
            Place::Record => match self.value(text)? {
                (_, short) if short.get().len() < RECORD_BYTES_MIN => {
                    self.place = Place::Over;
                    return None;
                }
                (after, record) => (after, Some(record), Place::AfterRecord),
            },
            Place::AfterRecord => (self.skip(text, b",")?, None, Place::Record),
            Place::Over => return None,
        };
        self.place = next;
        Some((after, record))
    }

    fn skip<'t>(&mut self, text: &'t [u8], words: &[u8]) -> Option<&'t [u8]> {
        let after = text.strip_prefix(words);
        if after.is_none() && !words.starts_with(text) {
            self.place = Place::Over;
        }
        after
    }

    fn value<'t>(&mut self, text: &'t [u8]) -> Option<(&'t [u8], &'t RawValue)> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        match values.next()? {
            Ok(value) => Some((text.get(values.byte_offset()..)?, value)),
            Err(error) => {
                if !error.is_eof() {
                    self.place = Place::Over;
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Header};

    fn record(number: usize) -> String {
        format!(r#"{{"annex":{{"a":["é","\"]}}"]}},"record":{{"n":{number},"x":"{}"}}}}"#, "x".repeat(RECORD_BYTES_MIN))
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
