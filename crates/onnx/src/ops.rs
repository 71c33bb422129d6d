//! The operators: by name, with the types of numbers that each computes on.
//!
//! Most are written for 32- and 64-bit floats and 64-bit integers only ([`Types::Numbers`]): numbers of other types are
//! widened before and narrowed afterwards. What only moves values takes any type ([`Types::Any`]).

mod binary;
mod cast;
mod compare;
mod concat;
mod constant;
mod conv;
mod conv_transpose;
mod einsum;
mod gather;
mod layout;
mod matmul;
mod ml;
mod moves;
mod nms;
mod norm;
mod one_hot;
mod pad;
mod pool;
mod product;
mod reduce;
mod resize;
mod roi_align;
mod scatter;
mod slice;
mod softmax;
mod space;
mod top;
mod unary;
mod window;

use std::sync::OnceLock;

use super::attributes::Attributes;
use super::error::OnnxError;
use super::memory::Memory;
use super::tensor::{Element, Kind, Tensor};

/// ONNX's domain of operators for classical machine learning.
pub(super) const ML: &str = "ai.onnx.ml";

/// A node's outputs, or why there are none.
pub(crate) type Outputs = Result<Vec<Tensor>, String>;

/// What is computed, and on which types.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator {
    pub(crate) compute: fn(&mut Call) -> Outputs,
    types: Types,
}

/// How an operator's types are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Types {
    /// It takes any type as it is.
    Any,
    /// It sees float, double, int64, bool and string only. Outputs `narrow` get the type of input `like` back.
    Numbers { like: usize, narrow: Narrow },
}

/// Which outputs get the narrow type back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrow {
    All,
    First,
    None,
}

/// What an operator keeps between runs, made of its constant inputs.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// Of a convolution.
    Conv(conv::ConvWeights),
    /// A matrix with its axes exchanged.
    Transposed(Vec<f32>),
    /// Decision trees, from the lists of a node's attributes.
    Trees(ml::Trees),
}

/// One computation of a node.
pub(crate) struct Call<'a> {
    pub(super) node: &'a Node,
    pub(super) inputs: Vec<Option<Tensor>>,
    pub(super) constants: &'a [Option<Tensor>],
    pub(super) memory: &'a Memory,
}

impl Call<'_> {
    /// The outputs, in the types that ONNX demands.
    pub(super) fn compute(&mut self) -> Outputs {
        let Operator { compute, types } = self.node.operator;
        let Types::Numbers { like, narrow } = types else {
            return compute(self);
        };
        let kind = self
            .inputs
            .get(like)
            .and_then(Option::as_ref)
            .map(Tensor::kind);
        for input in self.inputs.iter_mut().flatten() {
            if let Some(wide) = widened(input.kind()) {
                if let Some(values) = input.values::<u64>()
                    && values.iter().any(|&v| i64::try_from(v).is_err())
                {
                    return Err("whole numbers of 2^63 and more are not supported".into());
                }
                *input = input.cast(wide)?;
            }
        }
        let mut made = compute(self)?;
        if let Some((kind, wide)) = kind.and_then(|kind| Some((kind, widened(kind)?))) {
            let count = match narrow {
                Narrow::All => made.len(),
                Narrow::First => 1,
                Narrow::None => 0,
            };
            for output in made.iter_mut().take(count) {
                if output.kind() == wide {
                    *output = output.cast(kind)?;
                }
            }
        }
        Ok(made)
    }

    /// The node's options.
    pub(crate) fn attributes(&self) -> &Attributes {
        &self.node.attributes
    }

    /// The version of the operators.
    pub(crate) fn opset(&self) -> i64 {
        self.node.opset
    }

    /// An input that must be there.
    pub(crate) fn input(&self, index: usize) -> Result<&Tensor, String> {
        self.optional(index)
            .ok_or_else(|| format!("input {} is missing", index + 1))
    }

    /// An input that may be left out.
    pub(crate) fn optional(&self, index: usize) -> Option<&Tensor> {
        self.inputs.get(index).and_then(Option::as_ref)
    }

    /// An input that must be there, to be written over.
    pub(crate) fn take(&mut self, index: usize) -> Result<Tensor, String> {
        self.inputs
            .get_mut(index)
            .and_then(Option::take)
            .ok_or_else(|| format!("input {} is missing", index + 1))
    }

    /// All inputs that are there.
    pub(crate) fn all(&self) -> Vec<&Tensor> {
        self.inputs.iter().flatten().collect()
    }

    /// Whether an input is the same in every run.
    pub(crate) fn is_constant(&self, index: usize) -> bool {
        let input = self.node.inputs.get(index).copied().flatten();
        input.is_some_and(|value| self.constants[value].is_some())
    }

    /// Whether the output is there and has a name, so that somebody may read it.
    pub(crate) fn wants(&self, output: usize) -> bool {
        self.node.outputs.get(output).copied().flatten().is_some()
    }

    /// Whether a tensor of this shape fits into memory; its number of values.
    pub(crate) fn room(&self, shape: &[usize]) -> Result<usize, String> {
        self.memory.room(shape)
    }
}

/// The type that numbers of this one are computed in, if it is another.
fn widened(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::F16 | Kind::BF16 => Some(Kind::F32),
        Kind::I8 | Kind::I16 | Kind::I32 | Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => {
            Some(Kind::I64)
        }
        Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text => None,
    }
}

/// Runs one expression for the elements of a tensor of float, double or int64.
macro_rules! with_numbers {
    ($tensor:expr, $x:ident => $body:expr) => {
        match $tensor.data() {
            $crate::tensor::Values::F32($x) => $body,
            $crate::tensor::Values::F64($x) => $body,
            $crate::tensor::Values::I64($x) => $body,
            other => Err($crate::ops::unsuited(other.kind())),
        }
    };
}
pub(crate) use with_numbers;

/// Runs one expression for the elements of a tensor of float or double.
macro_rules! with_floats {
    ($tensor:expr, $x:ident => $body:expr) => {
        match $tensor.data() {
            $crate::tensor::Values::F32($x) => $body,
            $crate::tensor::Values::F64($x) => $body,
            other => Err($crate::ops::unsuited(other.kind())),
        }
    };
}
pub(crate) use with_floats;

/// A type of floats: computed in 64 bits where sums are taken.
pub(crate) trait Float: Element + Copy + Into<f64> {
    /// The nearest number of this type.
    fn nearest(v: f64) -> Self;
}

impl Float for f32 {
    fn nearest(v: f64) -> Self {
        v as f32
    }
}

impl Float for f64 {
    fn nearest(v: f64) -> Self {
        v
    }
}

/// The nearest number of the type of `values`.
pub(crate) fn like<T: Float>(_: &[T], v: f64) -> T {
    T::nearest(v)
}

pub(crate) fn unsuited(kind: Kind) -> String {
    format!("{kind} is not supported here")
}

/// One output.
pub(crate) fn one<T: Element>(shape: impl Into<Vec<usize>>, values: Vec<T>) -> Outputs {
    Ok(vec![Tensor::of(shape, values)])
}

/// The operator of this name, if there is one.
pub(super) fn find(domain: &str, name: &str) -> Option<Operator> {
    let any = |compute| Operator {
        compute,
        types: Types::Any,
    };
    let like = |like, narrow, compute| Operator {
        compute,
        types: Types::Numbers { like, narrow },
    };
    let same = |compute| like(0, Narrow::All, compute);
    let first = |compute| like(0, Narrow::First, compute);
    let wide = |compute| like(0, Narrow::None, compute);
    if domain == ML {
        return Some(match name {
            "ArrayFeatureExtractor" => any(ml::array_feature_extractor),
            "Binarizer" => any(ml::binarizer),
            "LabelEncoder" => any(ml::label_encoder),
            "LinearClassifier" => wide(ml::linear_classifier),
            "Normalizer" => wide(ml::normalizer),
            "SVMClassifier" => wide(ml::svm_classifier),
            "Scaler" => wide(ml::scaler),
            "TreeEnsembleClassifier" => wide(ml::tree_ensemble_classifier),
            "ZipMap" => any(ml::zip_map),
            _ => return None,
        });
    }
    if !domain.is_empty() {
        return None;
    }
    if let Some(compute) = unary::find(name).or_else(|| binary::find(name)) {
        return Some(same(compute));
    }
    Some(match name {
        "And" | "Or" | "Xor" | "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" => {
            wide(compare::find(name)?)
        }
        "ArgMax" => wide(top::arg_max),
        "ArgMin" => wide(top::arg_min),
        "AveragePool" => same(pool::average),
        "BatchNormalization" => same(norm::batch),
        "Cast" => any(cast::cast),
        "CastLike" => any(cast::cast_like),
        "Clip" => same(unary::clip),
        "Compress" => any(gather::compress),
        "Concat" => any(concat::concat),
        "Constant" => any(constant::constant),
        "ConstantOfShape" => any(constant::of_shape),
        "Conv" => same(conv::conv),
        "ConvTranspose" => same(conv_transpose::conv_transpose),
        "CumSum" => same(reduce::cumulative_sum),
        "DepthToSpace" => any(space::depth_to_space),
        "Dropout" => any(norm::dropout),
        "Einsum" => same(einsum::einsum),
        "Expand" => any(moves::expand),
        "EyeLike" => any(constant::eye_like),
        "Flatten" => any(layout::flatten),
        "Gather" => any(gather::gather),
        "GatherElements" => any(gather::elements),
        "GatherND" => any(gather::nd),
        "Gemm" => same(matmul::gemm),
        "GlobalAveragePool" => same(pool::global_average),
        "GlobalLpPool" => same(pool::global_lp),
        "GlobalMaxPool" => same(pool::global_max),
        "GroupNormalization" => same(norm::group),
        "Hardmax" => same(softmax::hardmax),
        "Identity" => any(layout::identity),
        "InstanceNormalization" => same(norm::instance),
        "IsInf" => wide(compare::is_inf),
        "IsNaN" => wide(compare::is_nan),
        "LRN" => same(norm::local_response),
        "LayerNormalization" => same(norm::layer),
        "LogSoftmax" => same(softmax::log_softmax),
        "LpNormalization" => same(norm::lp),
        "LpPool" => same(pool::lp),
        "MatMul" => same(matmul::matmul),
        "MaxPool" => first(pool::max),
        "MeanVarianceNormalization" => same(norm::mean_variance),
        "NonMaxSuppression" => any(nms::non_max_suppression),
        "NonZero" => wide(gather::non_zero),
        "Not" => wide(compare::not),
        "OneHot" => any(one_hot::one_hot),
        "Pad" => any(pad::pad),
        "PRelu" => same(binary::prelu),
        "RMSNormalization" => same(norm::root_mean_square),
        "Range" => same(constant::range),
        "ReduceL1" | "ReduceL2" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceMax"
        | "ReduceMean" | "ReduceMin" | "ReduceProd" | "ReduceSum" | "ReduceSumSquare" => {
            same(reduce::find(name)?)
        }
        "Reshape" => any(layout::reshape),
        "Resize" => same(resize::resize),
        "RoiAlign" => same(roi_align::roi_align),
        "Scatter" | "ScatterElements" => any(scatter::elements),
        "ScatterND" => any(scatter::nd),
        "Shape" => any(layout::shape),
        "Size" => any(layout::size),
        "Slice" => any(slice::slice),
        "Softmax" => same(softmax::softmax),
        "SpaceToDepth" => any(space::space_to_depth),
        "Split" => any(slice::split),
        "Squeeze" => any(layout::squeeze),
        "Tile" => any(moves::tile),
        "TopK" => first(top::top_k),
        "Transpose" => any(moves::transpose),
        "Trilu" => any(constant::trilu),
        "Unsqueeze" => any(layout::unsqueeze),
        "Upsample" => same(resize::upsample),
        "Where" => any(compare::choose),
        _ => return None,
    })
}

/// An operator, and the values that it reads and makes by their numbers.
#[derive(Debug)]
pub(crate) struct Node {
    /// For people: its name, or that of its first output.
    pub(crate) name: String,
    /// The operator's name, with its domain where that is not ONNX's own.
    pub(crate) kind: String,
    pub(crate) operator: Operator,
    /// The version of the operators.
    pub(crate) opset: i64,
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) outputs: Vec<Option<usize>>,
    pub(crate) attributes: Attributes,
    /// Whether ReLU follows in the same pass; of convolutions only.
    pub(crate) relu: bool,
    /// What the operator made of its constant inputs when it was first run.
    pub(crate) prepared: OnceLock<Prepared>,
}

impl Node {
    pub(crate) fn error(&self, reason: String) -> OnnxError {
        OnnxError::Node {
            node: self.name.clone(),
            operator: self.kind.clone(),
            reason,
        }
    }
}
