//! Layers with branches, and those of MobileNet, as nodes of a graph.

use recipe::{Gate, Layer, Pool, Shape, ShapeError, summary_of};

use super::graph::Attribute::Float;
use super::graph::Value;
use super::layers::{Window, Writer};

impl Writer<'_> {
    /// The output of layers inside of a layer, whose input has this shape.
    pub fn inside(
        &mut self,
        path: &str,
        layers: &[Layer],
        shape: Shape,
        x: Value,
    ) -> Result<Value, ShapeError> {
        let summary = summary_of(layers, shape)?;
        let outputs = self.chain(path, layers, &summary, x)?;
        Ok(outputs.last().copied().unwrap_or(x))
    }

    /// What comes in, or what the shortcut makes of it, plus what the layers make of it.
    pub fn residual(
        &mut self,
        path: &str,
        [layers, shortcut]: [&[Layer]; 2],
        shape: Shape,
        x: Value,
    ) -> Result<Value, ShapeError> {
        let y = self.inside(&format!("{path}.residual"), layers, shape, x)?;
        let kept = self.inside(&format!("{path}.shortcut"), shortcut, shape, x)?;
        self.graph.enter(path);
        Ok(self.graph.node("Add", &[y, kept], &[]))
    }

    /// Channels weighed by what all of the map shows: `[N, C, H, W] -> [N, C, H, W]`.
    pub fn squeeze(&mut self, path: &str, gate: Gate, x: Value) -> Value {
        let window = Window {
            stride: [1, 1],
            padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
        };
        let means = self.graph.node("GlobalAveragePool", &[x], &[]);
        let [first, second] = ["fc1", "fc2"].map(|part| format!("{path}.{part}"));
        let hidden = self.conv(&format!("{first}.conv"), &first, means, window);
        let hidden = self.graph.node("Relu", &[hidden], &[]);
        let factors = self.conv(&format!("{second}.conv"), &second, hidden, window);
        let factors = match gate {
            Gate::Sigmoid => self.graph.node("Sigmoid", &[factors], &[]),
            Gate::HardSigmoid => self.hard_sigmoid(factors),
        };
        self.graph.node("Mul", &[x, factors], &[])
    }

    /// min(max(x + 3, 0), 6) / 6
    pub fn hard_sigmoid(&mut self, x: Value) -> Value {
        let slope = [("alpha", Float(1.0 / 6.0)), ("beta", Float(0.5))];
        self.graph.node("HardSigmoid", &[x], &slope)
    }

    /// The means of windows that give a map of size `output`: ONNX has no operator of its own for windows that differ.
    pub fn adaptive_pool(&mut self, x: Value, shape: Shape, output: [usize; 2]) -> Value {
        let Shape::Map { height, width, .. } = shape else {
            return x; // a recipe that fits its images has a map here
        };
        let size = [height, width];
        if [0, 1]
            .iter()
            .all(|&axis| size[axis].is_multiple_of(output[axis]))
        {
            let window = [0, 1].map(|axis| size[axis] / output[axis]);
            let pool = Pool {
                size: window,
                stride: window,
                padding: [0, 0],
            };
            return self.pool("AveragePool", x, &pool, &[]);
        }
        // Rows of shares times the map times columns of shares.
        let rows = shares(output[0], height);
        let columns = shares(output[1], width);
        let rows = self.shares("rows", [output[0], height], rows);
        let transposed: Vec<f32> = (0..width * output[1])
            .map(|i| columns[i % output[1] * width + i / output[1]])
            .collect();
        let columns = self.shares("columns", [width, output[1]], transposed);
        let y = self.graph.node("MatMul", &[rows, x], &[]);
        self.graph.node("MatMul", &[y, columns], &[])
    }

    fn shares(&mut self, side: &str, shape: [usize; 2], values: Vec<f32>) -> Value {
        let name = format!("windows.{side}.{}x{}", shape[0], shape[1]);
        self.graph.weight(&name, &shape, &values)
    }
}

/// How much each of `size` cells counts in each of `count` windows, `[count, size]`.
fn shares(count: usize, size: usize) -> Vec<f32> {
    let mut shares = vec![0.0; count * size];
    for (index, row) in shares.chunks_exact_mut(size).enumerate() {
        let window = kernels::adaptive_pool::window(index, count, size);
        let share = 1.0 / window.len() as f32;
        row[window].fill(share);
    }
    shares
}
