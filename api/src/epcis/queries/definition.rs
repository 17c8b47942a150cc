//! A named query: what its maker wrote (EPCIS 2.0 §12.6, query-schema.json), and the event query that it is.

use hefu_contracts::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    epcis::query::{EventQuery, Parameter},
    problem::{Door, Problem},
};

/// Largest body of a definition in bytes.
pub const DEFINITION_BYTES_MAX: usize = 64 << 10;

/// Longest name in bytes.
const NAME_BYTES_MAX: usize = 128;

/// A query that an organisation has given a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NamedQuery {
    /// The node's own, so that a query made anew under an old name is another.
    pub id: String,
    /// The organisation.
    pub owner: String,
    /// The name among the organisation's.
    pub name: String,
    /// As its maker wrote it.
    pub query: Map<String, Value>,
    /// When it was made.
    pub created: Time,
}

/// What a client defines.
pub(crate) struct Definition {
    pub name: String,
    pub query: Map<String, Value>,
}

fn wrong(pointer: &str, what: impl std::fmt::Display) -> Problem {
    let problem = Problem::from(Door::QueryDefinition).because(what);
    if pointer.is_empty() { problem } else { problem.at(pointer) }
}

impl Definition {
    /// Reads a definition, and that its query can be run.
    ///
    /// # Errors
    /// `E-QUERY-DEFINITION` with a pointer to what does not fit, `E-QUERY-COMPLEX` where it has too many parameters.
    pub(crate) fn read(text: &str) -> Result<Definition, Problem> {
        let value: Value = serde_json::from_str(text).map_err(|bad| wrong("", bad))?;
        let Value::Object(mut members) = value else {
            return Err(wrong("", "a definition is an object with `name` and `query`"));
        };
        let name = match members.remove("name") {
            Some(Value::String(name)) => name,
            Some(_) => return Err(wrong("/name", "must be a text")),
            None => return Err(wrong("", "`name` is missing")),
        };
        check_name(&name)?;
        let query = match members.remove("query") {
            Some(Value::Object(query)) => query,
            Some(_) => return Err(wrong("/query", "must be an object of query parameters")),
            None => return Err(wrong("", "`query` is missing")),
        };
        if let Some(unknown) = members.keys().find(|name| *name != "@context") {
            return Err(wrong(&format!("/{}", escaped(unknown)), "a definition has no such member"));
        }
        event_query(&query)?;
        Ok(Definition { name, query })
    }
}

impl NamedQuery {
    /// The event query.
    ///
    /// # Errors
    /// As [`Definition::read`]; none where it was accepted by this version.
    pub(crate) fn events(&self) -> Result<EventQuery, Problem> {
        event_query(&self.query)
    }

    /// As it is answered.
    pub(crate) fn view(&self) -> Value {
        json!({"name": self.name, "query": self.query})
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(wrong("/name", format!("must have 1 to {NAME_BYTES_MAX} bytes")));
    }
    // Paths cannot spell these two.
    if name.chars().any(char::is_control) || name == "." || name == ".." {
        return Err(wrong("/name", "must be printable, and neither `.` nor `..`"));
    }
    Ok(())
}

fn escaped(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

fn event_query(query: &Map<String, Value>) -> Result<EventQuery, Problem> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| *name != "@context") {
        let pointer = format!("/query/{}", escaped(name));
        let parameter = (name.clone(), texts(name, value).map_err(|what| wrong(&pointer, what))?);
        // One by one first, so that a problem points to its parameter.
        EventQuery::read(std::slice::from_ref(&parameter)).map_err(|bad| {
            let detail = bad.view().detail.clone().unwrap_or_default();
            wrong(&pointer, detail)
        })?;
        parameters.push(parameter);
    }
    EventQuery::read(&parameters)
}

/// The values of a parameter as an address would have them.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, &'static str> {
    if name.starts_with("EXISTS_") {
        // The schema has a number or null here: that the parameter is there says everything.
        return match value {
            Value::Null | Value::Number(_) | Value::Bool(true) => Ok(vec!["true".to_owned()]),
            Value::String(text) if text == "true" => Ok(vec!["true".to_owned()]),
            Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                Err("must be true, a number or null")
            }
        };
    }
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err("has values that are neither texts nor numbers"),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Ok(vec![text(value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> (Option<String>, String) {
        let problem = Definition::read(text).map(|_| ()).unwrap_err();
        assert_eq!(problem.view().code, "E-QUERY-DEFINITION", "{text}");
        (problem.view().pointer.clone(), problem.view().detail.clone().unwrap())
    }

    #[test]
    fn what_the_schema_allows_is_a_query() {
        for query in [
            json!({}),
            json!({"@context": {"ex": "https://ex.example/"}, "eventType": ["ObjectEvent"], "EQ_ex:note": ["a"]}),
            json!({"GE_eventTime": "2026-09-18T02:00:00Z", "EQ_quantity": [3, 4.5], "GT_quantity": 1}),
            json!({"EXISTS_errorDeclaration": null, "EXISTS_ex:note": 1, "EXISTS_sensorElementList": true}),
            json!({"EQ_booleanValue": true, "GE_value_CEL": 4, "orderBy": "eventTime", "eventCountLimit": 3}),
        ] {
            let text = json!({"name": "mine", "query": query}).to_string();
            assert!(Definition::read(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_pointed_to() {
        assert_eq!(refused("{").0, None);
        assert_eq!(refused("[]").0, None);
        assert_eq!(refused(r#"{"name":"x"}"#).0, None);
        for (text, pointer) in [
            (r#"{"name":7,"query":{}}"#, "/name"),
            (r#"{"name":"","query":{}}"#, "/name"),
            (r#"{"name":"..","query":{}}"#, "/name"),
            (r#"{"name":"a\u0000","query":{}}"#, "/name"),
            (r#"{"name":"x","query":[]}"#, "/query"),
            (r#"{"name":"x","query":{},"extra":1}"#, "/extra"),
            (r#"{"name":"x","query":{"EQ_nothing":["1"]}}"#, "/query/EQ_nothing"),
            (r#"{"name":"x","query":{"EQ_bizStep":[]}}"#, "/query/EQ_bizStep"),
            (r#"{"name":"x","query":{"EQ_bizStep":[{}]}}"#, "/query/EQ_bizStep"),
            (r#"{"name":"x","query":{"GE_eventTime":"noon"}}"#, "/query/GE_eventTime"),
            (r#"{"name":"x","query":{"EXISTS_errorDeclaration":false}}"#, "/query/EXISTS_errorDeclaration"),
        ] {
            assert_eq!(refused(text).0.as_deref(), Some(pointer), "{text}");
        }
        let long = json!({"name": "x".repeat(129), "query": {}}).to_string();
        assert_eq!(refused(&long).0.as_deref(), Some("/name"));
    }
}
