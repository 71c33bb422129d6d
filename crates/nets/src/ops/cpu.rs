//! Adds the project's CPU operators to Burn; only this file knows how.
//!
//! Burn gets one extension with two methods, generic over what they run: [`apply`] runs an [`Operator`], which knows
//! its gradients ([`apply_linear`]: a linear function and its transpose), and [`compute`] any function, through which
//! no gradient flows.

use std::fmt::{self, Debug};
use std::iter;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
pub(super) use burn::backend::flex::FlexTensor;
use burn::backend::flex::Layout;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, Dispatch, DispatchAutodiffContext,
    DispatchTensor, DispatchTensorKind, ExtensionType, Flex, TensorMetadata, backend_extension,
};
use burn::tensor::{Bytes, DType, Shape, Tensor};

/// The gradient of each of `N` inputs, where it is wanted.
pub(super) type Gradients<const N: usize> = [Option<FlexTensor>; N];

/// An operator on `N` contiguous tensors, with a gradient written by hand.
pub trait Operator<const N: usize>: Clone + Debug + Send + 'static {
    /// What the backward pass needs of the forward pass.
    type Saved: Clone + Debug + Send + 'static;

    /// The output, and what is saved; without `training` nobody will read the latter.
    fn forward(&self, inputs: [FlexTensor; N], training: bool) -> (FlexTensor, Self::Saved);

    /// Further outputs, through which no gradient flows.
    fn statistics(&self, _: &Self::Saved) -> Vec<FlexTensor> {
        Vec::new()
    }

    /// The gradients of the inputs from `dy`, the gradient of the output; those that are not `wanted` are dropped.
    fn backward(&self, saved: Self::Saved, dy: FlexTensor, wanted: [bool; N]) -> Gradients<N>;
}

/// Runs an operator on tensors of the CPU.
pub(super) fn apply<const N: usize, const D: usize>(
    operator: impl Operator<N>,
    inputs: [DispatchTensor; N],
) -> Tensor<D> {
    apply_with_statistics(operator, inputs).0
}

/// An operator's inputs: maps with two parameters.
pub(super) fn inputs<const A: usize, const B: usize, const C: usize>(
    x: Tensor<A>,
    a: Tensor<B>,
    b: Tensor<C>,
) -> [DispatchTensor; 3] {
    [x.into_dispatch(), a.into_dispatch(), b.into_dispatch()]
}

/// Runs an operator on tensors of the CPU: its output and its statistics.
pub(super) fn apply_with_statistics<const N: usize, const D: usize>(
    operator: impl Operator<N>,
    inputs: [DispatchTensor; N],
) -> (Tensor<D>, Vec<Tensor<1>>) {
    let mut outputs = Dispatch::differentiable(Inputs(inputs.into()), operator).into_iter();
    let y = outputs.next().expect("every operator has an output");
    let statistics = outputs.map(Tensor::from_dispatch).collect();
    (Tensor::from_dispatch(y), statistics)
}

/// Runs a linear function on a tensor of the CPU; `transposed` computes the gradient of its input from the gradient of its
/// output.
pub(super) fn apply_linear<const A: usize, const D: usize>(
    x: Tensor<A>,
    output: [usize; D],
    function: impl Fn(&[f32]) -> Vec<f32> + Clone + Send + 'static,
    transposed: impl Fn(&[f32]) -> Vec<f32> + Clone + Send + 'static,
) -> Tensor<D> {
    let operator = LinearMap {
        function,
        transposed,
        output,
    };
    apply(operator, [x.into_dispatch()])
}

/// A linear function, its transpose and the shape of its output.
#[derive(Clone)]
struct LinearMap<F, T, const D: usize> {
    function: F,
    transposed: T,
    output: [usize; D],
}

impl<F, T, const D: usize> Debug for LinearMap<F, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "linear map to {:?}", self.output)
    }
}

impl<F, T, const D: usize> Operator<1> for LinearMap<F, T, D>
where
    F: Fn(&[f32]) -> Vec<f32> + Clone + Send + 'static,
    T: Fn(&[f32]) -> Vec<f32> + Clone + Send + 'static,
{
    /// The shape of the input.
    type Saved = Shape;

    fn forward(&self, [x]: [FlexTensor; 1], _: bool) -> (FlexTensor, Shape) {
        let y = tensor((self.function)(floats(&x)), self.output);
        (y, x.shape())
    }

    fn backward(&self, shape: Shape, dy: FlexTensor, _: [bool; 1]) -> Gradients<1> {
        [Some(tensor((self.transposed)(floats(&dy)), shape))]
    }
}

/// Runs a function on tensors of the CPU; no gradient flows through it.
pub(super) fn compute<const N: usize, const D: usize>(
    inputs: [DispatchTensor; N],
    output: [usize; D],
    function: impl FnOnce([&[f32]; N]) -> Vec<f32>,
) -> Tensor<D> {
    compute_owned(inputs, |inputs| {
        tensor(function(inputs.each_ref().map(floats)), output)
    })
}

/// As [`compute`], with whole tensors, which the function may change and return.
pub(super) fn compute_owned<const N: usize, const D: usize>(
    inputs: [DispatchTensor; N],
    function: impl FnOnce([FlexTensor; N]) -> FlexTensor,
) -> Tensor<D> {
    let function = |inputs| vec![function(array(inputs))];
    compute_all(inputs.into(), function).swap_remove(0)
}

/// As [`compute_owned`], with any number of inputs and outputs.
pub(super) fn compute_all<const D: usize>(
    inputs: Vec<DispatchTensor>,
    function: impl FnOnce(Vec<FlexTensor>) -> Vec<FlexTensor>,
) -> Vec<Tensor<D>> {
    let outputs = Dispatch::constant(Inputs(inputs), function).into_iter();
    outputs.map(Tensor::from_dispatch).collect()
}

/// A contiguous tensor of `values`.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    let layout = Layout::contiguous(shape.into());
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}

/// The elements of a contiguous tensor.
pub(super) fn floats(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>()
        .expect("operators get contiguous f32 tensors")
}

/// The elements, to be changed in place (copied first if anyone else holds them).
pub(super) fn floats_mut(x: &mut FlexTensor) -> &mut [f32] {
    x.storage_mut::<f32>()
}

/// The size along each of `D` dimensions.
pub(super) fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    let shape = x.shape();
    std::array::from_fn(|i| shape[i])
}

/// Takes its argument whole, so that a tensor nobody else holds can be changed in place.
fn contiguous(x: FlexTensor) -> FlexTensor {
    x.to_contiguous()
}

fn array<T: Debug, const N: usize>(values: Vec<T>) -> [T; N] {
    values
        .try_into()
        .expect("as many tensors as the operator takes")
}

/// The tensors that an operator works on, on their way through Burn's dispatch to a backend.
///
/// Burn derives [`ExtensionType`] for structs of single tensors; a list of them needs this by hand.
pub struct Inputs<B: Backend>(Vec<FloatTensor<B>>);

impl<B: Backend> ExtensionType<B> for Inputs<B> {
    type Target = Inputs<Dispatch>;

    fn map_to_dispatch<F>(self, kind: F, autodiff: DispatchAutodiffContext) -> Inputs<Dispatch>
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        let wrap = |tensor| DispatchTensor {
            kind: kind(BackendTensor::Float(tensor)),
            autodiff,
        };
        Inputs(self.0.into_iter().map(wrap).collect())
    }

    fn map_from_dispatch<F>(inputs: Inputs<Dispatch>, unwrap: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        let tensors = inputs.0.into_iter().map(|tensor| unwrap(tensor).float());
        Self(tensors.collect())
    }

    fn routing_tensor(inputs: &Inputs<Dispatch>) -> Option<&DispatchTensor> {
        inputs.0.first()
    }

    fn routing_float_tensor(inputs: &Inputs<Dispatch>) -> Option<&DispatchTensor> {
        inputs.0.first()
    }

    fn autodiff_context(inputs: &Inputs<Dispatch>) -> DispatchAutodiffContext {
        let contexts = inputs.0.iter().map(|tensor| tensor.autodiff);
        contexts.fold(
            DispatchAutodiffContext::Disabled,
            DispatchAutodiffContext::merge,
        )
    }
}

/// The extension. Every operator and function gets contiguous tensors.
#[backend_extension(Flex, Autodiff)]
pub trait CpuOperators: Backend {
    /// The operator's output, then its statistics.
    fn differentiable<O: Operator<N>, const N: usize>(
        #[extension_type] inputs: Inputs<Self>,
        operator: O,
    ) -> Vec<FloatTensor<Self>>;

    /// The function's outputs.
    fn constant<F: FnOnce(Vec<FlexTensor>) -> Vec<FlexTensor>>(
        #[extension_type] inputs: Inputs<Self>,
        function: F,
    ) -> Vec<FloatTensor<Self>>;
}

impl CpuOperators for Flex {
    fn differentiable<O: Operator<N>, const N: usize>(
        inputs: Inputs<Self>,
        operator: O,
    ) -> Vec<FlexTensor> {
        let inputs = array(inputs.0).map(contiguous);
        let (y, saved) = operator.forward(inputs, false);
        iter::once(y).chain(operator.statistics(&saved)).collect()
    }

    fn constant<F: FnOnce(Vec<FlexTensor>) -> Vec<FlexTensor>>(
        inputs: Inputs<Self>,
        function: F,
    ) -> Vec<FlexTensor> {
        let inputs = inputs.0.into_iter().map(contiguous);
        function(inputs.collect())
    }
}

impl<C: CheckpointStrategy> CpuOperators for Autodiff<Flex, C> {
    fn differentiable<O: Operator<N>, const N: usize>(
        inputs: Inputs<Self>,
        operator: O,
    ) -> Vec<FloatTensor<Self>> {
        let inputs: [FloatTensor<Self>; N] = array(inputs.0);
        let nodes = inputs.each_ref().map(|input| input.node());
        let inputs = inputs.map(|input| contiguous(input.into_primitive()));
        let (y, saved) = operator.forward(inputs, true);
        let statistics = operator.statistics(&saved);
        let step = GraphStep(PhantomData).prepare::<C>(nodes);
        let y = match step.compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((operator, saved), y),
            OpsKind::UnTracked(step) => step.finish(y),
        };
        let statistics = statistics.into_iter().map(Self::from_inner);
        iter::once(y).chain(statistics).collect()
    }

    fn constant<F: FnOnce(Vec<FlexTensor>) -> Vec<FlexTensor>>(
        inputs: Inputs<Self>,
        function: F,
    ) -> Vec<FloatTensor<Self>> {
        let inputs = inputs.0.into_iter().map(|input| input.into_primitive());
        let outputs = Flex::constant(Inputs(inputs.collect()), function);
        outputs.into_iter().map(Self::from_inner).collect()
    }
}

/// The backward pass of an operator, as a step of Burn's graph.
#[derive(Debug)]
struct GraphStep<O>(PhantomData<O>);

impl<O: Operator<N>, const N: usize> Backward<Flex, N> for GraphStep<O> {
    type State = (O, O::Saved);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut grads::Gradients,
        _: &mut Checkpointer,
    ) {
        let dy = contiguous(grads.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (operator, saved) = ops.state;
        let gradients = operator.backward(saved, dy, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}
