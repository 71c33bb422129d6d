//! A Faster R-CNN as one graph, or as two that leave non-maximum suppression and RoIAlign to the program that runs them.
//!
//! Standard operators only, and no loop over images, so that any number of them can be given. N images, P places for
//! proposals an image, R proposals of all images; K classes without background; D detections an image at most.

use kernels::box_coder::BoxCoder;
use recipe::ShapeError;

use super::boxes::{
    GONE, LOWEST, best, decode, full, has_sides, pick, sigmoid, softmax, suppress, where_or_gone,
};
use super::features::Plan;
use super::graph::Attribute::{Int, Ints};
use super::graph::{BATCH, Side, Value};
use super::layers::Writer;
use super::regions::Regions;
use crate::proto::DataType;

/// Adds the whole detector for `image [N, C, H, W]`. Its outputs are `boxes [N, D, 4]`, `scores [N, D]`,
/// `labels [N, D]` and `count [N]`: the detections of an image are its first `count`, best first; behind them boxes and
/// scores are 0, labels -1.
pub(super) fn add_whole(writer: &mut Writer, plan: &Plan, image: Value) -> Result<(), ShapeError> {
    let features = writer.features(plan, image)?;
    let levels = writer.rpn(plan, &features);
    let regions = writer.proposals(plan, &levels);
    let (pooled, regions) = writer.pooled(plan, &features, regions);
    let [logits, deltas] = writer.box_head(plan, pooled);
    let found = writer.candidates(plan, regions.boxes, logits, deltas);
    writer.detections(plan, image, regions, found);
    Ok(())
}

/// Adds the first part, for `image [N, C, H, W]`. Its outputs are for each level l `features.l`, the maps to read
/// regions from, and for each of its anchors `boxes.l [N, A_l, 4]`, corrected, and `scores.l [N, A_l]`, the probability
/// of an object.
pub(super) fn add_trunk(writer: &mut Writer, plan: &Plan, image: Value) -> Result<(), ShapeError> {
    let features = writer.features(plan, image)?;
    let levels = writer.rpn(plan, &features);
    let channels = plan.channels();
    for (level, (&map, stage)) in features.iter().zip(&plan.stages).enumerate() {
        let [height, width] = stage.cells;
        let shape = [BATCH, channels.into(), height.into(), width.into()];
        let name = format!("features.{level}");
        writer.graph.output(&name, map, DataType::Float, &shape);
    }
    for (number, (level, count)) in levels.iter().zip(plan.anchor_counts()).enumerate() {
        let graph = &mut writer.graph;
        graph.enter(&format!("proposals.level{number}"));
        let coder = BoxCoder::PROPOSALS;
        let boxes = decode(graph, coder, level.anchors, level.deltas, plan.image());
        let scores = sigmoid(graph, level.objectness);
        let shape = [BATCH, count.into(), 4.into()];
        graph.output(&format!("boxes.{number}"), boxes, DataType::Float, &shape);
        let name = format!("scores.{number}");
        graph.output(&name, scores, DataType::Float, &shape[..2]);
    }
    Ok(())
}

/// Adds the second part: `regions [R, C, bins, bins]` that RoIAlign read and their `proposals [R, 4]` to
/// `scores [R, K]`, the probabilities of the classes, and `boxes [R, K, 4]` for each of them.
pub(super) fn add_head(writer: &mut Writer, plan: &Plan) {
    let count = Side::Named("R");
    let bins = plan.recipe.roi.output;
    let shape = [count, plan.channels().into(), bins.into(), bins.into()];
    let regions = writer.graph.input("regions", DataType::Float, &shape);
    let shape = [count, 4.into()];
    let proposals = writer.graph.input("proposals", DataType::Float, &shape);
    let [logits, deltas] = writer.box_head(plan, regions);
    let Found { boxes, scores } = writer.all_boxes(plan, proposals, logits, deltas);
    let boxes = writer.for_each_class(plan, boxes, &[1, plan.classes as i64, 1]);
    let shape = [count, plan.classes.into(), 4.into()];
    let graph = &mut writer.graph;
    graph.output("scores", scores, DataType::Float, &shape[..2]);
    graph.output("boxes", boxes, DataType::Float, &shape);
}

/// What the box head finds in regions.
#[derive(Clone, Copy)]
struct Found {
    /// `[R, B, 4]`, one box for each class or one for all.
    boxes: Value,
    /// Probabilities of the classes, `[R, K]`.
    scores: Value,
}

impl Writer<'_> {
    /// The boxes of all regions and classes.
    fn all_boxes(&mut self, plan: &Plan, regions: Value, logits: Value, deltas: Value) -> Found {
        let classes = plan.classes as i64;
        let boxes = plan.recipe.roi.box_regression.boxes(plan.classes);
        let graph = &mut self.graph;
        graph.enter("detections");
        let probabilities = softmax(graph, logits);
        let [one, end] = [1, classes + 1].map(|column| graph.ints(&[column]));
        let without_background = [one, end, one];
        let scores = graph.node("Slice", &with(probabilities, without_background), &[]);
        let shape = graph.ints(&[-1, boxes as i64, 4]);
        let mut deltas = graph.node("Reshape", &[deltas, shape], &[]);
        if boxes > 1 {
            deltas = graph.node("Slice", &with(deltas, without_background), &[]);
        }
        let references = graph.node("Unsqueeze", &[regions, one], &[]);
        let coder = BoxCoder::new(plan.recipe.roi.box_weights);
        Found {
            boxes: decode(graph, coder, references, deltas, plan.image()),
            scores,
        }
    }

    /// The same, with the score of what is too unlikely or too small gone.
    fn candidates(&mut self, plan: &Plan, regions: Value, logits: Value, deltas: Value) -> Found {
        let options = &plan.recipe.detections;
        let Found { boxes, scores } = self.all_boxes(plan, regions, logits, deltas);
        let graph = &mut self.graph;
        let threshold = graph.number(options.score_threshold as f32);
        let likely = graph.node("Greater", &[scores, threshold], &[]);
        let large = has_sides(graph, boxes, options.min_side);
        let stays = graph.node("And", &[likely, large], &[]);
        Found {
            boxes,
            scores: where_or_gone(graph, stays, scores),
        }
    }

    /// Boxes of B = 1 or K classes repeated for each class, by the factors of their shape.
    fn for_each_class(&mut self, plan: &Plan, boxes: Value, factors: &[i64]) -> Value {
        if plan.recipe.roi.box_regression.boxes(plan.classes) > 1 || plan.classes == 1 {
            return boxes;
        }
        let factors = self.graph.ints(factors);
        self.graph.node("Expand", &[boxes, factors], &[])
    }

    /// The best of all candidates of each image, those aside that overlap better ones of their class.
    fn detections(&mut self, plan: &Plan, image: Value, regions: Regions, found: Found) {
        let options = &plan.recipe.detections;
        let (places, classes) = (plan.places(), plan.classes);
        let most = options.per_image.min(places * classes);
        let one_for_all = plan.recipe.roi.box_regression.boxes(classes) == 1;
        let boxes_a_place = if one_for_all { 1 } else { classes };
        let [p, k, b] = [places, classes, boxes_a_place].map(|count| count as i64);
        let scores = self.at_places(image, regions, found.scores, &[p, k], GONE);
        let boxes = self.at_places(image, regions, found.boxes, &[p, b, 4], 0.0);
        // A class of an image is a row: classes never suppress each other.
        let by_class = self.reshaped(scores, &[0, 2, 1], &[-1, p]);
        let turned = [("perm", Ints(&[0, 2, 1, 3]))];
        let turned = self.graph.node("Transpose", &[boxes], &turned);
        let repeated = self.for_each_class(plan, turned, &[1, k, 1, 1]);
        let graph = &mut self.graph;
        let rows = graph.ints(&[-1, p, 4]);
        let rows = graph.node("Reshape", &[repeated, rows], &[]);
        let kept = suppress(graph, [rows, by_class, by_class], options.nms, most);
        // Back to the order of places, then classes: ties fall as in the network.
        let shape = graph.ints(&[-1, k, p]);
        let kept = graph.node("Reshape", &[kept, shape], &[]);
        let kept = self.reshaped(kept, &[0, 2, 1], &[-1, p * k]);
        let graph = &mut self.graph;
        let [scores, which] = best(graph, kept, most);
        let columns = graph.int(k);
        let place = graph.node("Div", &[which, columns], &[]);
        let before = graph.node("Mul", &[place, columns], &[]);
        let labels = graph.node("Sub", &[which, before], &[]);
        let table = graph.ints(&[-1, p * b, 4]);
        let table = graph.node("Reshape", &[boxes, table], &[]);
        let boxes = pick(graph, table, if b == 1 { place } else { which });
        self.answers(most, boxes, scores, labels);
    }

    /// Names the detections, and clears what is behind the last one of each image.
    fn answers(&mut self, most: usize, boxes: Value, scores: Value, labels: Value) {
        let graph = &mut self.graph;
        graph.enter("outputs");
        let lowest = graph.number(LOWEST);
        let is_there = graph.node("Greater", &[scores, lowest], &[]);
        let last = graph.ints(&[-1]);
        let each = graph.node("Unsqueeze", &[is_there, last], &[]);
        let zero = graph.number(0.0);
        let boxes = graph.node("Where", &[each, boxes, zero], &[]);
        let scores = graph.node("Where", &[is_there, scores, zero], &[]);
        let none = graph.int(-1);
        let labels = graph.node("Where", &[is_there, labels, none], &[]);
        let int64 = i64::from(i32::from(DataType::Int64));
        let ones = graph.node("Cast", &[is_there], &[("to", Int(int64))]);
        let rows = graph.ints(&[1]);
        let count = graph.node("ReduceSum", &[ones, rows], &[("keepdims", Int(0))]);
        let shape = [BATCH, most.into(), 4.into()];
        graph.output("boxes", boxes, DataType::Float, &shape);
        graph.output("scores", scores, DataType::Float, &shape[..2]);
        graph.output("labels", labels, DataType::Int64, &shape[..2]);
        graph.output("count", count, DataType::Int64, &shape[..1]);
    }

    /// `values [R, ...]` of regions at their places, `[N, P, ...]` with `sides` = `[P, ...]`; `empty` elsewhere.
    fn at_places(
        &mut self,
        image: Value,
        regions: Regions,
        values: Value,
        sides: &[i64],
        empty: f32,
    ) -> Value {
        let graph = &mut self.graph;
        let images = graph.node("Shape", &[image], &[("start", Int(0)), ("end", Int(1))]);
        let sides = graph.ints(sides);
        let shape = graph.node("Concat", &[images, sides], &[("axis", Int(0))]);
        let empty = full(graph, shape, empty);
        graph.node("ScatterND", &[empty, regions.places, values], &[])
    }

    fn reshaped(&mut self, x: Value, order: &[i64], shape: &[i64]) -> Value {
        let turned = self.graph.node("Transpose", &[x], &[("perm", Ints(order))]);
        let shape = self.graph.ints(shape);
        self.graph.node("Reshape", &[turned, shape], &[])
    }
}

fn with(first: Value, [a, b, c]: [Value; 3]) -> [Value; 4] {
    [first, a, b, c]
}
