//! ONNX files: trained networks are written for other programs, and models made elsewhere are read, checked and run on the
//! CPU over this project's kernels.
//!
//! [`export`] writes a run's network, after it was read back and run beside the network itself.
//!
//! [`Model::read`] takes the bytes of a file, [`Model::run`] named tensors. A model is checked when it is read: an
//! operator that is missing, a tensor whose length does not match its shape or a value that nothing computes is an error
//! that names the node. What depends on constants alone is computed once, then.
//!
//! Operators are in `ops`, one file for each kind. They see few types of numbers: 16-bit floats are computed in 32
//! bits, whole numbers in 64, and rounded or wrapped back afterwards ([`ops`] has the table).

mod attributes;
mod boxes;
#[cfg(test)]
mod cases;
mod classifier;
mod detector;
mod error;
mod export;
mod features;
mod fold;
mod fuse;
pub mod graph;
mod initial;
mod layers;
mod memory;
mod metadata;
mod model;
#[allow(
    clippy::clone_on_copy,
    clippy::useless_conversion,
    clippy::type_complexity,
    clippy::explicit_counter_loop,
    reason = "macros write the same code for every type of numbers"
)]
#[allow(
    clippy::neg_cmp_op_on_partial_ord,
    clippy::nonminimal_bool,
    reason = "what is not comparable must take this way too"
)]
mod ops;
mod options;
#[allow(clippy::type_complexity, reason = "tables of test cases")]
mod pictures;
pub mod proto;
mod read;
mod regions;
mod run;
mod shape;
mod tensor;
#[cfg(test)]
mod tests;
#[allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN must not pass")]
mod verify;

pub use error::OnnxError;
pub use export::{export, models};
pub use model::{Dimension, Model, Port};
pub use options::{ExportError, OnnxOptions, Part};
pub use pictures::{Given, Layout, PictureModel};
pub use tensor::{Element, Kind, Tensor};
