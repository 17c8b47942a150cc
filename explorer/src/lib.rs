//! Pages for people, made by the server: complete without scripts, checked in the browser where scripts run.
//!
//! Only this crate knows HTML. A page shows the same views that the API answers as JSON, and says of each text where in
//! the proof it stands, so that the script on the page can compare them. [`configure`] mounts the pages behind
//! [`hefu_api::configure`]; [`labels::sheet`] makes a file of labels without a server.

mod answer;
mod assets;
mod coding;
mod directory;
pub mod labels;
mod language;
mod moment;
mod pages;
pub mod qr;
mod resolver;
mod sentence;
mod server;
mod site;
mod visit;
mod words;

pub use hefu_api::{BadOrigin, Origin};
pub use language::Language;
pub use server::configure;
pub use site::{Neighbour, Site};
