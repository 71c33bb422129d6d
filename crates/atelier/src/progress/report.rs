//! Where a training stands, as programs read it: a line of JSON for whoever started it.

use nets::training::StepReport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::seconds_left;

/// Where a training stands within an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressReport {
    /// The run's name.
    pub run: String,
    /// The running epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// Training images a second; null before that is known.
    #[schema(required = true)]
    pub images_per_s: Option<f64>,
    /// Seconds until the last epoch ends; null before that is known.
    #[schema(required = true)]
    pub left_s: Option<f64>,
    /// Mean loss of this epoch so far; null where it is not finite.
    #[schema(required = true)]
    pub loss: Option<f64>,
}

impl ProgressReport {
    /// After a step of the run of this name.
    pub fn of(run: &str, step: &StepReport) -> Self {
        // JSON has no other numbers.
        let finite = |figure: f64| figure.is_finite().then_some(figure);
        Self {
            run: run.to_string(),
            epoch: step.epoch,
            epochs: step.epochs,
            step: step.batch,
            steps: step.batches,
            images_per_s: finite(step.images_per_s),
            left_s: finite(seconds_left(step)),
            loss: finite(step.loss),
        }
    }

    /// The line that says so.
    pub fn to_line(&self) -> String {
        // Names and finite numbers always have a JSON form.
        let text = serde_json::to_string(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// What a line says, if it is one of these.
    pub fn from_line(line: &str) -> Option<Self> {
        line.starts_with('{')
            .then(|| serde_json::from_str(line).ok())?
    }
}
