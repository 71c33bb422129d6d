//! Trained networks as ONNX files, which are read back and run beside the network before they appear.

mod export;
mod metadata;
mod options;
#[cfg(test)]
mod tests;
#[allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN must not pass")]
mod verify;

pub use export::{export, models};
pub use options::{ExportError, OnnxOptions, Part};
