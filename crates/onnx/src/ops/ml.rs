//! Operators of classical machine learning, as scikit-learn's models are exported with.

mod classes;
mod encode;
mod linear;
mod svm;
mod trees;

pub(super) use encode::label_encoder;
pub(super) use linear::linear_classifier;
pub(super) use svm::svm_classifier;
pub(crate) use trees::Trees;
pub(super) use trees::tree_ensemble_classifier;

use super::{Call, Outputs, one};
use crate::shape::index;
use crate::tensor::{Element, Kind, Tensor, with_values};

/// Rows of numbers in 64 bits: a single row may come without its axis.
fn rows(x: &Tensor) -> Result<(Vec<f64>, usize, usize), String> {
    let (count, features) = match *x.shape() {
        [features] => (1, features),
        [count, features] => (count, features),
        _ => return Err(format!("rows of numbers of shape {:?}", x.shape())),
    };
    let wide = x.cast(Kind::F64)?;
    Ok((wide.expect::<f64>("the input")?.to_vec(), count, features))
}

/// `(x - offset) * scale`, for each feature or for all.
pub(super) fn scaler(call: &mut Call) -> Outputs {
    let (offset, scale) = (
        call.attributes().floats("offset")?,
        call.attributes().floats("scale")?,
    );
    let x = call.input(0)?;
    let features = x.shape().last().copied().unwrap_or(1);
    let fits = |factors: &[f32]| [0, 1, features].contains(&factors.len());
    if !fits(offset) || !fits(scale) {
        return Err(format!(
            "{} offsets and {} scales for {features} features",
            offset.len(),
            scale.len()
        ));
    }
    let of = |factors: &[f32], at: usize, none: f32| match factors {
        [] => none,
        [all] => *all,
        each => each[at % features],
    };
    let wide = x.cast(Kind::F64)?;
    let scaled = wide
        .expect::<f64>("the input")?
        .iter()
        .enumerate()
        .map(|(at, v)| {
            let (offset, scale) = (of(offset, at, 0.0), of(scale, at, 1.0));
            ((v - f64::from(offset)) * f64::from(scale)) as f32
        });
    one(x.shape(), scaled.collect())
}

/// Rows divided by a norm.
pub(super) fn normalizer(call: &mut Call) -> Outputs {
    let norm: fn(&[f64]) -> f64 = match call.attributes().text_or("norm", "MAX")? {
        "MAX" => |row| row.iter().fold(0.0, |best: f64, v| best.max(v.abs())),
        "L1" => |row| row.iter().map(|v| v.abs()).sum(),
        "L2" => |row| row.iter().map(|v| v * v).sum::<f64>().sqrt(),
        other => return Err(format!("attribute 'norm' can't be '{other}'")),
    };
    let x = call.input(0)?;
    let (mut values, _, features) = rows(x)?;
    for row in values.chunks_exact_mut(features.max(1)) {
        let norm = norm(row);
        if norm > 0.0 {
            row.iter_mut().for_each(|v| *v /= norm);
        }
    }
    one(x.shape(), values.into_iter().map(|v| v as f32).collect())
}

/// 1 where a number is above a threshold.
pub(super) fn binarizer(call: &mut Call) -> Outputs {
    let threshold = f64::from(call.attributes().float_or("threshold", 0.0)?);
    let x = call.input(0)?;
    let wide = x.cast(Kind::F64)?;
    let above = wide.expect::<f64>("the input")?.iter();
    let above = above
        .map(|&v| if v > threshold { 1.0 } else { 0.0 })
        .collect();
    Ok(vec![Tensor::of(x.shape(), above).cast(x.kind())?])
}

/// Columns by their indices: along the last axis.
pub(super) fn array_feature_extractor(call: &mut Call) -> Outputs {
    let (x, columns) = (call.input(0)?, call.input(1)?);
    let Some((&side, outer)) = x.shape().split_last() else {
        return Err("a single number has no columns".into());
    };
    let columns = columns.integers("the columns")?;
    let columns = columns.iter().map(|&column| index(column, side));
    let columns = columns.collect::<Result<Vec<usize>, String>>()?;
    // A vector becomes a matrix of one row.
    let mut shape = if outer.is_empty() {
        vec![1]
    } else {
        outer.to_vec()
    };
    shape.push(columns.len());
    call.room(&shape)?;
    fn pick<T: Element>(x: &[T], side: usize, columns: &[usize], shape: Vec<usize>) -> Outputs {
        let rows = x.chunks_exact(side.max(1));
        let values = rows.flat_map(|row| columns.iter().map(|&column| row[column].clone()));
        one(shape, values.collect())
    }
    with_values!(x.data(), values => pick(values, side, &columns, shape))
}

/// Maps from class to probability are not made: the probabilities stay as they are, in the order of the classes.
pub(super) fn zip_map(call: &mut Call) -> Outputs {
    let x = call.take(0)?;
    // A single row may come without its axis.
    if x.rank() == 1 {
        let classes = x.len();
        return Ok(vec![x.reshaped([1, classes])?]);
    }
    Ok(vec![x])
}
