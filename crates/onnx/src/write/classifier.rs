//! A classifier as a graph: images in, one number a class out.
//!
//! N images, K classes.

use recipe::{Cnn, ShapeError};

use super::boxes::softmax;
use super::graph::Attribute::{Int, Text};
use super::graph::{BATCH, Graph, Value};
use super::layers::Writer;
use crate::proto::DataType;

/// What a classifier gives.
#[derive(Clone, Copy, Debug)]
pub struct Scores {
    /// Probabilities are averaged over all shifts of the image by up to this many pixels.
    pub test_shift: usize,
    /// Logits are divided by it.
    pub temperature: f64,
    /// Whether the output is probabilities instead of logits.
    pub probabilities: bool,
}

/// Adds the layers of `cnn` for images `[N, C, H, W]` of shape `input`, and the output `logits` or `probabilities`:
/// `[N, K]`.
///
/// The temperature and the shifts that the network predicts with are part of the graph, so that the softmax of `logits`
/// is the network's distribution.
pub(super) fn add(
    writer: &mut Writer,
    cnn: &Cnn,
    input: [usize; 3],
    scores: Scores,
    image: Value,
) -> Result<(), ShapeError> {
    let summary = recipe::summary(&cnn.layers, input)?;
    let classes = summary.output().elements();
    let views = match scores.test_shift {
        0 => image,
        shift => shifted(&mut writer.graph, image, input, shift),
    };
    let outputs = writer.chain("layers", &cnn.layers, &summary, views)?;
    let mut rows = outputs.last().copied().unwrap_or(views);
    let graph = &mut writer.graph;
    if scores.test_shift > 0 {
        rows = mean(graph, rows, classes, scores.test_shift);
    }
    if scores.temperature != 1.0 {
        graph.enter("temperature");
        let temperature = graph.number(scores.temperature as f32);
        rows = graph.node("Div", &[rows, temperature], &[]);
    }
    graph.enter("");
    let shape = [BATCH, classes.into()];
    if scores.probabilities {
        let rows = softmax(graph, rows);
        graph.output("probabilities", rows, DataType::Float, &shape);
    } else {
        graph.output("logits", rows, DataType::Float, &shape);
    }
    Ok(())
}

/// Every image moved by up to `shift` pixels in each direction, borders repeated: `[V N, C, H, W]` of V views.
fn shifted(graph: &mut Graph, image: Value, [_, height, width]: [usize; 3], shift: usize) -> Value {
    graph.enter("shifts");
    let border = shift as i64;
    let pads = graph.ints(&[0, 0, border, border, 0, 0, border, border]);
    let wide = graph.node("Pad", &[image, pads], &[("mode", Text("edge"))]);
    let axes = graph.ints(&[2, 3]);
    let mut views = Vec::new();
    for top in 0..=2 * shift {
        for left in 0..=2 * shift {
            let starts = graph.ints(&[top as i64, left as i64]);
            let ends = graph.ints(&[(top + height) as i64, (left + width) as i64]);
            views.push(graph.node("Slice", &[wide, starts, ends, axes], &[]));
        }
    }
    graph.node("Concat", &views, &[("axis", Int(0))])
}

/// The logarithms of the mean probabilities of all views: `[V N, K] -> [N, K]`.
fn mean(graph: &mut Graph, rows: Value, classes: usize, shift: usize) -> Value {
    graph.enter("shifts.mean");
    let views = (2 * shift + 1).pow(2);
    let probabilities = softmax(graph, rows);
    let shape = graph.ints(&[views as i64, -1, classes as i64]);
    let probabilities = graph.node("Reshape", &[probabilities, shape], &[]);
    let first = graph.ints(&[0]);
    let sum = graph.node(
        "ReduceSum",
        &[probabilities, first],
        &[("keepdims", Int(0))],
    );
    let views = graph.number(views as f32);
    let mean = graph.node("Div", &[sum, views], &[]);
    // A probability that is 0 in 32 bits stays a number.
    let least = graph.number(f32::MIN_POSITIVE);
    let mean = graph.node("Max", &[mean, least], &[]);
    graph.node("Log", &[mean], &[])
}
