//! The trials of a sweep as CSV, and everything that is known of it as JSON.

use serde::Serialize;

use measure::detection::csv_field;
use measure::importance::{Importance, importances};
use measure::record::{SweepPlan, TrialRecord, best, front, ranked};

/// A row a trial, by number: its settings under their keys, how it ended, and the figures of its last epoch.
pub fn csv(plan: &SweepPlan, trials: &[TrialRecord]) -> String {
    let keys = plan
        .parameters
        .iter()
        .map(|parameter| csv_field(&parameter.key));
    let mut header = vec!["trial".to_string()];
    header.extend(keys);
    header.extend(
        [
            "status", "epochs", "value", "accuracy", "ap", "loss", "seconds", "reason",
        ]
        .map(String::from),
    );
    let mut text = header.join(",") + "\n";
    for trial in trials {
        let last = trial.epochs.last();
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let mut row = vec![trial.trial.to_string()];
        row.extend(plan.parameters.iter().map(|parameter| {
            let value = trial.values.get(&parameter.key).map(ToString::to_string);
            csv_field(&value.unwrap_or_default())
        }));
        row.extend([
            format!("{:?}", trial.status).to_lowercase(),
            trial.epochs.len().to_string(),
            number(trial.value),
            number(last.and_then(|epoch| epoch.accuracy)),
            number(last.and_then(|epoch| epoch.ap)),
            number(last.and_then(|epoch| epoch.loss)),
            trial.seconds().to_string(),
            csv_field(trial.reason.as_deref().unwrap_or_default()),
        ]);
        text += &(row.join(",") + "\n");
    }
    text
}

/// Everything that is known of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SweepDocument<'a> {
    /// What was searched.
    #[serde(flatten)]
    pub plan: &'a SweepPlan,
    /// Number of the best trial; `None` where none was trained to its end.
    pub best: Option<usize>,
    /// Numbers of all trials, the best first.
    pub ranking: Vec<usize>,
    /// Numbers of the trials that no other beats in both quality and training time, the quickest first.
    pub front: Vec<usize>,
    /// What is known of each setting.
    pub importance: Vec<Importance>,
    /// What came out, by number.
    pub trials: &'a [TrialRecord],
}

/// The document of a sweep.
pub fn document<'a>(plan: &'a SweepPlan, trials: &'a [TrialRecord]) -> SweepDocument<'a> {
    let number = |place: usize| trials[place].trial;
    let ranking = ranked(trials, plan.metric).into_iter().map(number);
    let front = front(trials, plan.metric).into_iter().map(number);
    SweepDocument {
        plan,
        best: best(trials, plan.metric).map(|trial| trial.trial),
        ranking: ranking.collect(),
        front: front.collect(),
        importance: importances(&plan.parameters, trials, plan.metric),
        trials,
    }
}
