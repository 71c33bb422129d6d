//! `sweep --range-test`: one training whose learning rate rises, to see which rate suits a recipe.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use measure::files::{create_folder, write_atomically};
use measure::range_test::{RangePoint, RateRange};
use measure::record::write_json;
use nets::device::Computer;
use nets::exchange::Pairing;
use nets::run::initial_weights;
use nets::training::{Trainer, TrainingError, rate_settings};
use nets::warnings::warnings;
use recipe::Recipe;
use report::terminal::{grouped, table};
use report::{
    Language, RangeTestReport, range_test_html, range_test_sentences, range_test_table,
    shell_quoted, two_digits,
};

use crate::console::Output;
use crate::error::CommandError;
use crate::interrupts::{self, STOP};
use crate::plan::{NamedRecipe, recipe_name};
use crate::progress::Counter;
use crate::{computer, flags, loading};

/// Everything that was found, as JSON.
const RESULT: &str = "range-test.json";
/// The page.
const REPORT: &str = "range-test.html";
/// Time between lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(20);

/// A range test.
pub struct RangeTestPlan {
    /// As the user named it.
    pub name: String,
    pub recipe: NamedRecipe,
    /// First and last rate.
    pub ends: [f64; 2],
    pub steps: Option<usize>,
    pub computer: Computer,
    pub folder: PathBuf,
    /// The command that trains with what the test finds, without the setting of the rate.
    pub train: Vec<String>,
    pub language: Language,
}

impl RangeTestPlan {
    pub fn of(flags: &flags::Sweep) -> Result<Self, CommandError> {
        let flags::RangeTest {
            from,
            to,
            steps,
            init,
            by,
            ..
        } = &flags.range;
        if from >= to {
            return Err(CommandError::Usage(format!(
                "--from {from} --to {to}: the first learning rate must be less than the last"
            )));
        }
        let sets = flags.overrides.sets();
        let recipe = NamedRecipe {
            name: recipe_name(&flags.recipe),
            run: recipe_name(&flags.recipe),
            recipe: Recipe::load(&flags.recipe, &sets)?,
            init: None,
        };
        let default_folder = || format!("runs/{}-range-test", recipe.name).into();
        let folder = flags.out.clone().unwrap_or_else(default_folder);
        let sets = sets.into_iter().flat_map(|set| ["--set".to_string(), set]);
        let init_flags = init.iter().flat_map(|init| {
            let by = (*by == Pairing::Order).then(|| ["--by", "order"].map(String::from));
            let init = ["--init".to_string(), init.clone()];
            init.into_iter().chain(by.into_iter().flatten())
        });
        let train = ["atelier", "train", &flags.recipe].map(String::from);
        let train = train.into_iter().chain(sets).chain(init_flags).collect();
        Ok(Self {
            name: flags.recipe.clone(),
            recipe: recipe.starting_from(init.as_deref(), *by, "runs".as_ref())?,
            ends: [*from, *to],
            steps: steps.map(|steps| steps as usize),
            computer: computer::open(&flags.machine)?,
            folder,
            train,
            language: flags.lang,
        })
    }
}

pub fn run(plan: RangeTestPlan, output: Output) -> Result<(), CommandError> {
    let recipe = &plan.recipe.recipe;
    let seed = recipe.training.seed;
    interrupts::catch("\nstopping after this step; press Ctrl-C again to quit immediately")?;
    let split = loading::load(&recipe.data, seed)?;
    // Without the held-out images, as in a training; the test images are not looked at.
    let (train, _) = split.hold_out(recipe.data.validation, seed)?;
    let computer = &plan.computer;
    let mut trainer = Trainer::new(recipe, &train, None, &computer.device)?;
    trainer.share_with(computer)?;
    if let Some(start) = &plan.recipe.init {
        let fitted = initial_weights(&start.file, start.pairing, recipe, &split, computer)?;
        trainer
            .start_from(&fitted.weights)
            .map_err(TrainingError::from)?;
        note!(
            "starting from {}: {}",
            start.file.display(),
            fitted.in_short()
        );
    }
    for warning in warnings(recipe, &train)? {
        warn!("{warning}");
    }
    warn_of_schedule(recipe);
    let [from, to] = plan.ends;
    let range = RateRange {
        from,
        to,
        steps: plan.steps.unwrap_or_else(|| trainer.range_test_steps()),
    };
    note!(
        "range test of {}: {} steps of {} with learning rates from {from} to {to}, on {} training images",
        plan.name,
        range.steps,
        recipe.training.optimizer.name(),
        grouped(train.count as f64)
    );
    let mut shown = Shown::new(range.steps);
    let outcome = trainer.range_test(&range, &STOP, &mut |done, point| shown.step(done, point));
    let done = shown.done;
    drop(shown);
    let (curve, ended) = outcome?.ok_or(CommandError::RangeTestStopped {
        done,
        steps: range.steps,
    })?;
    let found = curve.findings();
    let suggestion = found.map(|found| two_digits(found.suggestion.learning_rate));
    let settings = suggestion.map_or_else(Vec::new, |rate| rate_settings(recipe, rate));
    let set_flags = settings
        .iter()
        .flat_map(|set| ["--set".to_string(), set.clone()]);
    let next: Vec<String> = plan.train.iter().cloned().chain(set_flags).collect();
    let command: Vec<String> = std::env::args().collect();
    let report = RangeTestReport {
        recipe: &plan.name,
        optimizer: recipe.training.optimizer.name(),
        seed,
        train_images: train.count,
        range,
        ended,
        found,
        settings: &settings,
        points: curve.points(),
        next: &shell_quoted(&next),
        command: &shell_quoted(&command),
        language: plan.language,
    };
    create_folder(&plan.folder)?;
    let page = plan.folder.join(REPORT);
    write_json(plan.folder.join(RESULT), &report)?;
    write_atomically(&page, range_test_html(&report))?;
    output.show(&report, || text(&report, &page.display().to_string()))
}

/// The result on the terminal.
fn text(report: &RangeTestReport<'_>, page: &str) -> String {
    let english = RangeTestReport {
        language: Language::English,
        ..report.clone()
    };
    let mut parts = Vec::new();
    if report.found.is_some() {
        let (header, rows) = range_test_table(report);
        parts.push(table(header, rows));
    }
    parts.push(range_test_sentences(&english).join("\n"));
    if report.found.is_some() {
        parts.push(format!("\ntrain with it: {}", report.next));
    }
    parts.push(format!("report: {page}"));
    parts.join("\n")
}

/// What the recipe says of the course of the learning rate has no effect in the test.
fn warn_of_schedule(recipe: &Recipe) {
    let schedule = &recipe.training.schedule;
    let warm_up = match schedule.warm_up() {
        0 => String::new(),
        steps => format!(" and its warm-up of {steps} steps"),
    };
    if schedule.name() != "constant" || !warm_up.is_empty() {
        warn!(
            "the range test ignores the schedule {}{warm_up}: the learning rate rises from step to step",
            schedule.name()
        );
    }
}

/// How far a test is.
struct Shown {
    counter: Counter,
    steps: usize,
    done: usize,
    last_line: Instant,
}

impl Shown {
    fn new(steps: usize) -> Self {
        Self {
            counter: Counter::new("range test: step", steps),
            steps,
            done: 0,
            last_line: Instant::now(),
        }
    }

    fn step(&mut self, done: usize, point: &RangePoint) {
        self.done = done;
        self.counter.done(done);
        if !stderr().is_terminal() && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            note!(
                "step {done}/{}  learning rate {:.1e}  loss {:.4}",
                self.steps,
                point.learning_rate,
                point.smoothed
            );
        }
    }
}
