//! Anchors: the boxes of fixed sizes and shapes around every cell of a feature map that proposals start from.
//!
//! A anchors per cell; 'level' is one feature map, 'stride' the image pixels between two of its cells, 'ratio' height by
//! width. Anchors are listed in (y, x, a) order, as the outputs of the proposal head are flattened.

use std::ops::Range;

use kernels::boxes::Xyxy;

use recipe::Stage;

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
        let recipe::Anchors {
            sizes,
            ratios,
            offset,
            rounded,
        } = &recipe.anchors;
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

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: AnchorGrid = AnchorGrid {
        cells: [7, 7],
        stride: [4, 4],
    };

    #[test]
    fn defaults_cover_a_digit_image() {
        let recipe::Anchors { sizes, ratios, .. } = recipe::Anchors::default();
        let cell = cell_anchors(sizes.of_level(0), &ratios, false);
        let anchors = lay_out(&cell, MAP, 0.5);
        assert_eq!((anchors.len(), cell.len()), (294, 6));
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
        let tall = cell_anchors(&[12.], &[3.], false)[0];
        assert!((tall.height() / tall.width() - 3.).abs() < 1e-5);
        assert!((tall.area() - 144.).abs() < 1e-3);
    }

    #[test]
    fn halves_round_to_even() {
        assert_eq!(
            cell_anchors(&[5., 7.], &[1.], true),
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
        let cell = cell_anchors(&[12.], &[1.], false);
        let empty = AnchorGrid {
            cells: [0, 7],
            ..MAP
        };
        assert_eq!(cell_anchors(&[], &[1.], false), []);
        assert_eq!(lay_out(&[], MAP, 0.5), []);
        assert_eq!(lay_out(&cell, empty, 0.5), []);
    }
}
