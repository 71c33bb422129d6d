//! Several devices: each computes the gradients of a part of a step's images, and the first sums them up.
//!
//! The first device holds what is learnt; it takes the step, and validates, saves and predicts. The others have a copy of
//! the network each, which is given the parameters anew before every step. Parts are runs of the batch in its order, so
//! neither the order of images nor anything drawn for one depends on how many devices there are; sums are made in the
//! devices' order, so the same devices give the same bits. Batch normalisation takes the statistics of its device's part,
//! and the running statistics are those of the first device, as in PyTorch's `DistributedDataParallel`.
//!
//! A device has a thread of its own for as long as training lasts: Burn's backends keep a queue for every thread. What
//! devices exchange passes through the host, read by the thread of the device that it comes from: so any two devices go
//! together, workers need not reach each other, and a failure is that of the device on whose thread it happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::optimizer::flat_gradients;
use super::{TrainingError, precision};
use crate::batch::Batch;
use crate::device::guard::{Failure, guarded};
use crate::layers::Mode;
use crate::network::Network;
use crate::ops::{Scalar, to_host, weighted_sum};
use crate::outputs::Losses;
use recipe::Recipe;

/// The devices of a training beside the first.
#[derive(Debug)]
pub(super) struct Replicas {
    /// The first device, with gradients.
    main: Device,
    others: Vec<Replica>,
    /// Steps begun.
    begun: u64,
}

/// One of them, seen from the thread that trains.
#[derive(Debug)]
struct Replica {
    name: String,
    work: Sender<Work>,
    answers: Receiver<Answer>,
}

/// The part of a step that a device is given.
struct Work {
    step: u64,
    batch: Batch,
    mode: Mode,
    /// What the mean loss of the part is multiplied by.
    factor: f64,
    /// How much of it is to be taken out of the gradients again.
    scale: f64,
    /// All parameters in a row.
    parameters: Arc<Vec<f32>>,
}

/// What came of the part of a step.
type Answer = (u64, Result<Part, TrainingError>);

/// What a device found of its part of a step.
#[derive(Debug)]
struct Part {
    /// The parameters' names and numbers of values.
    names: Vec<(String, usize)>,
    /// Their gradients in a row.
    gradients: Vec<f32>,
    figures: Figures,
}

impl Part {
    /// The gradients on a device, flat, by parameter.
    fn gradients_on(
        names: Vec<(String, usize)>,
        gradients: Vec<f32>,
        device: &Device,
    ) -> BTreeMap<String, Tensor<1>> {
        let length = gradients.len();
        let row = Tensor::<1>::from_data(TensorData::new(gradients, [length]), device);
        let mut first = 0;
        let piece = |(name, length): (String, usize)| {
            first += length;
            (name, row.clone().narrow(0, first - length, length))
        };
        names.into_iter().map(piece).collect()
    }
}

/// The losses and hits of some of a step's images.
#[derive(Debug)]
pub(super) struct Figures {
    /// Losses by name.
    pub parts: Vec<(&'static str, Scalar)>,
    /// How many classifications were right.
    pub correct: Scalar,
    /// Of so many.
    pub counted: usize,
}

impl Figures {
    /// Of the losses of a batch, beside what is minimised.
    pub fn of(losses: Losses) -> (Tensor<1>, Self) {
        let Losses {
            total,
            parts,
            correct,
            counted,
        } = losses;
        let figures = Self {
            parts,
            correct,
            counted,
        };
        (total, figures)
    }

    fn scalars(&mut self) -> impl Iterator<Item = &mut Scalar> {
        let parts = self.parts.iter_mut().map(|(_, value)| value);
        parts.chain(std::iter::once(&mut self.correct))
    }

    /// The figures of a whole batch out of those of its parts, each with its share of the images.
    fn joined(figures: Vec<(Self, f64)>) -> Self {
        let names: Vec<&'static str> = figures[0].0.parts.iter().map(|(name, _)| *name).collect();
        let loss = |(at, name): (usize, &'static str)| {
            let terms = figures
                .iter()
                .map(|(part, share)| (part.parts[at].1.clone(), *share));
            (name, weighted_sum(terms))
        };
        let correct = figures.iter().map(|(part, _)| (part.correct.clone(), 1.0));
        Self {
            correct: weighted_sum(correct),
            counted: figures.iter().map(|(part, _)| part.counted).sum(),
            parts: names.into_iter().enumerate().map(loss).collect(),
        }
    }
}

/// A step that has been begun on all devices.
pub(super) struct Begun {
    step: u64,
    /// The share of the images that each device has, those without images left out.
    shares: Vec<f64>,
}

impl Begun {
    /// That of the first device.
    pub fn first_share(&self) -> f64 {
        self.shares[0]
    }
}

impl Replicas {
    /// Starts a thread for each of these devices, which makes the network of `recipe` for images `[C, H, W]` there.
    ///
    /// # Errors
    /// [`TrainingError`] where a device does not compute in the recipe's precision, or fails.
    pub fn start(
        recipe: &Recipe,
        (input, classes): ([usize; 3], usize),
        main: &Device,
        devices: impl IntoIterator<Item = (String, Device)>,
    ) -> Result<Self, TrainingError> {
        let mut others = Vec::new();
        for (name, device) in devices {
            precision::check(recipe.training.precision, &device)?;
            let (work, given) = channel();
            let (answer, answers) = channel();
            let worker = Worker {
                recipe: recipe.clone(),
                name: name.clone(),
                device: device.autodiff(),
            };
            thread::Builder::new()
                .name(name.clone())
                .stack_size(STACK)
                .spawn(move || worker.run((input, classes), &given, &answer))
                .map_err(|cause| TrainingError::Device {
                    name: name.clone(),
                    failure: Failure::new(format!("no thread can be started for it: {cause}")),
                })?;
            others.push(Replica {
                name,
                work,
                answers,
            });
        }
        let replicas = Self {
            main: main.clone(),
            others,
            begun: 0,
        };
        for replica in &replicas.others {
            replica.answer(0)?; // that its network is there
        }
        Ok(replicas)
    }

    /// Gives each further device its part of a batch that is on the host, and leaves the first part in `batch`, on the
    /// first device.
    ///
    /// The mean loss of all images is multiplied by `factor`; `scale` of it is taken out of the gradients again.
    pub fn begin(
        &mut self,
        batch: &mut Batch,
        network: &Network,
        mode: Mode,
        (factor, scale): (f64, f64),
    ) -> Begun {
        self.begun += 1;
        let images = batch.indices.len();
        let parts = parts(images, self.others.len() + 1);
        let share = |count: usize| count as f64 / images as f64;
        let mut shares = vec![share(parts[0].1)];
        let parameters = Arc::new(to_host(flat_parameters(network)));
        for (replica, &(first, count)) in self.others.iter().zip(&parts[1..]) {
            if count == 0 {
                continue;
            }
            shares.push(share(count));
            let work = Work {
                step: self.begun,
                batch: batch.part(first, count),
                mode: mode.after(first),
                factor: factor * share(count),
                scale,
                parameters: parameters.clone(),
            };
            // Whoever does not take it does not answer either, and that is noticed.
            let _ = replica.work.send(work);
        }
        *batch = batch.part(0, parts[0].1).on(&self.main);
        Begun {
            step: self.begun,
            shares,
        }
    }

    /// Waits for the parts of the further devices: the figures of the whole batch, those of the first device given, and
    /// the others' parts in their order.
    ///
    /// # Errors
    /// [`TrainingError::Device`] naming the device that failed, or what is wrong with the images of its part.
    pub fn finish(
        &self,
        begun: Begun,
        figures: Figures,
    ) -> Result<(Figures, Vec<BTreeMap<String, Tensor<1>>>), TrainingError> {
        let mut joined = vec![(figures, begun.first_share())];
        let mut gradients = Vec::with_capacity(self.others.len());
        let main = self.main.clone().inner();
        for (replica, share) in self.others.iter().zip(&begun.shares[1..]) {
            let part = replica.answer(begun.step)?;
            joined.push((part.figures, *share));
            gradients.push(Part::gradients_on(part.names, part.gradients, &main));
        }
        Ok((Figures::joined(joined), gradients))
    }
}

impl Replica {
    /// Waits for what came of the device's part of a step.
    fn answer(&self, step: u64) -> Result<Part, TrainingError> {
        loop {
            // This thread is one of those that compute: while it waits it takes over work of the others', without which
            // a single thread would wait for itself.
            let busy = rayon::yield_now() == Some(rayon::Yield::Executed);
            let pause = if busy { Duration::ZERO } else { PAUSE };
            match self.answers.recv_timeout(pause) {
                Ok((of, answer)) if of == step => return answer,
                // Of a step that failed elsewhere.
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

/// Stack of a device's thread in bytes, as the threads that compute have.
const STACK: usize = 8 << 20;
/// How long to sleep between two looks for work or an answer.
const PAUSE: Duration = Duration::from_micros(100);

/// The first image and the number of images of each of so many parts of a batch, which differ by one at most.
fn parts(images: usize, devices: usize) -> Vec<(usize, usize)> {
    let mut first = 0;
    let part = |device| {
        let count = images / devices + usize::from(device < images % devices);
        first += count;
        (first - count, count)
    };
    (0..devices).map(part).collect()
}

/// What a device's thread works with.
struct Worker {
    recipe: Recipe,
    name: String,
    /// With gradients.
    device: Device,
}

impl Worker {
    /// Answers until nobody asks any more.
    fn run(
        self,
        (input, classes): ([usize; 3], usize),
        given: &Receiver<Work>,
        answers: &Sender<Answer>,
    ) {
        let made = self.guarded(|| {
            let network = Network::new(&self.recipe, input, classes, &self.device)?;
            // Only a value that is read tells that the device works.
            to_host(flat_parameters(&network).sum());
            let nothing = Part {
                names: Vec::new(),
                gradients: Vec::new(),
                figures: Figures {
                    parts: Vec::new(),
                    correct: Scalar::Known(0.0),
                    counted: 0,
                },
            };
            Ok((network, nothing))
        });
        let mut network = None;
        let ready = made.map(|(made, part)| {
            network = Some(made);
            part
        });
        // Whoever does not listen any more trains no more either, here and below.
        if answers.send((0, ready)).is_err() {
            return;
        }
        while let (Some(replica), Ok(work)) = (network.take(), given.recv()) {
            let step = work.step;
            let part = self.guarded(|| self.part(replica, work));
            let part = part.map(|(replica, part)| {
                network = Some(replica);
                part
            });
            if answers.send((step, part)).is_err() {
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

    /// Gradients and figures of a part of a step, all of them read at once.
    fn part(&self, network: Network, work: Work) -> Result<(Network, Part), TrainingError> {
        let training = &self.recipe.training;
        let network = given_parameters(network, &work.parameters, &self.device);
        let mut batch = work.batch.on(&self.device);
        precision::cast(&mut batch, training.precision);
        let losses = network.losses(&batch, training, work.mode)?;
        let (total, mut figures) = Figures::of(losses);
        let gradients = (total * work.factor).backward();
        let gradients = flat_gradients(&network, gradients, work.scale);

        let (names, mut pieces): (Vec<_>, Vec<_>) = gradients
            .into_iter()
            .map(|(name, gradient)| ((name, gradient.dims()[0]), gradient))
            .unzip();
        let mut pending = Vec::new();
        for scalar in figures.scalars() {
            if let Scalar::Pending(x) = scalar {
                pieces.push(x.clone());
                pending.push(scalar);
            }
        }
        let mut gradients = match pieces.is_empty() {
            true => Vec::new(),
            false => to_host(Tensor::cat(pieces, 0)),
        };
        let values = gradients.split_off(gradients.len() - pending.len());
        for (scalar, value) in pending.into_iter().zip(values) {
            *scalar = Scalar::Known(f64::from(value));
        }
        let part = Part {
            names,
            gradients,
            figures,
        };
        Ok((network, part))
    }
}

/// All that is learnt of a network, in a row, without gradients; one 0 where nothing is.
fn flat_parameters(network: &Network) -> Tensor<1> {
    struct Parameters(Vec<Tensor<1>>);

    impl ModuleVisitor for Parameters {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            // Others are running statistics.
            if value.is_require_grad() {
                let length = value.shape().num_elements();
                self.0.push(value.inner().reshape([length]));
            }
        }
    }

    let mut parameters = Parameters(Vec::new());
    network.visit(&mut parameters);
    match parameters.0.is_empty() {
        true => Tensor::zeros([1], &Device::flex()),
        false => Tensor::cat(parameters.0, 0),
    }
}

/// The network with what [`flat_parameters`] gave of another one of the same recipe.
fn given_parameters(network: Network, parameters: &[f32], device: &Device) -> Network {
    struct Taker {
        parameters: Tensor<1>,
        first: usize,
    }

    impl ModuleMapper for Taker {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !param.is_require_grad() {
                return param;
            }
            let (id, old, mapper) = param.consume();
            let shape = old.dims();
            let length = old.shape().num_elements();
            let piece = self.parameters.clone().narrow(0, self.first, length);
            self.first += length;
            let value = Tensor::from_inner(piece.reshape(shape)).require_grad();
            Param::from_mapped_value(id, value, mapper)
        }
    }

    let row = TensorData::new(parameters.to_vec(), [parameters.len()]);
    let mut taker = Taker {
        parameters: Tensor::from_data(row, &device.clone().inner()),
        first: 0,
    };
    network.map(&mut taker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_batch_in_its_order() {
        assert_eq!(parts(64, 1), [(0, 64)]);
        assert_eq!(parts(64, 2), [(0, 32), (32, 32)]);
        assert_eq!(parts(5, 3), [(0, 2), (2, 2), (4, 1)]);
        assert_eq!(parts(1, 2), [(0, 1), (1, 0)], "the first is never idle");
    }
}
