//! The middle of a detector in a graph: proposals, the level that each is read from, RoIAlign, the box head.
//!
//! N images, P places for proposals an image, R proposals of all images; K classes without background.

use kernels::box_coder::BoxCoder;
use kernels::boxes::Xyxy;
use kernels::roi_align::Levels;

use super::boxes::{
    LOWEST, best, decode, has_sides, pick, sides, sigmoid, suppress, where_or_gone,
};
use super::features::{LevelValues, Plan};
use super::graph::Attribute::{Float, Int, Ints, Text};
use super::graph::Value;
use super::layers::Writer;

/// Regions of all images in one list.
#[derive(Clone, Copy)]
pub(super) struct Regions {
    /// `[R, 4]`
    pub boxes: Value,
    /// Image and place of each, `[R, 2]`.
    pub places: Value,
}

impl Plan<'_> {
    /// Best anchors that are looked at on each level.
    fn candidates(&self) -> impl Iterator<Item = usize> {
        let most = self.recipe.rpn.pre_nms_test;
        self.anchor_counts().map(move |count| count.min(most))
    }

    /// Places for the proposals of an image.
    pub fn places(&self) -> usize {
        let candidates: usize = self.candidates().sum();
        candidates.min(self.recipe.rpn.post_nms_test)
    }
}

impl Writer<'_> {
    /// The proposals of all images, those of an image best first.
    pub fn proposals(&mut self, plan: &Plan, levels: &[LevelValues]) -> Regions {
        let rpn = &plan.recipe.rpn;
        let mut boxes = Vec::with_capacity(levels.len());
        let mut scores = Vec::with_capacity(levels.len());
        for (number, (level, count)) in levels.iter().zip(plan.candidates()).enumerate() {
            self.graph.enter(&format!("proposals.level{number}"));
            let graph = &mut self.graph;
            let [logits, which] = best(graph, level.objectness, count);
            let deltas = pick(graph, level.deltas, which);
            let anchors = graph.node("Gather", &[level.anchors, which], &[("axis", Int(0))]);
            let coder = BoxCoder::PROPOSALS;
            let corrected = decode(graph, coder, anchors, deltas, plan.image());
            let large = has_sides(graph, corrected, rpn.min_side);
            // By their order, which rounding in the sigmoid could change.
            let order: Vec<f32> = (1..=count).rev().map(|rank| rank as f32).collect();
            let order = graph.numbers(&order);
            let score = sigmoid(graph, logits);
            let stays = if rpn.score_threshold > 0.0 {
                let threshold = graph.number(rpn.score_threshold as f32);
                let likely = graph.node("GreaterOrEqual", &[score, threshold], &[]);
                graph.node("And", &[large, likely], &[])
            } else {
                large
            };
            let ranks = where_or_gone(graph, stays, order);
            let tensors = [corrected, ranks, score];
            scores.push(suppress(graph, tensors, rpn.nms, rpn.post_nms_test));
            boxes.push(corrected);
        }
        self.graph.enter("proposals");
        let boxes = self.joined(&boxes, 1);
        let scores = self.joined(&scores, 1);
        let graph = &mut self.graph;
        let [scores, which] = best(graph, scores, plan.places());
        let boxes = pick(graph, boxes, which);
        let lowest = graph.number(LOWEST);
        let is_there = graph.node("Greater", &[scores, lowest], &[]);
        let places = graph.node("NonZero", &[is_there], &[]);
        let places = graph.node("Transpose", &[places], &[("perm", Ints(&[1, 0]))]);
        Regions {
            boxes: graph.node("GatherND", &[boxes, places], &[]),
            places,
        }
    }

    fn joined(&mut self, parts: &[Value], axis: i64) -> Value {
        match parts {
            [part] => *part,
            _ => self.graph.node("Concat", parts, &[("axis", Int(axis))]),
        }
    }

    /// What RoIAlign reads of each region from the level that suits its size, `[R, C, bins, bins]`, and the regions in
    /// that order: level by level, because no step that follows depends on the order.
    pub fn pooled(
        &mut self,
        plan: &Plan,
        features: &[Value],
        regions: Regions,
    ) -> (Value, Regions) {
        let levels = &plan.pooling;
        self.graph.enter("regions");
        if let [_] = levels.aligns[..] {
            return (self.roi_align(levels, 0, features[0], regions), regions);
        }
        let [width, height] = sides(&mut self.graph, regions.boxes);
        let area = self.graph.node("Mul", &[width, height], &[]);
        let read: Vec<(Value, Regions)> = (0..levels.aligns.len())
            .map(|level| {
                self.graph.enter(&format!("regions.level{level}"));
                let own = self.of_level(levels, level, area, regions);
                (self.roi_align(levels, level, features[level], own), own)
            })
            .collect();
        self.graph.enter("regions");
        let pooled: Vec<Value> = read.iter().map(|(pooled, _)| *pooled).collect();
        let boxes: Vec<Value> = read.iter().map(|(_, own)| own.boxes).collect();
        let places: Vec<Value> = read.iter().map(|(_, own)| own.places).collect();
        let regions = Regions {
            boxes: self.joined(&boxes, 0),
            places: self.joined(&places, 0),
        };
        (self.joined(&pooled, 0), regions)
    }

    /// Those that are read from `level`, by their areas `[R]`.
    fn of_level(
        &mut self,
        levels: &Levels,
        level: usize,
        area: Value,
        regions: Regions,
    ) -> Regions {
        let graph = &mut self.graph;
        let mut conditions = Vec::with_capacity(2);
        if level > 0 {
            let least = graph.number(least_area(levels, level));
            conditions.push(graph.node("GreaterOrEqual", &[area, least], &[]));
        }
        if level + 1 < levels.aligns.len() {
            let end = graph.number(least_area(levels, level + 1));
            conditions.push(graph.node("Greater", &[end, area], &[]));
        }
        let own = match conditions[..] {
            [one] => one,
            _ => graph.node("And", &conditions, &[]),
        };
        let which = graph.node("NonZero", &[own], &[]);
        let first = graph.ints(&[0]);
        let which = graph.node("Squeeze", &[which, first], &[]);
        let [boxes, places] = [regions.boxes, regions.places]
            .map(|table| graph.node("Gather", &[table, which], &[("axis", Int(0))]));
        Regions { boxes, places }
    }

    fn roi_align(&mut self, levels: &Levels, level: usize, map: Value, regions: Regions) -> Value {
        let align = &levels.aligns[level];
        let graph = &mut self.graph;
        let images = graph.int(0);
        let images = graph.node("Gather", &[regions.places, images], &[("axis", Int(1))]);
        let mode = if align.aligned {
            "half_pixel"
        } else {
            "output_half_pixel"
        };
        graph.node(
            "RoiAlign",
            &[map, regions.boxes, images],
            &[
                ("mode", Text("avg")),
                ("output_height", Int(align.output[0] as i64)),
                ("output_width", Int(align.output[1] as i64)),
                ("sampling_ratio", Int(align.sampling_ratio as i64)),
                ("spatial_scale", Float(align.scale)),
                ("coordinate_transformation_mode", Text(mode)),
            ],
        )
    }

    /// Pooled regions `[R, C, bins, bins]` to class logits `[R, K + 1]` and corrections `[R, 4 B]` of B boxes.
    pub fn box_head(&mut self, plan: &Plan, pooled: Value) -> [Value; 2] {
        let roi = &plan.recipe.roi;
        let bins = roi.output;
        let mut x = pooled;
        let mut channels = plan.channels();
        for (number, &outputs) in roi.convolutions.iter().enumerate() {
            let path = format!("box_head.convolutions.{number}");
            let conv = format!("{path}.conv");
            x = self.conv_of_same_size(&conv, &conv, x, 3);
            x = self.norm(&path, roi.norm, x, &[outputs, bins, bins]);
            x = self.relu(&path, x);
            channels = outputs;
        }
        self.graph.enter("box_head");
        // Not Flatten: the length of a row stays known when there is no region.
        let rows = [-1, (channels * bins * bins) as i64];
        let rows = self.graph.ints(&rows);
        x = self.graph.node("Reshape", &[x, rows], &[]);
        for (number, &outputs) in roi.hidden.iter().enumerate() {
            let path = format!("box_head.hidden.{number}");
            let linear = format!("{path}.linear");
            x = self.linear(&linear, &linear, x);
            x = self.norm(&path, roi.norm_of_hidden(), x, &[outputs]);
            x = self.relu(&path, x);
        }
        ["box_head.cls_score", "box_head.bbox_pred"].map(|path| self.linear(path, path, x))
    }
}

/// The smallest area with which a region is read from `level` or a coarser one.
pub(super) fn least_area(levels: &Levels, level: usize) -> f32 {
    if level == 0 {
        return 0.0;
    }
    // Areas that are not negative are ordered as their bits are.
    let (mut low, mut high) = (0, f32::MAX.to_bits());
    while low < high {
        let middle = low + (high - low) / 2;
        let region = Xyxy::new(0.0, 0.0, f32::from_bits(middle), 1.0);
        if levels.of(region) >= level {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    f32::from_bits(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::roi_align::RoiAlign;

    #[test]
    fn areas_choose_the_levels_that_the_network_reads() {
        let align = |stride: f32| RoiAlign {
            output: [5, 5],
            scale: 1.0 / stride,
            sampling_ratio: 2,
            aligned: true,
        };
        let levels = Levels {
            aligns: vec![align(4.0), align(8.0), align(16.0)],
            canonical_size: 28.0,
            canonical_level: 3.0,
        };
        let ends = [1, 2].map(|level| least_area(&levels, level));
        for side in (1..400).map(|step| step as f32 * 0.25) {
            let region = Xyxy::new(0.0, 0.0, side, 2.0 * side);
            let chosen = ends.iter().filter(|end| region.area() >= **end).count();
            assert_eq!(chosen, levels.of(region), "side {side}");
        }
    }
}
