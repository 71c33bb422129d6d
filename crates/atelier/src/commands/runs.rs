//! `runs`: what was trained.

use nets::run::{Run, RunError};
use serde_json::{Value, json};

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;
use crate::table::table;

pub fn run(flags: &flags::Runs) -> Result<(), CommandError> {
    let runs = Run::list(&flags.place.out);
    if flags.json {
        let list: Vec<Value> = runs
            .iter()
            .map(|run| {
                let evaluation = run.finished().ok().map(|finished| finished.evaluation);
                json!({ "run": run.path(), "finished": run.is_finished(), "evaluation": evaluation })
            })
            .collect();
        return print_json(&list);
    }
    if runs.is_empty() {
        return print(&format!(
            "no runs in {} yet; make one with: atelier train lab-cnn",
            flags.place.out.display()
        ));
    }
    let header = [
        "run",
        "model",
        "epochs",
        "accuracy",
        "loss",
        "AP",
        "training time",
        "date",
    ];
    let rows = runs
        .iter()
        .map(|run| {
            let date = run
                .environment()
                .map_or("-".to_string(), |environment| environment.date);
            match run.finished() {
                Ok(finished) => {
                    let figures = finished.evaluation;
                    let answers = figures.classification.as_ref();
                    let boxes = figures.localisation.as_ref();
                    vec![
                        run.name(),
                        figures.kind.to_string(),
                        figures.epochs.to_string(),
                        answers.map_or("-".to_string(), |a| format!("{:.2} %", 100.0 * a.accuracy)),
                        answers.map_or("-".to_string(), |a| format!("{:.4}", a.loss)),
                        boxes.map_or("-".to_string(), |b| format!("{:.4}", b.map.unwrap_or(0.0))),
                        format!("{:.1} s", figures.train_s),
                        date,
                    ]
                }
                Err(error) => {
                    let state = match error {
                        RunError::NotFinished { .. } => "unfinished",
                        _ => "damaged",
                    };
                    let kind = run
                        .recipe()
                        .map_or("-".to_string(), |recipe| recipe.model.kind().to_string());
                    let blank = || "-".to_string();
                    vec![
                        run.name(),
                        kind,
                        state.to_string(),
                        blank(),
                        blank(),
                        blank(),
                        blank(),
                        date,
                    ]
                }
            }
        })
        .collect();
    print(&table(header.map(str::to_string).to_vec(), rows).to_string())
}
