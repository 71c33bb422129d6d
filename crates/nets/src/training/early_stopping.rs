//! Early stopping: when a figure of the held-out images no longer gets better, training ends with the best weights.

use measure::record::EpochRecord;
use serde::{Deserialize, Serialize};

use crate::recipe::{EarlyStopping, Metric};

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// From 1.
    pub epoch: usize,
    /// The figure that is watched.
    pub value: f64,
}

impl EarlyStopping {
    /// The figure that is watched, where the epoch has it.
    pub fn value(&self, record: &EpochRecord) -> Option<f64> {
        match self.metric {
            Metric::Loss => record.validation_loss,
            Metric::Accuracy => record.validation_accuracy,
            Metric::Ap => record.validation_map,
        }
    }

    /// Whether `value` is better than the best so far by more than the recipe asks; what is not a number never is.
    pub fn is_better(&self, value: f64, best: Option<Best>) -> bool {
        let Some(best) = best else {
            return !value.is_nan();
        };
        match self.metric {
            Metric::Loss => value < best.value - self.min_delta,
            Metric::Accuracy | Metric::Ap => value > best.value + self.min_delta,
        }
    }

    /// Whether training ends after so many epochs.
    pub fn is_over(&self, epochs: usize, best: Option<Best>) -> bool {
        epochs >= best.map_or(0, |best| best.epoch) + self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a figure an epoch; the epoch after which it is over, and the best one.
    fn run(stopping: EarlyStopping, values: &[f64]) -> (Option<usize>, Option<usize>) {
        let mut best = None;
        for (epoch, &value) in (1..).zip(values) {
            if stopping.is_better(value, best) {
                best = Some(Best { epoch, value });
            }
            if stopping.is_over(epoch, best) {
                return (Some(epoch), best.map(|best| best.epoch));
            }
        }
        (None, best.map(|best| best.epoch))
    }

    #[test]
    fn patience_and_min_delta() {
        let loss = |patience, min_delta| EarlyStopping {
            metric: Metric::Loss,
            patience,
            min_delta,
        };
        let accuracy = |patience, min_delta| EarlyStopping {
            metric: Metric::Accuracy,
            ..loss(patience, min_delta)
        };
        let nan = f64::NAN;
        #[rustfmt::skip]
        let cases: [(&str, EarlyStopping, &[f64], _); 8] = [
            ("gets better throughout", loss(1, 0.0), &[3.0, 2.0, 1.0], (None, Some(3))),
            ("one worse epoch", loss(1, 0.0), &[3.0, 2.0, 2.5, 1.0], (Some(3), Some(2))),
            ("one worse epoch is allowed", loss(2, 0.0), &[3.0, 2.0, 2.5, 1.0], (None, Some(4))),
            ("the same is not better", loss(2, 0.0), &[2.0, 2.0, 2.0], (Some(3), Some(1))),
            ("too little better", loss(2, 0.5), &[2.0, 1.6, 1.5, 1.0], (Some(3), Some(1))),
            ("little by little it is enough", loss(3, 0.5), &[2.0, 1.6, 1.4], (None, Some(3))),
            ("more is better", accuracy(1, 0.0), &[0.5, 0.6, 0.6], (Some(3), Some(2))),
            ("never a number", loss(2, 0.0), &[nan, nan, nan], (Some(2), None)),
        ];
        for (name, stopping, values, expected) in cases {
            assert_eq!(run(stopping, values), expected, "{name}");
        }
    }
}
