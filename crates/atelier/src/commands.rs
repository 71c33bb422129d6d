//! One file per command: its plan, which is its flags checked, and what it does with it.

mod bench;
mod coco_eval;
mod compare;
mod completions;
mod data_anchors;
mod data_check;
mod data_scenes;
mod data_show;
mod devices;
mod evaluate;
mod explain;
mod export;
mod import;
mod init;
mod man;
mod predict;
mod range_test;
mod recipes;
mod report;
mod runs;
mod serve;
mod sweep;
mod train;
mod worker;

use nets::device::{self, guard::guarded};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{Command, DataAction, Flags};
use crate::plan::{AnchorsPlan, CocoEvalPlan, ContactSheetPlan, ScenesPlan};
use crate::threads;

/// Checks the flags of a command and runs it.
pub fn run(flags: &Flags) -> Result<(), CommandError> {
    let command = &flags.command;
    let output = if flags.json {
        Output::Json
    } else {
        Output::Text
    };
    threads::start(command.threads())?;
    if let Command::Worker(flags) = command {
        // It must not wait on a thread that computes.
        return worker::run(flags, output);
    }
    if let Command::Serve(flags) = command {
        return serve::run(serve::ServePlan::of(flags)?, output);
    }
    // A step hands dozens of pieces of work to the threads; from outside of them each would begin by waking one up.
    rayon::scope(|_| {
        // GPUs and remote devices report failures by panicking.
        if command.machine().is_some() && device::can_panic() {
            guarded(|| plan_and_run(command, output)).map_err(CommandError::Failure)?
        } else {
            plan_and_run(command, output)
        }
    })
}

fn plan_and_run(command: &Command, output: Output) -> Result<(), CommandError> {
    match command {
        Command::Compare(flags) => compare::run(compare::ComparePlan::of(flags)?, output),
        Command::Train(flags) => train::run(train::TrainPlan::of(flags)?, output),
        Command::Import(flags) => import::run(import::ImportPlan::of(flags)?, output),
        Command::Init(flags) => init::run(&init::InitPlan::of(flags)?, output),
        Command::Sweep(flags) if flags.range.range_test => {
            range_test::run(range_test::RangeTestPlan::of(flags)?, output)
        }
        Command::Sweep(flags) => sweep::run(sweep::SweepPlan::of(flags)?, output),
        Command::Evaluate(flags) => evaluate::run(&evaluate::EvaluatePlan::of(flags)?, output),
        Command::Predict(flags) => predict::run(&predict::PredictPlan::of(flags)?, output),
        Command::Explain(flags) => explain::run(&explain::ExplainPlan::of(flags)?, output),
        Command::Report(flags) => report::run(report::ReportPlan::of(flags)?, output),
        Command::Export(flags) => export::run(&export::ExportPlan::of(flags)?, output),
        Command::Bench(flags) => bench::run(&bench::BenchPlan::of(flags)?, output),
        Command::CocoEval(flags) => coco_eval::run(&CocoEvalPlan::of(flags), output),
        Command::Data(flags) => match &flags.action {
            DataAction::Scenes(flags) => data_scenes::run(&ScenesPlan::of(flags)?, output),
            DataAction::Anchors(flags) => data_anchors::run(&AnchorsPlan::of(flags)?, output),
            DataAction::Show(flags) => data_show::run(&ContactSheetPlan::of(flags)?, output),
            DataAction::Check(flags) => data_check::run(&data_check::CheckPlan::of(flags)?, output),
        },
        Command::Recipes(flags) => recipes::run(recipes::RecipesPlan::of(flags)?, output),
        Command::Runs(flags) => runs::run(&runs::RunsPlan::of(flags), output),
        Command::Devices(flags) => devices::run(devices::DevicesPlan::of(flags)?, output),
        Command::Serve(flags) => serve::run(serve::ServePlan::of(flags)?, output),
        Command::Worker(flags) => worker::run(flags, output),
        Command::Completions(flags) => {
            completions::run(&completions::CompletionsPlan::of(flags), output)
        }
        Command::Man(flags) => man::run(&man::ManPlan::of(flags), output),
    }
}
