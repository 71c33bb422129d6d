//! Models as ONNX files, which other programs run.

mod boxes;
mod classifier;
mod detector;
mod export;
mod features;
pub mod graph;
mod layers;
mod metadata;
pub mod proto;
mod regions;
mod verify;

pub use export::{ExportError, OnnxOptions, Part, export, models};

#[cfg(test)]
mod tests;
