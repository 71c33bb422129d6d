//! `sweep`: searches for the settings of a recipe that do best on held-out training images.

use std::path::PathBuf;
use std::time::SystemTime;

use measure::files::write_atomically;
use measure::record::{TrialRecord, rfc3339_utc, write_json};
use nets::device::Computer;
use nets::sweep::{Event, Learner, Request, Search, SweepEnding, SweepFolder, space};
use report::terminal::{grouped, table};
use report::{
    Language, SweepLines, SweepReport, best_recipe_file, shell_quoted, sweep_counts, sweep_csv,
    sweep_document, sweep_html, sweep_table,
};

use crate::console::Output;
use crate::error::CommandError;
use crate::interrupts::{self, STOP};
use crate::plan::recipe_name;
use crate::{computer, flags};

/// The recipe of the best trial.
const BEST: &str = "best.toml";
/// The recipe that settings were changed in.
const BASE: &str = "base.toml";
/// Everything that was found, as JSON.
const RESULT: &str = "result.json";
/// The trials as CSV.
const CSV: &str = "trials.csv";
/// The page.
const REPORT: &str = "report.html";

/// A search for settings.
pub struct SweepPlan {
    pub request: Request,
    pub trials: Option<usize>,
    pub jobs: usize,
    pub computer: Computer,
    pub folder: PathBuf,
    pub language: Language,
}

impl SweepPlan {
    pub fn of(flags: &flags::Sweep) -> Result<Self, CommandError> {
        let computer = computer::open(&flags.machine)?;
        if flags.jobs > computer.threads {
            return Err(CommandError::Usage(format!(
                "--jobs {}: each trial needs a thread of its own, and there are {}; see --threads",
                flags.jobs, computer.threads
            )));
        }
        let parameters = flags.varies.iter().map(|vary| space::parameter(vary));
        let default_folder = || format!("runs/{}-sweep", recipe_name(&flags.recipe)).into();
        Ok(Self {
            request: Request {
                recipe: flags.recipe.clone(),
                sets: flags.overrides.sets(),
                parameters: parameters.collect::<Result<_, _>>()?,
                sampler: flags.sampler,
                metric: flags.metric,
                halving: flags.halving.0,
            },
            trials: flags.trials.map(|trials| trials as usize),
            jobs: flags.jobs,
            computer,
            folder: flags.out.clone().unwrap_or_else(default_folder),
            language: flags.lang,
        })
    }
}

pub fn run(plan: SweepPlan, output: Output) -> Result<(), CommandError> {
    let recipe = plan.request.recipe.clone();
    let search = plan.request.prepare()?;
    for line in &search.notes {
        note!("{line}");
    }
    let trials = search.trials(plan.trials);
    if plan.trials.is_some_and(|asked| asked > trials) {
        note!("note: there are only {trials} points to try");
    }
    let folder = plan.folder.display();
    let opened = SweepFolder::open(&plan.folder, &search.plan)?;
    if let Some(torn) = &opened.torn {
        warn!("{torn}; the trial is repeated");
    }
    if !opened.trials.is_empty() {
        note!("{folder} already holds {} trials", opened.trials.len());
    }
    interrupts::catch_while_training()?;
    note!(
        "searching {recipe} in {folder}: {} trials at a time on {} threads; {} images for training, {} for validation",
        plan.jobs,
        plan.computer.threads,
        grouped(search.train.count as f64),
        grouped(search.validation.count as f64)
    );
    let lines = SweepLines {
        plan: &search.plan,
        trials,
    };
    let mut listener = |event: Event<'_>| {
        match event {
            Event::Begins { trial, point } => note!("{}", lines.begins(trial, point)),
            Event::Epoch { .. } => {}
            Event::Over { record, trials } => {
                opened.folder.keep(trials)?;
                note!("{}", lines.ends(record, trials));
            }
        }
        Ok(())
    };
    let learner = search.learner(&plan.computer.device);
    let runner = search.runner(trials, plan.jobs, plan.computer.threads);
    let (records, ending) = runner.run(opened.trials, &learner, &STOP, &mut listener)?;
    write(&search, &learner, &records, &opened.folder, plan.language)?;
    match ending {
        SweepEnding::Interrupted => {
            return Err(CommandError::SweepStopped {
                folder: plan.folder,
                done: records.len(),
                trials,
            });
        }
        SweepEnding::Exhausted => note!("every point of the space has been tried"),
        SweepEnding::Finished => {}
    }
    output.show(&sweep_document(&search.plan, &records), || {
        let report = format!("report: {}", plan.folder.join(REPORT).display());
        let (header, rows) = sweep_table(&search.plan, &records);
        let counts = sweep_counts(&records);
        if rows.is_empty() {
            return format!("{counts}\n{report}");
        }
        let best = plan.folder.join(BEST).to_string_lossy().into_owned();
        let train = shell_quoted(&["atelier".to_string(), "train".to_string(), best]);
        format!(
            "{}\n{counts}; judged on validation images only\n\ntrain the best: {train}\n{report}",
            table(header, rows)
        )
    })
}

/// Writes everything that is made of the trials.
fn write(
    search: &Search,
    learner: &Learner<'_>,
    records: &[TrialRecord],
    folder: &SweepFolder,
    language: Language,
) -> Result<(), CommandError> {
    let at = |name| folder.path().join(name);
    let best_toml = match search.best(learner, records)? {
        Some((best, recipe)) => Some(best_recipe_file(&search.plan, best, &recipe.to_toml()?)),
        None => None,
    };
    if let Some(toml) = &best_toml {
        write_atomically(at(BEST), toml)?;
    }
    write_atomically(at(BASE), &search.plan.recipe_toml)?;
    write_atomically(at(CSV), sweep_csv(&search.plan, records))?;
    write_json(at(RESULT), &sweep_document(&search.plan, records))?;
    let command: Vec<String> = std::env::args().collect();
    let page = sweep_html(&SweepReport {
        plan: &search.plan,
        trials: records,
        best_toml: best_toml.as_deref(),
        best_file: &at(BEST).display().to_string(),
        base_file: &at(BASE).display().to_string(),
        command: &shell_quoted(&command),
        date: &rfc3339_utc(SystemTime::now()),
        language,
    });
    Ok(write_atomically(at(REPORT), page)?)
}
