//! Linear classifiers.

use super::classes::{Classes, Transform, best};
use super::rows;
use crate::ops::{Call, Outputs};
use crate::tensor::Tensor;

/// Labels, and the scores of all classes.
pub(in super::super) fn linear_classifier(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    let classes = Classes::read(attributes, "classlabels_ints", "classlabels_strings")?;
    let transform = Transform::read(attributes)?;
    let (weights, biases) = (
        attributes.floats("coefficients")?,
        attributes.floats("intercepts")?,
    );
    let (x, count, features) = rows(call.input(0)?)?;
    let outputs = weights.len().checked_div(features).unwrap_or(0);
    let fits = outputs * features == weights.len() && [0, outputs].contains(&biases.len());
    if outputs == 0 || !fits {
        return Err(format!(
            "{} coefficients and {} intercepts for {features} features",
            weights.len(),
            biases.len()
        ));
    }
    // A single score for two classes is that of the second.
    let both = outputs == 1 && classes.len() == 2;
    let columns = if both { 2 } else { outputs };
    call.room(&[count, columns])?;
    let (mut labels, mut scores) = (Vec::with_capacity(count), Vec::new());
    for row in x.chunks_exact(features.max(1)) {
        let score = |output: usize| {
            let weights = &weights[output * features..][..features];
            let sum: f64 = row
                .iter()
                .zip(weights)
                .map(|(x, w)| x * f64::from(*w))
                .sum();
            sum + biases.get(output).map_or(0.0, |bias| f64::from(*bias))
        };
        let mut own: Vec<f64> = (0..outputs).map(score).collect();
        if both {
            own.insert(0, -own[0]);
        }
        transform.apply(&mut own);
        labels.push(best(&own));
        scores.extend(own.into_iter().map(|v| v as f32));
    }
    Ok(vec![
        classes.named(&labels)?,
        Tensor::of([count, columns], scores),
    ])
}
