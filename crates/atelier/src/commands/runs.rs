//! `runs`: what was trained, filtered and sorted.

use measure::record::{Environment, Evaluation};
use nets::run::{Run, RunError};
use serde_json::{Value, json};

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags::{self, RunOrder};
use report::terminal::table;

/// A run, as far as its files can be read.
struct Entry {
    run: Run,
    kind: Option<String>,
    seed: Option<u64>,
    environment: Option<Environment>,
    evaluation: Result<Evaluation, RunError>,
}

impl Entry {
    fn of(run: Run) -> Self {
        let recipe = run.recipe().ok();
        Self {
            kind: recipe
                .as_ref()
                .map(|recipe| recipe.model.kind().to_string()),
            seed: recipe.map(|recipe| recipe.training.seed),
            environment: run.environment().ok(),
            evaluation: run.finished().map(|finished| finished.evaluation),
            run,
        }
    }

    /// Name of its recipe; of the run, where its record does not say.
    fn recipe(&self) -> String {
        let recorded = self.environment.as_ref().and_then(|e| e.recipe.clone());
        recorded.unwrap_or_else(|| self.run.name())
    }

    fn date(&self) -> Option<&str> {
        self.environment.as_ref().map(|e| e.date.as_str())
    }

    fn is_asked_for(&self, flags: &flags::Runs) -> bool {
        let recipe = flags.recipe.as_ref();
        let kind = flags.kind.as_ref();
        // Dates are text of falling weight: what is later is greater.
        let since = flags.since.as_deref();
        recipe.is_none_or(|name| *name == self.recipe())
            && kind.is_none_or(|kind| Some(kind) == self.kind.as_ref())
            && since.is_none_or(|since| self.date().is_some_and(|date| date >= since))
    }

    /// What it is sorted by, the smallest first; `None` where there is no such figure.
    fn rank(&self, order: RunOrder) -> Option<f64> {
        let figures = self.evaluation.as_ref().ok()?;
        let answers = figures.classification.as_ref();
        match order {
            RunOrder::Name | RunOrder::Date => None,
            RunOrder::Accuracy => answers.map(|answers| -answers.accuracy),
            RunOrder::Loss => answers.map(|answers| answers.loss),
            RunOrder::Ap => figures.localisation?.map.map(|ap| -ap),
            RunOrder::Time => Some(figures.train_s),
        }
    }
}

pub fn run(flags: &flags::Runs) -> Result<(), CommandError> {
    let all = Run::list(&flags.place.runs);
    let nothing = all.is_empty();
    let mut runs: Vec<Entry> = all
        .into_iter()
        .map(Entry::of)
        .filter(|run| run.is_asked_for(flags))
        .collect();
    // Stable sorts: by name within equals, and without a figure at the end.
    match flags.sort {
        RunOrder::Name => {}
        RunOrder::Date => runs.sort_by(|a, b| b.date().cmp(&a.date())),
        order => runs.sort_by(|a, b| {
            let rank = |run: &Entry| run.rank(order).unwrap_or(f64::INFINITY);
            rank(a).total_cmp(&rank(b))
        }),
    }
    if flags.json {
        let list: Vec<Value> = runs
            .iter()
            .map(|run| {
                json!({
                    "run": run.run.path(),
                    "recipe": run.recipe(),
                    "kind": run.kind,
                    "seed": run.seed,
                    "date": run.date(),
                    "finished": run.run.is_finished(),
                    "evaluation": run.evaluation.as_ref().ok(),
                })
            })
            .collect();
        return print_json(&list);
    }
    if runs.is_empty() {
        let folder = flags.place.runs.display();
        return print(&match nothing {
            true => format!("no runs in {folder} yet; make one with: atelier train lab-cnn"),
            false => format!("none of the runs in {folder} is like that"),
        });
    }
    let header = [
        "run",
        "model",
        "seed",
        "epochs",
        "accuracy",
        "loss",
        "AP",
        "training time",
        "date",
    ];
    let header = header.map(str::to_string).to_vec();
    print(&table(header, runs.iter().map(row).collect()))
}

fn row(entry: &Entry) -> Vec<String> {
    let blank = || "-".to_string();
    let figures = entry.evaluation.as_ref().ok();
    let answers = figures.and_then(|figures| figures.classification.as_ref());
    let ap = figures.and_then(|figures| figures.localisation?.map);
    let epochs = match &entry.evaluation {
        Ok(figures) => figures.epochs.to_string(),
        Err(RunError::NotFinished { .. }) => "unfinished".to_string(),
        Err(_) => "damaged".to_string(),
    };
    vec![
        entry.run.name(),
        entry.kind.clone().unwrap_or_else(blank),
        entry.seed.map_or_else(blank, |seed| seed.to_string()),
        epochs,
        answers.map_or_else(blank, |a| format!("{:.2} %", 100.0 * a.accuracy)),
        answers.map_or_else(blank, |a| format!("{:.4}", a.loss)),
        ap.map_or_else(blank, |ap| format!("{ap:.4}")),
        figures.map_or_else(blank, |figures| format!("{:.1} s", figures.train_s)),
        entry.date().map_or_else(blank, str::to_string),
    ]
}
