//! Reading a model: it is made out, checked, and simplified.

use super::error::OnnxError;
use super::fold::fold;
use super::fuse::fuse;
use super::model::Model;

impl Model {
    /// The model in the bytes of an ONNX file.
    ///
    /// # Errors
    /// When the bytes are no model, or one that can't be run: the message names the node or tensor.
    pub fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        let mut model = Self::parse(bytes)?;
        fold(&mut model)?;
        fuse(&mut model);
        Ok(model)
    }
}
