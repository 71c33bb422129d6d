//! A linear discriminant: Gaussians of one covariance, solved exactly.
//!
//! D values of each picture, K classes.

use crate::doctor::look::VALUES;

/// Share of a sphere in the covariance, because few pictures don't determine it.
const SHRINKAGE: f64 = 0.1;

/// Sums over the pictures of one fold.
pub(super) struct Moments {
    counts: Vec<f64>,
    /// `[K, D]` sums of values.
    sums: Vec<f64>,
    /// `[D, D]` sums of products; only the lower triangle.
    products: Vec<f32>,
}

impl Moments {
    /// Of rows `[D]` with their labels.
    pub fn of<'a>(rows: impl Iterator<Item = (&'a [f32], usize)>, classes: usize) -> Self {
        let mut moments = Self {
            counts: vec![0.0; classes],
            sums: vec![0.0; classes * VALUES],
            products: vec![0.0; VALUES * VALUES],
        };
        for (row, label) in rows {
            moments.counts[label] += 1.0;
            for (sum, value) in moments.sums[label * VALUES..].iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
            for (i, line) in moments.products.chunks_exact_mut(VALUES).enumerate() {
                for (sum, value) in line[..=i].iter_mut().zip(row) {
                    *sum += row[i] * value;
                }
            }
        }
        moments
    }
}

/// Weights of a linear discriminant.
pub(super) struct Linear {
    /// `[K, D]`
    weights: Vec<f32>,
    /// `-inf` for a class that no picture shows.
    biases: Vec<f32>,
}

impl Linear {
    /// Fitted to all folds except one.
    pub fn of(moments: &[Moments], left_out: usize) -> Self {
        let others = || {
            let all = moments.iter().enumerate();
            all.filter(|(fold, _)| *fold != left_out).map(|(_, it)| it)
        };
        let classes = moments[0].counts.len();
        let counts: Vec<f64> = (0..classes)
            .map(|class| others().map(|it| it.counts[class]).sum())
            .collect();
        let total: f64 = counts.iter().sum();
        let means: Vec<f64> = (0..classes * VALUES)
            .map(|place| {
                let sum: f64 = others().map(|it| it.sums[place]).sum();
                sum / counts[place / VALUES].max(1.0)
            })
            .collect();
        // The covariance within classes.
        let mut covariance = vec![0.0_f64; VALUES * VALUES];
        for i in 0..VALUES {
            for j in 0..=i {
                let products: f64 = others()
                    .map(|it| f64::from(it.products[i * VALUES + j]))
                    .sum();
                let between: f64 = (0..classes)
                    .map(|class| {
                        counts[class] * means[class * VALUES + i] * means[class * VALUES + j]
                    })
                    .sum();
                covariance[i * VALUES + j] =
                    (products - between) / (total - classes as f64).max(1.0);
            }
        }
        let trace: f64 = (0..VALUES).map(|i| covariance[i * VALUES + i]).sum();
        let sphere = (trace / VALUES as f64).max(1e-6);
        for i in 0..VALUES {
            for j in 0..=i {
                covariance[i * VALUES + j] *= 1.0 - SHRINKAGE;
            }
            covariance[i * VALUES + i] += SHRINKAGE * sphere;
        }
        factorise(&mut covariance);
        let mut weights = Vec::with_capacity(classes * VALUES);
        let mut biases = Vec::with_capacity(classes);
        for (class, mean) in means.chunks_exact(VALUES).enumerate() {
            let solved = solve(&covariance, mean);
            let half: f64 = solved.iter().zip(mean).map(|(a, b)| a * b).sum::<f64>() / 2.0;
            weights.extend(solved.iter().map(|weight| *weight as f32));
            biases.push(((counts[class] / total).ln() - half) as f32);
        }
        Self { weights, biases }
    }

    /// Half the probability of each class.
    pub fn predict(&self, values: &[f32], row: &mut [f32]) {
        let weights = self.weights.chunks_exact(VALUES);
        for ((score, weights), bias) in row.iter_mut().zip(weights).zip(&self.biases) {
            *score = dot(weights, values) + bias;
        }
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut()
            .for_each(|score| *score = (*score - most).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|score| *score *= 0.5 / sum);
    }
}

/// Cholesky: the lower triangle of a symmetric positive matrix `[D, D]` becomes L with L Lᵀ the matrix.
fn factorise(matrix: &mut [f64]) {
    for i in 0..VALUES {
        for j in 0..=i {
            let (row_i, row_j) = (&matrix[i * VALUES..][..j], &matrix[j * VALUES..][..j]);
            let known: f64 = row_i.iter().zip(row_j).map(|(a, b)| a * b).sum();
            let left = matrix[i * VALUES + j] - known;
            matrix[i * VALUES + j] = if i == j {
                // Positive except for rounding errors, thanks to the sphere.
                left.max(1e-12).sqrt()
            } else {
                left / matrix[j * VALUES + j]
            };
        }
    }
}

/// x with L Lᵀ x = b.
fn solve(factor: &[f64], b: &[f64]) -> Vec<f64> {
    let mut x = b.to_vec();
    for i in 0..VALUES {
        let known: f64 = (0..i).map(|j| factor[i * VALUES + j] * x[j]).sum();
        x[i] = (x[i] - known) / factor[i * VALUES + i];
    }
    for i in (0..VALUES).rev() {
        let known: f64 = (i + 1..VALUES).map(|j| factor[j * VALUES + i] * x[j]).sum();
        x[i] = (x[i] - known) / factor[i * VALUES + i];
    }
    x
}

/// Eight sums side by side, which the compiler keeps in vectors.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
