//! Models as ONNX files, which other programs run.

mod boxes;
mod classifier;
mod detector;
mod export;
mod features;
pub mod graph;
mod layers;
mod metadata;
mod options;
pub mod proto;
mod regions;
mod verify;

pub use export::{export, models};
pub use options::{ExportError, OnnxOptions, Part};

#[cfg(test)]
mod tests;
