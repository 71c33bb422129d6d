//! The seam between models and processors: operators with ordinary NCHW meaning, whatever runs them.
//!
//! A model works on [`Maps`] and never sees how they lie in memory. On the CPU a run of operators stays in the
//! kernels' own layout (sixteen images in the SIMD lanes) and is converted only at its ends; on other devices the
//! same operators are composed of Burn's own.

mod autodiff;
mod extension;
mod few_ops;
mod host;
mod step;
#[cfg(test)]
mod tests;
mod upsample;

use burn::backend::Dispatch;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, Device, FloatDType, Int, Tensor, TensorData, activation, module};
use kernels::lanes::{LANES, blocks};

use extension::LaneOps;
use few_ops::FewOps;
pub use host::{Scalar, both_to_host, read, reads, to_host, weighted_sum};
pub use kernels::conv::{Conv, Epilogue};
pub use kernels::pool::Pool;
pub use kernels::roi_align::RoiAlign;
use kernels::small_batch;
pub use step::{Step, average, sum_of_squares};

/// Where a convolution's weights come from: work spent on those of a parameter pays, they come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// They are a layer's own, and stay the same from call to call.
    Parameter,
    /// They were worked out for this call.
    Computed,
}

/// Feature maps of some images, `[N, C, H, W]` in meaning; rows of features are maps of one pixel.
#[derive(Clone, Debug)]
pub struct Maps {
    values: Values,
    images: usize,
}

#[derive(Clone, Debug)]
enum Values {
    /// `[ceil(N / 16), C, H, W, 16]`
    Lanes(Tensor<5>),
    /// `[N, C, H, W]`
    Plain(Tensor<4>),
}

/// Whether the kernels run on this device.
pub(crate) fn has_lanes(device: &Device) -> bool {
    *device == Device::flex()
}

/// In the type of `other`, which is that of the weights unless a training computes in 16 bits.
fn like<const A: usize, const B: usize>(x: Tensor<A>, other: &Tensor<B>) -> Tensor<A> {
    match x.dtype() == other.dtype() {
        true => x,
        false => x.cast(FloatDType::from(other.dtype())),
    }
}

/// In 32 bits.
fn full<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match x.dtype() == DType::F32 {
        true => x,
        false => x.cast(FloatDType::F32),
    }
}

fn lanes(tensor: burn::backend::DispatchTensor) -> Tensor<5> {
    Tensor::from_dispatch(tensor)
}

impl Maps {
    /// Takes images or maps `[N, C, H, W]`.
    pub fn new(x: Tensor<4>) -> Self {
        let images = x.dims()[0];
        let device = x.device();
        // Lanes hold sixteen images; a few are quicker one by one, as long as nobody wants a gradient.
        let few = images <= small_batch::MAX_IMAGES && !device.is_autodiff();
        let values = if has_lanes(&device) && !few {
            Values::Lanes(lanes(Dispatch::pack(x.into_dispatch())))
        } else {
            Values::Plain(x)
        };
        Self { values, images }
    }

    /// Whether the kernels for a few images run on these maps.
    fn has_few(&self) -> bool {
        let device = self.device();
        matches!(self.values, Values::Plain(_)) && has_lanes(&device) && !device.is_autodiff()
    }

    /// The same maps in lanes, whatever their number.
    fn into_lanes(self) -> Self {
        let images = self.images;
        let x = self.into_nchw().into_dispatch();
        Self {
            values: Values::Lanes(lanes(Dispatch::pack(x))),
            images,
        }
    }

    /// Maps on which nothing but Burn's own operations run, as on a device without kernels.
    #[cfg(test)]
    fn plain(x: Tensor<4>) -> Self {
        let images = x.dims()[0];
        Self {
            values: Values::Plain(x),
            images,
        }
    }

    /// The number of images, N.
    pub fn images(&self) -> usize {
        self.images
    }

    /// `[C, H, W]`
    pub fn shape(&self) -> [usize; 3] {
        match &self.values {
            Values::Lanes(x) => {
                let [_, channels, height, width, _] = x.dims();
                [channels, height, width]
            }
            Values::Plain(x) => {
                let [_, channels, height, width] = x.dims();
                [channels, height, width]
            }
        }
    }

    /// Where the values live.
    pub fn device(&self) -> Device {
        match &self.values {
            Values::Lanes(x) => x.device(),
            Values::Plain(x) => x.device(),
        }
    }

    /// The maps as an ordinary tensor, `[N, C, H, W]`.
    pub fn into_nchw(self) -> Tensor<4> {
        match self.values {
            Values::Lanes(x) => {
                Tensor::from_dispatch(Dispatch::unpack(x.into_dispatch(), self.images))
            }
            Values::Plain(x) => x,
        }
    }

    /// The channels of each cell in a row, `[N, H * W, C]`; in f32.
    pub fn into_cells(self) -> Tensor<3> {
        let [channels, height, width] = self.shape();
        let images = self.images;
        match self.values {
            Values::Lanes(x) => {
                Tensor::from_dispatch(Dispatch::unpack_cells(x.into_dispatch(), images))
            }
            Values::Plain(x) => {
                let cells = x.permute([0, 2, 3, 1]);
                full(cells.reshape([images, height * width, channels]))
            }
        }
    }

    /// All features of each image in a row, `[N, C * H * W]`; in f32.
    pub fn into_rows(self) -> Tensor<2> {
        let [channels, height, width] = self.shape();
        let images = self.images;
        let rows = self.into_nchw();
        full(rows.reshape([images, channels * height * width]))
    }

    /// The features of each image in a row, as maps of one pixel: `[N, C * H * W, 1, 1]`.
    pub fn flatten(self) -> Self {
        let [channels, height, width] = self.shape();
        let features = channels * height * width;
        let values = match self.values {
            Values::Lanes(x) => {
                Values::Lanes(x.reshape([blocks(self.images), features, 1, 1, LANES]))
            }
            Values::Plain(x) => Values::Plain(x.reshape([self.images, features, 1, 1])),
        };
        Self { values, ..self }
    }

    /// Convolution with what follows it; weight `[out, in, rows, columns]`, bias `[out]`.
    pub fn conv(
        self,
        weight: Tensor<4>,
        bias: Tensor<1>,
        conv: &Conv,
        epilogue: Epilogue,
        weights: Weights,
    ) -> Self {
        if self.has_few() && !small_batch::supports(conv, self.images) {
            let lanes = self.into_lanes();
            return lanes.conv(weight, bias, conv, epilogue, weights);
        }
        let few = self.has_few();
        let values = match self.values {
            Values::Plain(x) if few => Values::Plain(Tensor::from_dispatch(Dispatch::few_conv(
                x.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
                *conv,
                epilogue,
                weights,
            ))),
            Values::Lanes(x) => {
                let (x, weight, bias) = (
                    x.into_dispatch(),
                    weight.into_dispatch(),
                    bias.into_dispatch(),
                );
                Values::Lanes(lanes(match epilogue {
                    Epilogue::None => Dispatch::lane_conv(x, weight, bias, *conv, false),
                    Epilogue::Relu => Dispatch::lane_conv(x, weight, bias, *conv, true),
                    Epilogue::ReluPool => Dispatch::lane_conv_relu_pool(x, weight, bias, *conv),
                }))
            }
            Values::Plain(x) => {
                let options = ConvOptions::new(conv.stride, conv.padding, conv.dilation, 1);
                let (weight, bias) = (like(weight, &x), like(bias, &x));
                let y = module::conv2d(x, weight, Some(bias), options);
                let y = if epilogue == Epilogue::None {
                    y
                } else {
                    activation::relu(y)
                };
                Values::Plain(if epilogue == Epilogue::ReluPool {
                    plain_max_pool(
                        y,
                        &Pool {
                            kernel: [2, 2],
                            stride: [2, 2],
                            padding: [0, 0],
                        },
                    )
                } else {
                    y
                })
            }
        };
        Self { values, ..self }
    }

    /// Linear layer on rows, with ReLU if `relu`; weight `[in, out]`, bias `[out]`.
    pub fn linear(self, weight: Tensor<2>, bias: Tensor<1>, relu: bool) -> Self {
        let few = self.has_few();
        let values = match self.values {
            Values::Plain(x) if few => Values::Plain(Tensor::from_dispatch(Dispatch::few_linear(
                x.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
                relu,
            ))),
            Values::Lanes(x) => Values::Lanes(lanes(Dispatch::lane_linear(
                x.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
                relu,
            ))),
            Values::Plain(x) => {
                let [inputs, outputs] = weight.dims();
                let (weight, bias) = (like(weight, &x), like(bias, &x));
                let y = x.reshape([self.images, inputs]).matmul(weight) + bias.unsqueeze();
                let y = if relu { activation::relu(y) } else { y };
                Values::Plain(y.reshape([self.images, outputs, 1, 1]))
            }
        };
        Self { values, ..self }
    }

    /// Max pooling.
    pub fn max_pool(self, pool: &Pool) -> Self {
        let values = match self.values {
            Values::Lanes(x) => {
                Values::Lanes(lanes(Dispatch::lane_max_pool(x.into_dispatch(), *pool)))
            }
            Values::Plain(x) => Values::Plain(plain_max_pool(x, pool)),
        };
        Self { values, ..self }
    }

    /// Average pooling; padding counts as zeros, as PyTorch's default.
    pub fn average_pool(self, pool: &Pool) -> Self {
        let values = match self.values {
            Values::Lanes(x) => {
                Values::Lanes(lanes(Dispatch::lane_average_pool(x.into_dispatch(), *pool)))
            }
            Values::Plain(x) => {
                let options = AvgPoolOptions {
                    kernel_size: pool.kernel,
                    stride: pool.stride,
                    padding: pool.padding.map(|side| (side, side)),
                    count_include_pad: true,
                    ceil_mode: false,
                };
                Values::Plain(module::avg_pool2d(x, options))
            }
        };
        Self { values, ..self }
    }

    /// Batch normalisation by the batch's own statistics: output, mean and biased variance per channel.
    pub fn batch_norm(
        self,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        epsilon: f64,
        relu: bool,
    ) -> (Self, Tensor<1>, Tensor<1>) {
        let images = self.images;
        match self.values {
            Values::Lanes(x) => {
                let (y, mean, variance) = Dispatch::lane_batch_norm(
                    x.into_dispatch(),
                    gamma.into_dispatch(),
                    beta.into_dispatch(),
                    images,
                    epsilon as f32,
                    relu,
                );
                let y = Self {
                    values: Values::Lanes(lanes(y)),
                    images,
                };
                (
                    y,
                    Tensor::from_dispatch(mean),
                    Tensor::from_dispatch(variance),
                )
            }
            Values::Plain(input) => {
                // Sums over a batch are too much for 16 bits.
                let x = full(input.clone());
                let channels = x.dims()[1];
                let flat: Tensor<2> = x.clone().swap_dims(0, 1).flatten(1, 3);
                let flat = flat.reshape([channels as i32, -1]);
                let mean = flat.clone().mean_dim(1);
                let variance = (flat - mean.clone()).square().mean_dim(1);
                let (mean, variance) = (mean.reshape([channels]), variance.reshape([channels]));
                let statistics = (mean.clone().detach(), variance.clone().detach());
                let y = plain_normalize(x, mean, variance, gamma, beta, epsilon, relu);
                let y = like(y, &input);
                (
                    Self {
                        values: Values::Plain(y),
                        images,
                    },
                    statistics.0,
                    statistics.1,
                )
            }
        }
    }

    /// Normalisation by given statistics, as batch normalisation does in inference; no gradient flows through it.
    pub fn normalize(
        self,
        mean: Tensor<1>,
        variance: Tensor<1>,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        epsilon: f64,
        relu: bool,
    ) -> Self {
        let values = match self.values {
            Values::Lanes(x) => Values::Lanes(lanes(Dispatch::lane_normalize(
                x.into_dispatch(),
                mean.into_dispatch(),
                variance.into_dispatch(),
                gamma.into_dispatch(),
                beta.into_dispatch(),
                self.images,
                epsilon as f32,
                relu,
            ))),
            Values::Plain(x) => {
                let wide = full(x.clone());
                let y = plain_normalize(wide, mean, variance, gamma, beta, epsilon, relu);
                Values::Plain(like(y, &x))
            }
        };
        Self { values, ..self }
    }

    /// Group normalisation over `groups` of channels of each image.
    pub fn group_norm(
        self,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        groups: usize,
        epsilon: f64,
        relu: bool,
    ) -> Self {
        let values = match self.values {
            Values::Lanes(x) => Values::Lanes(lanes(Dispatch::lane_group_norm(
                x.into_dispatch(),
                gamma.into_dispatch(),
                beta.into_dispatch(),
                self.images,
                groups,
                epsilon as f32,
                relu,
            ))),
            Values::Plain(input) => {
                let x = full(input.clone());
                let [images, channels, height, width] = x.dims();
                let grouped = x.reshape([images, groups, channels / groups * height * width]);
                let mean = grouped.clone().mean_dim(2);
                let centred = grouped - mean;
                let variance = centred.clone().square().mean_dim(2);
                let y = (centred / (variance + epsilon).sqrt())
                    .reshape([images, channels, height, width]);
                let shape = [1, channels, 1, 1];
                let y = y * gamma.reshape(shape) + beta.reshape(shape);
                let y = if relu { activation::relu(y) } else { y };
                Values::Plain(like(y, &input))
            }
        };
        Self { values, ..self }
    }

    /// RoIAlign of boxes, each `[image, x1, y1, x2, y2]` in pixels of the image: R maps of `align.output`.
    pub fn roi_align(self, rois: &[[f32; 5]], align: &RoiAlign) -> Self {
        let images = rois.len();
        let on_device = |device: &Device| {
            Tensor::<2>::from_data(TensorData::new(rois.concat(), [images, 5]), device)
        };
        if self.has_few() {
            let x = self.into_nchw();
            let rois = on_device(&x.device()).into_dispatch();
            let y = Dispatch::few_roi_align(x.into_dispatch(), rois, *align);
            return Self::new(Tensor::from_dispatch(y));
        }
        let values = match self.values {
            Values::Lanes(x) => {
                let rois = on_device(&x.device()).into_dispatch();
                let x = x.into_dispatch();
                Values::Lanes(lanes(Dispatch::lane_roi_align(x, rois, *align)))
            }
            Values::Plain(x) => Values::Plain(plain_roi_align(x, rois, align)),
        };
        Self { values, images }
    }

    /// This map plus a coarser one of the same channels, enlarged to this one's size by repeating its cells.
    pub fn add_upsampled(self, coarse: Self) -> Self {
        let values = match (self.values, coarse.values) {
            (Values::Lanes(fine), Values::Lanes(coarse)) => Values::Lanes(lanes(
                Dispatch::lane_add_upsampled(fine.into_dispatch(), coarse.into_dispatch()),
            )),
            (fine, coarse) => {
                let (fine, coarse) = (
                    Self {
                        values: fine,
                        ..self
                    }
                    .into_nchw(),
                    Self {
                        values: coarse,
                        ..self
                    }
                    .into_nchw(),
                );
                let [_, _, height, width] = fine.dims();
                let [_, _, rows, columns] = coarse.dims();
                let device = fine.device();
                let cells = |from, to| {
                    let cells = upsample::sources(from, to).into_iter();
                    let cells: Vec<i32> = cells.map(|cell| cell as i32).collect();
                    Tensor::<1, Int>::from_data(TensorData::new(cells, [to]), &device)
                };
                let enlarged = coarse
                    .select(2, cells(rows, height))
                    .select(3, cells(columns, width));
                Values::Plain(fine + enlarged)
            }
        };
        Self { values, ..self }
    }

    /// The sum of two maps of one shape.
    pub fn plus(self, other: Self) -> Self {
        let values = match (self.values, other.values) {
            (Values::Lanes(a), Values::Lanes(b)) => Values::Lanes(a + b),
            (a, b) => Values::Plain(
                Self { values: a, ..self }.into_nchw() + Self { values: b, ..self }.into_nchw(),
            ),
        };
        Self { values, ..self }
    }

    /// ReLU.
    pub fn relu(self) -> Self {
        self.elementwise(activation::relu, activation::relu)
    }

    /// GELU (the exact one, by the error function).
    pub fn gelu(self) -> Self {
        let on_plain = |x: Tensor<4>| match has_lanes(&x.device()) {
            true => activation::gelu(x),
            // The gradient of Burn's own is off by 3e-4 on GPUs.
            false => x.clone() * ((x / std::f64::consts::SQRT_2).erf() + 1.0) * 0.5,
        };
        self.elementwise(activation::gelu, on_plain)
    }

    /// SiLU, x * sigmoid(x).
    pub fn silu(self) -> Self {
        self.elementwise(activation::silu, activation::silu)
    }

    /// Leaky ReLU with the given slope for negative values.
    pub fn leaky_relu(self, slope: f64) -> Self {
        self.elementwise(
            |x| activation::leaky_relu(x, slope),
            |x| activation::leaky_relu(x, slope),
        )
    }

    /// Multiplies every value by its element of `mask`, `[N, C, H, W]`.
    pub fn masked(self, mask: Tensor<4>) -> Self {
        let values = match self.values {
            Values::Lanes(x) => Values::Lanes(x * lanes(Dispatch::pack(mask.into_dispatch()))),
            Values::Plain(x) => {
                let mask = like(mask, &x);
                Values::Plain(x * mask)
            }
        };
        Self { values, ..self }
    }

    /// Applies a function of single elements, which needs no particular layout.
    fn elementwise(
        self,
        on_lanes: impl FnOnce(Tensor<5>) -> Tensor<5>,
        on_plain: impl FnOnce(Tensor<4>) -> Tensor<4>,
    ) -> Self {
        let values = match self.values {
            Values::Lanes(x) => Values::Lanes(on_lanes(x)),
            Values::Plain(x) => Values::Plain(on_plain(x)),
        };
        Self { values, ..self }
    }
}

fn plain_normalize(
    x: Tensor<4>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    relu: bool,
) -> Tensor<4> {
    let shape = [1, x.dims()[1], 1, 1];
    let scale = gamma / (variance + epsilon).sqrt();
    let shift = beta - mean * scale.clone();
    let y = x * scale.reshape(shape) + shift.reshape(shape);
    if relu { activation::relu(y) } else { y }
}

fn plain_max_pool(x: Tensor<4>, pool: &Pool) -> Tensor<4> {
    let options = MaxPoolOptions {
        kernel_size: pool.kernel,
        stride: pool.stride,
        padding: pool.padding.map(|side| (side, side)),
        dilation: [1, 1],
        ceil_mode: false,
    };
    module::max_pool2d(x, options)
}

/// RoIAlign as two batched products, `W_y · F · W_xᵀ`: averaging and bilinear weights are separable.
fn plain_roi_align(x: Tensor<4>, rois: &[[f32; 5]], align: &RoiAlign) -> Tensor<4> {
    let device = x.device();
    let [_, channels, height, width] = x.dims();
    let [bins_y, bins_x] = align.output;
    let count = rois.len();
    let mut images = Vec::with_capacity(count);
    let mut weights_y = vec![0.0; count * bins_y * height];
    let mut weights_x = vec![0.0; count * bins_x * width];
    for (i, roi) in rois.iter().enumerate() {
        images.push(roi[0] as i32);
        let along_y = &mut weights_y[i * bins_y * height..][..bins_y * height];
        align.axis_weights(roi[2], roi[4], bins_y, height, along_y);
        let along_x = &mut weights_x[i * bins_x * width..][..bins_x * width];
        align.axis_weights(roi[1], roi[3], bins_x, width, along_x);
    }
    let tensor = |values: Vec<f32>, shape: [usize; 4]| {
        like(
            Tensor::<4>::from_data(TensorData::new(values, shape), &device),
            &x,
        )
    };
    let weights_y = tensor(weights_y, [count, 1, bins_y, height]).repeat_dim(1, channels);
    let weights_x = tensor(weights_x, [count, 1, bins_x, width]).repeat_dim(1, channels);
    let images = Tensor::from_data(TensorData::new(images, [count]), &device);
    weights_y
        .matmul(x.select(0, images))
        .matmul(weights_x.transpose())
}
