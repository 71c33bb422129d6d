//! What classifiers share: the names of classes, and how scores become probabilities.

use crate::attributes::Attributes;
use crate::tensor::Tensor;

/// The names of classes.
pub(super) enum Classes {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

impl Classes {
    /// From the attributes of either type.
    pub(super) fn read(
        attributes: &Attributes,
        numbers: &str,
        texts: &str,
    ) -> Result<Self, String> {
        let texts = attributes.texts(texts)?;
        if !texts.is_empty() {
            return Ok(Classes::Texts(texts.to_vec()));
        }
        Ok(Classes::Numbers(
            attributes.ints(numbers)?.unwrap_or_default().to_vec(),
        ))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Classes::Numbers(numbers) => numbers.len(),
            Classes::Texts(texts) => texts.len(),
        }
    }

    /// The classes with these indices; an index itself where the model names no classes.
    pub(super) fn named(&self, indices: &[usize]) -> Result<Tensor, String> {
        let missing = |index: &usize| format!("class {index} has no name");
        let shape = [indices.len()];
        match self {
            Classes::Numbers(numbers) if numbers.is_empty() => Ok(Tensor::of(
                shape,
                indices.iter().map(|&index| index as i64).collect(),
            )),
            Classes::Numbers(numbers) => {
                let named = indices
                    .iter()
                    .map(|i| numbers.get(*i).copied().ok_or_else(|| missing(i)));
                Ok(Tensor::of(
                    shape,
                    named.collect::<Result<Vec<i64>, String>>()?,
                ))
            }
            Classes::Texts(texts) => {
                let named = indices
                    .iter()
                    .map(|i| texts.get(*i).cloned().ok_or_else(|| missing(i)));
                Ok(Tensor::of(
                    shape,
                    named.collect::<Result<Vec<String>, String>>()?,
                ))
            }
        }
    }
}

/// What is done with scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

impl Transform {
    pub(super) fn read(attributes: &Attributes) -> Result<Self, String> {
        Ok(match attributes.text_or("post_transform", "NONE")? {
            "NONE" => Transform::None,
            "LOGISTIC" => Transform::Logistic,
            "SOFTMAX" => Transform::Softmax,
            "SOFTMAX_ZERO" => Transform::SoftmaxZero,
            "PROBIT" => Transform::Probit,
            other => return Err(format!("attribute 'post_transform' can't be '{other}'")),
        })
    }

    /// The scores of one row.
    pub(super) fn apply(self, scores: &mut [f64]) {
        match self {
            Transform::None => {}
            Transform::Logistic => {
                scores
                    .iter_mut()
                    .for_each(|v| *v = super::super::unary::sigmoid(*v));
            }
            Transform::Softmax => {
                let sum = super::super::softmax::exponentials(scores);
                scores.iter_mut().for_each(|v| *v /= sum);
            }
            Transform::SoftmaxZero => softmax_zero(scores),
            Transform::Probit => scores.iter_mut().for_each(|v| *v = probit(*v)),
        }
    }
}

/// Softmax in which scores of zero stay (nearly) zero.
fn softmax_zero(scores: &mut [f64]) {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for v in scores.iter_mut() {
        *v = if v.abs() > 1e-7 {
            (*v - best).exp()
        } else {
            *v * (-best).exp()
        };
        sum += *v;
    }
    for v in scores {
        *v = if sum == 0.0 { 0.5 } else { *v / sum };
    }
}

/// The quantile of the normal distribution, by the approximation that ONNX prescribes.
fn probit(p: f64) -> f64 {
    let x = 2.0 * p - 1.0;
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let v = 2.0 / (std::f64::consts::PI * 0.147) + 0.5 * log;
    std::f64::consts::SQRT_2 * x.signum() * (-v + (v * v - log / 0.147).sqrt()).sqrt()
}

/// The index of the largest score; of equal ones the first.
pub(super) fn best(scores: &[f64]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = index;
        }
    }
    best
}
