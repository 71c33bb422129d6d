//! A search on the terminal: a line for every trial, and the best trials as the rows of a table.

use measure::record::{
    SettingValue, SweepMetric, SweepPlan, TrialRecord, TrialStatus, best, ranked,
};

use super::short_names;

/// Rows of the table of the best trials.
const SHOWN: usize = 10;

/// What is said while a search runs.
#[derive(Clone, Copy, Debug)]
pub struct SweepLines<'a> {
    /// What is searched.
    pub plan: &'a SweepPlan,
    /// Number of trials in total.
    pub trials: usize,
}

impl SweepLines<'_> {
    /// A trial begins.
    pub fn begins(&self, trial: usize, point: &[SettingValue]) -> String {
        let pairs = names(self.plan).into_iter().zip(point);
        let settings: Vec<String> = pairs
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!("trial {trial}/{}  {}", self.trials, settings.join(", "))
    }

    /// A trial is over, after which these are.
    pub fn ends(&self, record: &TrialRecord, trials: &[TrialRecord]) -> String {
        let metric = self.plan.metric;
        let outcome = match record.status {
            TrialStatus::Failed => {
                format!("failed: {}", record.reason.as_deref().unwrap_or("unknown"))
            }
            TrialStatus::Stopped => {
                let epochs = record.epochs.len();
                let plural = if epochs == 1 { "epoch" } else { "epochs" };
                format!(
                    "{metric} {}, stopped after {epochs} {plural}",
                    value(metric, record)
                )
            }
            TrialStatus::Finished => format!("{metric} {}", value(metric, record)),
        };
        let best = best(trials, metric).map_or(String::new(), |best| {
            format!("  (best: {}, trial {})", value(metric, best), best.trial)
        });
        let seconds = record.seconds();
        format!(
            "trial {}/{}  {outcome}  {seconds:.1} s{best}",
            record.trial, self.trials
        )
    }
}

/// Header and rows of the table of the best trials that were trained to their end; no rows where there are none.
pub fn sweep_table(plan: &SweepPlan, trials: &[TrialRecord]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut header = vec!["trial".to_string(), format!("validation {}", plan.metric)];
    header.extend(names(plan));
    header.extend(["epochs", "training"].map(String::from));
    let row = |record: &TrialRecord| {
        let mut row = vec![record.trial.to_string(), value(plan.metric, record)];
        row.extend(plan.parameters.iter().map(|parameter| {
            let value = record.values.get(&parameter.key);
            value.map_or(String::new(), ToString::to_string)
        }));
        row.push(record.epochs.len().to_string());
        row.push(format!("{:.1} s", record.seconds()));
        row
    };
    let best_first = ranked(trials, plan.metric);
    let finished = best_first
        .into_iter()
        .map(|place| &trials[place])
        .filter(|trial| trial.status == TrialStatus::Finished);
    (header, finished.take(SHOWN).map(row).collect())
}

/// How many trials ended in which way.
pub fn sweep_counts(trials: &[TrialRecord]) -> String {
    let count = |status| trials.iter().filter(|one| one.status == status).count();
    format!(
        "{} trials: {} finished, {} stopped early, {} failed",
        trials.len(),
        count(TrialStatus::Finished),
        count(TrialStatus::Stopped),
        count(TrialStatus::Failed)
    )
}

/// The file of the best trial's recipe, which `atelier train` takes.
pub fn best_recipe_file(plan: &SweepPlan, best: &TrialRecord, recipe_toml: &str) -> String {
    format!(
        "# Trial {} of a search in {}: validation {} {}. Training it gives the same network;\n\
         # --set data.validation=0 lets it learn from the held-out images too.\n\n{recipe_toml}",
        best.trial,
        plan.recipe,
        plan.metric,
        value(plan.metric, best),
    )
}

fn names(plan: &SweepPlan) -> Vec<String> {
    let keys: Vec<&str> = plan.parameters.iter().map(|one| one.key.as_str()).collect();
    short_names(&keys)
}

fn value(metric: SweepMetric, record: &TrialRecord) -> String {
    match (record.value, metric) {
        (None, _) => "-".to_string(),
        (Some(value), SweepMetric::Loss) => format!("{value:.4}"),
        (Some(value), _) => format!("{:.2} %", 100.0 * value),
    }
}
