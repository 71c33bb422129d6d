//! Models as ONNX files.

pub mod proto;
