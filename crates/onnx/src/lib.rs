#![doc = include_str!("../README.md")]

mod attributes;
#[cfg(test)]
mod cases;
mod error;
mod external;
mod fold;
mod fuse;
mod initial;
mod memory;
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
#[allow(clippy::type_complexity, reason = "tables of test cases")]
mod pictures;
pub mod proto;
mod read;
mod run;
mod shape;
mod tensor;
pub mod write;

pub use error::OnnxError;
pub use model::{Dimension, Model, Port};
pub use pictures::{Found, Given, Layout, PictureModel, Prediction};
pub use tensor::{Element, Kind, Tensor};
