//! ONNX files: models made elsewhere are read, checked and run on the CPU over this project's kernels.
//!
//! [`Model::read`] takes the bytes of a file, [`Model::run`] named tensors. A model is checked when it is read: an
//! operator that is missing, a tensor whose length does not match its shape or a value that nothing computes is an error
//! that names the node. What depends on constants alone is computed once, then.
//!
//! Operators are in `ops`, one file for each kind. They see few types of numbers: 16-bit floats are computed in 32
//! bits, whole numbers in 64, and rounded or wrapped back afterwards ([`ops`] has the table).

mod attributes;
mod error;
mod fold;
mod fuse;
mod initial;
mod memory;
mod model;
mod ops;
mod pictures;
pub mod proto;
mod run;
mod shape;
mod tensor;
#[cfg(test)]
mod cases;

pub use error::OnnxError;
pub use model::{Dimension, Model, Port};
pub use pictures::{Given, Layout, PictureModel};
pub use tensor::{Element, Kind, Tensor};
