//! The event hash against the project's own golden files, the reference's published vectors and GS1's examples.

mod fixtures;
mod golden;
mod properties;
mod rules;
