//! The training loop: batches in a seeded order, losses, steps, and a record of every epoch.
//!
//! Everything that a step depends on is either a pure function of (seed, epoch, index) or part of the state in a
//! checkpoint. A run that is stopped after any step and resumed therefore ends with the same bits as one that was not.

mod best;
mod check;
mod checkpoint;
mod class_weights;
mod ema;
mod error;
mod mixup;
mod muon;
mod observer;
mod optimizer;
mod precision;
mod range_test;
mod replicas;
mod resident;
mod saving;
mod schedule;
mod state;
mod step;
mod step_losses;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use measure::energy::Meter;
use measure::record::EpochRecord;

use crate::device::Computer;
use crate::device::guard::guarded;
use crate::evaluation::{Validation, validate};
use crate::loader::Loader;
use crate::loss::ClassificationLoss;
use crate::network::Network;
use crate::ops;
use crate::weights::Weights;
pub use best::BestEpoch;
pub use check::{check, check_memory, check_run};
pub use checkpoint::{CheckpointError, Restored};
pub(crate) use checkpoint::{Snapshot, newest, snapshot};
use data::Dataset;
use data::preparation::Preparation;
use data::sampling::epoch_order;
use ema::Ema;
pub use error::TrainingError;
pub use observer::{Ending, Observer, StepReport};
pub use optimizer::Optimizer;
use precision::LossScale;
pub use range_test::rate_settings;
use recipe::{Model, Recipe};
use replicas::Replicas;
use resident::Resident;
use saving::Saver;
pub use state::TrainingState;
pub use step_losses::READ_EVERY;
use step_losses::StepLosses;

/// Said once where a step had no gradient.
const NO_GRADIENT: &str = "a step changed no weights, because its losses depend on none of them: the detector sampled \
     neither an anchor nor a region; check anchors.sizes, rpn.sample, rpn.positive-fraction and roi.sample of the model";

/// The factors of the learning rate of the layers that have another than 1, by the beginning of their parameters' names.
fn factors(recipe: &Recipe) -> Vec<(String, f64)> {
    let list = match recipe.model {
        Model::Cnn(_) => "layers",
        Model::FasterRcnn(_) => "backbone",
    };
    let rates = recipe.layer_rates().into_iter().enumerate();
    rates
        .filter(|(_, factor)| *factor != 1.0)
        .map(|(layer, factor)| (format!("{list}.{layer}."), factor))
        .collect()
}

/// A network in training, with its data.
#[derive(Debug)]
pub struct Trainer<'a> {
    recipe: &'a Recipe,
    train: &'a Dataset,
    validation: Option<&'a Dataset>,
    loss: ClassificationLoss,
    device: Device,
    device_name: String,
    /// The other devices, where several share the images of each step.
    replicas: Option<Replicas>,
    /// `None` only while the optimizer holds it.
    network: Option<Network>,
    optimizer: Optimizer,
    ema: Option<Ema>,
    state: TrainingState,
    /// The weights of the best epoch.
    best: Option<Weights>,
    meter: Option<Meter>,
    /// The meter before the first of the unread steps.
    joules: Option<f64>,
    /// The training images on the device, where they fit.
    resident: Option<Arc<Resident>>,
    /// Steps of this epoch whose losses are still on the device.
    unread: Vec<StepLosses>,
    /// The loss of the last step that was read, and its correct classifications, of how many.
    last: Option<(f64, [usize; 2])>,
    /// Whether a step had no gradient.
    without_gradient: bool,
    /// The learning rate of all steps, where it is not the schedule's.
    fixed_rate: Option<f64>,
}

impl<'a> Trainer<'a> {
    /// A network with its initial weights.
    ///
    /// # Errors
    /// Those of [`check`], and [`TrainingError::Precision`] where the device does not compute in the recipe's precision.
    pub fn new(
        recipe: &'a Recipe,
        train: &'a Dataset,
        validation: Option<&'a Dataset>,
        device: &Device,
    ) -> Result<Self, TrainingError> {
        check(recipe, train)?;
        check_memory(recipe, train, device)?;
        let device = device.clone().autodiff();
        precision::check(recipe.training.precision, &device)?;
        let network = Network::new(recipe, train.image_shape(), train.classes.len(), &device)?;
        let ema = recipe.training.ema;
        let ema = ema.map(|decay| Ema::new(decay, &network));
        let resident = Resident::new(&Preparation::for_training(recipe), train, &device);
        Ok(Self {
            recipe,
            train,
            validation,
            loss: class_weights::classification_loss(recipe, train)?,
            device,
            device_name: "the device".to_string(),
            replicas: None,
            network: Some(network),
            optimizer: Optimizer::new(recipe.training.optimizer).with_factors(factors(recipe)),
            ema,
            state: TrainingState {
                loss_scale: LossScale::of(recipe.training.precision),
                ..TrainingState::default()
            },
            best: None,
            meter: None,
            joules: None,
            resident: resident.map(Arc::new),
            unread: Vec::new(),
            last: None,
            without_gradient: false,
            fixed_rate: None,
        })
    }

    /// Shares the images of every step among all devices of `computer`, starting with the device of [`Trainer::new`].
    ///
    /// # Errors
    /// [`TrainingError`] where a device does not compute in the recipe's precision, or fails.
    pub fn share_with(&mut self, computer: &Computer) -> Result<(), TrainingError> {
        self.device_name = computer.name.clone();
        if computer.others.is_empty() {
            return Ok(());
        }
        let others = computer.others.iter();
        let others = others.map(|other| (other.name.clone(), other.device.clone()));
        let shape = (self.train.image_shape(), self.train.classes.len());
        let loss = &self.loss;
        // Several devices get their images from the host.
        self.resident = None;
        let replicas = Replicas::start(self.recipe, loss, shape, &self.device, others)?;
        self.replicas = Some(replicas);
        Ok(())
    }

    /// Measures the energy of steps, if called before the first step or resuming a training whose energy was measured.
    pub fn measure_energy(&mut self, meter: Meter) {
        if self.state.step == 0 {
            self.state.energy_j = Some(0.0);
        }
        self.meter = Some(meter);
    }

    fn current_network(&self) -> &Network {
        self.network
            .as_ref()
            .expect("a step puts the network back before it returns")
    }

    /// The network as it is now, for predictions: the average of the weights, where the recipe asks for one.
    pub fn network(&self) -> Network {
        match &self.ema {
            Some(ema) => ema.network(),
            None => self.current_network().valid(),
        }
    }

    /// Where training stands.
    pub fn state(&self) -> &TrainingState {
        &self.state
    }

    /// Where it computes, with gradients.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Trains to the end of the last epoch, or until `stop` is set. Writes checkpoints into `checkpoints`: as the recipe
    /// asks, at the end, and where it stops.
    ///
    /// # Errors
    /// [`TrainingError`] when a loss is not finite, a box is invalid, a checkpoint can't be written, or a GPU fails.
    pub fn run(
        &mut self,
        checkpoints: Option<&Path>,
        stop: &AtomicBool,
        observer: &mut dyn Observer,
    ) -> Result<Ending, TrainingError> {
        self.with_loader(|trainer, loader| trainer.run_with(loader, checkpoints, stop, observer))
    }

    /// Does work with what loads the training images. A failing GPU is an error.
    fn with_loader<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut Loader<'_, '_>) -> Result<T, TrainingError>,
    ) -> Result<T, TrainingError> {
        let data = self.train;
        let preparation = Preparation::for_training(self.recipe);
        let batch_size = self.recipe.training.batch_size;
        let on_cpu = ops::has_lanes(&self.device);
        let name = self.device_name.clone();
        let work = || {
            rayon::in_place_scope(|scope| work(self, &mut Loader::new(scope, data, preparation)))
        };
        if on_cpu {
            return work();
        }
        guarded(work)
            .unwrap_or_else(|failure| Err(TrainingError::of_device(&name, failure, batch_size)))
    }

    fn run_with(
        &mut self,
        loader: &mut Loader<'_, '_>,
        checkpoints: Option<&Path>,
        stop: &AtomicBool,
        observer: &mut dyn Observer,
    ) -> Result<Ending, TrainingError> {
        let training = &self.recipe.training;
        let batches = self.batches();
        if training.early_stopping.is_some() && self.validation.is_none() {
            return Err(TrainingError::NothingHeldOut);
        }
        let mut saver =
            checkpoints.map(|folder| Saver::new(folder, training.checkpoints, self.state.step));
        let mut warned = false;
        while self.state.epoch < training.epochs && !self.is_over() {
            let epoch = self.state.epoch + 1;
            let order = epoch_order(training, self.train, epoch - 1);
            let start = Instant::now();
            let images_before = self.images();
            while self.state.batch < batches {
                if stop.load(Ordering::Relaxed) {
                    self.settle()?;
                    if let Some(saver) = &mut saver {
                        self.save_now(saver)?;
                    }
                    return Ok(Ending::Stopped);
                }
                let learning_rate = self.learning_rate(self.optimizer.steps());
                self.next_step(loader, &order)?;
                if self.without_gradient && !warned {
                    observer.warning(NO_GRADIENT);
                    warned = true;
                }
                let (batch_loss, batch_correct) = self.last.unwrap_or_default();
                let sums = &self.state.sums;
                observer.step(&StepReport {
                    epoch,
                    epochs: training.epochs,
                    batch: self.state.batch,
                    batches,
                    batch_loss,
                    batch_correct,
                    learning_rate,
                    loss: sums.mean(sums.loss),
                    accuracy: sums.accuracy(),
                    images_per_batch: training.batch_size.min(self.train.count) as f64,
                    images_per_s: (self.images() - images_before) as f64
                        / start.elapsed().as_secs_f64(),
                });
                // After the last step of an epoch the checkpoint waits for the validation.
                let within = self.state.batch < batches;
                if let Some(saver) = &mut saver
                    && within
                    && saver.is_due(self.state.step, false)
                {
                    self.settle()?;
                    self.save_now(saver)?;
                }
            }
            observer.epoch(self.finish_epoch()?);
            let ends = self.state.epoch == training.epochs || self.is_over();
            if let Some(saver) = &mut saver
                && (ends || saver.is_due(self.state.step, true))
            {
                self.save_now(saver)?;
            }
        }
        if let Some((best, _)) = self.best().filter(|_| training.early_stopping.is_some()) {
            observer.kept(best, [self.state.epoch, training.epochs]);
        }
        Ok(Ending::Finished)
    }

    /// A step on the next images in the order of the running epoch.
    fn next_step(
        &mut self,
        loader: &mut Loader<'_, '_>,
        order: &[usize],
    ) -> Result<(), TrainingError> {
        let epoch = self.state.epoch + 1;
        let batch_size = self.recipe.training.batch_size;
        let first = self.state.batch * batch_size;
        let last = (first + batch_size).min(order.len());
        let numbers = &order[first..last];
        let then = order[last..].chunks(batch_size).next();
        let resident = self.resident.clone();
        self.step(|device| match &resident {
            Some(resident) => resident.batch(numbers, epoch),
            None => loader.batch(numbers, then, epoch, device),
        })
    }

    /// Images of this epoch that steps were taken on.
    fn images(&self) -> usize {
        let unread = self.unread.iter().map(|step| step.images).sum::<usize>();
        self.state.sums.images + unread
    }

    /// Closes the running epoch: its record, with metrics of the held-out images where there are any.
    fn finish_epoch(&mut self) -> Result<&EpochRecord, TrainingError> {
        let device = self.device.clone().inner();
        let steps = self.optimizer.steps();
        let learning_rate = self.learning_rate(steps.saturating_sub(1));
        let validation = self
            .validation
            .map(|data| validate(&self.network(), data, self.recipe, &device))
            .transpose()?;
        if let Some((name, value)) = validation.as_ref().and_then(Validation::not_finite) {
            return Err(TrainingError::NotFinite {
                name,
                value,
                step: self.state.step,
                epoch: self.state.epoch + 1,
                learning_rate,
            });
        }
        let state = &mut self.state;
        let sums = std::mem::take(&mut state.sums);
        state.epoch += 1;
        state.batch = 0;
        let parts = sums.parts.iter();
        let record = EpochRecord {
            epoch: state.epoch,
            step: steps,
            train_loss: sums.mean(sums.loss),
            losses: parts
                .map(|(name, sum)| (name.clone(), sums.mean(*sum)))
                .collect(),
            train_accuracy: Some(sums.accuracy()),
            validation_loss: validation.as_ref().map(|found| found.loss),
            validation_accuracy: validation.as_ref().and_then(|found| found.accuracy),
            validation_map: validation.as_ref().and_then(|found| found.map),
            validation_losses: validation.map(|found| found.losses).unwrap_or_default(),
            learning_rate,
            seconds: state.seconds,
            images_per_s: sums.images as f64 / sums.seconds,
            energy_j: state.energy_j,
            checkpoint_s: state.checkpoint_s,
        };
        state.history.push(record);
        self.keep_best();
        Ok(&self.state.history[self.state.history.len() - 1])
    }
}
