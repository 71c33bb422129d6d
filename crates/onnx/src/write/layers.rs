//! Layers as nodes of a graph, with the weights of a trained network, as they are in inference: dropout is left out.
//!
//! N images (or regions), C channels. Nodes and weights are named as the run's weights file names them.

use recipe::{Layer, Norm, Pool, Shape, ShapeError, Summary, group_count};

use super::graph::Attribute::{Float, Int, Ints};
use super::graph::{BATCH, Graph, Side, Value};

/// What normalisations inside of detectors add to the variance.
const EPSILON: f64 = 1e-5;

/// A graph that layers with these weights are added to.
pub(super) struct Writer<'a> {
    pub graph: Graph,
    weights: Weights<'a>,
}

/// Shape and values of the parameter with a name, if the network has it.
pub type Weights<'a> = &'a dyn Fn(&str) -> Option<(&'a [usize], &'a [f32])>;

/// How a convolution moves over its map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    /// Parts into which the channels are divided.
    pub groups: usize,
}

impl<'a> Writer<'a> {
    pub fn new(weights: Weights<'a>) -> Self {
        Self {
            graph: Graph::default(),
            weights,
        }
    }

    /// Shape and values of the parameter with this name.
    ///
    /// # Panics
    /// When the network has none: it was not made by the recipe that is written.
    fn stored(&self, name: &str) -> (&'a [usize], &'a [f32]) {
        (self.weights)(name).expect("a network has all parameters of its recipe's layers")
    }

    /// The parameter with this name, if the network has it.
    fn find(&mut self, name: &str) -> Option<Value> {
        let (shape, values) = (self.weights)(name)?;
        Some(self.graph.weight(name, shape, values))
    }

    /// The parameter with this name.
    fn parameter(&mut self, name: &str) -> Value {
        let (shape, values) = self.stored(name);
        self.graph.weight(name, shape, values)
    }

    /// The outputs of each of `layers`, whose shapes are in `summary`, one after the other from `x` on; `path` is the
    /// name of their list.
    pub fn chain(
        &mut self,
        path: &str,
        layers: &[Layer],
        summary: &Summary,
        x: Value,
    ) -> Result<Vec<Value>, ShapeError> {
        let mut x = x;
        let mut shape = summary.input;
        let mut outputs = Vec::with_capacity(layers.len());
        for (number, (layer, after)) in layers.iter().zip(&summary.layers).enumerate() {
            let output = self.layer(&format!("{path}.{number}"), layer, shape, x)?;
            shape = after.output;
            if output != x {
                self.graph.describe(output, &sides(shape));
            }
            x = output;
            outputs.push(x);
        }
        Ok(outputs)
    }

    /// One layer of the recipe on an input of `shape`.
    fn layer(
        &mut self,
        path: &str,
        layer: &Layer,
        shape: Shape,
        x: Value,
    ) -> Result<Value, ShapeError> {
        self.graph.enter(path);
        let channels = match shape {
            Shape::Map { channels, .. } => channels,
            Shape::Features(features) => features,
        };
        Ok(match layer {
            Layer::Conv {
                stride,
                padding,
                dilation,
                groups,
                ..
            } => {
                let window = Window {
                    stride: *stride,
                    padding: *padding,
                    dilation: *dilation,
                    groups: groups.of(channels),
                };
                self.conv(&format!("{path}.conv"), path, x, window)
            }
            Layer::MaxPool(pool) => self.pool("MaxPool", x, pool, &[]),
            // Padding counts as zeros.
            Layer::AvgPool(pool) => self.pool("AveragePool", x, pool, &[1]),
            Layer::GlobalAvgPool => {
                let mean = self.graph.node("GlobalAveragePool", &[x], &[]);
                self.graph.node("Flatten", &[mean], &[])
            }
            Layer::BatchNorm { epsilon, .. } => self.batch_norm(path, x, *epsilon),
            Layer::Relu => self.graph.node("Relu", &[x], &[]),
            Layer::Gelu => self.gelu(path, x),
            Layer::Silu => {
                self.graph.enter(&format!("{path}.silu"));
                let gate = self.graph.node("Sigmoid", &[x], &[]);
                self.graph.node("Mul", &[x, gate], &[])
            }
            Layer::LeakyRelu { slope } => {
                let alpha = [("alpha", Float(*slope as f32))];
                self.graph.node("LeakyRelu", &[x], &alpha)
            }
            Layer::Dropout { .. } => x,
            Layer::Flatten => match shape {
                Shape::Features(_) => x,
                Shape::Map { .. } => self.graph.node("Flatten", &[x], &[]),
            },
            Layer::Linear { .. } => self.linear(&format!("{path}.linear"), path, x),
            Layer::AdaptiveAvgPool { size } => self.adaptive_pool(x, shape, *size),
            Layer::Sigmoid => self.graph.node("Sigmoid", &[x], &[]),
            Layer::HardSigmoid => self.hard_sigmoid(x),
            Layer::HardSwish => self.graph.node("HardSwish", &[x], &[]),
            Layer::SqueezeExcitation { gate, .. } => self.squeeze(path, *gate, x),
            Layer::Residual { layers, shortcut } => {
                self.residual(path, [layers, shortcut], shape, x)?
            }
            Layer::Stage(_) | Layer::Inverted(_) => {
                let parts = layer.parts(channels).unwrap_or_default();
                self.inside(&format!("{path}.blocks"), &parts, shape, x)?
            }
        })
    }

    /// `[N, C, H, W] -> [N, C', H', W']`, by the weights at `path`, as a node called `name`.
    pub fn conv(&mut self, name: &str, path: &str, x: Value, window: Window) -> Value {
        let weight = self.parameter(&format!("{path}.weight"));
        let bias = self.find(&format!("{path}.bias"));
        let inputs: Vec<Value> = [Some(x), Some(weight), bias]
            .into_iter()
            .flatten()
            .collect();
        let [top, left] = window.padding.map(|side| side as i64);
        let stride = window.stride.map(|side| side as i64);
        let padding = [top, left, top, left];
        let dilation = window.dilation.map(|side| side as i64);
        let mut attributes = vec![
            ("strides", Ints(&stride)),
            ("pads", Ints(&padding)),
            ("dilations", Ints(&dilation)),
        ];
        if window.groups > 1 {
            attributes.push(("group", Int(window.groups as i64)));
        }
        self.graph.layer(name, "Conv", &inputs, &attributes)
    }

    /// A convolution with stride 1 that keeps the map's size, as in the pyramid and the heads.
    pub fn conv_of_same_size(&mut self, name: &str, path: &str, x: Value, kernel: usize) -> Value {
        let window = Window {
            stride: [1, 1],
            padding: [kernel / 2; 2],
            dilation: [1, 1],
            groups: 1,
        };
        self.conv(name, path, x, window)
    }

    pub fn pool(&mut self, operator: &str, x: Value, pool: &Pool, counts_padding: &[i64]) -> Value {
        let kernel = pool.size.map(|side| side as i64);
        let stride = pool.stride.map(|side| side as i64);
        let [top, left] = pool.padding.map(|side| side as i64);
        let padding = [top, left, top, left];
        let mut attributes = vec![
            ("kernel_shape", Ints(&kernel)),
            ("strides", Ints(&stride)),
            ("pads", Ints(&padding)),
        ];
        let counts = counts_padding.iter();
        attributes.extend(counts.map(|&counts| ("count_include_pad", Int(counts))));
        self.graph.node(operator, &[x], &attributes)
    }

    /// Every second cell: `[N, C, H, W] -> [N, C, ceil(H / 2), ceil(W / 2)]`
    pub fn every_second(&mut self, x: Value) -> Value {
        let pool = Pool {
            size: [1, 1],
            stride: [2, 2],
            padding: [0, 0],
        };
        self.pool("MaxPool", x, &pool, &[])
    }

    /// `[N, in] -> [N, out]`, by the weights at `path`, as a node called `name`.
    pub fn linear(&mut self, name: &str, path: &str, x: Value) -> Value {
        let weight = self.parameter(&format!("{path}.weight"));
        let bias = self.find(&format!("{path}.bias"));
        let inputs: Vec<Value> = [Some(x), Some(weight), bias]
            .into_iter()
            .flatten()
            .collect();
        // Weights are [out, in].
        self.graph
            .layer(name, "Gemm", &inputs, &[("transB", Int(1))])
    }

    /// Normalisation by the statistics of training, over dimension 1.
    pub fn batch_norm(&mut self, path: &str, x: Value, epsilon: f64) -> Value {
        let parts = ["weight", "bias", "running_mean", "running_var"];
        let [scale, shift, mean, variance] =
            parts.map(|part| self.parameter(&format!("{path}.{part}")));
        let name = format!("{}.batch-norm", path.trim_end_matches(".batch_norm"));
        self.graph.layer(
            &name,
            "BatchNormalization",
            &[x, scale, shift, mean, variance],
            &[("epsilon", Float(epsilon as f32))],
        )
    }

    /// Normalisation of each of `groups` of the channels of `[N, C, ...]`, `cells` values a channel.
    ///
    /// Of other operators: opset 18's own GroupNormalization takes one scale a group, not one a channel.
    fn group_norm(&mut self, path: &str, x: Value, shape: &[usize]) -> Value {
        let channels = shape[0];
        let groups = group_count(channels);
        let cells: usize = shape.iter().product();
        let name = format!("{}.group-norm", path.trim_end_matches(".group_norm"));
        self.graph.enter(&name);
        let grouped = [-1, groups as i64, (cells / groups) as i64];
        let grouped = self.graph.ints(&grouped);
        let ones = self.graph.numbers(&vec![1.0; groups]);
        let zeros = self.graph.numbers(&vec![0.0; groups]);
        let rows = self.graph.node("Reshape", &[x, grouped], &[]);
        let epsilon = [("epsilon", Float(EPSILON as f32))];
        let rows = self
            .graph
            .node("InstanceNormalization", &[rows, ones, zeros], &epsilon);
        let sides: Vec<i64> = [-1]
            .into_iter()
            .chain(shape.iter().map(|&side| side as i64))
            .collect();
        let back = self.graph.ints(&sides);
        let y = self.graph.node("Reshape", &[rows, back], &[]);
        // One factor and one summand a channel, over all its cells.
        let per_channel: Vec<usize> = shape
            .iter()
            .enumerate()
            .map(|(side, &length)| if side == 0 { length } else { 1 })
            .collect();
        let [scale, shift] = ["weight", "bias"].map(|part| {
            let name = format!("{path}.{part}");
            let (_, values) = self.stored(&name);
            self.graph.weight(&name, &per_channel, values)
        });
        let y = self.graph.node("Mul", &[y, scale], &[]);
        self.graph.node("Add", &[y, shift], &[])
    }

    /// The normalisation that follows `path` in the pyramid or the heads, on `[N, C, ...]` with `shape` = `[C, ...]`.
    pub fn norm(&mut self, path: &str, norm: Norm, x: Value, shape: &[usize]) -> Value {
        match norm {
            Norm::None => x,
            Norm::Batch => self.batch_norm(&format!("{path}.batch_norm"), x, EPSILON),
            Norm::Group => self.group_norm(&format!("{path}.group_norm"), x, shape),
        }
    }

    pub fn relu(&mut self, path: &str, x: Value) -> Value {
        self.graph.layer(&format!("{path}.relu"), "Relu", &[x], &[])
    }

    /// x * (1 + erf(x / √2)) / 2: opset 18 has no operator of its own for it.
    fn gelu(&mut self, path: &str, x: Value) -> Value {
        self.graph.enter(&format!("{path}.gelu"));
        let root = self.graph.number(std::f32::consts::SQRT_2);
        let [one, half] = [1.0, 0.5].map(|value| self.graph.number(value));
        let scaled = self.graph.node("Div", &[x, root], &[]);
        let erf = self.graph.node("Erf", &[scaled], &[]);
        let share = self.graph.node("Add", &[erf, one], &[]);
        let doubled = self.graph.node("Mul", &[x, share], &[]);
        self.graph.node("Mul", &[doubled, half], &[])
    }
}

/// The shape of what a layer gives for N images.
pub(super) fn sides(shape: Shape) -> Vec<Side> {
    match shape {
        Shape::Map {
            channels,
            height,
            width,
        } => vec![BATCH, channels.into(), height.into(), width.into()],
        Shape::Features(features) => vec![BATCH, features.into()],
    }
}
