//! The epoch that does best on the held-out images, and early stopping when no better one comes.

use measure::record::EpochRecord;
use serde::{Deserialize, Serialize};

use super::{Trainer, TrainingError};
use crate::network::Network;
use crate::weights::{self, Weights, WeightsError, collect};
use data::Dataset;
use recipe::{EarlyStopping, Metric, Recipe};

/// The epoch that did best on held-out images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestEpoch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Steps done at its end.
    pub step: u64,
    /// The metric it was chosen by: `validation_map`, `validation_accuracy` or `validation_loss`.
    pub figure: String,
    /// The value of that metric.
    #[serde(with = "measure::record::figure")]
    pub value: f64,
}

impl BestEpoch {
    /// By the metric that early stopping watches, or else the first that the epoch has of accuracy, average precision and
    /// loss; `None` without it.
    fn of(record: &EpochRecord, stopping: Option<&EarlyStopping>) -> Option<Self> {
        let metrics = [
            (
                Metric::Accuracy,
                "validation_accuracy",
                record.validation_accuracy,
            ),
            (Metric::Ap, "validation_map", record.validation_map),
            (Metric::Loss, "validation_loss", record.validation_loss),
        ];
        let known = metrics
            .into_iter()
            .filter(|(metric, ..)| stopping.is_none_or(|stopping| stopping.metric == *metric))
            .find_map(|(_, name, value)| Some((name, value?)));
        known.map(|(name, value)| Self {
            epoch: record.epoch,
            step: record.step,
            figure: name.to_string(),
            value,
        })
    }

    /// Whether it is better than `other` by more than `margin`; the earlier one wins a tie, NaN never wins.
    fn beats(&self, other: Option<&Self>, margin: f64) -> bool {
        let better = |other: &Self| match self.figure.as_str() {
            "validation_loss" => self.value < other.value - margin,
            _ => self.value > other.value + margin,
        };
        !self.value.is_nan() && other.is_none_or(better)
    }
}

/// Whether early stopping ends training after this many epochs.
fn is_over(stopping: EarlyStopping, epochs: usize, best: Option<&BestEpoch>) -> bool {
    epochs >= best.map_or(0, |best| best.epoch) + stopping.patience
}

/// Makes sure that images like those of `data` have the metric that early stopping watches.
pub(super) fn check_metric(recipe: &Recipe, data: &Dataset) -> Result<(), TrainingError> {
    let Some(stopping) = recipe.training.early_stopping else {
        return Ok(());
    };
    let one_object = data.labels().is_some();
    let (missing, shows, other) = if one_object {
        (Metric::Ap, "one object each", Metric::Accuracy)
    } else {
        (Metric::Accuracy, "several objects, or none", Metric::Ap)
    };
    if stopping.metric == missing {
        return Err(TrainingError::NoMetric {
            metric: missing.name(),
            shows,
            other: other.name(),
        });
    }
    Ok(())
}

impl Trainer<'_> {
    /// Keeps the weights if the epoch that just ended is the best so far.
    pub(super) fn keep_best(&mut self) {
        let training = &self.recipe.training;
        let stopping = training.early_stopping.as_ref();
        if stopping.is_none() && !training.checkpoints.best {
            return;
        }
        let margin = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let ended = self.state.history.last();
        let ended = ended.and_then(|record| BestEpoch::of(record, stopping));
        if let Some(best) = ended.filter(|it| it.beats(self.state.best.as_ref(), margin)) {
            self.best = Some(collect(&self.network()));
            self.state.best = Some(best);
        }
    }

    /// The epoch that did best on held-out images, and its weights as [`collect`] names them; `None` without such images,
    /// and where the recipe asks neither to keep it nor to stop early.
    pub fn best(&self) -> Option<(&BestEpoch, &Weights)> {
        self.state.best.as_ref().zip(self.best.as_ref())
    }

    /// The network that training gives: of the best epoch with early stopping, else as it is now.
    ///
    /// # Errors
    /// [`WeightsError`] when the best weights do not fit the network.
    pub fn trained(&self) -> Result<Network, WeightsError> {
        match self.best() {
            Some((_, best)) if self.recipe.training.early_stopping.is_some() => {
                weights::apply(self.network(), best)
            }
            _ => Ok(self.network()),
        }
    }

    /// Whether early stopping ends training now.
    pub(super) fn is_over(&self) -> bool {
        let stopping = self.recipe.training.early_stopping;
        let best = self.state.best.as_ref();
        stopping.is_some_and(|stopping| is_over(stopping, self.state.epoch, best))
    }
}

#[cfg(test)]
mod tests;
