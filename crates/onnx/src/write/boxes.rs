//! Boxes in a graph: corrections applied to references, clipping, the smallest side, non-maximum suppression.
//!
//! Boxes are `[..., 4]`, (x1, y1, x2, y2); corrections are (dx, dy, dw, dh). N images, K boxes an image.

use super::graph::Attribute::Int;
use super::graph::{Graph, Value};
use kernels::box_coder::{BoxCoder, MOST_GROWTH};

/// The score of what is no longer there. Scores are at least 0, and one of exactly 0 stays.
pub(super) const GONE: f32 = -1.0;
/// Between [`GONE`] and every score.
pub(super) const LOWEST: f32 = -0.5;

/// The boxes that `deltas` make of `references`, inside the image of `[height, width]` pixels; shapes are broadcast.
pub(super) fn decode(
    graph: &mut Graph,
    coder: BoxCoder,
    references: Value,
    deltas: Value,
    image: [usize; 2],
) -> Value {
    let halves = [("axis", Int(-1)), ("num_outputs", Int(2))];
    let [least, most] = graph.pair("Split", &[references], &halves);
    let [shift, growth] = graph.pair("Split", &[deltas], &halves);
    let half = graph.number(0.5);
    let sides = graph.node("Sub", &[most, least], &[]);
    let middle = graph.node("Mul", &[sides, half], &[]);
    let middle = graph.node("Add", &[least, middle], &[]);
    let [wx, wy, ww, wh] = coder.weights;
    let shift = weighted(graph, shift, [wx, wy]);
    let growth = weighted(graph, growth, [ww, wh]);
    let limit = graph.number(MOST_GROWTH);
    let growth = graph.node("Min", &[growth, limit], &[]);
    let moved = graph.node("Mul", &[shift, sides], &[]);
    let middle = graph.node("Add", &[moved, middle], &[]);
    let factor = graph.node("Exp", &[growth], &[]);
    let sides = graph.node("Mul", &[factor, sides], &[]);
    let reach = graph.node("Mul", &[sides, half], &[]);
    let corners = ["Sub", "Add"].map(|operator| {
        let corner = graph.node(operator, &[middle, reach], &[]);
        inside(graph, corner, image)
    });
    graph.node("Concat", &corners, &[("axis", Int(-1))])
}

/// Divided by the weights of the correction, where they are not 1.
fn weighted(graph: &mut Graph, deltas: Value, weights: [f32; 2]) -> Value {
    if weights == [1.0, 1.0] {
        return deltas;
    }
    let weights = graph.numbers(&weights);
    graph.node("Div", &[deltas, weights], &[])
}

/// Points (x, y) moved into the image.
fn inside(graph: &mut Graph, points: Value, [height, width]: [usize; 2]) -> Value {
    let ends = graph.numbers(&[width as f32, height as f32]);
    let zero = graph.number(0.0);
    let points = graph.node("Min", &[points, ends], &[]);
    graph.node("Max", &[points, zero], &[])
}

/// Width and height of `[..., 4]`, each `[...]`.
pub(super) fn sides(graph: &mut Graph, boxes: Value) -> [Value; 2] {
    let halves = [("axis", Int(-1)), ("num_outputs", Int(2))];
    let [least, most] = graph.pair("Split", &[boxes], &halves);
    let sides = graph.node("Sub", &[most, least], &[]);
    let last = graph.ints(&[-1]);
    graph
        .pair("Split", &[sides], &halves)
        .map(|side| graph.node("Squeeze", &[side, last], &[]))
}

/// Whether both sides of each box are at least `least` pixels: `[..., 4] -> [...]`.
pub(super) fn has_sides(graph: &mut Graph, boxes: Value, least: f64) -> Value {
    let [width, height] = sides(graph, boxes);
    let shorter = graph.node("Min", &[width, height], &[]);
    let least = graph.number(least as f32);
    graph.node("GreaterOrEqual", &[shorter, least], &[])
}

/// `values` where `condition` holds, [`GONE`] elsewhere.
pub(super) fn where_or_gone(graph: &mut Graph, condition: Value, values: Value) -> Value {
    let gone = graph.number(GONE);
    graph.node("Where", &[condition, values, gone], &[])
}

/// Non-maximum suppression of each row of `boxes [N, K, 4]`, best of `ranks [N, K]` first: `values [N, K]` of at most
/// `most` boxes that stay, [`GONE`] for the others and for those whose rank is [`GONE`].
///
/// The operator works on rows by itself. Its list of what stays has any length; the rows that come back have K.
pub(super) fn suppress(
    graph: &mut Graph,
    [boxes, ranks, values]: [Value; 3],
    threshold: f64,
    most: usize,
) -> Value {
    let one_class = graph.ints(&[1]);
    let ranks = graph.node("Unsqueeze", &[ranks, one_class], &[]);
    let most = graph.ints(&[most as i64]);
    let threshold = graph.numbers(&[kernels::nms::round_down(threshold)]);
    let lowest = graph.numbers(&[LOWEST]);
    let inputs = [boxes, ranks, most, threshold, lowest];
    // Of each that stays: the row, the class (0), the box.
    let stays = graph.node("NonMaxSuppression", &inputs, &[]);
    let columns = graph.ints(&[0, 2]);
    let places = graph.node("Gather", &[stays, columns], &[("axis", Int(1))]);
    let kept = graph.node("GatherND", &[values, places], &[]);
    let shape = graph.node("Shape", &[values], &[]);
    let empty = full(graph, shape, GONE);
    graph.node("ScatterND", &[empty, places, kept], &[])
}

/// A tensor of this shape with the same number everywhere.
pub(super) fn full(graph: &mut Graph, shape: Value, value: f32) -> Value {
    let value = graph.number(value);
    graph.node("Expand", &[value, shape], &[])
}

/// The best `count` of each row of `values [N, K]` and their places: twice `[N, count]`; ties in their order.
pub(super) fn best(graph: &mut Graph, values: Value, count: usize) -> [Value; 2] {
    let count = graph.ints(&[count as i64]);
    graph.pair("TopK", &[values, count], &[("axis", Int(1))])
}

/// The rows of `table [N, K, ...]` at `places [N, P]` of each image: `[N, P, ...]`.
pub(super) fn pick(graph: &mut Graph, table: Value, places: Value) -> Value {
    let last = graph.ints(&[-1]);
    let places = graph.node("Unsqueeze", &[places, last], &[]);
    graph.node("GatherND", &[table, places], &[("batch_dims", Int(1))])
}

/// 1 / (1 + exp(-x)), as the network computes it.
///
/// The operator Sigmoid is approximated differently near 1 by runtimes. Where many scores round to 1, that would change
/// which proposals are the best.
pub(super) fn sigmoid(graph: &mut Graph, x: Value) -> Value {
    let [zero, one] = [0.0, 1.0].map(|value| graph.number(value));
    let negative = graph.node("Sub", &[zero, x], &[]);
    let power = graph.node("Exp", &[negative], &[]);
    let sum = graph.node("Add", &[one, power], &[]);
    graph.node("Div", &[one, sum], &[])
}

/// Probabilities of each row of logits.
pub(super) fn softmax(graph: &mut Graph, logits: Value) -> Value {
    graph.node("Softmax", &[logits], &[("axis", Int(-1))])
}
