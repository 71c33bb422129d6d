//! `train`: one recipe from data to an evaluated run.

use measure::record::{self, Contestant};
use nets::run::Verdicts;
use report::{Format, Language, terminal};

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::TrainPlan;
use crate::progress::Show;
use crate::training::train;
use crate::{interrupts, report_files};

pub fn run(plan: TrainPlan, output: Output) -> Result<(), CommandError> {
    interrupts::catch_while_training()?;
    let recipe = &plan.recipe.recipe;
    let split = data::load(&recipe.data, recipe.training.seed)?;
    let show = Show {
        plain: plan.plain,
        part: None,
    };
    let trained = train(
        plan.resumed,
        &plan.recipe,
        &split,
        &plan.root,
        &plan.computer,
        show,
    )?;
    let report = trained.0.path().join(record::REPORT);
    report_files::write(
        &report,
        std::slice::from_ref(&trained),
        &Verdicts::default(),
        &split,
        Language::default(),
        Format::default(),
    )?;
    let (run, finished) = trained;
    let contestant = Contestant {
        run: run.path().display().to_string(),
        evaluation: finished.evaluation,
    };
    output.show(&contestant, || {
        let figures = terminal::evaluation(&contestant.evaluation);
        let digest = contestant.evaluation.model_digest.as_deref();
        format!(
            "{figures}\n\nweights: {}\nrun: {}\nreport: {}",
            digest.unwrap_or_default(),
            contestant.run,
            report.display()
        )
    })
}
