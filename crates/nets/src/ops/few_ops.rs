//! Inference on a few images: the kernels on plain NCHW tensors, without gradients.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};
use burn::tensor::Bytes;
use kernels::conv::{Conv, Epilogue};
use kernels::roi_align::{MapLayout, RoiAlign};
use kernels::small_batch;
use kernels::small_batch::winograd::{self, TransformedWeights};

use super::Weights;
use super::extension::{conv_output, dims, floats, read_rois, tensor};

/// The operators that cost the most, on `[N, C, H, W]`.
#[backend_extension(Flex)]
pub trait FewOps: Backend {
    /// Convolution of stride 1, bias, and what follows. Weight `[out, in, rows, columns]`.
    fn few_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
        epilogue: Epilogue,
        weights: Weights,
    ) -> FloatTensor<Self>;
    /// Linear layer on rows `[N, in, 1, 1]`, with ReLU if `relu`. Weight `[in, out]`.
    fn few_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;
    /// RoIAlign, RoIs `[R, 5]` to `[R, C, bins, bins]`.
    fn few_roi_align(
        x: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        align: RoiAlign,
    ) -> FloatTensor<Self>;
}

/// Parameters that were transformed, longest unused first, with what came of them.
///
/// A parameter is known by the address of its values. As long as an entry is here the address is taken: a `Weak` keeps
/// the place of what it points to, and whoever changes the parameter must move its values to another.
static TRANSFORMED: Mutex<VecDeque<(Weak<Bytes>, Arc<TransformedWeights>)>> =
    Mutex::new(VecDeque::new());

/// Parameters that are kept transformed: more than the networks have that answer single images.
const KEPT: usize = 64;

/// A convolution's weights in Winograd's domain; transforming them takes longer than one image's convolution.
fn transformed(conv: &Conv, weight: &FlexTensor) -> Arc<TransformedWeights> {
    let values = Arc::downgrade(&weight.data_arc());
    let find = || {
        let mut kept = TRANSFORMED.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of.strong_count() > 0);
        let same = |(of, made): &(Weak<Bytes>, Arc<TransformedWeights>)| {
            of.ptr_eq(&values) && made.fits(conv)
        };
        let entry = kept.iter().position(same).and_then(|at| kept.remove(at))?;
        let weights = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(weights)
    };
    find().unwrap_or_else(|| {
        // Not under the lock: other threads may come here while this one works on the pool.
        let weights = Arc::new(TransformedWeights::new(conv, floats(weight)));
        let mut kept = TRANSFORMED.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((values, Arc::clone(&weights)));
        weights
    })
}

impl FewOps for Flex {
    fn few_conv(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        conv: Conv,
        epilogue: Epilogue,
        weights: Weights,
    ) -> FlexTensor {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let [images, _, height, width] = dims(&x);
        let size = [height, width];
        let y = if weights == Weights::Parameter && winograd::supports(&conv, images, size) {
            let weights = transformed(&conv, &weight);
            winograd::conv(&conv, floats(&x), size, &weights, floats(&bias), epilogue)
        } else {
            let (weight, bias) = (floats(&weight), floats(&bias));
            small_batch::conv(&conv, floats(&x), size, weight, bias, epilogue)
        };
        let [rows, columns] = conv_output(&conv, size).map(|len| len / epilogue.factor());
        tensor(y, [images, conv.out_channels, rows, columns])
    }

    fn few_linear(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, relu: bool) -> FlexTensor {
        let (x, weight, bias) = (
            x.to_contiguous(),
            weight.to_contiguous(),
            bias.to_contiguous(),
        );
        let [inputs, outputs] = dims(&weight);
        let y = small_batch::linear(floats(&x), floats(&weight), floats(&bias), inputs, relu);
        tensor(y, [dims::<4>(&x)[0], outputs, 1, 1])
    }

    fn few_roi_align(x: FlexTensor, rois: FlexTensor, align: RoiAlign) -> FlexTensor {
        let (x, rois) = (x.to_contiguous(), rois.to_contiguous());
        let shape: [usize; 4] = dims(&x);
        let rois = read_rois(&rois);
        let [rows, columns] = align.output;
        let y = align.forward(MapLayout::Planes, floats(&x), shape, &rois);
        tensor(y, [rois.len(), shape[1], rows, columns])
    }
}
