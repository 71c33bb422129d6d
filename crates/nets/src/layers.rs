//! Layers with parameters, how their parameters start, and chains of them ([`build`], [`forward`]).

mod chain;
mod plain;
mod squeeze;

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};

use crate::ops::{Affine, Conv, Epilogue, Maps, Statistics};
pub(crate) use chain::freeze;
pub(crate) use chain::unfused;
pub use chain::{LayerModule, PartsLayer, ResidualLayer, build, forward};
use data::random::{Key, Purpose, Stream};
pub use plain::PlainLayer;
pub(crate) use plain::{dropout, dropout_key};
pub use squeeze::SqueezeLayer;

/// Whether a network is learning; layers such as dropout and batch-norm behave differently then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Learning, in training step `step` of a run with this seed.
    Training {
        /// The run's seed.
        seed: u64,
        /// Steps taken before this one.
        step: u64,
        /// Images of this step before the first of this batch, when several devices share a step.
        first: usize,
    },
    /// Predicting.
    Inference,
}

impl Mode {
    /// The same for images behind `images` others of the step.
    pub(crate) fn after(self, images: usize) -> Self {
        match self {
            Self::Training { seed, step, first } => Self::Training {
                seed,
                step,
                first: first + images,
            },
            Self::Inference => self,
        }
    }

    fn is_training(self) -> bool {
        matches!(self, Self::Training { .. })
    }
}

/// Draws initial weights; every tensor has its own random numbers, keyed by the seed and its number.
#[derive(Debug)]
pub struct Initializer {
    seed: u64,
    tensors: u64,
    device: Device,
    with_shortcuts: bool,
}

impl Initializer {
    /// Weights on `device`, drawn from `seed`.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self {
            seed,
            tensors: 0,
            device: device.clone(),
            with_shortcuts: false,
        }
    }

    /// Whether the layers from here on have shortcuts among them, which makes the weights of all their convolutions normal
    /// (see [`ConvLayer::new`]).
    pub fn set_shortcuts(&mut self, present: bool) {
        self.with_shortcuts = present;
    }

    /// Uniform values in ±`bound`.
    pub fn uniform<const D: usize>(&mut self, bound: f64, shape: [usize; D]) -> Param<Tensor<D>> {
        self.draw(shape, |stream| stream.uniform(-bound, bound))
    }

    /// Normal values of mean 0.
    pub fn normal<const D: usize>(
        &mut self,
        deviation: f64,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        self.draw(shape, |stream| stream.normal() * deviation)
    }

    /// The same value everywhere.
    pub fn constant<const D: usize>(&self, value: f32, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::full(shape, value, &self.device))
    }

    fn draw<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut value: impl FnMut(&mut Stream) -> f64,
    ) -> Param<Tensor<D>> {
        let key = Key {
            seed: self.seed,
            purpose: Purpose::Weights,
            epoch: 0,
            index: self.tensors,
        };
        self.tensors += 1;
        let mut stream = key.stream();
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|_| value(&mut stream) as f32).collect();
        Param::from_tensor(Tensor::from_data(
            TensorData::new(values, shape),
            &self.device,
        ))
    }
}

/// Convolution, with the ReLU and pooling it does in the same pass.
#[derive(Module, Debug)]
pub struct ConvLayer {
    /// `[out, in / groups, rows, columns]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    conv: Conv,
    /// In groups it does no pooling.
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    epilogue: Epilogue,
}

impl ConvLayer {
    /// Weights and biases uniform in ±1/√fan-in, PyTorch's default; nothing follows in the same pass.
    ///
    /// In a network with shortcuts the weights are normal with deviation √(2 / fan-out), fan-out being outputs per group times
    /// the kernel's size: He et al. 2015 (arXiv:1502.01852), which torchvision takes for its residual networks and MobileNets.
    pub fn new(conv: Conv, groups: usize, bias: bool, init: &mut Initializer) -> Self {
        let bound = 1.0 / fan_in(&conv, groups).sqrt();
        let shape = weight_shape(&conv, groups);
        Self {
            weight: if init.with_shortcuts {
                init.normal((2.0 / fan_out(&conv)).sqrt(), shape)
            } else {
                init.uniform(bound, shape)
            },
            bias: bias.then(|| init.uniform(bound, [conv.out_channels])),
            conv,
            groups,
            epilogue: Epilogue::None,
        }
    }

    /// Normal weights and biases of 0, as the heads of Faster R-CNN's region proposal network.
    pub fn with_normal_weights(
        conv: Conv,
        deviation: f64,
        relu: bool,
        init: &mut Initializer,
    ) -> Self {
        Self {
            weight: init.normal(deviation, weight_shape(&conv, 1)),
            bias: Some(init.constant(0.0, [conv.out_channels])),
            conv,
            groups: 1,
            epilogue: if relu { Epilogue::Relu } else { Epilogue::None },
        }
    }

    /// Weights uniform in ±√(3 / fan-in), biases of 0 where there are any: torchvision's and detectron2's for feature
    /// pyramids.
    pub fn for_pyramid(conv: Conv, bias: bool, relu: bool, init: &mut Initializer) -> Self {
        let bound = (3.0 / fan_in(&conv, 1)).sqrt();
        Self {
            weight: init.uniform(bound, weight_shape(&conv, 1)),
            bias: bias.then(|| init.constant(0.0, [conv.out_channels])),
            conv,
            groups: 1,
            epilogue: if relu { Epilogue::Relu } else { Epilogue::None },
        }
    }

    /// `[N, in, H, W] -> [N, out, H', W']`, halved again where it pools
    pub fn forward(&self, x: Maps) -> Maps {
        let bias = self.bias.as_ref().map(Param::val);
        x.conv(
            self.weight.val(),
            bias,
            &self.conv,
            self.groups,
            self.epilogue,
        )
    }

    /// The same with a normalisation behind it whose statistics are fixed, and then `epilogue`.
    fn forward_normalized(&self, x: Maps, norm: &BatchNormLayer, epilogue: Epilogue) -> Maps {
        let bias = self.bias.as_ref().map(Param::val);
        let (weight, norm) = (self.weight.val(), norm.statistics());
        x.normalized_conv(weight, bias, norm, &self.conv, self.groups, epilogue)
    }
}

/// The inputs that one output of a convolution depends on.
fn fan_in(conv: &Conv, groups: usize) -> f64 {
    (conv.in_channels / groups * conv.kernel[0] * conv.kernel[1]) as f64
}

/// The outputs that one input of a convolution reaches, counted as PyTorch does, for which groups make no difference.
fn fan_out(conv: &Conv) -> f64 {
    (conv.out_channels * conv.kernel[0] * conv.kernel[1]) as f64
}

/// `[out, in / groups, rows, columns]`
fn weight_shape(conv: &Conv, groups: usize) -> [usize; 4] {
    let [rows, columns] = conv.kernel;
    [conv.out_channels, conv.in_channels / groups, rows, columns]
}

/// The bias, `[outputs]`, of a layer that may have none.
fn or_zeros(bias: Option<&Param<Tensor<1>>>, outputs: usize, device: &Device) -> Tensor<1> {
    match bias {
        Some(bias) => bias.val(),
        None => Tensor::zeros([outputs], device),
    }
}

/// Linear layer on rows of features, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct LinearLayer {
    /// `[in, out]`
    pub weight: Param<Tensor<2>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    relu: bool,
}

impl LinearLayer {
    /// Weights and biases uniform in ±1/√in, PyTorch's default.
    pub fn new(
        inputs: usize,
        outputs: usize,
        bias: bool,
        relu: bool,
        init: &mut Initializer,
    ) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        Self {
            weight: init.uniform(bound, [inputs, outputs]),
            bias: bias.then(|| init.uniform(bound, [outputs])),
            relu,
        }
    }

    /// Normal weights and biases of 0, as the box head's outputs.
    pub fn with_normal_weights(
        inputs: usize,
        outputs: usize,
        deviation: f64,
        init: &mut Initializer,
    ) -> Self {
        Self {
            weight: init.normal(deviation, [inputs, outputs]),
            bias: Some(init.constant(0.0, [outputs])),
            relu: false,
        }
    }

    /// `[N, in, 1, 1] -> [N, out, 1, 1]`
    pub fn forward(&self, x: Maps) -> Maps {
        let weight = self.weight.val();
        let bias = or_zeros(self.bias.as_ref(), weight.dims()[1], &x.device());
        x.linear(weight, bias, self.relu)
    }
}

/// Batch normalisation (Ioffe & Szegedy 2015) over images and pixels, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct BatchNormLayer {
    /// Scale, `[C]`
    pub weight: Param<Tensor<1>>,
    /// Shift, `[C]`
    pub bias: Param<Tensor<1>>,
    /// Mean over training batches, `[C]`
    pub running_mean: RunningState<Tensor<1>>,
    /// Unbiased variance over training batches, `[C]`
    pub running_var: RunningState<Tensor<1>>,
    #[module(skip)]
    momentum: f64,
    #[module(skip)]
    epsilon: f64,
    #[module(skip)]
    relu: bool,
    /// Whether it keeps its parameters and statistics in training.
    #[module(skip)]
    is_frozen: bool,
}

impl BatchNormLayer {
    /// Scale 1 and shift 0; `momentum` is the weight of the newest batch in the running statistics.
    pub fn new(
        channels: usize,
        momentum: f64,
        epsilon: f64,
        relu: bool,
        init: &Initializer,
    ) -> Self {
        Self {
            weight: init.constant(1.0, [channels]),
            bias: init.constant(0.0, [channels]),
            running_mean: RunningState::new(Tensor::zeros([channels], &init.device)),
            running_var: RunningState::new(Tensor::ones([channels], &init.device)),
            momentum,
            epsilon,
            relu,
            is_frozen: false,
        }
    }

    /// The same, keeping its parameters and statistics in training.
    pub fn frozen(self) -> Self {
        Self {
            is_frozen: true,
            ..self.no_grad()
        }
    }

    /// Whether it normalises by the statistics it has.
    pub(crate) fn is_fixed(&self, mode: Mode) -> bool {
        self.is_frozen || !mode.is_training()
    }

    /// What it normalises by where that is fixed.
    fn statistics(&self) -> Statistics {
        Statistics {
            mean: self.running_mean.value_sync(),
            variance: self.running_var.value_sync(),
            affine: self.affine(),
        }
    }

    fn affine(&self) -> Affine {
        Affine {
            gamma: self.weight.val(),
            beta: self.bias.val(),
            epsilon: self.epsilon,
            relu: self.relu,
        }
    }

    /// `[N, C, H, W] -> [N, C, H, W]`
    pub fn forward(&self, x: Maps, mode: Mode) -> Maps {
        if self.is_fixed(mode) {
            return x.normalize(self.statistics());
        }
        let [_, height, width] = x.shape();
        let count = (x.images() * height * width) as f64;
        let (y, mean, variance) = x.batch_norm(self.affine());
        let unbiased = variance * (count / (count - 1.0).max(1.0));
        let blend = |state: &RunningState<Tensor<1>>, newest: Tensor<1>| {
            state.update(state.value_sync() * (1.0 - self.momentum) + newest * self.momentum);
            state.value_sync();
        };
        blend(&self.running_mean, mean);
        blend(&self.running_var, unbiased);
        y
    }
}

/// Group normalisation (Wu & He 2018) over groups of channels of each image, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct GroupNormLayer {
    /// Scale, `[C]`
    pub weight: Param<Tensor<1>>,
    /// Shift, `[C]`
    pub bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    relu: bool,
}

impl GroupNormLayer {
    /// Scale 1 and shift 0.
    pub fn new(channels: usize, relu: bool, init: &Initializer) -> Self {
        Self {
            weight: init.constant(1.0, [channels]),
            bias: init.constant(0.0, [channels]),
            groups: recipe::group_count(channels),
            relu,
        }
    }

    /// `[N, C, H, W] -> [N, C, H, W]`
    pub fn forward(&self, x: Maps) -> Maps {
        let affine = Affine {
            gamma: self.weight.val(),
            beta: self.bias.val(),
            epsilon: 1e-5,
            relu: self.relu,
        };
        x.group_norm(affine, self.groups)
    }
}
