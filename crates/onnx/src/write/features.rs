//! The first half of a detector in a graph: backbone, pyramid, and what the region proposal network says of each anchor.
//!
//! N images, L levels, finest first; A_l anchors of level l in (y, x, a) order.

use data::anchors::{AnchorLevels, region_levels};
use kernels::roi_align::Levels;
use kernels::upsample;
use recipe::{FasterRcnn, ShapeError, Stage};

use super::graph::Attribute::{Int, Ints, Text};
use super::graph::{BATCH, Value};
use super::layers::Writer;

/// A detector's recipe with all that follows from the size of its images.
pub struct Plan<'a> {
    pub(super) recipe: &'a FasterRcnn,
    /// Images it takes, `[C, H, W]`.
    pub(super) input: [usize; 3],
    /// Classes, without background.
    pub(super) classes: usize,
    /// Maps of the backbone that are read.
    pub(super) stages: Vec<Stage>,
    pub(super) anchors: AnchorLevels,
    pub(super) pooling: Levels,
}

impl<'a> Plan<'a> {
    /// A recipe for images `[C, H, W]` and a number of classes, without background.
    ///
    /// # Errors
    /// When the recipe does not fit the images.
    pub fn new(
        recipe: &'a FasterRcnn,
        input: [usize; 3],
        classes: usize,
    ) -> Result<Self, ShapeError> {
        let stages = recipe::stages(recipe, input)?;
        Ok(Self {
            recipe,
            input,
            classes,
            anchors: AnchorLevels::new(recipe, [input[1], input[2]], &stages),
            pooling: region_levels(recipe, &stages),
            stages,
        })
    }

    /// `[height, width]` of an image.
    pub fn image(&self) -> [usize; 2] {
        [self.input[1], self.input[2]]
    }

    /// Channels of the maps that the heads read.
    pub fn channels(&self) -> usize {
        let last = self.stages.last();
        match &self.recipe.pyramid {
            Some(pyramid) => pyramid.channels,
            None => last.map_or(self.input[0], |stage| stage.channels),
        }
    }

    /// Anchors of each level.
    pub fn anchor_counts(&self) -> impl Iterator<Item = usize> {
        self.anchors.levels.iter().map(ExactSizeIterator::len)
    }
}

/// What the region proposal network gives for one level.
#[derive(Clone, Copy)]
pub(super) struct LevelValues {
    /// Logits of 'is an object', `[N, A_l]`.
    pub objectness: Value,
    /// Corrections, `[N, A_l, 4]`.
    pub deltas: Value,
    /// The level's anchors, `[A_l, 4]`.
    pub anchors: Value,
}

impl Writer<'_> {
    /// `[N, C, H, W]` to the maps that the heads read, finest first.
    pub fn features(&mut self, plan: &Plan, image: Value) -> Result<Vec<Value>, ShapeError> {
        let layers = &plan.recipe.backbone.layers;
        let summary = recipe::summary(layers, plan.input)?;
        let outputs = self.chain("backbone", layers, &summary, image)?;
        let maps = plan.stages.iter().map(|stage| outputs[stage.end - 1]);
        let maps: Vec<Value> = maps.collect();
        Ok(match &plan.recipe.pyramid {
            Some(pyramid) => self.pyramid(plan, pyramid, &maps),
            None => maps,
        })
    }

    fn pyramid(&mut self, plan: &Plan, pyramid: &recipe::Pyramid, maps: &[Value]) -> Vec<Value> {
        let mut levels = Vec::with_capacity(maps.len() + 1);
        let mut coarser: Option<(Value, [usize; 2])> = None;
        for (level, (&map, stage)) in maps.iter().zip(&plan.stages).enumerate().rev() {
            let cells = stage.cells;
            let shape = [pyramid.channels, cells[0], cells[1]];
            let path = format!("pyramid.lateral.{level}");
            let conv = format!("{path}.conv");
            let lateral = self.conv_of_same_size(&conv, &conv, map, 1);
            let mut inner = self.norm(&path, pyramid.norm, lateral, &shape);
            if let Some((coarse, from)) = coarser {
                self.graph.enter(&format!("pyramid.top-down.{level}"));
                let enlarged = self.enlarged(coarse, from, cells);
                inner = self.graph.node("Add", &[inner, enlarged], &[]);
            }
            coarser = Some((inner, cells));
            let path = format!("pyramid.output.{level}");
            let conv = format!("{path}.conv");
            let output = self.conv_of_same_size(&conv, &conv, inner, 3);
            let output = self.norm(&path, pyramid.norm, output, &shape);
            self.graph.describe(
                output,
                &[BATCH, shape[0].into(), shape[1].into(), shape[2].into()],
            );
            levels.push(output);
        }
        levels.reverse();
        if let (true, Some(&coarsest)) = (pyramid.extra_level, levels.last()) {
            self.graph.enter("pyramid.extra-level");
            levels.push(self.every_second(coarsest));
        }
        levels
    }

    /// A map of `from` cells enlarged to `to` cells by repeating them.
    fn enlarged(&mut self, x: Value, from: [usize; 2], to: [usize; 2]) -> Value {
        if from == to {
            return x;
        }
        // By powers of two the rounding of every runtime agrees.
        let factors = [0, 1].map(|side| to[side] / from[side]);
        let doubles =
            |side: usize| factors[side].is_power_of_two() && factors[side] * from[side] == to[side];
        if doubles(0) && doubles(1) {
            let [down, across] = factors.map(|factor| factor as f32);
            let scales = self.graph.numbers(&[1.0, 1.0, down, across]);
            return self.graph.node_with_gaps(
                "Resize",
                &[Some(x), None, Some(scales)],
                &[
                    ("mode", Text("nearest")),
                    ("coordinate_transformation_mode", Text("asymmetric")),
                    ("nearest_mode", Text("floor")),
                ],
            );
        }
        let mut x = x;
        for side in 0..2 {
            let cells = upsample::sources(from[side], to[side]);
            let cells: Vec<i64> = cells.into_iter().map(|cell| cell as i64).collect();
            let cells = self.graph.ints(&cells);
            let axis = [("axis", Int(2 + side as i64))];
            x = self.graph.node("Gather", &[x, cells], &axis);
        }
        x
    }

    /// The outputs of the region proposal network on each level.
    pub fn rpn(&mut self, plan: &Plan, features: &[Value]) -> Vec<LevelValues> {
        let levels = features.iter().zip(&plan.anchors.levels).enumerate();
        levels
            .map(|(level, (&map, anchors))| {
                let count = anchors.len();
                let name = |part: &str| format!("rpn.level{level}.{part}");
                let hidden = self.conv_of_same_size(&name("conv"), "rpn.conv", map, 3);
                let mut hidden = self.relu(&name("conv"), hidden);
                for number in 0..plan.recipe.rpn.convolutions.saturating_sub(1) {
                    let path = format!("more.{number}");
                    hidden =
                        self.conv_of_same_size(&name(&path), &format!("rpn.{path}"), hidden, 3);
                    hidden = self.relu(&name(&path), hidden);
                }
                let logits =
                    self.conv_of_same_size(&name("cls_logits"), "rpn.cls_logits", hidden, 1);
                let deltas = self.conv_of_same_size(&name("bbox_pred"), "rpn.bbox_pred", hidden, 1);
                self.graph.enter(&name("cls_logits"));
                let objectness = self.anchors_last(logits, &[-1, count as i64]);
                self.graph.enter(&name("bbox_pred"));
                let deltas = self.anchors_last(deltas, &[-1, count as i64, 4]);
                let corners: Vec<f32> = plan.anchors.anchors[anchors.clone()]
                    .iter()
                    .flat_map(|&anchor| <[f32; 4]>::from(anchor))
                    .collect();
                let shape = [count, 4];
                LevelValues {
                    objectness,
                    deltas,
                    anchors: self.graph.weight(&name("anchors"), &shape, &corners),
                }
            })
            .collect()
    }

    /// `[N, C, H, W]` in the order (y, x, channel), as `shape`.
    fn anchors_last(&mut self, x: Value, shape: &[i64]) -> Value {
        let turned = [("perm", Ints(&[0, 2, 3, 1]))];
        let turned = self.graph.node("Transpose", &[x], &turned);
        let shape = self.graph.ints(shape);
        self.graph.node("Reshape", &[turned, shape], &[])
    }
}
