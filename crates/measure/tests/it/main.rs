//! Figures held against other people's tools.

// Clippy knows tests by `#[test]`; helpers are tests too.
#![allow(clippy::unwrap_used)]

mod bootstrap;
mod classification;
mod coco;
mod student;
