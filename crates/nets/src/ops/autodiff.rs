//! Backward passes of the lane operators: what each keeps from its forward pass, and the gradients it returns.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Flex};
use kernels::conv::{self, Conv};
use kernels::lanes::{self, LANES};
use kernels::linear;
use kernels::norm::{self, Affine, Moments};
use kernels::pool::{self, Pool};
use kernels::roi_align::{MapLayout, RoiAlign};

use super::extension::{
    LaneOps, conv_output, conv_relu_pool, dims, floats, max_pool, norm_shape, read_rois, tensor,
};
use super::upsample;

/// A CPU tensor in the graph, whatever the checkpointing strategy.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// The gradient that reached this node, contiguous.
fn incoming<S, const N: usize>(ops: &Ops<S, N>, grads: &mut Gradients) -> FlexTensor
where
    S: Clone + Send + std::fmt::Debug + 'static,
{
    grads.consume::<Flex>(&ops.node).to_contiguous()
}

#[derive(Debug)]
struct PackBackward;

impl Backward<Flex, 1> for PackBackward {
    type State = usize; // images

    fn backward(self, ops: Ops<usize, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<Flex>(node.id, Flex::unpack(dy, ops.state));
        }
    }
}

#[derive(Debug)]
struct UnpackBackward;

impl Backward<Flex, 1> for UnpackBackward {
    type State = ();

    fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<Flex>(node.id, Flex::pack(dy));
        }
    }
}

#[derive(Debug)]
struct UnpackCellsBackward;

impl Backward<Flex, 1> for UnpackCellsBackward {
    type State = [usize; 5]; // of the lanes

    fn backward(self, ops: Ops<[usize; 5], 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let [images, cells, channels] = dims(&dy);
            let dx = lanes::pack_channels_last(floats(&dy), images, channels, cells);
            grads.register::<Flex>(node.id, tensor(dx, ops.state));
        }
    }
}

/// What the epilogue of a convolution keeps to undo itself.
#[derive(Clone, Debug)]
enum Epilogue {
    Linear,
    Relu(FlexTensor),
    ReluPool(Arc<Vec<u8>>),
}

#[derive(Clone, Debug)]
struct ConvState {
    x: FlexTensor,
    weight: FlexTensor,
    conv: Conv,
    epilogue: Epilogue,
}

#[derive(Debug)]
struct ConvBackward;

impl Backward<Flex, 3> for ConvBackward {
    type State = ConvState;

    fn backward(self, ops: Ops<ConvState, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [x_node, weight_node, bias_node] = ops.parents;
        let ConvState {
            x,
            weight,
            conv,
            epilogue,
        } = ops.state;
        let [blocks, _, height, width, _] = dims::<5>(&x);
        let size = [height, width];
        let output = conv_output(&conv, size);
        let area = output[0] * output[1];
        let channels = conv.out_channels;

        let (through, bias_gradient) = match epilogue {
            Epilogue::Linear => (None, conv::bias_gradient(floats(&dy), channels, area)),
            Epilogue::Relu(y) => {
                let (dx, db) = conv::relu_backward(floats(&y), floats(&dy), channels, area);
                (Some(dx), db)
            }
            Epilogue::ReluPool(argmax) => {
                let (dx, db) = conv::relu_pool_backward(&argmax, floats(&dy), channels, output);
                (Some(dx), db)
            }
        };
        let through = through.as_deref().unwrap_or_else(|| floats(&dy));
        if let Some(node) = weight_node {
            let gradient = conv.backward_weights(floats(&x), through, size);
            grads.register::<Flex>(node.id, tensor(gradient, dims::<4>(&weight)));
        }
        if let Some(node) = bias_node {
            grads.register::<Flex>(node.id, tensor(bias_gradient, [channels]));
        }
        if let Some(node) = x_node {
            let gradient = conv.backward_data(through, size, floats(&weight));
            let shape = [blocks, conv.in_channels, height, width, LANES];
            grads.register::<Flex>(node.id, tensor(gradient, shape));
        }
    }
}

#[derive(Clone, Debug)]
struct LinearState {
    x: FlexTensor,
    weight: FlexTensor,
    /// The output, where ReLU followed.
    y: Option<FlexTensor>,
}

#[derive(Debug)]
struct LinearBackward;

impl Backward<Flex, 3> for LinearBackward {
    type State = LinearState;

    fn backward(self, ops: Ops<LinearState, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [x_node, weight_node, bias_node] = ops.parents;
        let LinearState { x, weight, y } = ops.state;
        let [inputs, outputs] = dims::<2>(&weight);

        let (through, bias_gradient) = match y {
            None => (None, conv::bias_gradient(floats(&dy), outputs, 1)),
            Some(y) => {
                let (dx, db) = conv::relu_backward(floats(&y), floats(&dy), outputs, 1);
                (Some(dx), db)
            }
        };
        let through = through.as_deref().unwrap_or_else(|| floats(&dy));
        if let Some(node) = weight_node {
            let gradient = linear::backward_weights(floats(&x), through, inputs, outputs);
            grads.register::<Flex>(node.id, tensor(gradient, [inputs, outputs]));
        }
        if let Some(node) = bias_node {
            grads.register::<Flex>(node.id, tensor(bias_gradient, [outputs]));
        }
        if let Some(node) = x_node {
            let gradient = linear::backward_data(through, inputs, outputs, floats(&weight));
            grads.register::<Flex>(node.id, tensor(gradient, dims::<5>(&x)));
        }
    }
}

#[derive(Clone, Debug)]
struct MaxPoolState {
    argmax: Arc<Vec<u16>>,
    shape: [usize; 5],
    pool: Pool,
}

#[derive(Debug)]
struct MaxPoolBackward;

impl Backward<Flex, 1> for MaxPoolBackward {
    type State = MaxPoolState;

    fn backward(self, ops: Ops<MaxPoolState, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let MaxPoolState {
                argmax,
                shape,
                pool,
            } = ops.state;
            let dx = pool::max_backward(floats(&dy), &argmax, [shape[2], shape[3]], pool);
            grads.register::<Flex>(node.id, tensor(dx, shape));
        }
    }
}

#[derive(Debug)]
struct AveragePoolBackward;

impl Backward<Flex, 1> for AveragePoolBackward {
    type State = ([usize; 5], Pool);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let (shape, pool) = ops.state;
            let dx = pool::average_backward(floats(&dy), [shape[2], shape[3]], pool);
            grads.register::<Flex>(node.id, tensor(dx, shape));
        }
    }
}

/// What a normalisation keeps; `groups` is none for one over the batch.
#[derive(Clone, Debug)]
struct NormState {
    x: FlexTensor,
    y: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    moments: Moments,
    images: usize,
    groups: Option<usize>,
    epsilon: f32,
    relu: bool,
}

#[derive(Debug)]
struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    type State = NormState;

    fn backward(self, ops: Ops<NormState, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [x_node, gamma_node, beta_node] = ops.parents;
        let state = ops.state;
        let shape = norm_shape(&state.x, state.images);
        let affine = Affine {
            gamma: floats(&state.gamma),
            beta: floats(&state.beta),
            epsilon: state.epsilon,
            relu: state.relu,
        };
        let (x, y, dy) = (floats(&state.x), floats(&state.y), floats(&dy));
        let gradients = match state.groups {
            None => norm::batch_backward(x, y, dy, shape, affine, &state.moments),
            Some(groups) => norm::group_backward(x, y, dy, shape, groups, affine, &state.moments),
        };
        let nodes = [x_node, gamma_node, beta_node];
        let values = [
            tensor(gradients.dx, dims::<5>(&state.x)),
            tensor(gradients.dgamma, [shape.channels]),
            tensor(gradients.dbeta, [shape.channels]),
        ];
        for (node, gradient) in nodes.into_iter().zip(values) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct RoiAlignState {
    rois: FlexTensor,
    shape: [usize; 5],
    align: RoiAlign,
}

#[derive(Debug)]
struct RoiAlignBackward;

impl Backward<Flex, 1> for RoiAlignBackward {
    type State = RoiAlignState;

    fn backward(self, ops: Ops<RoiAlignState, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let RoiAlignState { rois, shape, align } = ops.state;
            let [blocks, channels, height, width, _] = shape;
            let dx = align.backward(
                MapLayout::Lanes,
                floats(&dy),
                [blocks * LANES, channels, height, width],
                &read_rois(&rois),
            );
            grads.register::<Flex>(node.id, tensor(dx, shape));
        }
    }
}

#[derive(Debug)]
struct AddUpsampledBackward;

impl Backward<Flex, 2> for AddUpsampledBackward {
    /// The shapes of the fine and the coarse map.
    type State = [[usize; 5]; 2];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(&ops, grads);
        let [fine_node, coarse_node] = ops.parents;
        let [fine, coarse] = ops.state;
        if let Some(node) = coarse_node {
            let size = |shape: [usize; 5]| [shape[2], shape[3]];
            let planes = coarse[0] * coarse[1];
            let gradient = upsample::collect(floats(&dy), size(fine), size(coarse), planes);
            grads.register::<Flex>(node.id, tensor(gradient, coarse));
        }
        if let Some(node) = fine_node {
            grads.register::<Flex>(node.id, dy);
        }
    }
}

/// Enters an operator into the graph: its output `y`, and the `state` that its backward pass needs.
fn record<C: CheckpointStrategy, B: Backward<Flex, N>, const N: usize>(
    backward: B,
    nodes: [NodeGuard; N],
    state: B::State,
    y: FlexTensor,
) -> Tracked {
    match backward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// The values (contiguous) and graph nodes of an operator's inputs.
fn parts<const N: usize>(inputs: [Tracked; N]) -> ([FlexTensor; N], [NodeGuard; N]) {
    let nodes = inputs.each_ref().map(|input| input.node());
    (
        inputs.map(|input| input.into_primitive().to_contiguous()),
        nodes,
    )
}

/// A value that no gradient flows into.
fn constant(values: &[f32]) -> Tracked {
    <Autodiff<Flex> as AutodiffBackend>::from_inner(tensor(values.to_vec(), [values.len()]))
}

impl<C: CheckpointStrategy> LaneOps for Autodiff<Flex, C> {
    fn pack(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let ([x], nodes) = parts([x]);
        let images = dims::<4>(&x)[0];
        record::<C, _, 1>(PackBackward, nodes, images, Flex::pack(x))
    }

    fn unpack(x: FloatTensor<Self>, images: usize) -> FloatTensor<Self> {
        let ([x], nodes) = parts([x]);
        record::<C, _, 1>(UnpackBackward, nodes, (), Flex::unpack(x, images))
    }

    fn unpack_cells(x: FloatTensor<Self>, images: usize) -> FloatTensor<Self> {
        let ([x], nodes) = parts([x]);
        let shape = dims::<5>(&x);
        record::<C, _, 1>(
            UnpackCellsBackward,
            nodes,
            shape,
            Flex::unpack_cells(x, images),
        )
    }

    fn lane_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
        relu: bool,
    ) -> FloatTensor<Self> {
        let ([x, weight, bias], nodes) = parts([x, weight, bias]);
        let y = Flex::lane_conv(x.clone(), weight.clone(), bias, conv, relu);
        let epilogue = if relu {
            Epilogue::Relu(y.clone())
        } else {
            Epilogue::Linear
        };
        let state = ConvState {
            x,
            weight,
            conv,
            epilogue,
        };
        record::<C, _, 3>(ConvBackward, nodes, state, y)
    }

    fn lane_conv_relu_pool(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self> {
        let ([x, weight, bias], nodes) = parts([x, weight, bias]);
        let (y, argmax) = conv_relu_pool(&x, &weight, &bias, &conv);
        let epilogue = Epilogue::ReluPool(Arc::new(argmax));
        let state = ConvState {
            x,
            weight,
            conv,
            epilogue,
        };
        record::<C, _, 3>(ConvBackward, nodes, state, y)
    }

    fn lane_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        let ([x, weight, bias], nodes) = parts([x, weight, bias]);
        let y = Flex::lane_linear(x.clone(), weight.clone(), bias, relu);
        let state = LinearState {
            x,
            weight,
            y: relu.then(|| y.clone()),
        };
        record::<C, _, 3>(LinearBackward, nodes, state, y)
    }

    fn lane_max_pool(x: FloatTensor<Self>, pool: Pool) -> FloatTensor<Self> {
        let ([x], nodes) = parts([x]);
        let (y, argmax) = max_pool(&x, pool);
        let state = MaxPoolState {
            argmax: Arc::new(argmax),
            shape: dims(&x),
            pool,
        };
        record::<C, _, 1>(MaxPoolBackward, nodes, state, y)
    }

    fn lane_average_pool(x: FloatTensor<Self>, pool: Pool) -> FloatTensor<Self> {
        let ([x], nodes) = parts([x]);
        let state = (dims(&x), pool);
        record::<C, _, 1>(
            AveragePoolBackward,
            nodes,
            state,
            Flex::lane_average_pool(x, pool),
        )
    }

    fn lane_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let ([x, gamma, beta], nodes) = parts([x, gamma, beta]);
        let affine = Affine {
            gamma: floats(&gamma),
            beta: floats(&beta),
            epsilon,
            relu,
        };
        let (y, moments) = norm::batch_forward(floats(&x), norm_shape(&x, images), affine);
        let y = tensor(y, dims::<5>(&x));
        let statistics = (constant(&moments.mean), constant(&moments.variance));
        let (kept, groups) = (y.clone(), None);
        let state = NormState {
            x,
            y: kept,
            gamma,
            beta,
            moments,
            images,
            groups,
            epsilon,
            relu,
        };
        (
            record::<C, _, 3>(NormBackward, nodes, state, y),
            statistics.0,
            statistics.1,
        )
    }

    fn lane_normalize(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        epsilon: f32,
        relu: bool,
    ) -> FloatTensor<Self> {
        let ([x, mean, variance, gamma, beta], _) = parts([x, mean, variance, gamma, beta]);
        let y = Flex::lane_normalize(x, mean, variance, gamma, beta, images, epsilon, relu);
        <Self as AutodiffBackend>::from_inner(y)
    }

    fn lane_group_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        images: usize,
        groups: usize,
        epsilon: f32,
        relu: bool,
    ) -> FloatTensor<Self> {
        let ([x, gamma, beta], nodes) = parts([x, gamma, beta]);
        let affine = Affine {
            gamma: floats(&gamma),
            beta: floats(&beta),
            epsilon,
            relu,
        };
        let (y, moments) = norm::group_forward(floats(&x), norm_shape(&x, images), groups, affine);
        let y = tensor(y, dims::<5>(&x));
        let (kept, groups) = (y.clone(), Some(groups));
        let state = NormState {
            x,
            y: kept,
            gamma,
            beta,
            moments,
            images,
            groups,
            epsilon,
            relu,
        };
        record::<C, _, 3>(NormBackward, nodes, state, y)
    }

    fn lane_roi_align(
        x: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        align: RoiAlign,
    ) -> FloatTensor<Self> {
        // The boxes are detached: Faster R-CNN's joint training sends no gradient through them.
        let ([x, rois], [node, _]) = parts([x, rois]);
        let shape = dims(&x);
        let y = Flex::lane_roi_align(x, rois.clone(), align);
        record::<C, _, 1>(
            RoiAlignBackward,
            [node],
            RoiAlignState { rois, shape, align },
            y,
        )
    }

    fn lane_add_upsampled(fine: FloatTensor<Self>, coarse: FloatTensor<Self>) -> FloatTensor<Self> {
        let ([fine, coarse], nodes) = parts([fine, coarse]);
        let state = [dims(&fine), dims(&coarse)];
        let y = Flex::lane_add_upsampled(fine, coarse);
        record::<C, _, 2>(AddUpsampledBackward, nodes, state, y)
    }
}
