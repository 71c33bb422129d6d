//! `sweep`: searches for the settings of a recipe that do best on held-out training images.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data::{self, Split};
use measure::files::write_atomically;
use measure::record::{
    Sampler, SettingValue, SweepMetric, SweepPlan, TrialRecord, TrialStatus, best, ranked,
    rfc3339_utc, write_json,
};
use nets::sweep::halving::Halving;
use nets::sweep::sampler::Proposer;
use nets::sweep::{Ending, Event, Learner, Runner, SweepError, SweepFolder, space};
use nets::{sweep, training};
use recipe::{Recipe, source};
use report::{SweepReport, shell_quoted, short_names, sweep_csv, sweep_document, sweep_html};

use super::train::{STOP, catch_interrupts};
use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use report::terminal::{grouped, table};

/// Trials where the command line names no number and the sampler knows none.
const TRIALS: usize = 20;
/// Rows of the table of the best trials.
const SHOWN: usize = 10;
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

pub fn run(flags: &flags::Sweep) -> Result<(), CommandError> {
    let computer = computer::open(&flags.machine)?;
    if flags.jobs > computer.threads {
        return Err(CommandError::Usage(format!(
            "--jobs {}: each trial needs a thread of its own, and there are {}; see --threads",
            flags.jobs, computer.threads
        )));
    }
    let parameters = flags
        .varies
        .iter()
        .map(|argument| space::parameter(argument));
    let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
    let text = source(&flags.recipe)?;
    let mut sets = flags.overrides.sets();
    let recipe = Recipe::parse(&text, &flags.recipe, &sets)?;
    let seed = recipe.training.seed;
    // The test images are dropped before anything else happens.
    let Split { train, .. } = data::load(&recipe.data, seed)?;
    training::check(&recipe, &train)?;
    if recipe.data.validation == 0 {
        let held_out = sweep::default_validation(train.count);
        eprintln!(
            "note: the recipe holds out no images to judge trials by; {} of the {} training images are held out \
             (--set data.validation=N for another number)",
            grouped(held_out as f64),
            grouped(train.count as f64)
        );
        sets.push(format!("data.validation={held_out}"));
    }
    let recipe = Recipe::parse(&text, &flags.recipe, &sets)?;
    space::check(&parameters, &text, &flags.recipe, &sets)?;
    let varies = |key: &str| parameters.iter().any(|it| it.key == key);
    if recipe.training.schedule.ignores_base()
        && varies("training.optimizer.learning-rate")
        && !varies("training.schedule.peak")
    {
        eprintln!(
            "warning: training.optimizer.learning-rate changes nothing here, because training.schedule has a peak of its own; \
             vary training.schedule.peak"
        );
    }
    let metric = sweep::metric(flags.metric, &recipe, &train)?;
    let (train, held_out) = train.hold_out(recipe.data.validation, seed)?;
    let validation =
        held_out.ok_or_else(|| CommandError::Usage("no images are held out".to_string()))?;
    let plan = SweepPlan {
        recipe: flags.recipe.clone(),
        recipe_toml: recipe.to_toml()?,
        parameters,
        sampler: flags.sampler,
        metric,
        halving: flags.halving.0,
        seed,
        train_images: train.count,
        validation_images: validation.count,
    };
    let proposer = Proposer::new(&plan.parameters, plan.sampler, metric, seed)?;
    let trials = trials(flags, &proposer);
    let folder = flags
        .out
        .clone()
        .unwrap_or_else(|| default_folder(&flags.recipe));
    let opened = SweepFolder::open(&folder, &plan)?;
    if let Some(torn) = &opened.torn {
        eprintln!("warning: {torn}; the trial is made again");
    }
    if !opened.trials.is_empty() {
        eprintln!(
            "{} trials are in {} already",
            opened.trials.len(),
            folder.display()
        );
    }
    let search = Search {
        plan: &plan,
        learner: Learner {
            text: &text,
            origin: &flags.recipe,
            sets: &sets,
            parameters: &plan.parameters,
            train: &train,
            validation: &validation,
            device: &computer.device,
        },
        folder: &opened.folder,
        trials,
    };
    catch_interrupts()?;
    let runner = Runner {
        parameters: &plan.parameters,
        proposer: &proposer,
        sampler: plan.sampler,
        metric,
        halving: plan.halving.map(|factor| Halving { factor }),
        trials,
        jobs: flags.jobs,
        threads: computer.threads,
    };
    eprintln!(
        "searching {} ({} at a time, {} threads) in {}: {} images to learn from, {} to judge by",
        flags.recipe,
        flags.jobs,
        computer.threads,
        folder.display(),
        grouped(train.count as f64),
        grouped(validation.count as f64)
    );
    let mut listener = |event: Event<'_>| search.tell(&event);
    let (records, ending) = runner.run(opened.trials, &search.learner, &STOP, &mut listener)?;
    search.write(&records, flags)?;
    match ending {
        Ending::Interrupted => {
            return Err(CommandError::SweepStopped {
                folder: folder.clone(),
                done: records.len(),
                trials,
            });
        }
        Ending::Exhausted => eprintln!("every point of the space has been tried"),
        Ending::Finished => {}
    }
    if flags.json {
        return print_json(&sweep_document(&plan, &records));
    }
    search.show(&records)
}

/// How many trials to make: as many as asked, but no more than there are points.
fn trials(flags: &flags::Sweep, proposer: &Proposer) -> usize {
    let size = proposer.size();
    let asked = flags.trials.map(|trials| trials as usize);
    let wanted = asked.unwrap_or(match (flags.sampler, size) {
        (Sampler::Grid, Some(size)) => size,
        _ => TRIALS,
    });
    match size {
        Some(size) if size < wanted => {
            eprintln!("note: there are only {size} points to try");
            size
        }
        _ => wanted,
    }
}

/// `runs/NAME-sweep`.
fn default_folder(recipe: &str) -> PathBuf {
    let stem = Path::new(recipe).file_stem();
    let name = stem.map_or_else(
        || recipe.to_string(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    Path::new("runs").join(format!("{name}-sweep"))
}

/// A search under way.
struct Search<'a> {
    plan: &'a SweepPlan,
    learner: Learner<'a>,
    folder: &'a SweepFolder,
    trials: usize,
}

impl Search<'_> {
    /// Keeps a trial that is over, and says so on standard error.
    fn tell(&self, event: &Event<'_>) -> Result<(), SweepError> {
        match event {
            Event::Begins { trial, point } => {
                eprintln!("trial {trial}/{}  {}", self.trials, self.settings(point));
            }
            Event::Epoch { .. } => {}
            Event::Over { record, trials } => {
                self.folder.keep(trials)?;
                let what = match (record.status, record.epochs.len()) {
                    (TrialStatus::Failed, _) => {
                        let reason = record.reason.as_deref().unwrap_or("unknown");
                        format!("failed: {reason}")
                    }
                    (TrialStatus::Stopped, epochs) => {
                        format!(
                            "{} {}, stopped early after epoch {epochs}",
                            self.plan.metric,
                            self.value(record)
                        )
                    }
                    (TrialStatus::Finished, _) => {
                        format!("{} {}", self.plan.metric, self.value(record))
                    }
                };
                let best = best(trials, self.plan.metric);
                let best = best.map_or(String::new(), |best| {
                    format!("  (best: {}, trial {})", self.value(best), best.trial)
                });
                eprintln!(
                    "trial {}/{}  {what}  {:.1} s{best}",
                    record.trial,
                    self.trials,
                    record.seconds()
                );
            }
        }
        Ok(())
    }

    fn settings(&self, point: &[SettingValue]) -> String {
        let keys: Vec<&str> = self
            .plan
            .parameters
            .iter()
            .map(|one| one.key.as_str())
            .collect();
        let pairs = short_names(&keys).into_iter().zip(point);
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        pairs.join(", ")
    }

    fn value(&self, record: &TrialRecord) -> String {
        match (record.value, self.plan.metric) {
            (None, _) => "-".to_string(),
            (Some(value), SweepMetric::Loss) => format!("{value:.4}"),
            (Some(value), _) => format!("{:.2} %", 100.0 * value),
        }
    }

    /// The recipe of the best trial, exactly as it was trained, as a file that `atelier train` takes.
    fn best_toml(&self, records: &[TrialRecord]) -> Result<Option<String>, CommandError> {
        let Some(best) = best(records, self.plan.metric) else {
            return Ok(None);
        };
        let point = self
            .plan
            .parameters
            .iter()
            .filter_map(|one| best.values.get(&one.key).cloned());
        let recipe = self.learner.recipe(&point.collect::<Vec<_>>())?;
        Ok(Some(format!(
            "# Trial {} of a search in {}: validation {} {}. Trained as it stands it gives the same network;\n\
             # --set data.validation=0 lets it learn from the held-out images too.\n\n{}",
            best.trial,
            self.plan.recipe,
            self.plan.metric,
            self.value(best),
            recipe.to_toml()?
        )))
    }

    /// Writes everything that is made of the trials.
    fn write(&self, records: &[TrialRecord], flags: &flags::Sweep) -> Result<(), CommandError> {
        let at = |name| self.folder.path().join(name);
        let best_toml = self.best_toml(records)?;
        if let Some(toml) = &best_toml {
            write_atomically(at(BEST), toml)?;
        }
        write_atomically(at(BASE), &self.plan.recipe_toml)?;
        write_atomically(at(CSV), sweep_csv(self.plan, records))?;
        write_json(at(RESULT), &sweep_document(self.plan, records))?;
        let command: Vec<String> = std::env::args().collect();
        let page = sweep_html(&SweepReport {
            plan: self.plan,
            trials: records,
            best_toml: best_toml.as_deref(),
            best_file: &at(BEST).display().to_string(),
            base_file: &at(BASE).display().to_string(),
            command: &shell_quoted(&command),
            date: &rfc3339_utc(SystemTime::now()),
            language: flags.lang,
        });
        Ok(write_atomically(at(REPORT), page)?)
    }

    /// The best trials as a table, and where everything is.
    fn show(&self, records: &[TrialRecord]) -> Result<(), CommandError> {
        let keys: Vec<&str> = self
            .plan
            .parameters
            .iter()
            .map(|one| one.key.as_str())
            .collect();
        let mut header = vec![
            "trial".to_string(),
            format!("validation {}", self.plan.metric),
        ];
        header.extend(short_names(&keys));
        header.extend(["epochs", "training"].map(String::from));
        let places = ranked(records, self.plan.metric).into_iter();
        let finished = places
            .map(|place| &records[place])
            .filter(|one| one.status == TrialStatus::Finished);
        let row = |record: &TrialRecord| {
            let mut row = vec![record.trial.to_string(), self.value(record)];
            let values = keys
                .iter()
                .map(|key| record.values.get(*key).map(ToString::to_string));
            row.extend(values.map(Option::unwrap_or_default));
            row.extend([
                record.epochs.len().to_string(),
                format!("{:.1} s", record.seconds()),
            ]);
            row
        };
        let rows: Vec<Vec<String>> = finished.take(SHOWN).map(row).collect();
        let of = |status| records.iter().filter(|one| one.status == status).count();
        let counts = format!(
            "{} trials: {} finished, {} stopped early, {} failed",
            records.len(),
            of(TrialStatus::Finished),
            of(TrialStatus::Stopped),
            of(TrialStatus::Failed)
        );
        let report = self.folder.path().join(REPORT);
        if rows.is_empty() {
            print(&counts)?;
            return print(&format!("report: {}", report.display()));
        }
        print(&table(header, rows))?;
        print(&format!("{counts}; judged by validation images alone"))?;
        let best = self.folder.path().join(BEST);
        let train = ["atelier", "train", &best.to_string_lossy()].map(String::from);
        print(&format!(
            "\ntrain the best: {}\nreport: {}",
            shell_quoted(&train),
            report.display()
        ))
    }
}
