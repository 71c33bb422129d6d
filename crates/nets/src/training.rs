//! The training loop: batches in a seeded order, losses, steps, and a record of every epoch.
//!
//! All that a step depends on is a pure function of (seed, epoch, index) or part of the state that a checkpoint holds,
//! so a run that is stopped after any step and resumed ends with the same bits as one that was not.

mod checkpoint;
mod early_stopping;
mod ema;
mod error;
mod mixup;
mod muon;
mod optimizer;
mod options;
mod precision;
mod replicas;
mod resident;
mod saving;
mod unread;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::tensor::Device;
use measure::energy::Meter;
use measure::record::EpochRecord;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::device::Computer;
use crate::device::guard::guarded;
use crate::evaluation::validate;
use crate::layers::Mode;
use crate::loader::Loader;
use crate::network::Network;
use crate::ops;
use crate::temperature::Calibration;
use crate::weights::Weights;
pub use checkpoint::{CheckpointError, Restored};
use data::Dataset;
use data::preparation::Preparation;
use data::random::{Purpose, permutation};
use ema::Ema;
pub use error::TrainingError;
use mixup::mix;
pub use optimizer::Optimizer;
use precision::LossScale;
use recipe::{Model, Recipe};
use replicas::{Figures, Replicas};
use resident::Resident;
pub use saving::BestEpoch;
use saving::Saver;
pub use unread::READ_EVERY;
use unread::{Unread, settle};

/// What training tells while it runs.
pub trait Observer {
    /// Before the first step: what was found of an earlier part of this training, and where it stopped.
    fn resumed(&mut self, _restored: &Restored, _progress: &Progress) {}
    /// After every step.
    fn step(&mut self, progress: &StepReport);
    /// After every epoch.
    fn epoch(&mut self, record: &EpochRecord);
    /// At the end of a training with early stopping: whose epoch's weights are kept, after how many of all epochs.
    fn kept(&mut self, _best: &BestEpoch, _epochs: [usize; 2]) {}
    /// After training, where a temperature was fitted.
    fn calibrated(&mut self, _calibration: &Calibration) {}
}

/// Where training stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The running epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub batch: usize,
    /// Steps in an epoch.
    pub batches: usize,
    /// Mean loss of this step's images.
    pub batch_loss: f64,
    /// How many classifications of this step were right, of how many.
    pub batch_correct: [usize; 2],
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Mean loss of this epoch so far.
    pub loss: f64,
    /// Training accuracy of this epoch so far, 0 to 1.
    pub accuracy: f64,
    /// Images in a full batch.
    pub images_per_batch: f64,
    /// Images a second in this epoch, since training was started or resumed.
    pub images_per_s: f64,
}

/// What one step was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepTaken {
    /// Mean loss of its images.
    loss: f64,
    /// Right classifications, of how many.
    correct: [usize; 2],
    learning_rate: f64,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// It was asked to stop; a checkpoint holds where.
    Stopped,
}

/// Counters and sums: all of the state that is not a tensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs finished.
    pub epoch: usize,
    /// Batches done in the running epoch.
    pub batch: usize,
    /// Batches done in all; as many as steps, unless gradients are accumulated.
    pub step: u64,
    /// Seconds spent in training steps.
    pub seconds: f64,
    /// Joules spent in training steps; `None` where not all of them were measured.
    pub energy_j: Option<f64>,
    /// Seconds spent on checkpoints.
    pub checkpoint_s: f64,
    /// The best epoch so far.
    pub best: Option<BestEpoch>,
    /// What the loss is multiplied by, in f16.
    loss_scale: Option<LossScale>,
    /// Sums over the running epoch.
    sums: Sums,
    /// Finished epochs.
    pub history: Vec<EpochRecord>,
}

/// Sums over the steps of an epoch, weighted by images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    loss: f64,
    parts: BTreeMap<String, f64>,
    correct: usize,
    counted: usize,
    images: usize,
    seconds: f64,
}

impl Sums {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.images.max(1) as f64
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.counted.max(1) as f64
    }
}

/// Makes sure that the recipe's network can learn from this data.
///
/// # Errors
/// [`TrainingError::Shape`] when it does not fit the images, [`TrainingError::ManyObjects`] for a classifier of images
/// with several objects, [`TrainingError::NoMetric`] where early stopping watches a figure that the images do not have.
pub fn check(recipe: &Recipe, data: &Dataset) -> Result<(), TrainingError> {
    if matches!(recipe.model, Model::Cnn(_)) && data.labels().is_none() {
        return Err(TrainingError::ManyObjects(recipe.data.source.clone()));
    }
    options::check_metric(recipe, data)?;
    recipe.summary(data.image_shape(), data.classes.len())?;
    Ok(())
}

/// Checks that training fits into the memory of the machine. A GPU's memory is not known in advance.
///
/// # Errors
/// [`TrainingError::TooLarge`], and [`TrainingError::Shape`] if the network does not fit the images.
pub fn check_memory(recipe: &Recipe, data: &Dataset, device: &Device) -> Result<(), TrainingError> {
    let summary = recipe.summary(data.image_shape(), data.classes.len())?;
    let needed = summary.memory(&recipe.training, data.count);
    match data::memory::total() {
        Some(limit) if ops::has_lanes(device) => Ok(needed.fits(limit)?),
        _ => Ok(()),
    }
}

/// Makes sure that all devices compute in the recipe's precision.
///
/// # Errors
/// [`TrainingError::Precision`] where one does not.
pub fn check_precision(recipe: &Recipe, computer: &Computer) -> Result<(), TrainingError> {
    let precision = recipe.training.precision;
    let mut devices = computer.all();
    devices.try_for_each(|one| precision::check(precision, &one.device))
}

/// A network in training, with its data.
#[derive(Debug)]
pub struct Trainer<'a> {
    recipe: &'a Recipe,
    train: &'a Dataset,
    validation: Option<&'a Dataset>,
    device: Device,
    /// What the device is called.
    device_name: String,
    /// The devices that share each step's images with it, where there are any.
    replicas: Option<Replicas>,
    /// Empty only while the optimizer holds it.
    network: Option<Network>,
    optimizer: Optimizer,
    ema: Option<Ema>,
    progress: Progress,
    /// The weights of the best epoch.
    best: Option<Weights>,
    meter: Option<Meter>,
    /// The meter before the first of the unread steps.
    joules: Option<f64>,
    /// Training images on the device, where they stay there.
    resident: Option<Arc<Resident>>,
    /// Steps of this epoch whose figures are still on the device.
    unread: Vec<Unread>,
    /// The loss and the right classifications of the last step that was read.
    last: Option<(f64, [usize; 2])>,
}

impl<'a> Trainer<'a> {
    /// A network with its initial weights.
    ///
    /// # Errors
    /// Those of [`check`], and [`TrainingError::NoImages`] when there are none.
    pub fn new(
        recipe: &'a Recipe,
        train: &'a Dataset,
        validation: Option<&'a Dataset>,
        device: &Device,
    ) -> Result<Self, TrainingError> {
        if train.count == 0 {
            return Err(TrainingError::NoImages(
                validation.map_or(0, |data| data.count),
            ));
        }
        check(recipe, train)?;
        check_memory(recipe, train, device)?;
        let device = device.clone().autodiff();
        let network = Network::new(recipe, train.image_shape(), train.classes.len(), &device)?;
        let optimizer = Optimizer::new(recipe.training.optimizer);
        let ema = recipe.training.ema;
        let ema = ema.map(|decay| Ema::new(decay, &network));
        precision::check(recipe.training.precision, &device)?;
        let progress = Progress {
            loss_scale: LossScale::of(recipe.training.precision),
            ..Progress::default()
        };
        let resident = Resident::new(&Preparation::for_training(recipe), train, &device);
        Ok(Self {
            recipe,
            train,
            validation,
            device,
            device_name: "the device".to_string(),
            replicas: None,
            network: Some(network),
            optimizer,
            ema,
            progress,
            best: None,
            meter: None,
            joules: None,
            resident: resident.map(Arc::new),
            unread: Vec::new(),
            last: None,
        })
    }

    /// Shares the images of every step among all devices of `computer`, of which the first is that of [`Trainer::new`].
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
        let of_images = (self.train.image_shape(), self.train.classes.len());
        // Images go to several devices from the host.
        self.resident = None;
        let replicas = Replicas::start(self.recipe, of_images, &self.device, others)?;
        self.replicas = Some(replicas);
        Ok(())
    }

    /// Has the energy of steps measured; before the first step, or from where a training that was measured stopped.
    pub fn measure_energy(&mut self, meter: Meter) {
        if self.progress.step == 0 {
            self.progress.energy_j = Some(0.0);
        }
        self.meter = Some(meter);
    }

    fn learning(&self) -> &Network {
        self.network
            .as_ref()
            .expect("a step puts the network back before it returns")
    }

    /// Where training stands.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Where it computes, with gradients.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        self.train.count.div_ceil(self.recipe.training.batch_size)
    }

    /// Trains to the end of the last epoch, or until `stop` is set, writing checkpoints into `checkpoints` as the recipe
    /// wants them, at the end, and where it stops.
    ///
    /// # Errors
    /// [`TrainingError`] when a loss is not finite, a box is bad, a checkpoint can't be written, or a GPU fails.
    pub fn run(
        &mut self,
        checkpoints: Option<&Path>,
        stop: &AtomicBool,
        observer: &mut dyn Observer,
    ) -> Result<Ending, TrainingError> {
        let (data, preparation) = (self.train, Preparation::for_training(self.recipe));
        let batch_size = self.recipe.training.batch_size;
        let on_cpu = ops::has_lanes(&self.device);
        let name = self.device_name.clone();
        let mut work = || {
            rayon::in_place_scope(|scope| {
                let loader = &mut Loader::new(scope, data, preparation);
                self.run_with(loader, checkpoints, stop, observer)
            })
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
            checkpoints.map(|folder| Saver::new(folder, training.checkpoints, self.progress.step));
        while self.progress.epoch < training.epochs && !self.is_over() {
            let epoch = self.progress.epoch + 1;
            let order = permutation(
                training.seed,
                Purpose::Shuffle,
                epoch as u64 - 1,
                self.train.count,
            );
            let since = (Instant::now(), self.images());
            let resident = self.resident.clone();
            while self.progress.batch < batches {
                if stop.load(Ordering::Relaxed) {
                    self.settle()?;
                    if let Some(saver) = &mut saver {
                        self.save_now(saver)?;
                    }
                    return Ok(Ending::Stopped);
                }
                let first = self.progress.batch * training.batch_size;
                let last = (first + training.batch_size).min(order.len());
                let then = order[last..].chunks(training.batch_size).next();
                let numbers = &order[first..last];
                let taken = self.step(|device| match &resident {
                    Some(resident) => resident.batch(numbers, epoch),
                    None => loader.batch(numbers, then, epoch, device),
                })?;
                let sums = &self.progress.sums;
                observer.step(&StepReport {
                    epoch,
                    epochs: training.epochs,
                    batch: self.progress.batch,
                    batches,
                    batch_loss: taken.loss,
                    batch_correct: taken.correct,
                    learning_rate: taken.learning_rate,
                    loss: sums.mean(sums.loss),
                    accuracy: sums.accuracy(),
                    images_per_batch: training.batch_size.min(self.train.count) as f64,
                    images_per_s: (self.images() - since.1) as f64
                        / since.0.elapsed().as_secs_f64(),
                });
                // After the last step of an epoch it waits for the validation.
                let within = self.progress.batch < batches;
                if let Some(saver) = &mut saver
                    && within
                    && saver.is_due(self.progress.step, false)
                {
                    self.settle()?;
                    self.save_now(saver)?;
                }
            }
            self.finish_epoch()?;
            if let Some(record) = self.progress.history.last() {
                observer.epoch(record);
            }
            let ends = self.progress.epoch == training.epochs || self.is_over();
            if let Some(saver) = &mut saver
                && (ends || saver.is_due(self.progress.step, true))
            {
                self.save_now(saver)?;
            }
        }
        if let Some((best, _)) = self.best().filter(|_| training.early_stopping.is_some()) {
            observer.kept(best, [self.progress.epoch, training.epochs]);
        }
        Ok(Ending::Finished)
    }

    /// One step on the images of a batch, which is made within the step's time.
    pub(crate) fn step(
        &mut self,
        batch: impl FnOnce(&Device) -> Batch,
    ) -> Result<StepTaken, TrainingError> {
        let start = Instant::now();
        if self.unread.is_empty() {
            self.joules = self.meter.as_mut().and_then(Meter::joules);
        }
        let training = &self.recipe.training;
        let mut batch = match &self.replicas {
            None => batch(&self.device),
            Some(_) => batch(&Device::flex()),
        };
        let (images, epoch) = (batch.indices.len(), batch.epoch);
        if training.mixup > 0.0 {
            batch = mix(batch, training.mixup, training.seed, self.progress.step);
        }
        let learning_rate = self.learning_rate(self.optimizer.steps());
        let mode = Mode::Training {
            seed: training.seed,
            step: self.progress.step,
            first: 0,
        };
        let (share, full) = self.contribution(images);
        let loss_scale = self.progress.loss_scale.map_or(1.0, |state| state.scale);
        let mut factor = share.min(1.0) * loss_scale;
        let network = self.network.as_ref();
        let begun = self.replicas.as_mut().zip(network);
        let begun = begun.map(|(replicas, network)| {
            let begun = replicas.begin(&mut batch, network, mode, (factor, loss_scale));
            factor *= begun.first_share();
            begun
        });
        precision::cast(&mut batch, training.precision);
        let losses = self.learning().losses(&batch, training, mode)?;
        let (total, mut sums) = Figures::of(losses);
        let total = if factor == 1.0 { total } else { total * factor };
        let gradients = total.backward();
        let mut others = Vec::new();
        if let Some((replicas, begun)) = self.replicas.as_ref().zip(begun) {
            (sums, others) = replicas.finish(begun, sums)?;
        }
        let mut figures = Unread {
            step: self.progress.step + 1,
            epoch,
            learning_rate,
            images,
            parts: sums.parts,
            norm: None,
            correct: sums.correct,
            counted: sums.counted,
        };
        figures.check()?;
        // Taken, not cloned: parameters that nobody else holds change in place.
        let network = self.network.take();
        let mut network = network.expect("a step puts the network back before it returns");
        self.optimizer
            .accumulate_scaled(&network, gradients, loss_scale);
        for gradients in others {
            self.optimizer.add(gradients);
        }
        let mut taken = full;
        if let (true, Some(state)) = (full, &mut self.progress.loss_scale) {
            taken = self.optimizer.has_finite_gradients();
            state.update(taken);
        }
        if taken {
            (network, figures.norm) =
                self.optimizer
                    .update(network, learning_rate, training.clip_norm);
        }
        if let (true, Some(ema)) = (taken, &mut self.ema) {
            ema.update(&network, self.optimizer.steps());
        }
        self.network = Some(network);
        figures.check()?;

        self.unread.push(figures);
        self.progress.batch += 1;
        self.progress.step += 1;
        // The first after a start is read too, so that there is something to show.
        let is_due = self.unread.len() == READ_EVERY || self.last.is_none();
        let ends = self.progress.batch == self.batches();
        if is_due || ends || ops::has_lanes(&self.device) {
            self.settle()?;
        }
        let seconds = start.elapsed().as_secs_f64();
        self.progress.sums.seconds += seconds;
        self.progress.seconds += seconds;
        let (loss, correct) = self.last.unwrap_or_default();
        Ok(StepTaken {
            loss,
            correct,
            learning_rate,
        })
    }

    /// Reads what the device still holds of this epoch's figures; on the CPU nothing.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] for the first loss that is no finite number.
    pub(crate) fn settle(&mut self) -> Result<(), TrainingError> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let progress = &mut self.progress;
        let unread = std::mem::take(&mut self.unread);
        self.last = settle(unread, &mut progress.sums)?;
        let after = self.meter.as_mut().and_then(Meter::joules);
        let taken = after.zip(self.joules).map(|(after, before)| after - before);
        progress.energy_j = progress.energy_j.zip(taken).map(|(sum, taken)| sum + taken);
        Ok(())
    }

    /// Images of this epoch that steps were taken on.
    fn images(&self) -> usize {
        let unread = self.unread.iter().map(|step| step.images).sum::<usize>();
        self.progress.sums.images + unread
    }

    /// Closes the running epoch: its record, with validation figures where images were held out.
    fn finish_epoch(&mut self) -> Result<(), TrainingError> {
        let device = self.device.clone().inner();
        let validation = self
            .validation
            .map(|data| validate(&self.network(), data, self.recipe, &device))
            .transpose()?;
        let sums = std::mem::take(&mut self.progress.sums);
        let steps = self.optimizer.steps();
        let learning_rate = self.learning_rate(steps.saturating_sub(1));
        let progress = &mut self.progress;
        progress.epoch += 1;
        progress.batch = 0;
        let record = EpochRecord {
            epoch: progress.epoch,
            step: steps,
            train_loss: sums.mean(sums.loss),
            losses: sums
                .parts
                .iter()
                .map(|(name, sum)| (name.clone(), sums.mean(*sum)))
                .collect(),
            train_accuracy: Some(sums.accuracy()),
            validation_loss: validation.as_ref().map(|found| found.loss),
            validation_accuracy: validation.as_ref().and_then(|found| found.accuracy),
            validation_map: validation.as_ref().and_then(|found| found.map),
            validation_losses: validation.map(|found| found.losses).unwrap_or_default(),
            learning_rate,
            seconds: progress.seconds,
            images_per_s: sums.images as f64 / sums.seconds,
            energy_j: progress.energy_j,
            checkpoint_s: progress.checkpoint_s,
        };
        self.progress.history.push(record);
        self.consider();
        Ok(())
    }
}
