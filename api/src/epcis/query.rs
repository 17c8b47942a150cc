//! Event queries: the parameters of EPCIS 2.0 §8.2.7.1, in an address, as conditions on events.

mod condition;
mod standard;

use std::collections::BTreeSet;

use actix_web::web;
use hefu_contracts::provenance::listing::Field;
use hefu_keys::{Hash, canonical};

pub(crate) use condition::{Compare, Condition, Pattern, compares};

use crate::problem::{Door, Problem};

/// Most parameters of one query, and most values over all of them.
const PARAMETERS_MAX: usize = 100;
const VALUES_MAX: usize = 2_000;

/// What events are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OrderBy {
    /// Their order on the ledger, which is that of their record times.
    #[default]
    Ledger,
    /// When they happened.
    Happened,
}

/// A query.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventQuery {
    pub conditions: Vec<Condition>,
    pub order_by: OrderBy,
    pub descending: bool,
    /// Only the first so many.
    pub event_count_limit: Option<usize>,
    /// If there are more, none.
    pub max_event_count: Option<usize>,
    /// What tells this query from others, so that a page's token is not used for another.
    pub name: String,
}

/// A parameter: its name, and its values as texts.
pub(crate) type Parameter = (String, Vec<String>);

fn wrong(name: &str, what: impl std::fmt::Display) -> Problem {
    Problem::from(Door::Query).because(format!("{name}: {what}"))
}

/// The parameters of an address. A value is a list whose elements stand between bars or commas as GS1's own interface
/// description and its examples have them, or the parameter is given several times.
///
/// # Errors
/// `E-QUERY` where the query string is no form.
pub(crate) fn parameters(query: &str) -> Result<Vec<Parameter>, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|bad| Problem::from(Door::Query).because(bad))?
        .into_inner();
    let mut found: Vec<Parameter> = Vec::new();
    for (name, value) in pairs {
        let values = value.split('|').map(str::to_owned);
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(values),
            None => found.push((name, values.collect())),
        }
    }
    Ok(found)
}

impl EventQuery {
    /// Reads a query's parameters; those of paging are not among them.
    ///
    /// # Errors
    /// `E-QUERY` naming the parameter that is unknown or whose value is malformed.
    pub(crate) fn read(parameters: &[Parameter]) -> Result<EventQuery, Problem> {
        let values: usize = parameters.iter().map(|(_, values)| values.len()).sum();
        if parameters.len() > PARAMETERS_MAX || values > VALUES_MAX {
            let detail = format!("at most {PARAMETERS_MAX} parameters and {VALUES_MAX} values are accepted");
            return Err(Problem::from(Door::QueryComplex).because(detail));
        }
        let mut query = EventQuery::default();
        for (name, values) in parameters {
            query.take(name, values)?;
        }
        let mut sorted = parameters.to_vec();
        sorted.sort();
        query.name = Hash::of(canonical::to_string(&sorted)?.as_bytes()).to_string().chars().take(16).collect();
        Ok(query)
    }

    fn take(&mut self, name: &str, values: &[String]) -> Result<(), Problem> {
        let one = || match values {
            [one] => Ok(one.as_str()),
            _ => Err(wrong(name, "takes one value")),
        };
        let number = || one()?.parse::<usize>().map_err(|_| wrong(name, "must be a whole number"));
        match name {
            "orderBy" => {
                self.order_by = match one()? {
                    "eventTime" => OrderBy::Happened,
                    "recordTime" => OrderBy::Ledger,
                    other => {
                        return Err(wrong(name, format!("{other:?}: events are ordered by eventTime or recordTime")));
                    }
                }
            }
            "orderDirection" => {
                self.descending = match one()? {
                    "ASC" => false,
                    "DESC" => true,
                    _ => return Err(wrong(name, "must be ASC or DESC")),
                }
            }
            "eventCountLimit" => self.event_count_limit = Some(number()?),
            "maxEventCount" => self.max_event_count = Some(number()?),
            _ => self.conditions.push(standard::condition(name, values)?),
        }
        if self.event_count_limit.is_some() && self.max_event_count.is_some() {
            return Err(wrong(name, "eventCountLimit and maxEventCount exclude each other"));
        }
        Ok(())
    }

    /// As this query, with another condition.
    ///
    /// # Errors
    /// As [`EventQuery::read`].
    pub(crate) fn and(mut self, name: &str, value: &str) -> Result<EventQuery, Problem> {
        self.conditions.push(standard::condition(name, &[value.to_owned()])?);
        self.name = format!("{}{name}", self.name);
        Ok(self)
    }

    /// Whether it tells everything that matches in the order of the ledger, as a standing query must.
    pub(crate) fn is_plain(&self) -> bool {
        let is_whole = self.event_count_limit.is_none() && self.max_event_count.is_none();
        is_whole && self.order_by == OrderBy::Ledger && !self.descending
    }

    /// The identifiers of things that it names one by one: the codes that it presents.
    pub(crate) fn presented(&self) -> BTreeSet<String> {
        let named = self.conditions.iter().filter(|condition| condition.is_of_things());
        let exact = |pattern: &Pattern| pattern.exact().map(str::to_owned);
        named.flat_map(|condition| condition.patterns().iter().filter_map(exact)).collect()
    }

    /// Identifiers of which every event that matches names at least one; `None` where events are not told apart so.
    pub(crate) fn things(&self) -> Option<Vec<&str>> {
        self.conditions
            .iter()
            .filter(|condition| condition.is_of_things())
            .find_map(|condition| condition.patterns().iter().map(Pattern::exact).collect::<Option<Vec<&str>>>())
    }

    /// Event ids of which every event that matches has one.
    pub(crate) fn event_ids(&self) -> Option<Vec<&str>> {
        self.conditions.iter().find_map(Condition::event_ids)
    }

    /// Values of which every event that matches has one in a field of listings.
    pub(crate) fn narrowed(&self) -> impl Iterator<Item = (Field, Vec<&str>)> {
        self.conditions.iter().filter_map(Condition::narrowed)
    }
}
