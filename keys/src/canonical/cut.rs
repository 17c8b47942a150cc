//! Slices of a text that [`check`](super::check) has accepted: its members, and the text without one of them.
//!
//! On any other text the answers are meaningless, but nothing panics and nothing loops.

use super::plain;
use super::scan::Unescaped;

/// The raw text of the value of the top-level member `name`, quotation marks included.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    members(text).find(|member| same_text(member.key, name)).map(|member| member.value)
}

/// The text in two slices that, one after the other, are the canonical document without its top-level member `name`;
/// the whole text and an empty slice if there is no such member.
pub fn without<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    let found = members(text).find(|member| same_text(member.key, name));
    found.and_then(|member| member.cut(text)).unwrap_or((text, ""))
}

/// The top-level members of an object, in the order of the text; none if the text is not an object.
pub fn members(text: &str) -> Members<'_> {
    Members { text, at: if text.starts_with('{') { Some(1) } else { None } }
}

/// Whether `raw`, the text between a string's quotation marks, spells `plain`.
pub fn same_text(raw: &str, plain: &str) -> bool {
    if raw.contains('\\') { Unescaped(raw.as_bytes()).eq(plain.bytes()) } else { raw == plain }
}

/// A member of an object, as slices of the object's text.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The key as it stands between its quotation marks; compare with [`same_text`].
    pub key: &'a str,
    /// The value as it stands.
    pub value: &'a str,
    /// Where the key's first quotation mark stands.
    start: usize,
    /// Where the byte after the value stands: a comma or the object's end.
    end: usize,
}

impl<'a> Member<'a> {
    /// The object's text without this member, in two slices. `None` if `text` is not the object.
    pub fn cut(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let before = text.get(..self.start)?;
        let after = text.get(self.end..)?;
        // One comma goes with the member: the one after the first of several, otherwise the one before.
        if before == "{" {
            return Some((before, after.strip_prefix(',').unwrap_or(after)));
        }
        Some((before.strip_suffix(',')?, after))
    }
}

/// The members of an object; see [`members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    /// Where the next key starts; `None` after the last.
    at: Option<usize>,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let start = self.at.take()?;
        let bytes = self.text.as_bytes();
        let key_end = string_end(bytes, start)?;
        let value_start = key_end.checked_add(1)?;
        let end = value_end(bytes, value_start)?;
        if bytes.get(end) == Some(&b',') {
            self.at = end.checked_add(1);
        }
        let key = self.text.get(start.checked_add(1)?..key_end.checked_sub(1)?)?;
        Some(Member { key, value: self.text.get(value_start..end)?, start, end })
    }
}

/// The elements of an array as raw text, in their order; none if the text is not an array.
pub fn elements(text: &str) -> Elements<'_> {
    let is_empty = !text.starts_with('[') || text.starts_with("[]");
    Elements { text, at: if is_empty { None } else { Some(1) } }
}

/// The elements of an array; see [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a str,
    /// Where the next element starts; `None` after the last.
    at: Option<usize>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let start = self.at.take()?;
        let bytes = self.text.as_bytes();
        let end = value_end(bytes, start)?;
        if bytes.get(end) == Some(&b',') {
            self.at = end.checked_add(1);
        }
        self.text.get(start..end)
    }
}

/// The byte after the string that starts at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start.checked_add(1)?;
    loop {
        at = at.checked_add(plain::length(bytes.get(at..)?))?;
        match bytes.get(at)? {
            b'"' => return at.checked_add(1),
            b'\\' => at = at.checked_add(2)?,
            _ => return None,
        }
    }
}

/// The byte after the value that starts at `start`: the first comma or closing bracket that belongs to the container
/// around it.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut open = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => open = open.checked_add(1)?,
            b'}' | b']' if open == 0 => return Some(at),
            b'}' | b']' => open = open.checked_sub(1)?,
            b',' if open == 0 => return Some(at),
            _ => {}
        }
        at = at.checked_add(1)?;
    }
}
