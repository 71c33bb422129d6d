//! Reports as people see them.

// Clippy knows tests by `#[test]`; helpers are tests too.
#![allow(clippy::unwrap_used)]

mod browser;
