//! Adds the project's CPU operators to Burn: forward and backward passes over `kernels`, on the lanes layout.
//!
//! Only the CPU (Flex) ever comes here; on other devices `ops` composes the same operators of Burn's own.
//! Shapes: B blocks of sixteen images, `[B, C, H, W, 16]`; a row of features is `[B, F, 1, 1, 16]`.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Bytes, DType, Shape};
use kernels::boxes::Xyxy;
use kernels::conv::{Conv, Epilogue};
use kernels::lanes::{self, LANES};
use kernels::linear;
use kernels::norm::{self, Affine, Moments};
use kernels::pool::{self, Pool};
use kernels::roi_align::{MapLayout, RoiAlign};

use super::upsample;

/// The operators. Tensors are activations in lanes unless said otherwise; each has a backward pass.
#[backend_extension(Flex, Autodiff)]
pub trait LaneOps: Backend {
    /// `[N, C, H, W]` to lanes.
    fn pack(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Lanes to `[images, C, H, W]`.
    fn unpack(x: FloatTensor<Self>, images: usize) -> FloatTensor<Self>;
    /// Lanes to `[images, H * W, C]`.
    fn unpack_cells(x: FloatTensor<Self>, images: usize) -> FloatTensor<Self>;
    /// Convolution, bias, and ReLU if `relu`. Weight `[out, in, rows, columns]`.
    fn lane_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
        relu: bool,
    ) -> FloatTensor<Self>;
    /// Convolution, bias, ReLU and 2x2 max pooling.
    fn lane_conv_relu_pool(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self>;
    /// Linear layer on rows, with ReLU if `relu`. Weight `[in, out]`.
    fn lane_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;
    /// Max pooling.
    fn lane_max_pool(x: FloatTensor<Self>, pool: Pool) -> FloatTensor<Self>;
    /// Average pooling; padding counts.
    fn lane_average_pool(x: FloatTensor<Self>, pool: Pool) -> FloatTensor<Self>;
    /// Batch normalisation with the batch's statistics, and ReLU if `relu`: output, mean and biased variance.
    fn lane_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// Normalisation by given statistics, and ReLU if `relu`: for inference, no gradient flows through it.
    #[allow(clippy::too_many_arguments)] // operators take tensors one by one
    fn lane_normalize(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> FloatTensor<Self>;
    /// Group normalisation, and ReLU if `relu`.
    fn lane_group_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        groups: usize,
        epsilon: f32,
        relu: bool,
    ) -> FloatTensor<Self>;
    /// RoIAlign: feature maps in lanes, RoIs `[R, 5]` (image, x1, y1, x2, y2) to `[ceil(R/16), C, bins, bins, 16]`.
    fn lane_roi_align(
        x: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        align: RoiAlign,
    ) -> FloatTensor<Self>;
    /// A map plus a coarser one enlarged to its size by repeating cells.
    fn lane_add_upsampled(fine: FloatTensor<Self>, coarse: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// A contiguous tensor of `values`.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Vec<usize>>) -> FlexTensor {
    let shape = Shape::from(shape.into());
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape),
        DType::F32,
    )
}

/// The elements of a contiguous tensor.
pub(super) fn floats(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>()
        .expect("operators make their inputs contiguous f32 first")
}

pub(super) fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    let shape = x.shape();
    std::array::from_fn(|i| shape[i])
}

pub(super) fn conv_output(conv: &Conv, size: [usize; 2]) -> [usize; 2] {
    conv.output(size)
        .expect("the layer's shape was checked when the model was built")
}

pub(super) fn read_rois(rois: &FlexTensor) -> Vec<(usize, Xyxy)> {
    floats(rois)
        .chunks_exact(5)
        .map(|roi| {
            (
                roi[0] as usize,
                Xyxy {
                    x1: roi[1],
                    y1: roi[2],
                    x2: roi[3],
                    y2: roi[4],
                },
            )
        })
        .collect()
}

/// The sizes that normalisation needs to know.
pub(super) fn norm_shape(x: &FlexTensor, images: usize) -> norm::Shape {
    let [_, channels, height, width, _] = dims(x);
    norm::Shape {
        images,
        channels,
        area: height * width,
    }
}

pub(super) fn conv_relu_pool(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    conv: &Conv,
) -> (FlexTensor, Vec<u8>) {
    let [blocks, _, height, width, _] = dims(x);
    let [rows, columns] = conv_output(conv, [height, width]);
    let (y, argmax) = conv.forward_relu_pool(
        floats(x),
        [height, width],
        floats(weight),
        Some(floats(bias)),
    );
    (
        tensor(y, [blocks, conv.out_channels, rows / 2, columns / 2, LANES]),
        argmax,
    )
}

pub(super) fn max_pool(x: &FlexTensor, pool: Pool) -> (FlexTensor, Vec<u16>) {
    let [blocks, channels, height, width, _] = dims(x);
    let [rows, columns] = pool.output([height, width]);
    let pooled = pool::max_forward(floats(x), [height, width], pool);
    (
        tensor(pooled.y, [blocks, channels, rows, columns, LANES]),
        pooled.offset,
    )
}

impl LaneOps for Flex {
    fn pack(x: FlexTensor) -> FlexTensor {
        let x = x.to_contiguous();
        let [images, channels, height, width] = dims(&x);
        let packed = lanes::pack(floats(&x), images, channels * height * width);
        tensor(
            packed,
            [lanes::blocks(images), channels, height, width, LANES],
        )
    }

    fn unpack(x: FlexTensor, images: usize) -> FlexTensor {
        let x = x.to_contiguous();
        let [_, channels, height, width, _] = dims(&x);
        let rows = lanes::unpack(floats(&x), images, channels * height * width);
        tensor(rows, [images, channels, height, width])
    }

    fn unpack_cells(x: FlexTensor, images: usize) -> FlexTensor {
        let x = x.to_contiguous();
        let [_, channels, height, width, _] = dims(&x);
        let cells = height * width;
        let values = lanes::unpack_channels_last(floats(&x), images, channels, cells);
        tensor(values, [images, cells, channels])
    }

    fn lane_conv(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        conv: Conv,
        relu: bool,
    ) -> FlexTensor {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let [blocks, _, height, width, _] = dims(&x);
        let [rows, columns] = conv_output(&conv, [height, width]);
        let y = conv.forward(
            floats(&x),
            [height, width],
            floats(&weight),
            Some(floats(&bias)),
            if relu { Epilogue::Relu } else { Epilogue::None },
        );
        tensor(y, [blocks, conv.out_channels, rows, columns, LANES])
    }

    fn lane_conv_relu_pool(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        conv: Conv,
    ) -> FlexTensor {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let [blocks, _, height, width, _] = dims(&x);
        let size = [height, width];
        let [rows, columns] = conv_output(&conv, size);
        let y = conv.forward(
            floats(&x),
            size,
            floats(&weight),
            Some(floats(&bias)),
            Epilogue::ReluPool,
        );
        tensor(y, [blocks, conv.out_channels, rows / 2, columns / 2, LANES])
    }

    fn lane_linear(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, relu: bool) -> FlexTensor {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let [inputs, outputs] = dims(&weight);
        let blocks = x.shape()[0];
        let y = linear::forward(
            floats(&x),
            inputs,
            outputs,
            floats(&weight),
            Some(floats(&bias)),
            relu,
        );
        tensor(y, [blocks, outputs, 1, 1, LANES])
    }

    fn lane_max_pool(x: FlexTensor, pool: Pool) -> FlexTensor {
        max_pool(&x.to_contiguous(), pool).0
    }

    fn lane_average_pool(x: FlexTensor, pool: Pool) -> FlexTensor {
        let x = x.to_contiguous();
        let [blocks, channels, height, width, _] = dims(&x);
        let [rows, columns] = pool.output([height, width]);
        let y = pool::average_forward(floats(&x), [height, width], pool);
        tensor(y, [blocks, channels, rows, columns, LANES])
    }

    fn lane_batch_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (x, gamma, beta) = (
            x.to_contiguous(),
            gamma.to_contiguous(),
            beta.to_contiguous(),
        );
        let shape = dims::<5>(&x);
        let affine = Affine {
            gamma: floats(&gamma),
            beta: floats(&beta),
            epsilon,
            relu,
        };
        let (y, moments) = norm::batch_forward(floats(&x), norm_shape(&x, images), affine);
        let channels = shape[1];
        (
            tensor(y, shape),
            tensor(moments.mean, [channels]),
            tensor(moments.variance, [channels]),
        )
    }

    fn lane_group_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        images: usize,
        groups: usize,
        epsilon: f32,
        relu: bool,
    ) -> FlexTensor {
        let (x, gamma, beta) = (
            x.to_contiguous(),
            gamma.to_contiguous(),
            beta.to_contiguous(),
        );
        let affine = Affine {
            gamma: floats(&gamma),
            beta: floats(&beta),
            epsilon,
            relu,
        };
        let (y, _) = norm::group_forward(floats(&x), norm_shape(&x, images), groups, affine);
        tensor(y, dims::<5>(&x))
    }

    #[allow(clippy::too_many_arguments)] // operators take tensors one by one
    fn lane_normalize(
        x: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> FlexTensor {
        let (x, gamma, beta) = (
            x.to_contiguous(),
            gamma.to_contiguous(),
            beta.to_contiguous(),
        );
        let affine = Affine {
            gamma: floats(&gamma),
            beta: floats(&beta),
            epsilon,
            relu,
        };
        let moments = Moments {
            mean: floats(&mean.to_contiguous()).to_vec(),
            variance: floats(&variance.to_contiguous()).to_vec(),
        };
        let y = norm::batch_inference(floats(&x), norm_shape(&x, images), affine, &moments);
        tensor(y, dims::<5>(&x))
    }

    fn lane_roi_align(x: FlexTensor, rois: FlexTensor, align: RoiAlign) -> FlexTensor {
        let (x, rois) = (x.to_contiguous(), rois.to_contiguous());
        let [blocks, channels, height, width, _] = dims(&x);
        let rois = read_rois(&rois);
        let [bins_y, bins_x] = align.output;
        let y = align.forward(
            MapLayout::Lanes,
            floats(&x),
            [blocks * LANES, channels, height, width],
            &rois,
        );
        tensor(
            y,
            [lanes::blocks(rois.len()), channels, bins_y, bins_x, LANES],
        )
    }

    fn lane_add_upsampled(fine: FlexTensor, coarse: FlexTensor) -> FlexTensor {
        let (fine, coarse) = (fine.to_contiguous(), coarse.to_contiguous());
        let shape = dims::<5>(&fine);
        let [_, _, rows, columns, _] = dims::<5>(&coarse);
        let size = [shape[2], shape[3]];
        tensor(
            upsample::add(floats(&fine), size, floats(&coarse), [rows, columns]),
            shape,
        )
    }
}
