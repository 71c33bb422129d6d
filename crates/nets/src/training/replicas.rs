//! Several devices: each computes the gradients of a part of a step's images, and the first adds them up.
//!
//! The first device holds the parameters; it updates them, validates, saves and predicts. Each of the others has a copy of
//! the network, which receives the parameters before every step. Parts are consecutive images of the batch, so neither
//! their order nor any random draw for an image depends on the number of devices; sums are made in the devices' order, so
//! the same devices give the same bits. Batch normalisation uses the statistics of its device's part, and the running
//! statistics are those of the first device, as in PyTorch's `DistributedDataParallel`.
//!
//! Each device has a thread of its own for the whole training, because Burn's backends keep a queue for every thread. Data
//! between devices passes through the host, read by the thread of the device that it comes from: so any two devices can be
//! combined, workers need not reach each other, and a failure belongs to the device on whose thread it happens.

mod parameters;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use burn::tensor::{Device, Tensor, TensorData};

use super::optimizer::flat_gradients;
use super::step::{FlatGradients, backward};
use super::{TrainingError, precision};
use crate::batch::Batch;
use crate::device::guard::{Failure, guarded};
use crate::layers::Mode;
use crate::loss::{ClassificationLoss, Losses};
use crate::network::Network;
use crate::ops::{Scalar, to_host};
use parameters::{flat_parameters, with_parameters};
use recipe::Recipe;

/// The devices of a training beside the first.
#[derive(Debug)]
pub(super) struct Replicas {
    /// The first device, with gradients.
    main: Device,
    loss: ClassificationLoss,
    others: Vec<Replica>,
    /// Steps begun.
    steps: u64,
}

/// One of them, as the training thread sees it.
#[derive(Debug)]
struct Replica {
    name: String,
    tasks: Sender<Task>,
    results: Receiver<TaskResult>,
}

/// A device's part of a step.
struct Task {
    step: u64,
    batch: Batch,
    mode: Mode,
    /// What the mean loss of the part is multiplied by.
    factor: f64,
    /// The part of `factor` that the gradients are divided by again.
    loss_scale: f64,
    /// The values of all parameters, concatenated.
    parameters: Arc<Vec<f32>>,
}

/// The number of a step and what a device computed of it; step 0 is the making of its network, without gradients.
type TaskResult = (u64, Result<Option<PartGradients>, TrainingError>);

/// What a device computed of its part of a step.
#[derive(Debug)]
struct PartGradients {
    /// The parameters' names and numbers of values.
    names: Vec<(String, usize)>,
    /// Their gradients, concatenated.
    gradients: Vec<f32>,
    losses: Losses,
}

/// A step that has been begun on all devices.
pub(super) struct SharedStep {
    step: u64,
    /// The share in the mean loss that the images of each device have; devices without images are left out.
    shares: Vec<f64>,
}

impl SharedStep {
    /// The share of the first device.
    pub fn first_share(&self) -> f64 {
        self.shares[0]
    }
}

impl Replicas {
    /// Starts a thread for each of these devices, which builds the network of `recipe` for images `[C, H, W]` there.
    ///
    /// # Errors
    /// [`TrainingError`] where a device does not compute in the recipe's precision, or fails.
    pub fn start(
        recipe: &Recipe,
        loss: &ClassificationLoss,
        (input, classes): ([usize; 3], usize),
        main: &Device,
        devices: impl IntoIterator<Item = (String, Device)>,
    ) -> Result<Self, TrainingError> {
        let mut others = Vec::new();
        for (name, device) in devices {
            precision::check(recipe.training.precision, &device)?;
            let (tasks, received) = channel();
            let (sender, results) = channel();
            let replica = ReplicaThread {
                recipe: recipe.clone(),
                loss: loss.clone(),
                name: name.clone(),
                device: device.autodiff(),
            };
            thread::Builder::new()
                .name(name.clone())
                .stack_size(STACK)
                .spawn(move || replica.run(input, classes, &received, &sender))
                .map_err(|cause| TrainingError::Device {
                    name: name.clone(),
                    failure: Failure::new(format!("can't start a thread for it: {cause}")),
                })?;
            others.push(Replica {
                name,
                tasks,
                results,
            });
        }
        for replica in &others {
            replica.wait(0)?; // until its network is there
        }
        Ok(Self {
            main: main.clone(),
            loss: loss.clone(),
            others,
            steps: 0,
        })
    }

    /// Sends each further device its part of a batch that is on the host, and leaves the first part in `batch`, on the
    /// first device.
    ///
    /// The mean loss of all images is multiplied by `factor`, of which the gradients are divided by `loss_scale` again.
    pub fn begin(
        &mut self,
        batch: &mut Batch,
        network: &Network,
        mode: Mode,
        factor: f64,
        loss_scale: f64,
    ) -> SharedStep {
        self.steps += 1;
        let images = batch.indices.len();
        let parts = parts(images, self.others.len() + 1);
        let mass = self.loss.mass(batch);
        let share = |part: &Batch| match mass {
            0.0 => 0.0,
            mass => self.loss.mass(part) / mass,
        };
        let first_part = batch.part(0, parts[0].1);
        let mut shares = vec![share(&first_part)];
        let parameters = Arc::new(to_host(flat_parameters(network)));
        for (replica, &(first, count)) in self.others.iter().zip(&parts[1..]) {
            if count == 0 {
                continue;
            }
            let part = batch.part(first, count);
            let share = share(&part);
            shares.push(share);
            let task = Task {
                step: self.steps,
                batch: part,
                mode: mode.after(first),
                factor: factor * share,
                loss_scale,
                parameters: parameters.clone(),
            };
            // A thread that has ended does not send a result either, which `finish` notices.
            let _ = replica.tasks.send(task);
        }
        *batch = first_part.on(&self.main);
        SharedStep {
            step: self.steps,
            shares,
        }
    }

    /// Waits for the parts of the further devices: the losses of the whole batch, given those of the first device, and the
    /// gradients of the others in their order.
    ///
    /// # Errors
    /// [`TrainingError::Device`] naming the device that failed, or what is wrong with the images of its part.
    pub fn finish(
        &self,
        shared: SharedStep,
        losses: Losses,
    ) -> Result<(Losses, Vec<FlatGradients>), TrainingError> {
        let mut parts = vec![(losses, shared.first_share())];
        let mut gradients = Vec::with_capacity(self.others.len());
        let main = self.main.clone().inner();
        for (replica, share) in self.others.iter().zip(&shared.shares[1..]) {
            if let Some(part) = replica.wait(shared.step)? {
                gradients.push(split(part.names, part.gradients, &main));
                parts.push((part.losses, *share));
            }
        }
        Ok((Losses::joined(&parts), gradients))
    }
}

impl Replica {
    /// Waits for the result of the device's part of a step.
    fn wait(&self, step: u64) -> Result<Option<PartGradients>, TrainingError> {
        loop {
            // This thread belongs to the pool: while it waits it works on tasks of the others, without which a pool of one
            // thread would wait for itself.
            let busy = rayon::yield_now() == Some(rayon::Yield::Executed);
            let pause = if busy { Duration::ZERO } else { PAUSE };
            match self.results.recv_timeout(pause) {
                Ok((of, result)) if of == step => return result,
                // Of a step that failed on another device.
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(TrainingError::Device {
                        name: self.name.clone(),
                        failure: Failure::new("its thread ended".to_string()),
                    });
                }
            }
        }
    }
}

/// Stack of a device's thread in bytes, as for the threads of the pool.
const STACK: usize = 8 << 20;
/// How long to sleep before looking for a result again.
const PAUSE: Duration = Duration::from_micros(100);

/// The first image and the number of images of each device's part of a batch; these numbers differ by one at most.
fn parts(images: usize, devices: usize) -> Vec<(usize, usize)> {
    let mut first = 0;
    let part = |device| {
        let count = images / devices + usize::from(device < images % devices);
        first += count;
        (first - count, count)
    };
    (0..devices).map(part).collect()
}

/// Concatenated gradients as one flat tensor for each parameter.
fn split(names: Vec<(String, usize)>, gradients: Vec<f32>, device: &Device) -> FlatGradients {
    let length = gradients.len();
    let row = Tensor::<1>::from_data(TensorData::new(gradients, [length]), device);
    let mut first = 0;
    let piece = |(name, length): (String, usize)| {
        first += length;
        (name, row.clone().narrow(0, first - length, length))
    };
    names.into_iter().map(piece).collect()
}

/// What a device's thread works with.
struct ReplicaThread {
    recipe: Recipe,
    loss: ClassificationLoss,
    name: String,
    /// With gradients.
    device: Device,
}

impl ReplicaThread {
    /// Works on tasks until there are no more, or one fails.
    fn run(
        self,
        input: [usize; 3],
        classes: usize,
        tasks: &Receiver<Task>,
        results: &Sender<TaskResult>,
    ) {
        let mut network = None;
        let built = self.guarded(|| {
            let built = Network::new(&self.recipe, input, classes, &self.device)?;
            // Only reading a value shows that the device works.
            to_host(flat_parameters(&built).sum());
            network = Some(built);
            Ok(None)
        });
        // A training that no longer listens has ended, here and below.
        if results.send((0, built)).is_err() {
            return;
        }
        while let Some(current) = network.take() {
            let Ok(task) = tasks.recv() else { return };
            let step = task.step;
            let result = self.guarded(|| {
                let (current, part) = self.work(current, task)?;
                network = Some(current);
                Ok(Some(part))
            });
            if results.send((step, result)).is_err() {
                return;
            }
        }
    }

    fn guarded<T>(
        &self,
        work: impl FnOnce() -> Result<T, TrainingError>,
    ) -> Result<T, TrainingError> {
        let size = self.recipe.training.batch_size;
        let failed = |failure| TrainingError::of_device(&self.name, failure, size);
        guarded(work).unwrap_or_else(|failure| Err(failed(failure)))
    }

    /// Gradients and losses of a part of a step, all of them read at once.
    fn work(
        &self,
        network: Network,
        task: Task,
    ) -> Result<(Network, PartGradients), TrainingError> {
        let training = &self.recipe.training;
        let network = with_parameters(network, &task.parameters, &self.device);
        let mut batch = task.batch.on(&self.device);
        precision::cast(&mut batch, training.precision);
        let (total, mut losses) = network.losses(&batch, &self.loss, task.mode)?;
        let gradients = match backward(total, task.factor) {
            Some(gradients) => flat_gradients(&network, gradients, task.loss_scale),
            None => BTreeMap::new(),
        };
        let (names, mut pieces): (Vec<_>, Vec<_>) = gradients
            .into_iter()
            .map(|(name, gradient)| ((name, gradient.dims()[0]), gradient))
            .unzip();
        let mut pending = Vec::new();
        for scalar in losses.scalars() {
            if let Scalar::Pending(x) = scalar {
                pieces.push(x.clone());
                pending.push(scalar);
            }
        }
        let mut gradients = Vec::new();
        if !pieces.is_empty() {
            gradients = to_host(Tensor::cat(pieces, 0));
        }
        let values = gradients.split_off(gradients.len() - pending.len());
        for (scalar, value) in pending.into_iter().zip(values) {
            *scalar = Scalar::Known(f64::from(value));
        }
        let part = PartGradients {
            names,
            gradients,
            losses,
        };
        Ok((network, part))
    }
}

#[cfg(test)]
mod tests;
