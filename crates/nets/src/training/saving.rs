//! The state of a training out of it while it runs, and back into it.

use std::path::Path;
use std::time::{Duration, Instant};

use measure::record::EpochRecord;
use serde::{Deserialize, Serialize};

use super::checkpoint::{self, Groups, State};
use super::ema::Ema;
use super::{CheckpointError, Progress, Restored, Trainer};
use crate::weights::{Weights, WeightsError, apply, collect};
use recipe::{Checkpoints, EarlyStopping, Metric};

/// What is not asked for by steps takes one part in so many of the time. That is half of the 2 % that it may take: what a
/// disk needs for the same bytes doubles easily.
const AFFORDABLE: u32 = 100;

/// The epoch that did best on held-out images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestEpoch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Steps done at its end.
    pub step: u64,
    /// By what it was judged: `validation_map`, `validation_accuracy` or `validation_loss`.
    pub figure: String,
    /// The figure.
    #[serde(with = "measure::record::figure")]
    pub value: f64,
}

impl BestEpoch {
    /// By what early stopping watches, else by average precision where images show several objects and by accuracy where
    /// they show one; `None` without that figure.
    pub(super) fn of(record: &EpochRecord, stopping: Option<&EarlyStopping>) -> Option<Self> {
        let figures = [
            (
                Metric::Accuracy,
                "validation_accuracy",
                record.validation_accuracy,
            ),
            (Metric::Ap, "validation_map", record.validation_map),
            (Metric::Loss, "validation_loss", record.validation_loss),
        ];
        let known = figures
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

    /// Whether it is better than `other` by more than `margin`; the earlier one wins a tie.
    pub(super) fn beats(&self, other: Option<&Self>, margin: f64) -> bool {
        let better = |other: &Self| match self.figure.as_str() {
            "validation_loss" => self.value < other.value - margin,
            _ => self.value > other.value + margin,
        };
        // Not a number: better than none.
        !self.value.is_nan() && other.is_none_or(better)
    }
}

/// When to write checkpoints.
pub(super) struct Saver<'a> {
    pub folder: &'a Path,
    options: Checkpoints,
    /// When the last was written, or training began here.
    last: (Instant, u64),
    /// What the last took.
    cost: Duration,
}

impl<'a> Saver<'a> {
    /// After so many steps, which need not be written again.
    pub fn new(folder: &'a Path, options: Checkpoints, step: u64) -> Self {
        Self {
            folder,
            options,
            last: (Instant::now(), step),
            cost: Duration::ZERO,
        }
    }

    /// Whether to write one after so many steps; the end of an epoch is a good moment.
    pub fn is_due(&self, step: u64, ends_epoch: bool) -> bool {
        let Checkpoints {
            every_seconds,
            every_steps,
            ..
        } = self.options;
        self.is_due_after(self.last.0.elapsed(), step, ends_epoch, every_seconds)
            || every_steps.is_some_and(|steps| step - self.last.1 >= steps as u64)
    }

    fn is_due_after(
        &self,
        waited: Duration,
        step: u64,
        ends_epoch: bool,
        every_seconds: Option<f64>,
    ) -> bool {
        let long = every_seconds.is_some_and(|seconds| waited.as_secs_f64() >= seconds);
        step > self.last.1 && waited >= self.cost * AFFORDABLE && (long || ends_epoch)
    }
}

impl Trainer<'_> {
    /// Writes all state into `folder`, so that [`Trainer::restore`] can go on from here.
    ///
    /// # Errors
    /// [`CheckpointError`] when the file system refuses.
    pub fn save(&self, folder: &Path) -> Result<(), CheckpointError> {
        let (moments, optimizer_steps) = self.optimizer.state();
        let mut groups = Groups::from([
            ("network".to_string(), collect(self.learning())),
            ("optimizer".to_string(), moments),
            ("gradient".to_string(), self.optimizer.accumulated()),
        ]);
        if let Some(ema) = &self.ema {
            groups.insert("ema".to_string(), collect(&ema.network()));
        }
        let progress = self.progress.clone();
        if let Some(best) = self.best.as_ref().filter(|_| !progress.is_best()) {
            groups.insert("best".to_string(), best.clone());
        }
        let state = State {
            groups,
            optimizer_steps,
            progress,
        };
        checkpoint::save(folder, state, self.recipe.training.checkpoints.keep)
    }

    pub(super) fn save_now(&mut self, saver: &mut Saver<'_>) -> Result<(), CheckpointError> {
        let start = Instant::now();
        self.save(saver.folder)?;
        saver.cost = start.elapsed();
        saver.last = (Instant::now(), self.progress.step);
        self.progress.checkpoint_s += saver.cost.as_secs_f64();
        Ok(())
    }

    /// Goes on from the newest whole checkpoint in `folder`; none there: from the start.
    ///
    /// # Errors
    /// [`CheckpointError`] when no checkpoint can be read, or it belongs to another network.
    pub fn restore(&mut self, folder: &Path) -> Result<Restored, CheckpointError> {
        let (restored, state) = checkpoint::load(folder)?;
        let Some(mut state) = state else {
            return Ok(restored);
        };
        let mut take = |group: &str| state.groups.remove(group).unwrap_or_default();
        let network = take("network");
        self.network = Some(apply(self.learning().clone(), &network)?);
        let device = self.device.clone().inner();
        self.optimizer
            .restore(take("optimizer"), state.optimizer_steps, &device)?;
        self.optimizer
            .restore_accumulated(take("gradient"), &device);
        let mut current = network;
        if let Some(ema) = &mut self.ema {
            current = take("ema");
            ema.restore(&current)?;
        }
        self.best = match &state.progress.best {
            None => None,
            Some(_) if state.progress.is_best() => Some(current),
            Some(_) => Some(take("best")),
        };
        self.progress = state.progress;
        Ok(restored)
    }

    /// Keeps the weights if the epoch that just ended is the best so far.
    pub(super) fn consider(&mut self) {
        let training = &self.recipe.training;
        let stopping = training.early_stopping.as_ref();
        if stopping.is_none() && !training.checkpoints.best {
            return;
        }
        let margin = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let ended = self.progress.history.last();
        let ended = ended.and_then(|record| BestEpoch::of(record, stopping));
        if let Some(best) = ended.filter(|it| it.beats(self.progress.best.as_ref(), margin)) {
            self.best = Some(collect(&self.network()));
            self.progress.best = Some(best);
        }
    }

    /// The epoch that did best on held-out images, and its weights as [`collect`] names them; `None` without such images, and
    /// where the recipe wants neither it kept nor an early end.
    pub fn best(&self) -> Option<(&BestEpoch, &Weights)> {
        self.progress.best.as_ref().zip(self.best.as_ref())
    }

    /// Replaces the initial weights; they are named as [`collect`] does.
    ///
    /// # Errors
    /// [`WeightsError`] for the first that does not fit.
    pub fn start_from(&mut self, weights: &Weights) -> Result<(), WeightsError> {
        self.network = Some(apply(self.learning().clone(), weights)?);
        let ema = self.recipe.training.ema;
        self.ema = ema.map(|decay| Ema::new(decay, self.learning()));
        Ok(())
    }
}

impl Progress {
    /// Whether the weights of this moment are those of the best epoch.
    fn is_best(&self) -> bool {
        let best = self.best.as_ref();
        self.batch == 0 && best.is_some_and(|best| best.epoch == self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(map: Option<f64>, accuracy: Option<f64>, loss: Option<f64>) -> Option<BestEpoch> {
        let record = EpochRecord {
            validation_map: map,
            validation_accuracy: accuracy,
            validation_loss: loss,
            ..EpochRecord::default()
        };
        BestEpoch::of(&record, None)
    }

    #[test]
    fn the_best_epoch_is_known() {
        let best = |map, accuracy, loss| epoch(map, accuracy, loss).expect("held-out images");
        assert_eq!(epoch(None, None, None), None);
        for (name, first, second, better) in [
            (
                "accuracy",
                best(None, Some(0.5), Some(1.0)),
                best(None, Some(0.6), Some(2.0)),
                true,
            ),
            (
                "a tie",
                best(None, Some(0.5), Some(1.0)),
                best(None, Some(0.5), Some(0.5)),
                false,
            ),
            (
                "average precision before loss",
                best(Some(0.5), None, Some(1.0)),
                best(Some(0.4), None, Some(0.1)),
                false,
            ),
            (
                "loss",
                best(None, None, Some(1.0)),
                best(None, None, Some(0.1)),
                true,
            ),
            (
                "no number",
                best(None, None, Some(1.0)),
                best(None, None, Some(f64::NAN)),
                false,
            ),
        ] {
            assert!(first.beats(None, 0.0), "{name}");
            assert_eq!(second.beats(Some(&first), 0.0), better, "{name}");
        }
        assert!(!best(None, None, Some(f64::NAN)).beats(None, 0.0));
    }

    #[test]
    fn checkpoints_are_due_by_time_by_steps_and_by_what_they_cost() {
        let options = |every_seconds, every_steps| Checkpoints {
            every_seconds,
            every_steps,
            ..Checkpoints::default()
        };
        let seconds = Duration::from_secs;
        // Asked for each 30 s; the last, after step 100, took 1 s.
        for (name, every, waited, step, ends_epoch, due) in [
            ("not yet", Some(30.0), 29, 101, false, false),
            (
                "dear, though an epoch ends",
                Some(30.0),
                99,
                101,
                true,
                false,
            ),
            ("time", Some(30.0), 100, 101, false, true),
            ("nothing new", Some(30.0), 100, 100, true, false),
            ("epochs only, within one", None, 1000, 101, false, false),
            ("epochs only, at an end", None, 100, 101, true, true),
        ] {
            let mut saver = Saver::new(Path::new(""), options(every, None), 100);
            saver.cost = seconds(1);
            let found = saver.is_due_after(seconds(waited), step, ends_epoch, every);
            assert_eq!(found, due, "{name}");
        }
        let mut saver = Saver::new(Path::new(""), options(Some(1000.0), Some(5)), 100);
        saver.cost = seconds(1000);
        assert_eq!(
            [104, 105].map(|step| saver.is_due(step, true)),
            [false, true]
        );
    }
}
