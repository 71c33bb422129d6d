//! Reading a model: it is made out, checked, and simplified.

use std::path::Path;

use prost::Message;

use super::error::OnnxError;
use super::external::fetch;
use super::fold::fold;
use super::fuse::fuse;
use super::model::Model;
use super::proto::ModelProto;

impl Model {
    /// The model in the bytes of an ONNX file.
    ///
    /// # Errors
    /// When the bytes are no model, or one that can't be run: the message names the node or tensor.
    pub fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        Self::of(decoded(bytes)?)
    }

    /// The model in the bytes of the file at `path`, with the elements of tensors that are in files beside it.
    ///
    /// # Errors
    /// As [`Model::read`], and when such a file can't be read.
    pub fn read_at(path: &Path, bytes: &[u8]) -> Result<Self, OnnxError> {
        let mut model = decoded(bytes)?;
        fetch(&mut model, path)?;
        Self::of(model)
    }

    fn of(model: ModelProto) -> Result<Self, OnnxError> {
        let mut model = Self::parse(model)?;
        fold(&mut model)?;
        fuse(&mut model);
        Ok(model)
    }
}

fn decoded(bytes: &[u8]) -> Result<ModelProto, OnnxError> {
    ModelProto::decode(bytes).map_err(|error| OnnxError::Damaged(error.to_string()))
}
