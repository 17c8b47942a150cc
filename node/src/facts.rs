//! Facts from tables: what a platform exports becomes signed records.

mod keys;
mod table;

pub use keys::{BadKeys, OrderKeys};
pub use table::{BadRow, Fact, Table, read};
