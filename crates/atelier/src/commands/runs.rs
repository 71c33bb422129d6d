//! `runs`: the runs in a folder, filtered and sorted.

use std::path::PathBuf;

use measure::record::{Environment, Evaluation};
use nets::run::{Run, RunError};
use report::terminal::table;
use serde_json::{Value, json};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, RunOrder};

/// Which runs to list.
pub struct RunsPlan {
    pub root: PathBuf,
    pub recipe: Option<String>,
    pub kind: Option<String>,
    pub since: Option<String>,
    pub order: RunOrder,
}

impl RunsPlan {
    pub fn of(flags: &flags::Runs) -> Self {
        Self {
            root: flags.folder.runs.clone(),
            recipe: flags.recipe.clone(),
            kind: flags.kind.clone(),
            since: flags.since.clone(),
            order: flags.sort,
        }
    }
}

/// A run with those of its records that can be read.
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

    /// Name of its recipe; the run's own name if its record does not say.
    fn recipe(&self) -> String {
        let recorded = self.environment.as_ref().and_then(|e| e.recipe.clone());
        recorded.unwrap_or_else(|| self.run.name())
    }

    fn date(&self) -> Option<&str> {
        self.environment.as_ref().map(|e| e.date.as_str())
    }

    fn matches(&self, plan: &RunsPlan) -> bool {
        let recipe = plan.recipe.as_ref();
        let kind = plan.kind.as_ref();
        // RFC 3339 dates sort like text.
        let since = plan.since.as_deref();
        recipe.is_none_or(|name| *name == self.recipe())
            && kind.is_none_or(|kind| Some(kind) == self.kind.as_ref())
            && since.is_none_or(|since| self.date().is_some_and(|date| date >= since))
    }

    /// What it is sorted by, smallest first; `None` if it lacks this figure.
    fn rank(&self, order: RunOrder) -> Option<f64> {
        let figures = self.evaluation.as_ref().ok()?;
        let classification = figures.classification.as_ref();
        match order {
            RunOrder::Name | RunOrder::Date => None,
            RunOrder::Accuracy => classification.map(|figures| -figures.accuracy),
            RunOrder::Loss => classification.map(|figures| figures.loss),
            RunOrder::Ap => figures.localisation?.map.map(|ap| -ap),
            RunOrder::Time => Some(figures.train_s),
        }
    }
}

pub fn run(plan: &RunsPlan, output: Output) -> Result<(), CommandError> {
    let all = Run::list(&plan.root);
    let nothing = all.is_empty();
    let mut runs: Vec<Entry> = all
        .into_iter()
        .map(Entry::of)
        .filter(|run| run.matches(plan))
        .collect();
    // Stable sorts: equal runs stay in order of their names, those without the figure come last.
    match plan.order {
        RunOrder::Name => {}
        RunOrder::Date => runs.sort_by(|a, b| b.date().cmp(&a.date())),
        order => runs.sort_by(|a, b| {
            let rank = |run: &Entry| run.rank(order).unwrap_or(f64::INFINITY);
            rank(a).total_cmp(&rank(b))
        }),
    }
    let entry = |run: &Entry| {
        json!({
            "run": run.run.path(),
            "recipe": run.recipe(),
            "kind": run.kind,
            "seed": run.seed,
            "date": run.date(),
            "finished": run.run.is_finished(),
            "evaluation": run.evaluation.as_ref().ok(),
        })
    };
    let document: Vec<Value> = runs.iter().map(entry).collect();
    let folder = plan.root.display();
    output.show(&document, || match &runs[..] {
        [] if nothing => format!("No runs in {folder} yet. Make one with: atelier train lab-cnn"),
        [] => format!("No run in {folder} matches these filters."),
        runs => table(HEADER, runs.iter().map(row).collect()),
    })
}

const HEADER: [&str; 9] = [
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

fn row(entry: &Entry) -> Vec<String> {
    let blank = || "-".to_string();
    let figures = entry.evaluation.as_ref().ok();
    let classification = figures.and_then(|figures| figures.classification.as_ref());
    let ap = figures.and_then(|figures| figures.localisation?.map);
    let epochs = match &entry.evaluation {
        Ok(figures) => figures.epochs.to_string(),
        Err(RunError::NotFinished { .. }) if entry.run.imported().is_ok_and(|it| it.is_some()) => {
            "imported".to_string()
        }
        Err(RunError::NotFinished { .. }) => "unfinished".to_string(),
        Err(_) => "damaged".to_string(),
    };
    vec![
        entry.run.name(),
        entry.kind.clone().unwrap_or_else(blank),
        entry.seed.map_or_else(blank, |seed| seed.to_string()),
        epochs,
        classification.map_or_else(blank, |a| format!("{:.2} %", 100.0 * a.accuracy)),
        classification.map_or_else(blank, |a| format!("{:.4}", a.loss)),
        ap.map_or_else(blank, |ap| format!("{ap:.4}")),
        figures.map_or_else(blank, |figures| format!("{:.1} s", figures.train_s)),
        entry.date().map_or_else(blank, str::to_string),
    ]
}
