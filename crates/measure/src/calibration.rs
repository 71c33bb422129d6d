//! Whether confidence matches accuracy: reliability bins and the expected calibration error.
//!
//! C. Guo et al., "On Calibration of Modern Neural Networks", 2017 (equal width); K. Nguyen and
//! B. O'Connor, "Posterior calibration and exploratory analysis for natural language processing
//! models", 2015 (equal mass).

use serde::{Deserialize, Serialize};

use crate::classification::{ClassificationError, check_length, check_probability};

/// The customary number of bins (Guo et al.).
pub const BINS: usize = 15;

/// Images of similar confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lowest confidence of the bin: excluded where bins are of equal width (except 0), included
    /// where they are of equal mass.
    pub lower: f64,
    /// Highest confidence of the bin, included.
    pub upper: f64,
    /// Number of images; bins may be empty.
    pub images: u64,
    /// Mean confidence of the images; 0 without any.
    pub confidence: f64,
    /// Fraction of the images classified correctly; 0 without any.
    pub accuracy: f64,
}

/// A reliability diagram: bins from the lowest to the highest confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins, including empty ones where they are of equal width.
    pub bins: Vec<ReliabilityBin>,
}

impl Reliability {
    /// Expected calibration error: the gap between confidence and accuracy, averaged over images.
    ///
    /// ```
    /// use measure::calibration::reliability_equal_width;
    /// // Sure of four answers, right with two: off by a half.
    /// let sure = reliability_equal_width(&[1.0; 4], &[true, false, true, false], 15)?;
    /// assert_eq!(sure.ece(), 0.5);
    /// # Ok::<(), measure::classification::ClassificationError>(())
    /// ```
    pub fn ece(&self) -> f64 {
        let images: u64 = self.bins.iter().map(|bin| bin.images).sum();
        let bins = self.bins.iter();
        let gaps = bins.map(|bin| bin.images as f64 * (bin.accuracy - bin.confidence).abs());
        gaps.sum::<f64>() / images as f64
    }
}

/// `bins` bins `(lower, upper]` of equal width from 0 to 1; the first includes 0.
/// `confidences` and `correct` are `[N]`; `bins` of 0 is taken as 1.
///
/// # Errors
/// [`ClassificationError`] without images, for lists of different lengths, and for confidences that
/// are no probabilities.
pub fn reliability_equal_width(
    confidences: &[f32],
    correct: &[bool],
    bins: usize,
) -> Result<Reliability, ClassificationError> {
    check(confidences, correct)?;
    let bins = bins.max(1);
    let mut tallies = vec![Tally::default(); bins];
    for (&confidence, &correct) in confidences.iter().zip(correct) {
        let above = (f64::from(confidence) * bins as f64).ceil() as usize;
        tallies[above.clamp(1, bins) - 1].add(confidence, correct);
    }
    let edge = |bin: usize| bin as f64 / bins as f64;
    let tallies = tallies.iter().enumerate();
    Ok(Reliability {
        bins: tallies
            .map(|(bin, tally)| tally.bin(edge(bin), edge(bin + 1)))
            .collect(),
    })
}

/// At most `bins` bins with as equal numbers of images as ties allow: images of the same confidence
/// stay together, in the bin of the first of them, so that the order of the images does not matter.
/// There are no empty bins. `bins` of 0 is taken as 1.
///
/// # Errors
/// Those of [`reliability_equal_width`].
pub fn reliability_equal_mass(
    confidences: &[f32],
    correct: &[bool],
    bins: usize,
) -> Result<Reliability, ClassificationError> {
    check(confidences, correct)?;
    let bins = bins.max(1);
    let mut images: Vec<(f32, bool)> = confidences
        .iter()
        .copied()
        .zip(correct.iter().copied())
        .collect();
    images.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut made: Vec<(usize, Tally, f32, f32)> = Vec::new();
    let mut before = 0;
    for group in images.chunk_by(|a, b| a.0 == b.0) {
        let (bin, value) = (before * bins / images.len(), group[0].0);
        before += group.len();
        if made.last().is_none_or(|last| last.0 != bin) {
            made.push((bin, Tally::default(), value, value));
        }
        if let Some((_, tally, _, upper)) = made.last_mut() {
            *upper = value;
            for &(confidence, correct) in group {
                tally.add(confidence, correct);
            }
        }
    }
    let made = made.iter();
    Ok(Reliability {
        bins: made
            .map(|(_, tally, lower, upper)| tally.bin((*lower).into(), (*upper).into()))
            .collect(),
    })
}

#[derive(Clone, Default)]
struct Tally {
    images: u64,
    correct: u64,
    confidence: f64,
}

impl Tally {
    fn add(&mut self, confidence: f32, correct: bool) {
        self.images += 1;
        self.correct += u64::from(correct);
        self.confidence += f64::from(confidence);
    }

    fn bin(&self, lower: f64, upper: f64) -> ReliabilityBin {
        let images = self.images.max(1) as f64;
        ReliabilityBin {
            lower,
            upper,
            images: self.images,
            confidence: self.confidence / images,
            accuracy: self.correct as f64 / images,
        }
    }
}

fn check(confidences: &[f32], correct: &[bool]) -> Result<(), ClassificationError> {
    if confidences.is_empty() {
        return Err(ClassificationError::Empty);
    }
    check_length("answers", confidences.len(), correct.len())?;
    let images = confidences.iter().enumerate();
    for (image, &confidence) in images {
        check_probability(image, confidence)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_bin_below() {
        for (name, confidence, bin) in [
            ("zero", 0.0, 0),
            ("quarter", 0.25, 0),
            ("above a quarter", 0.251, 1),
            ("one", 1.0, 3),
            ("a softmax above one", 1.000_001, 3),
        ] {
            let reliability = reliability_equal_width(&[confidence], &[true], 4).unwrap();
            let images: Vec<u64> = reliability.bins.iter().map(|bin| bin.images).collect();
            let mut expected = [0; 4];
            expected[bin] = 1;
            assert_eq!(images, expected, "{name}");
        }
    }

    #[test]
    fn ties_stay_together_in_any_order() {
        let confidences = [0.9, 0.9, 0.5, 0.9, 0.9, 0.7];
        let correct = [true, false, true, false, true, false];
        let reliability = reliability_equal_mass(&confidences, &correct, 3).unwrap();
        let images: Vec<u64> = reliability.bins.iter().map(|bin| bin.images).collect();
        assert_eq!(images, [2, 4]);
        let (mut confidences, mut correct) = (confidences, correct);
        confidences.reverse();
        correct.reverse();
        let reversed = reliability_equal_mass(&confidences, &correct, 3).unwrap();
        assert!((reversed.ece() - reliability.ece()).abs() < 1e-15);
        assert_eq!(reversed.bins[1].images, 4);
    }
}
