//! COCO evaluation as a user sees it: against pycocotools' answers, an obvious twin, and damaged files.

// Clippy takes only the bodies of #[test] functions for tests, not what they call.
#![allow(clippy::unwrap_used)]

mod damaged_files;
mod goldens;
mod obvious;
mod twin;
