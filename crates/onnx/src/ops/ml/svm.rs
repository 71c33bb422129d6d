//! Support vector machines.

use super::classes::{Classes, Transform, best};
use super::rows;
use crate::attributes::Attributes;
use crate::ops::unary::sigmoid;
use crate::ops::{Call, Outputs};
use crate::tensor::Tensor;

/// How alike two rows are.
#[derive(Clone, Copy, Debug)]
enum Kernel {
    Linear,
    Polynomial { gamma: f64, shift: f64, degree: f64 },
    Gaussian { gamma: f64 },
    Sigmoid { gamma: f64, shift: f64 },
}

impl Kernel {
    fn read(attributes: &Attributes) -> Result<Self, String> {
        let parameters = attributes.floats("kernel_params")?;
        let parameter = |index: usize| parameters.get(index).map_or(0.0, |&v| f64::from(v));
        let (gamma, shift, degree) = (parameter(0), parameter(1), parameter(2));
        Ok(match attributes.text_or("kernel_type", "LINEAR")? {
            "LINEAR" => Kernel::Linear,
            "POLY" => Kernel::Polynomial {
                gamma,
                shift,
                degree,
            },
            "RBF" => Kernel::Gaussian { gamma },
            "SIGMOID" => Kernel::Sigmoid { gamma, shift },
            other => return Err(format!("attribute 'kernel_type' can't be '{other}'")),
        })
    }

    fn of(self, x: &[f64], y: &[f32]) -> f64 {
        let pairs = || x.iter().zip(y).map(|(x, y)| (*x, f64::from(*y)));
        let product = || pairs().map(|(x, y)| x * y).sum::<f64>();
        match self {
            Kernel::Linear => product(),
            Kernel::Polynomial {
                gamma,
                shift,
                degree,
            } => (gamma * product() + shift).powf(degree),
            Kernel::Gaussian { gamma } => {
                let distance: f64 = pairs().map(|(x, y)| (x - y) * (x - y)).sum();
                (-gamma * distance).exp()
            }
            Kernel::Sigmoid { gamma, shift } => (gamma * product() + shift).tanh(),
        }
    }
}

/// A machine for each pair of classes.
struct Machines<'a> {
    kernel: Kernel,
    vectors: &'a [f32],
    /// `[classes - 1, vectors]`
    factors: &'a [f32],
    shifts: &'a [f32],
    /// Where the vectors of each class begin, and their end.
    starts: Vec<usize>,
    /// For probabilities; may be empty.
    slopes: &'a [f32],
    offsets: &'a [f32],
}

/// Labels, and probabilities where the model can tell them, otherwise the scores of all pairs.
pub(in super::super) fn svm_classifier(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    let classes = Classes::read(attributes, "classlabels_ints", "classlabels_strings")?;
    let transform = Transform::read(attributes)?;
    let per_class = attributes.ints("vectors_per_class")?.unwrap_or_default();
    if per_class.is_empty() {
        return Err("a machine without support vectors is not supported".into());
    }
    let (x, count, features) = rows(call.input(0)?)?;
    let mut starts = vec![0usize];
    let mut total = 0usize;
    for &vectors in per_class {
        let vectors = usize::try_from(vectors).ok();
        let sum = vectors.and_then(|vectors| total.checked_add(vectors));
        total = sum.ok_or("attribute 'vectors_per_class' is wrong")?;
        starts.push(total);
    }
    let number = per_class.len();
    let pairs = number * (number - 1) / 2;
    let machines = Machines {
        kernel: Kernel::read(attributes)?,
        vectors: attributes.floats("support_vectors")?,
        factors: attributes.floats("coefficients")?,
        shifts: attributes.floats("rho")?,
        starts,
        slopes: attributes.floats("prob_a")?,
        offsets: attributes.floats("prob_b")?,
    };
    let fits = total.checked_mul(features) == Some(machines.vectors.len())
        && (number - 1).checked_mul(total) == Some(machines.factors.len())
        && machines.shifts.len() >= pairs
        && (machines.slopes.is_empty() || machines.slopes.len() >= pairs)
        && machines.offsets.len() >= machines.slopes.len().min(pairs);
    if !fits || number < 2 || classes.len() > 0 && classes.len() != number {
        return Err(format!(
            "{} vectors, {} coefficients and {} classes do not fit {features} features",
            total,
            machines.factors.len(),
            classes.len()
        ));
    }
    let (mut labels, mut scores) = (Vec::with_capacity(count), Vec::new());
    let mut columns = 0;
    for row in x.chunks_exact(features.max(1)) {
        let (label, own) = machines.decide(row, transform);
        labels.push(label);
        columns = own.len();
        scores.extend(own.into_iter().map(|v| v as f32));
    }
    Ok(vec![
        classes.named(&labels)?,
        Tensor::of([count, columns], scores),
    ])
}

impl Machines<'_> {
    fn decide(&self, row: &[f64], transform: Transform) -> (usize, Vec<f64>) {
        let total = self.starts[self.starts.len() - 1];
        let features = row.len();
        let number = self.starts.len() - 1;
        let alike: Vec<f64> = (0..total)
            .map(|v| {
                self.kernel
                    .of(row, &self.vectors[v * features..][..features])
            })
            .collect();
        let (mut votes, mut scores) = (vec![0.0; number], Vec::new());
        for (i, j) in (0..number).flat_map(|i| (i + 1..number).map(move |j| (i, j))) {
            let part = |line: usize, class: usize| -> f64 {
                let range = self.starts[class]..self.starts[class + 1];
                let factors = &self.factors[line * total..][range.clone()];
                let products = alike[range].iter().zip(factors);
                products
                    .map(|(alike, factor)| alike * f64::from(*factor))
                    .sum()
            };
            let score = f64::from(self.shifts[scores.len()]) + part(j - 1, i) + part(i, j);
            votes[if score > 0.0 { i } else { j }] += 1.0;
            scores.push(score);
        }
        if !self.slopes.is_empty() {
            let mut pairwise = vec![0.0; number * number];
            let mut index = 0;
            for (i, j) in (0..number).flat_map(|i| (i + 1..number).map(move |j| (i, j))) {
                let (slope, offset) = (
                    f64::from(self.slopes[index]),
                    f64::from(self.offsets[index]),
                );
                let p = (1.0 - sigmoid(scores[index] * slope + offset)).clamp(1e-7, 1.0 - 1e-7);
                pairwise[i * number + j] = p;
                pairwise[j * number + i] = 1.0 - p;
                index += 1;
            }
            let probabilities = coupled(&pairwise, number);
            return (best(&probabilities), probabilities);
        }
        let label = best(&votes);
        if let [score] = scores[..] {
            // Of two classes there is a score each.
            scores = vec![-score, score];
        }
        transform.apply(&mut scores);
        (label, scores)
    }
}

/// Probabilities of classes from those of each pair: Wu, Lin and Weng 2004, "Probability estimates for multi-class
/// classification by pairwise coupling", the second method.
fn coupled(pairwise: &[f64], number: usize) -> Vec<f64> {
    let r = |i: usize, j: usize| pairwise[i * number + j];
    let mut q = vec![0.0; number * number];
    for t in 0..number {
        for j in (0..number).filter(|&j| j != t) {
            q[t * number + t] += r(j, t) * r(j, t);
            q[t * number + j] = -r(j, t) * r(t, j);
        }
    }
    let mut p = vec![1.0 / number as f64; number];
    let limit = 0.005 / number as f64;
    for _ in 0..number.max(100) {
        let mut gradient: Vec<f64> = (0..number)
            .map(|t| (0..number).map(|j| q[t * number + j] * p[j]).sum())
            .collect();
        let mut sum: f64 = p.iter().zip(&gradient).map(|(p, g)| p * g).sum();
        if gradient.iter().all(|g| (g - sum).abs() < limit) {
            break;
        }
        for t in 0..number {
            let own = q[t * number + t];
            let change = (sum - gradient[t]) / own;
            p[t] += change;
            let scale = 1.0 + change;
            sum = (sum + change * (change * own + 2.0 * gradient[t])) / (scale * scale);
            for j in 0..number {
                gradient[j] = (gradient[j] + change * q[t * number + j]) / scale;
                p[j] /= scale;
            }
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::coupled;

    #[test]
    fn coupling_agrees_with_pairs_that_agree() {
        // Pairwise probabilities p_i / (p_i + p_j) of known ones.
        let known = [0.5, 0.3, 0.2];
        let pairwise: Vec<f64> = (0..9)
            .map(|at| known[at / 3] / (known[at / 3] + known[at % 3]))
            .collect();
        for (p, known) in coupled(&pairwise, 3).into_iter().zip(known) {
            assert!((p - known).abs() < 5e-3, "{p} {known}");
        }
    }
}
