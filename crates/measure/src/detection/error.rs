//! What can be wrong with a truth or a detection, naming its entry and field as COCO's files do.

use std::fmt;

/// Why an evaluation could not be done: an entry makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{list}[{index}].{field}: expected {expected}, found {found}")]
pub struct CocoError {
    /// Which list it is in.
    pub list: List,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The field.
    pub field: &'static str,
    /// What should stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: String,
}

/// A list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The truths.
    Annotations,
    /// The detections.
    Detections,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            List::Annotations => "annotations",
            List::Detections => "detections",
        })
    }
}
