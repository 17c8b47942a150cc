//! What a client of a node does: fill in records, sign them, hand them in, and read the answers.

mod codes;
mod compose;
mod http;
mod partial;

pub use codes::{BadHandover, Handover, Selection, tree};
pub use compose::{Content, EXPIRES_AFTER, Frame, NoFrame, Uncomposed, now, submission};
pub use http::{Answer, BATCH_RECORDS, Client, ClientError, Raw, outcome, proof, sentence};
pub use partial::{BadPartial, Partial};
