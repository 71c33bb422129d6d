//! `runs`: the runs in a folder, filtered and sorted.

use std::path::PathBuf;

use nets::run::Run;
use report::terminal::table;
use serde_json::{Value, json};

use crate::console::Output;
use crate::entry::{Entry, EntryState};
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

impl RunsPlan {
    /// Whether a run is to be listed.
    fn lists(&self, entry: &Entry) -> bool {
        let recipe = self.recipe.as_ref();
        let kind = self.kind.as_ref();
        // RFC 3339 dates sort like text.
        let since = self.since.as_deref();
        recipe.is_none_or(|name| *name == entry.recipe_name())
            && kind.is_none_or(|kind| Some(kind.as_str()) == entry.kind())
            && since.is_none_or(|since| entry.date().is_some_and(|date| date >= since))
    }
}

/// What a run is sorted by, smallest first; `None` if it lacks this figure.
fn rank(entry: &Entry, order: RunOrder) -> Option<f64> {
    let figures = entry.evaluation.as_ref().ok()?;
    let classification = figures.classification.as_ref();
    match order {
        RunOrder::Name | RunOrder::Date => None,
        RunOrder::Accuracy => classification.map(|figures| -figures.accuracy),
        RunOrder::Loss => classification.map(|figures| figures.loss),
        RunOrder::Ap => figures.localisation?.map.map(|ap| -ap),
        RunOrder::Time => Some(figures.train_s),
    }
}

pub fn run(plan: &RunsPlan, output: Output) -> Result<(), CommandError> {
    let all = Run::list(&plan.root);
    let nothing = all.is_empty();
    let mut runs: Vec<Entry> = all
        .into_iter()
        .map(Entry::of)
        .filter(|entry| plan.lists(entry))
        .collect();
    // Stable sorts: equal runs stay in order of their names, those without the figure come last.
    match plan.order {
        RunOrder::Name => {}
        RunOrder::Date => runs.sort_by(|a, b| b.date().cmp(&a.date())),
        order => runs.sort_by(|a, b| {
            let rank = |entry: &Entry| rank(entry, order).unwrap_or(f64::INFINITY);
            rank(a).total_cmp(&rank(b))
        }),
    }
    let entry = |run: &Entry| {
        json!({
            "run": run.run.path(),
            "recipe": run.recipe_name(),
            "kind": run.kind(),
            "seed": run.seed(),
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
    let epochs = match entry.state() {
        EntryState::Finished => figures.map_or_else(blank, |figures| figures.epochs.to_string()),
        EntryState::Unfinished => "unfinished".to_string(),
        EntryState::Imported => "imported".to_string(),
        EntryState::Damaged => "damaged".to_string(),
    };
    vec![
        entry.run.name(),
        entry.kind().map_or_else(blank, str::to_string),
        entry.seed().map_or_else(blank, |seed| seed.to_string()),
        epochs,
        classification.map_or_else(blank, |a| format!("{:.2} %", 100.0 * a.accuracy)),
        classification.map_or_else(blank, |a| format!("{:.4}", a.loss)),
        ap.map_or_else(blank, |ap| format!("{ap:.4}")),
        figures.map_or_else(blank, |figures| format!("{:.1} s", figures.train_s)),
        entry.date().map_or_else(blank, str::to_string),
    ]
}
