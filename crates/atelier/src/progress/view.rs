//! What the dashboard shows: fed by a training's events, without a terminal and without a clock.

use measure::record::EpochRecord;
use nets::training::StepReport;

use super::curve::Curve;

/// The state of a training.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The run's name.
    pub name: String,
    /// Which training this is, from 1, and how many there are.
    pub part: Option<[usize; 2]>,
    /// Total number of epochs.
    pub epochs: usize,
    /// The last step.
    pub latest: Option<StepReport>,
    /// The loss of steps over epochs.
    pub loss: Curve,
    /// The accuracy of steps over epochs.
    pub accuracy: Curve,
    /// Whether training has ended, perhaps before the last epoch.
    pub over: bool,
    /// Finished epochs.
    pub history: Vec<EpochRecord>,
    /// The messages, as plain lines would have shown them.
    pub lines: Vec<String>,
}

/// The phase of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the first step.
    Preparation,
    /// Steps.
    Training,
    /// After an epoch's last step.
    Validation,
    /// After the last epoch.
    Evaluation,
}

impl View {
    /// Adds the epochs before the training was resumed.
    pub fn resumed(&mut self, history: &[EpochRecord]) {
        for record in history {
            let x = record.epoch as f64;
            self.loss.push(x, record.train_loss, 1.0);
            if let Some(accuracy) = record.train_accuracy {
                self.accuracy.push(x, accuracy, 1.0);
            }
        }
        self.history = history.to_vec();
    }

    /// Adds a step.
    pub fn step(&mut self, report: &StepReport) {
        let x = (report.epoch - 1) as f64 + report.batch as f64 / report.batches as f64;
        self.loss.push(x, report.batch_loss, 1.0);
        let [right, counted] = report.batch_correct.map(|count| count as f64);
        self.accuracy.push(x, right / counted, counted);
        self.latest = Some(*report);
    }

    /// Adds a finished epoch.
    pub fn epoch(&mut self, record: &EpochRecord) {
        self.history.push(record.clone());
    }

    /// Adds a message.
    pub fn say(&mut self, text: &str) {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        self.lines.extend(lines.map(str::to_string));
    }

    /// The current phase, derived from the events so far.
    pub fn phase(&self) -> Phase {
        let finished = self.history.last().map_or(0, |record| record.epoch);
        match &self.latest {
            _ if self.over || (finished > 0 && finished == self.epochs) => Phase::Evaluation,
            None => Phase::Preparation,
            Some(step) if step.batch == step.batches && step.epoch > finished => Phase::Validation,
            Some(_) => Phase::Training,
        }
    }

    /// The share of all steps that are done.
    pub fn done(&self) -> f64 {
        let epochs = match &self.latest {
            Some(step) => (step.epoch - 1) as f64 + step.batch as f64 / step.batches as f64,
            None => self.history.len() as f64,
        };
        (epochs / self.epochs.max(1) as f64).clamp(0.0, 1.0)
    }

    /// A metric of the finished epochs, by epoch.
    pub fn of_epochs(
        &self,
        figure: impl Fn(&EpochRecord) -> Option<f64>,
    ) -> impl Iterator<Item = (f64, f64)> {
        let finished = self.history.iter();
        finished.filter_map(move |record| Some((record.epoch as f64, figure(record)?)))
    }

    /// Whether validation is measured by COCO's average precision.
    pub fn has_average_precision(&self) -> bool {
        let mut records = self.history.iter();
        records.any(|record| record.validation_map.is_some())
    }

    /// The epoch with the best validation score, and that score: average precision, or accuracy.
    pub fn best(&self) -> Option<(f64, f64)> {
        self.of_epochs(score)
            .filter(|(_, value)| value.is_finite())
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

/// The validation score.
pub fn score(record: &EpochRecord) -> Option<f64> {
    record.validation_map.or(record.validation_accuracy)
}

/// Remaining time at the current speed, in seconds.
pub fn seconds_left(report: &StepReport) -> f64 {
    let batches = (report.epochs - report.epoch) * report.batches + report.batches - report.batch;
    batches as f64 * report.images_per_batch / report.images_per_s
}
