//! A run: its folder on disk, from the recipe to the trained network and its predictions.

mod error;
mod exchange;
mod folder;
mod import;
mod judged;
mod recorder;
mod records;
pub mod seeds;
mod trained;
mod verdicts;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use measure::detection::{self, Detection};
use measure::files::{remove_unfinished, write_atomically};
use measure::record::{
    self, DataIdentity, Environment, EpochRecord, Evaluation, Machine, Predictions, rfc3339_utc,
    write_history, write_json,
};

use crate::coco;
use crate::device::Computer;
use crate::evaluation::{Evaluated, evaluate};
use crate::network::Network;
use crate::temperature::Calibration;
use crate::training::{Ending, Observer, Trainer};
use crate::weights::{self, Weights};
use data::{Dataset, Split};
pub use error::RunError;
pub use exchange::initial_weights;
pub(crate) use folder::Lock;
use folder::refuse_link;
pub use import::{Import, Imported, ImportedRun};
pub use judged::Judged;
use recipe::Recipe;
use recorder::Recorder;
use records::Begun;
pub use trained::Trained;
use trained::prediction_options;
pub(crate) use trained::{About, Subject, Untrained};
pub use verdicts::Verdicts;

/// A run's folder.
#[derive(Clone, Debug)]
pub struct Run {
    path: PathBuf,
    /// Held from [`Run::create`] or [`Run::lock`] on.
    lock: Option<Lock>,
}

/// The results of a finished run.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Figures on the test set.
    pub evaluation: Evaluation,
    /// Predictions on the test set; none where its images show several objects.
    pub predictions: Predictions,
    /// What was detected on the test set; none where its images show one object each.
    pub detections: Vec<Detection>,
    /// Every epoch.
    pub history: Vec<EpochRecord>,
}

/// How a run was started, for its record.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Name of the recipe, whatever the run is called.
    pub recipe: String,
    /// Version of atelier.
    pub version: String,
    /// The command line.
    pub command: Vec<String>,
}

impl Run {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The run's recipe.
    ///
    /// # Errors
    /// [`RunError::Recipe`] when it can't be read.
    pub fn recipe(&self) -> Result<Recipe, RunError> {
        Ok(Recipe::load::<&str>(
            &self.path.join(record::RECIPE).to_string_lossy(),
            &[],
        )?)
    }

    /// Whether it was trained to the end and evaluated.
    pub fn is_finished(&self) -> bool {
        self.path.join(record::EVALUATION).is_file()
    }

    /// Where its weights come from, if it was not trained.
    ///
    /// # Errors
    /// [`RunError::Record`] when the record can't be read.
    pub fn imported(&self) -> Result<Option<Imported>, RunError> {
        let begun: Begun = record::read_json(self.path.join(record::ENVIRONMENT))?;
        Ok(begun.imported)
    }

    /// The results of the run, if it is finished and evaluated.
    ///
    /// # Errors
    /// [`RunError::NotFinished`], [`RunError::Record`] for a file that can't be read, [`RunError::Damaged`] and
    /// [`RunError::OtherRecipe`] for files that do not belong together.
    pub fn finished(&self) -> Result<Finished, RunError> {
        if !self.is_finished() {
            return Err(RunError::NotFinished {
                path: self.path.clone(),
            });
        }
        let evaluation = self.ended()?;
        self.check_recipe(&self.recipe()?)?;
        let predictions = match evaluation.classification {
            Some(_) => Predictions::read(self.path.join(record::PREDICTIONS))?,
            None => Predictions::default(),
        };
        let detections = match evaluation.classification {
            Some(_) => Vec::new(),
            None => coco::read_detections(&self.path.join(record::DETECTIONS))?,
        };
        Ok(Finished {
            evaluation,
            predictions,
            detections,
            history: record::read_history(self.path.join(record::HISTORY))?,
        })
    }

    /// Batches that it was trained on.
    ///
    /// # Errors
    /// [`RunError::Record`] when its history can't be read.
    pub fn batches(&self) -> Result<u64, RunError> {
        let history = record::read_history(self.path.join(record::HISTORY))?;
        Ok(history.last().map_or(0, |epoch| epoch.step))
    }

    /// Where and how the run was made.
    ///
    /// # Errors
    /// [`RunError::Record`] when the record can't be read.
    pub fn environment(&self) -> Result<Environment, RunError> {
        Ok(record::read_json(self.path.join(record::ENVIRONMENT))?)
    }

    /// The file of the trained weights.
    ///
    /// # Errors
    /// [`RunError::NotFinished`] before the end of training.
    pub fn weights_file(&self) -> Result<PathBuf, RunError> {
        let path = self.path.join(record::MODEL);
        if path.is_file() {
            return Ok(path);
        }
        Err(RunError::NotFinished {
            path: self.path.clone(),
        })
    }

    /// The trained network.
    ///
    /// # Errors
    /// [`RunError::NotFinished`] before the end of training; other errors for damaged files.
    pub fn trained(&self, computer: &Computer) -> Result<Trained, RunError> {
        let path = self.weights_file()?;
        let (weights, about): (Weights, About) = weights::load(&path)?;
        self.check_weights(&weights)?;
        let files = [&*path, &self.path.join(record::RECIPE)];
        Trained::assemble(files, self.recipe()?, &weights, about, &computer.device)
    }

    /// Writes what is known before training: the recipe and the circumstances.
    ///
    /// # Errors
    /// [`RunError`] when the file system refuses.
    pub fn begin(
        &self,
        recipe: &Recipe,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<(), RunError> {
        self.begin_with(recipe, computer, origin, None)
    }

    fn begin_with(
        &self,
        recipe: &Recipe,
        computer: &Computer,
        origin: &Origin,
        imported: Option<Imported>,
    ) -> Result<(), RunError> {
        let environment = Environment {
            recipe: Some(origin.recipe.clone()),
            atelier: origin.version.clone(),
            commit: None,
            device: computer.names(),
            threads: computer.threads,
            machine: Machine::gather(),
            date: rfc3339_utc(SystemTime::now()),
            command: origin.command.clone(),
            seed: recipe.training.seed,
            data: DataIdentity {
                name: recipe.data.source.clone(),
                digest: None,
            },
        };
        let recipe_toml = recipe.to_toml()?;
        let begun = Begun {
            environment,
            recipe_toml: recipe_toml.clone(),
            imported,
        };
        write_json(self.path.join(record::ENVIRONMENT), &begun)?;
        // Last: a folder with a recipe is a run.
        Ok(write_atomically(
            self.path.join(record::RECIPE),
            recipe_toml,
        )?)
    }

    /// Trains from the newest checkpoint (or the start) to the end and evaluates once on the test set.
    /// `None` when `stop` was set before the end.
    ///
    /// # Errors
    /// [`RunError`] naming what went wrong; the folder stays whole.
    pub fn train(
        &self,
        recipe: &Recipe,
        split: &Split,
        computer: &Computer,
        stop: &AtomicBool,
        observer: &mut dyn Observer,
    ) -> Result<Option<Finished>, RunError> {
        let (train, validation) = split.hold_out(recipe.data.validation, recipe.training.seed)?;
        let mut trainer = Trainer::new(recipe, &train, validation.as_deref(), &computer.device)?;
        trainer.share_with(computer)?;
        // To the end of this function, if nobody holds it for longer.
        let _lock = self.held()?;
        let checkpoints = self.path.join(record::CHECKPOINTS);
        refuse_link(&checkpoints)?;
        for folder in [&self.path, &checkpoints] {
            remove_unfinished(folder)?;
        }
        self.check_recipe(recipe)?;
        self.identify(split)?;
        if !split.problems.is_empty() {
            write_json(self.path.join(record::SKIPPED), &split.problems)?;
        }
        let restored = trainer.restore(&checkpoints)?;
        let initial = self.path.join(record::INITIAL);
        if restored.from.is_none() && initial.is_file() {
            let (weights, ()) = weights::load(&initial)?;
            trainer.start_from(&weights)?;
        }
        if let Ok(meter) = computer.energy_meter() {
            trainer.measure_energy(meter);
        }
        observer.resumed(&restored, trainer.state());
        // Written anew: it may be ahead of the checkpoint, or behind it.
        let history = trainer.state().history.clone();
        write_history(self.path.join(record::HISTORY), &history)?;
        let mut recorder = Recorder {
            observer,
            path: self.path.join(record::HISTORY),
            events: if recipe.training.tensorboard {
                Some(self.event_file(&history)?)
            } else {
                None
            },
            history,
            error: None,
        };
        let ending = trainer.run(Some(&checkpoints), stop, &mut recorder)?;
        if let Some(error) = recorder.error {
            return Err(error.into());
        }
        if ending == Ending::Stopped {
            return Ok(None);
        }
        let mut network = trainer
            .trained()?
            .predicting_with(prediction_options(recipe, None));
        let mut about = About {
            classes: train.classes.clone(),
            input: train.image_shape(),
            preparation: train.preparation,
            best: None,
            calibration: None,
        };
        if let Some((epoch, weights)) = trainer.best() {
            about.best = Some(epoch.clone());
            weights::save(&self.path.join(record::BEST), weights, &about)?;
            about.best = about
                .best
                .filter(|_| recipe.training.early_stopping.is_some());
        }
        if let (true, Some(held_out), Network::Cnn(cnn)) =
            (recipe.training.temperature_scaling, &validation, &network)
        {
            let device = &computer.device;
            about.calibration = Calibration::fit(cnn, held_out, device);
        }
        if let Some(calibration) = &about.calibration {
            recorder.calibrated(calibration);
            network = network.predicting_with(prediction_options(recipe, about.calibration));
        }
        let weights = weights::collect(&network);
        weights::save(&self.path.join(record::MODEL), &weights, &about)?;
        let evaluated = evaluate(&network, &split.test, computer)?;
        let history = trainer.state().history.clone();
        let evaluation =
            self.evaluation(recipe, &network, &evaluated, &split.test, computer, "test")?;
        match evaluation.classification {
            Some(_) => evaluated
                .predictions
                .write(self.path.join(record::PREDICTIONS))?,
            None => write_atomically(
                self.path.join(record::DETECTIONS),
                detection::to_json(&evaluated.detections),
            )?,
        }
        self.end(&evaluation)?;
        Ok(Some(Finished {
            evaluation,
            predictions: evaluated.predictions,
            detections: evaluated.detections,
            history,
        }))
    }

    /// The metrics of predictions on a split, with the network's speed, which is measured now.
    ///
    /// # Errors
    /// [`RunError`] when the run's files can't be read.
    pub fn evaluation(
        &self,
        recipe: &Recipe,
        network: &Network,
        evaluated: &Evaluated,
        data: &Dataset,
        computer: &Computer,
        split: &str,
    ) -> Result<Evaluation, RunError> {
        let history = record::read_history(self.path.join(record::HISTORY))?;
        let model = self.path.join(record::MODEL);
        let subject = Subject {
            name: self.name(),
            recipe,
            network,
            history: &history,
            model_bytes: std::fs::metadata(&model).map_or(0, |file| file.len()),
        };
        subject.evaluation(evaluated, data, computer, split)
    }

    /// Judges the network of a run that was not trained here on `data`: a part with the name `split` of `source`.
    ///
    /// # Errors
    /// [`RunError`] when the data does not suit the network.
    pub fn judge(
        &self,
        trained: &Trained,
        data: &Dataset,
        source: &DataIdentity,
        split: &str,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<Judged, RunError> {
        let model = self.path.join(record::MODEL);
        let subject = Untrained {
            name: &self.name(),
            path: &self.path,
            model_bytes: std::fs::metadata(&model).map_or(0, |file| file.len()),
        };
        trained.judge(&subject, data, source, split, computer, origin)
    }
}
