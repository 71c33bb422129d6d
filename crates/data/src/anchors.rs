//! Anchors: the boxes of fixed sizes and shapes around every cell of a feature map that proposals start from.
//!
//! A anchors per cell; 'level' is one feature map, 'stride' the image pixels between two of its cells, 'ratio' height by
//! width. Anchors are listed in (y, x, a) order, as the outputs of the proposal head are flattened.

use std::ops::Range;

use kernels::boxes::Xyxy;
use kernels::roi_align::{Levels, RoiAlign};

use recipe::{FasterRcnn, Spacing, Stage};

/// One feature map as anchors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorGrid {
    /// Cells, `[height, width]`.
    pub cells: [usize; 2],
    /// Pixels from one cell to the next, `[y, x]`.
    pub stride: [usize; 2],
}

/// The anchors of one cell around its centre at (0, 0): all sizes of the first ratio, then of the next, as in torchvision.
pub fn cell_anchors(sizes: &[f64], ratios: &[f64], rounded: bool) -> Vec<Xyxy> {
    let anchor = |size: f32, ratio: f32| {
        let (width, height) = (1.0 / ratio.sqrt() * size, ratio.sqrt() * size);
        let corners = [-width, -height, width, height].map(|v| v / 2.0);
        Xyxy::from(if rounded {
            corners.map(f32::round_ties_even)
        } else {
            corners
        })
    };
    ratios
        .iter()
        .flat_map(|&ratio| {
            sizes
                .iter()
                .map(move |&size| anchor(size as f32, ratio as f32))
        })
        .collect()
}

/// The anchors of one `cell` laid over every cell of a map, in (y, x, a) order; they may reach beyond the image.
///
/// `offset` is where in its cell an anchor is centred, in cells: 0 the corner, 0.5 the centre.
pub fn lay_out(cell: &[Xyxy], grid: AnchorGrid, offset: f64) -> Vec<Xyxy> {
    let centre = |index: usize, stride: usize| (index as f32 + offset as f32) * stride as f32;
    let mut anchors = Vec::with_capacity(grid.cells[0] * grid.cells[1] * cell.len());
    for y in (0..grid.cells[0]).map(|y| centre(y, grid.stride[0])) {
        for x in (0..grid.cells[1]).map(|x| centre(x, grid.stride[1])) {
            anchors.extend(
                cell.iter()
                    .map(|a| Xyxy::new(a.x1 + x, a.y1 + y, a.x2 + x, a.y2 + y)),
            );
        }
    }
    anchors
}

/// The anchors of a detector on all levels.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorLevels {
    /// Of all levels in a row, finest first.
    pub anchors: Vec<Xyxy>,
    /// Which of them are on each level.
    pub levels: Vec<Range<usize>>,
}

impl AnchorLevels {
    /// The recipe's anchors over images of `[height, width]` whose maps are `stages` (see [`recipe::stages`]), and over
    /// the pyramid's extra level where there is one.
    pub fn new(recipe: &recipe::FasterRcnn, image: [usize; 2], stages: &[Stage]) -> Self {
        let grid = |stage: &Stage| AnchorGrid {
            cells: stage.cells,
            stride: [stage.stride; 2],
        };
        let mut grids: Vec<AnchorGrid> = stages.iter().map(grid).collect();
        let extra = recipe.pyramid.as_ref().is_some_and(|p| p.extra_level);
        if let (true, Some(last)) = (extra, grids.last()) {
            grids.push(AnchorGrid {
                cells: last.cells.map(|cells| cells.div_ceil(2)),
                stride: last.stride.map(|stride| 2 * stride),
            });
        }
        let recipe::Anchors {
            sizes,
            ratios,
            offset,
            rounded,
            spacing,
        } = &recipe.anchors;
        if *spacing == Spacing::Divided {
            for grid in &mut grids {
                grid.stride = [0, 1].map(|axis| image[axis] / grid.cells[axis].max(1));
            }
        }
        let mut anchors = Vec::new();
        let mut levels = Vec::with_capacity(grids.len());
        for (level, grid) in grids.into_iter().enumerate() {
            let start = anchors.len();
            let cell = cell_anchors(sizes.of_level(level), ratios, *rounded);
            anchors.extend(lay_out(&cell, grid, *offset));
            levels.push(start..anchors.len());
        }
        Self { anchors, levels }
    }
}

/// How a recipe's regions are read, over images whose maps are `stages` (see [`recipe::stages`]).
pub fn region_levels(recipe: &FasterRcnn, stages: &[Stage]) -> Levels {
    let pyramid = recipe.pyramid.clone().unwrap_or_default();
    let bins = recipe.roi.output;
    let align = |stage: &Stage| RoiAlign {
        output: [bins, bins],
        scale: 1.0 / stage.stride as f32,
        sampling_ratio: recipe.roi.sampling,
        aligned: recipe.roi.aligned,
    };
    Levels {
        aligns: stages.iter().map(align).collect(),
        canonical_size: pyramid.canonical_size as f32,
        canonical_level: pyramid.canonical_level as f32,
    }
}

#[cfg(test)]
mod tests;
