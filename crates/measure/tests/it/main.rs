//! Figures compared with those of other tools, and files on a failing disk.

// Clippy knows tests by `#[test]`; helpers are tests too.
#![allow(clippy::unwrap_used)]

mod bootstrap;
mod classification;
mod coco;
mod fault;
mod files;
mod student;
