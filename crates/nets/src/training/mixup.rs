//! Mixup (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization"): images are blended in pairs, labels likewise.

use crate::batch::{Batch, Mixed};
use data::random::{Key, Purpose, Stream};

/// Blends each image of `batch` with another one of it. The partners and the share, lambda of Beta(alpha, alpha), are
/// drawn by the run's seed, the batch's epoch and the number of the step.
pub fn mix(batch: Batch, alpha: f64, seed: u64, step: u64) -> Batch {
    let key = Key {
        seed,
        purpose: Purpose::Mixup,
        epoch: batch.epoch as u64,
        index: step,
    };
    let mut stream = key.stream();
    let share = beta(&mut stream, alpha);
    let mut partners: Vec<usize> = (0..batch.indices.len()).collect();
    stream.shuffle(&mut partners);
    let partners = batch.select(&partners);
    Batch {
        images: batch.images * share + partners.images * (1.0 - share),
        mixed: Some(Mixed {
            labels: partners.labels,
            share,
        }),
        ..batch
    }
}

/// Beta(alpha, alpha) by two gamma variates; in logarithms, which do not vanish for a small alpha.
fn beta(stream: &mut Stream, alpha: f64) -> f64 {
    let one = log_gamma_variate(stream, alpha);
    let other = log_gamma_variate(stream, alpha);
    1.0 / (1.0 + (other - one).exp())
}

/// The logarithm of a gamma variate of this shape and scale 1 (Marsaglia and Tsang 2000).
fn log_gamma_variate(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        // Gamma(a) = Gamma(a + 1) U^(1/a), with U in (0, 1].
        let boost = (1.0 - stream.unit()).ln() / shape;
        return log_gamma_variate(stream, shape + 1.0) + boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - stream.unit();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d.ln() + v.ln();
        }
    }
}

#[cfg(test)]
mod tests;
