//! The book of named queries and subscriptions: in memory for whoever asks, on the shelf before anybody is answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hefu_contracts::state::Fault;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    definition::NamedQuery,
    shelf::{Changes, Shelf},
};
use crate::problem::{Door, Problem};

/// Most named queries of one organisation.
pub const QUERIES_MAX: usize = 100;

const QUERY: &str = "query/";

/// What stands in the book, by ids.
#[derive(Debug, Default)]
struct Entries {
    queries: BTreeMap<String, NamedQuery>,
}

/// The book.
pub(crate) struct Book {
    shelf: Arc<dyn Shelf>,
    entries: Mutex<Entries>,
}

fn text<T: Serialize>(entry: &T) -> Result<Option<String>, Fault> {
    serde_json::to_string(entry).map(Some).map_err(Fault::new)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(Fault::new)
}

impl Book {
    /// Reads what is on a shelf.
    ///
    /// # Errors
    /// From the storage, or where something else stands there.
    pub(crate) fn open(shelf: Arc<dyn Shelf>) -> Result<Book, Fault> {
        let mut entries = Entries::default();
        for (key, written) in shelf.all()? {
            if key.starts_with(QUERY) {
                let query: NamedQuery = read(&written)?;
                entries.queries.insert(query.id.clone(), query);
            }
        }
        Ok(Book { shelf, entries: Mutex::new(entries) })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queries of an organisation behind a name, in the order of their names, at most so many.
    pub(crate) fn queries(&self, owner: &str, after: Option<&str>, most: usize) -> Vec<NamedQuery> {
        let entries = self.entries();
        let behind =
            |query: &&NamedQuery| query.owner == owner && after.is_none_or(|after| query.name.as_str() > after);
        let mut found: Vec<NamedQuery> = entries.queries.values().filter(behind).cloned().collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found.truncate(most);
        found
    }

    /// The query of a name.
    pub(crate) fn query(&self, owner: &str, name: &str) -> Option<NamedQuery> {
        self.entries().queries.values().find(|query| query.owner == owner && query.name == name).cloned()
    }

    /// Takes a query in.
    ///
    /// # Errors
    /// `E-QUERY-NAMED` where the organisation has one of this name, `E-QUERIES-MANY`, or from the storage.
    pub(crate) fn add_query(&self, query: NamedQuery) -> Result<(), Problem> {
        let mut entries = self.entries();
        let own = entries.queries.values().filter(|known| known.owner == query.owner);
        if own.clone().any(|known| known.name == query.name) {
            return Err(Problem::from(Door::QueryNamed).because(query.name));
        }
        if own.count() >= QUERIES_MAX {
            return Err(Problem::from(Door::QueriesMany).because(format!("at most {QUERIES_MAX}; delete one first")));
        }
        self.shelf.write(vec![(format!("{QUERY}{}", query.id), text(&query)?)])?;
        entries.queries.insert(query.id.clone(), query);
        Ok(())
    }

    /// Removes a query; whether it was there.
    ///
    /// # Errors
    /// From the storage.
    pub(crate) fn remove_query(&self, owner: &str, name: &str) -> Result<bool, Fault> {
        let mut entries = self.entries();
        let found = entries.queries.values().find(|query| query.owner == owner && query.name == name);
        let Some(id) = found.map(|query| query.id.clone()) else { return Ok(false) };
        let changes: Changes = vec![(format!("{QUERY}{id}"), None)];
        self.shelf.write(changes)?;
        entries.queries.remove(&id);
        Ok(true)
    }
}
