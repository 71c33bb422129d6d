//! Anchors: the boxes of fixed sizes and shapes around every cell of a feature map that proposals start from.
//!
//! A anchors a cell; 'level' is one feature map, 'stride' the image pixels between two of its cells, 'ratio' height by
//! width. Anchors are listed in (y, x, a) order, as the outputs of the proposal head are flattened.

use std::ops::Range;

use kernels::boxes::Xyxy;

use recipe::{self, Stage};

/// Which of size and ratio changes fastest among the anchors of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnchorOrder {
    /// All sizes of the first ratio, then of the next: torchvision's order.
    #[default]
    RatioMajor,
    /// All ratios of the first size, then of the next: detectron2's order.
    SizeMajor,
}

/// Sizes and shapes of the anchors. The defaults are for digits of 28 x 28 pixels on one map of stride 4.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorConfig {
    /// Square roots of the anchors' areas in pixels, one list a level, finest level first.
    pub sizes: Vec<Vec<f32>>,
    /// Heights divided by widths, on every level.
    pub ratios: Vec<f32>,
    /// Whether the corners around a cell are rounded to whole pixels, halves to even: torchvision's habit, coarse for
    /// small objects.
    pub rounded: bool,
    /// Where anchors are centred within their cell, in cells: 0 its corner (torchvision), 0.5 its centre.
    pub offset: f32,
    /// The order of the anchors of one cell; it matters only for weights trained elsewhere.
    pub order: AnchorOrder,
}

impl AnchorConfig {
    /// The recipe's anchors on so many levels.
    pub fn from_recipe(recipe: &recipe::Anchors, levels: usize) -> Self {
        let sizes = |level| recipe.sizes.of_level(level).iter();
        Self {
            sizes: (0..levels)
                .map(|level| sizes(level).map(|size| *size as f32).collect())
                .collect(),
            ratios: recipe.ratios.iter().map(|ratio| *ratio as f32).collect(),
            rounded: recipe.rounded,
            offset: recipe.offset as f32,
            order: AnchorOrder::RatioMajor,
        }
    }
}

impl Default for AnchorConfig {
    fn default() -> Self {
        Self::from_recipe(&recipe::Anchors::default(), 1)
    }
}

/// One feature map as anchors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorGrid {
    /// Cells, `[height, width]`.
    pub cells: [usize; 2],
    /// Pixels from one cell to the next, `[y, x]`.
    pub stride: [usize; 2],
}

impl AnchorGrid {
    /// The map of `cells` over an image of `[height, width]` pixels: the stride is their quotient, rounded down. A map
    /// without cells has stride 0.
    pub fn over(image: [usize; 2], cells: [usize; 2]) -> Self {
        let stride = [0, 1].map(|axis| image[axis].checked_div(cells[axis]).unwrap_or(0));
        Self { cells, stride }
    }
}

impl AnchorConfig {
    /// Anchors a cell on `level`: sizes of the level times ratios; 0 for a level without sizes.
    pub fn per_cell(&self, level: usize) -> usize {
        self.sizes.get(level).map_or(0, Vec::len) * self.ratios.len()
    }

    /// The anchors of one cell of `level` around its centre at (0, 0).
    pub fn cell_anchors(&self, level: usize) -> Vec<Xyxy> {
        let sizes = self.sizes.get(level).map_or(&[][..], Vec::as_slice);
        let anchor = |size: f32, ratio: f32| {
            let (width, height) = (1.0 / ratio.sqrt() * size, ratio.sqrt() * size);
            let corners = [-width, -height, width, height].map(|v| v / 2.0);
            Xyxy::from(if self.rounded {
                corners.map(f32::round_ties_even)
            } else {
                corners
            })
        };
        let ratios = &self.ratios;
        match self.order {
            AnchorOrder::RatioMajor => ratios
                .iter()
                .flat_map(|&r| sizes.iter().map(move |&s| anchor(s, r)))
                .collect(),
            AnchorOrder::SizeMajor => sizes
                .iter()
                .flat_map(|&s| ratios.iter().map(move |&r| anchor(s, r)))
                .collect(),
        }
    }

    /// All anchors of `level` on its map, in (y, x, a) order; they may reach beyond the image.
    pub fn anchors(&self, level: usize, grid: AnchorGrid) -> Vec<Xyxy> {
        let cell = self.cell_anchors(level);
        let centre = |index: usize, stride: usize| (index as f32 + self.offset) * stride as f32;
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
    /// The recipe's anchors over images whose maps are `stages` (see [`recipe::stages`]), and over the pyramid's extra
    /// level where there is one.
    pub fn new(recipe: &recipe::FasterRcnn, stages: &[Stage]) -> Self {
        // The backbone's true stride: torchvision's, the quotient of image and map, is one pixel too short where the
        // last cell reaches beyond the image.
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
        let config = AnchorConfig::from_recipe(&recipe.anchors, grids.len());
        let mut anchors = Vec::new();
        let mut levels = Vec::with_capacity(grids.len());
        for (level, grid) in grids.into_iter().enumerate() {
            let start = anchors.len();
            anchors.extend(config.anchors(level, grid));
            levels.push(start..anchors.len());
        }
        Self { anchors, levels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_cover_a_digit_image() {
        let config = AnchorConfig::default();
        let anchors = config.anchors(0, AnchorGrid::over([28, 28], [7, 7]));
        assert_eq!(anchors.len(), 294);
        assert_eq!(config.per_cell(0), 6);
        assert_eq!(
            anchors[0],
            Xyxy::new(-4., -4., 8., 8.),
            "size 12 around the centre (2, 2) of the first cell"
        );
        assert_eq!(anchors[6].x1 - anchors[0].x1, 4., "x changes before y");
        assert_eq!(anchors[42].y1 - anchors[0].y1, 4.);
    }

    #[test]
    fn ratio_is_height_by_width_and_keeps_the_area() {
        let config = AnchorConfig {
            sizes: vec![vec![12.]],
            ratios: vec![3.],
            ..Default::default()
        };
        let tall = config.cell_anchors(0)[0];
        assert!((tall.height() / tall.width() - 3.).abs() < 1e-5);
        assert!((tall.area() - 144.).abs() < 1e-3);
    }

    #[test]
    fn halves_round_to_even() {
        let config = AnchorConfig {
            sizes: vec![vec![5., 7.]],
            ratios: vec![1.],
            rounded: true,
            ..Default::default()
        };
        assert_eq!(
            config.cell_anchors(0),
            [Xyxy::new(-2., -2., 2., 2.), Xyxy::new(-4., -4., 4., 4.)]
        );
    }

    /// Configuration (b') of Faster R-CNN on scenes: 75, 38 and 19 cells a side, six anchors each.
    #[test]
    fn levels_of_a_pyramid_lie_in_a_row() -> Result<(), Box<dyn std::error::Error>> {
        let set = [
            "model.pyramid.extra-level=true",
            "model.anchors.sizes=[10, 14]",
        ];
        let recipe = recipe::Recipe::load("scenes-fpn", &set)?;
        let recipe::Model::FasterRcnn(detector) = &recipe.model else {
            return Err("a classifier".into());
        };
        let stages = recipe::stages(detector, [1, 300, 300])?;
        let AnchorLevels { anchors, levels } = AnchorLevels::new(detector, &stages);
        let counts: Vec<usize> = levels.iter().map(ExactSizeIterator::len).collect();
        assert_eq!(counts, [75, 38, 19, 10].map(|side| 6 * side * side));
        assert_eq!(anchors.len(), levels[3].end);
        let centre = |i: usize| (anchors[i].x1 + anchors[i].x2) / 2.0;
        let firsts: Vec<f32> = levels.iter().map(|level| centre(level.start)).collect();
        assert_eq!(firsts, [2.0, 4.0, 8.0, 16.0]);
        assert_eq!(
            centre(levels[1].start + 6) - firsts[1],
            8.0,
            "a stride of 8, not 300 / 38"
        );
        Ok(())
    }

    #[test]
    fn nothing_without_sizes_or_cells() {
        let config = AnchorConfig::default();
        assert_eq!(config.anchors(1, AnchorGrid::over([28, 28], [7, 7])), []);
        assert_eq!(config.anchors(0, AnchorGrid::over([28, 28], [0, 7])), []);
    }
}
