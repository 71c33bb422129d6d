//! What training reports while it runs.

use measure::record::EpochRecord;

use super::{BestEpoch, Restored, TrainingState};
use crate::temperature::Calibration;

/// Hears of what happens in a training.
pub trait Observer {
    /// Before the first step: the checkpoint found, and where its training stopped.
    fn resumed(&mut self, _restored: &Restored, _state: &TrainingState) {}
    /// After every step.
    fn step(&mut self, report: &StepReport);
    /// After every epoch.
    fn epoch(&mut self, record: &EpochRecord);
    /// Something is probably wrong, although training goes on.
    fn warning(&mut self, _text: &str) {}
    /// At the end of a training with early stopping: the epoch whose weights are kept, and the epochs trained, of how many.
    fn kept(&mut self, _best: &BestEpoch, _epochs: [usize; 2]) {}
    /// After training, where a temperature was fitted.
    fn calibrated(&mut self, _calibration: &Calibration) {}
}

/// Where training stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The running epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub batch: usize,
    /// Steps in an epoch.
    pub batches: usize,
    /// Mean loss of this step's images.
    pub batch_loss: f64,
    /// Correct classifications of this step, of how many.
    pub batch_correct: [usize; 2],
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Mean loss of this epoch so far.
    pub loss: f64,
    /// Training accuracy of this epoch so far, 0 to 1.
    pub accuracy: f64,
    /// Images in a full batch.
    pub images_per_batch: f64,
    /// Images a second in this epoch, since training was started or resumed.
    pub images_per_s: f64,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// It was interrupted; a checkpoint holds where.
    Stopped,
}
