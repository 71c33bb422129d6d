//! Images and what is in them: built in, composed, or read from a folder; decoding, augmentation, batches' pixels, drawing.
//!
//! Nothing here uses tensors. Randomness is counter-based ([`random`]), so that what is drawn never depends on threads or
//! on what was drawn before.

pub mod anchor_fit;
pub mod anchors;
pub mod augment;
pub mod coco;
pub mod contact;
mod dataset;
mod digest;
pub mod doctor;
pub mod draw;
mod error;
pub mod image;
mod images;
pub mod listing;
pub mod memory;
pub mod mnist;
pub mod preparation;
pub mod prepare;
pub mod random;
mod resize;
pub mod resized;
pub mod sampling;
pub mod scenes;
pub mod source;
mod survey;
#[cfg(test)]
mod tests;
pub mod truth;
pub mod zip;

pub use dataset::{Annotated, Content, Dataset, Sample, Samples, Split, hold_out};
pub use error::DataError;
pub use images::Images;
pub use memory::NotEnoughMemory;
pub use source::{load, load_to_judge, load_with};
pub use survey::survey;
pub use truth::Object;
