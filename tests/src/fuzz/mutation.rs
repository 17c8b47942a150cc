//! Changing an input: some of its bytes, or some of its JSON, which is then written canonically again.
//!
//! Bytes alone hardly ever leave a canonical document canonical, so that nothing behind the scanner would be reached.
//! Both runners use this: one draws its random numbers from a fixed seed, the other from libFuzzer's.

use fastrand::Rng;
use hefu_keys::canonical;
use serde_json::{Number, Value};

/// Most changes of one input.
const EDITS_MAX: usize = 4;

/// Bytes with a meaning to one of the readers.
const TELLING: &[u8] = b"{}[]\",:\\/.%-+#?=~_ 0129azAZ\n\0\x7f\xc3\xa9\xf0\x9f\x98\x80";

/// Integers at the edges of their types.
const NUMBERS: [u64; 9] =
    [0, 1, 2, 4_096, u32::MAX as u64, 1 << 32, (1 << 53) - 1, 1 << 53, 18_446_744_073_709_549_568];

/// Changes inputs; what it puts in comes from the inputs it was given.
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    documents: Vec<Value>,
}

impl Mutator {
    /// A mutator that takes pieces from these inputs.
    pub fn new(seeds: Vec<Vec<u8>>) -> Mutator {
        let documents = seeds.iter().filter_map(|seed| serde_json::from_slice(seed).ok()).collect();
        Mutator { seeds, documents }
    }

    /// Whether the inputs are JSON, so that [`Mutator::of_json`] can reach deeper than changed bytes.
    pub fn knows_json(&self) -> bool {
        self.documents.iter().any(|document| document.is_object() || document.is_array())
    }

    /// Another input: its JSON changed where it is JSON, mostly, or its bytes.
    pub fn of(&self, input: &[u8], random: &mut Rng) -> Vec<u8> {
        let json = if random.u8(..4) == 0 { None } else { self.of_json(input, random) };
        json.unwrap_or_else(|| self.of_bytes(input, random))
    }

    /// The input with its JSON changed and written canonically; `None` where it is no JSON.
    pub fn of_json(&self, input: &[u8], random: &mut Rng) -> Option<Vec<u8>> {
        let mut document: Value = serde_json::from_slice(input).ok()?;
        for _ in 0..random.usize(1..=EDITS_MAX) {
            let at = random.usize(..nodes(&document));
            if let Some(node) = node_mut(&mut document, at) {
                self.edit(node, random);
            }
        }
        canonical::to_string(&document).ok().map(String::into_bytes)
    }

    fn of_bytes(&self, input: &[u8], random: &mut Rng) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..random.usize(1..=EDITS_MAX) {
            let at = random.usize(..=bytes.len());
            let end = (at + random.usize(..16)).min(bytes.len());
            match random.u8(..6) {
                0 => bytes.insert(at, byte(random)),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece: Vec<u8> = bytes.get(at..end).unwrap_or_default().to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                3 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << random.u8(..8);
                    }
                }
                4 => {
                    if let Some(other) = bytes.get_mut(at) {
                        *other = byte(random);
                    }
                }
                _ => {
                    let tail = random.choice(&self.seeds).map(Vec::as_slice).unwrap_or_default();
                    bytes.truncate(at);
                    bytes.extend_from_slice(tail.get(random.usize(..=tail.len())..).unwrap_or_default());
                }
            }
        }
        bytes
    }

    fn edit(&self, node: &mut Value, random: &mut Rng) {
        if random.u8(..8) == 0 {
            *node = self.anything(random);
            return;
        }
        match node {
            Value::Object(members) => {
                let name = random.choice(members.keys().cloned().collect::<Vec<_>>());
                match (random.u8(..5), name) {
                    (0, Some(name)) => drop(members.remove(&name)),
                    // Some readers take a list of values for an object whose fields they know.
                    (2, Some(_)) => *node = members.values().cloned().collect(),
                    (1, Some(name)) => {
                        if let (Some(value), Some((other, _))) = (members.remove(&name), self.member(random)) {
                            members.insert(other, value);
                        }
                    }
                    _ => {
                        if let Some((name, value)) = self.member(random) {
                            let value = if random.bool() { value } else { nothing(random) };
                            members.insert(name, value);
                        }
                    }
                }
            }
            Value::Array(items) => {
                let at = random.usize(..=items.len());
                match (random.u8(..4), items.get(at).cloned()) {
                    (0, Some(_)) => drop(items.remove(at)),
                    (1, Some(item)) => items.insert(at, item),
                    (2, Some(_)) => items.swap(0, at),
                    _ => items.insert(at, self.anything(random)),
                }
            }
            Value::String(text) => *text = self.text(text, random),
            Value::Number(number) => *number = other_number(number, random),
            Value::Bool(value) => *value = !*value,
            Value::Null => *node = self.anything(random),
        }
    }

    fn text(&self, text: &str, random: &mut Rng) -> String {
        match random.u8(..4) {
            0 => self.anything(random).as_str().unwrap_or_default().to_owned(),
            _ => String::from_utf8_lossy(&self.of_bytes(text.as_bytes(), random)).into_owned(),
        }
    }

    /// A value from anywhere in the documents, or one of the smallest.
    fn anything(&self, random: &mut Rng) -> Value {
        let Some(document) = random.choice(&self.documents).filter(|_| random.u8(..4) > 0) else {
            return nothing(random);
        };
        node(document, random.usize(..nodes(document))).cloned().unwrap_or_default()
    }

    /// A member of an object from anywhere in the documents.
    fn member(&self, random: &mut Rng) -> Option<(String, Value)> {
        let document = random.choice(&self.documents)?;
        let mut objects = Vec::new();
        collect_objects(document, &mut objects);
        let members = random.choice(objects)?;
        random.choice(members.iter().collect::<Vec<_>>()).map(|(name, value)| (name.clone(), value.clone()))
    }
}

fn byte(random: &mut Rng) -> u8 {
    random.choice(TELLING).copied().filter(|_| random.bool()).unwrap_or_else(|| random.u8(..))
}

/// What stands for nothing, where a reader may take it for a default.
fn nothing(random: &mut Rng) -> Value {
    let number = NUMBERS.get(random.usize(..NUMBERS.len())).copied().unwrap_or_default();
    let nothings = [
        Value::Null,
        false.into(),
        true.into(),
        "".into(),
        Value::Array(Vec::new()),
        serde_json::json!({}),
        number.into(),
    ];
    random.choice(nothings).unwrap_or_default()
}

fn other_number(number: &Number, random: &mut Rng) -> Number {
    let near = number.as_i64().map(|number| number.wrapping_add(i64::from(random.i8(-2..=2))));
    match random.u8(..4) {
        0 => near.map_or_else(|| 0.into(), Number::from),
        1 => Number::from_f64(random.f64() * 1e6).unwrap_or_else(|| 0.into()),
        2 => Number::from(-1),
        _ => NUMBERS.get(random.usize(..NUMBERS.len())).copied().unwrap_or_default().into(),
    }
}

/// How many values a document consists of, itself included.
fn nodes(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn node(document: &Value, at: usize) -> Option<&Value> {
    let mut left = at;
    let mut waiting = vec![document];
    while let Some(next) = waiting.pop() {
        if left == 0 {
            return Some(next);
        }
        left -= 1;
        match next {
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => waiting.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

fn node_mut(document: &mut Value, at: usize) -> Option<&mut Value> {
    let mut left = at;
    let mut waiting = vec![document];
    while let Some(next) = waiting.pop() {
        if left == 0 {
            return Some(next);
        }
        left -= 1;
        match next {
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => waiting.extend(members.values_mut()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

fn collect_objects<'a>(document: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| collect_objects(item, found)),
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|value| collect_objects(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
