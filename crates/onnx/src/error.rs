//! Why a model could not be read or run.

/// What is wrong with a model, or with what it was given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OnnxError {
    /// Not the bytes of a model.
    #[error("not an ONNX file, or a damaged one: {0}")]
    Damaged(String),
    /// The file breaks a rule of the format, or needs a part of it that is not supported.
    #[error("{0}")]
    Unsuitable(String),
    /// An operator that is not implemented.
    #[error("node '{node}' needs the operator {operator}, which is not supported{hint}")]
    Operator {
        /// The node.
        node: String,
        /// The operator, with its domain where that is not ONNX's own.
        operator: String,
        /// What to do, where something is known.
        hint: String,
    },
    /// A node that can't be computed.
    #[error("node '{node}' ({operator}): {reason}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// Why.
        reason: String,
    },
    /// An input that the model does not have, or lacks.
    #[error("{reason}; the model's inputs are: {inputs}")]
    Inputs {
        /// What is wrong.
        reason: String,
        /// Names, types and shapes of all.
        inputs: String,
    },
    /// A tensor whose values do not fill its shape.
    #[error("a tensor of shape {shape:?} ({kind}) can't hold {values} values")]
    Length {
        /// The shape.
        shape: Vec<usize>,
        /// The type.
        kind: &'static str,
        /// The number of values.
        values: usize,
    },
}
