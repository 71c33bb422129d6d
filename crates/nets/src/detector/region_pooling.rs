//! Region pooling: RoIAlign of every region on the level of the pyramid that suits its size.
//!
//! L levels, finest first; R regions of all images; C channels. 'level' k has stride 2^k.

use kernels::boxes::Xyxy;

use crate::ops::{Maps, RoiAlign};
use recipe::{FasterRcnn, Stage};

/// Reads regions as small maps of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionPooling {
    /// How regions are read from each level; the scales are powers of two when there are several.
    pub levels: Vec<RoiAlign>,
    /// A region of this size (the square root of its area, in pixels) ...
    pub canonical_size: f32,
    /// ... is read from the level with stride 2 to the power of this, half as large a one from the next finer.
    pub canonical_level: f32,
}

impl RegionPooling {
    /// The recipe's, over images whose maps are `stages` (see [`recipe::stages`]).
    pub fn new(recipe: &FasterRcnn, stages: &[Stage]) -> Self {
        let pyramid = recipe.pyramid.clone().unwrap_or_default();
        let bins = recipe.roi.output;
        let align = |stage: &Stage| RoiAlign {
            output: [bins, bins],
            scale: 1.0 / stage.stride as f32,
            sampling_ratio: recipe.roi.sampling,
            aligned: recipe.roi.aligned,
        };
        Self {
            levels: stages.iter().map(align).collect(),
            canonical_size: pyramid.canonical_size as f32,
            canonical_level: pyramid.canonical_level as f32,
        }
    }

    /// The level that a region is read from, as an index into `levels`: floor(k0 + log2(√area / s0) + 1e-6) with the
    /// canonical level k0 and size s0, brought into range (Lin et al. 2017, equation 1; the small addition is
    /// torchvision's).
    pub fn level(&self, region: Xyxy) -> usize {
        let exponent = |align: &RoiAlign| -align.scale.log2();
        let finest = self.levels.first().map_or(0.0, exponent);
        let size = region.area().sqrt() / self.canonical_size;
        let level = (self.canonical_level + size.log2() + 1e-6).floor() - finest;
        // The conversion saturates: a region without area is read from the finest level.
        (level as usize).min(self.levels.len().saturating_sub(1))
    }

    /// R regions of the image of the given number -> `[R, C, bins, bins]`, from levels `[N, C, H_l, W_l]`; levels
    /// beyond its own (the pyramid's extra one) are not read.
    ///
    /// # Panics
    /// Without any level.
    pub fn forward(&self, levels: &[Maps], regions: &[(usize, Xyxy)]) -> Maps {
        let of: Vec<usize> = regions.iter().map(|region| self.level(region.1)).collect();
        // Each level pools all regions, those of other levels from outside its map, where everything is 0: the sum has
        // each region in its place, whatever the layout of the maps.
        let pooled = self.levels.iter().zip(levels).enumerate();
        let pooled = pooled.filter(|(level, _)| *level == 0 || of.contains(level));
        pooled
            .map(|(level, (align, map))| {
                let rows = regions.iter().zip(&of).map(|(&(image, own), of)| {
                    let b = if *of == level { own } else { OUTSIDE };
                    [image as f32, b.x1, b.y1, b.x2, b.y2]
                });
                map.clone().roi_align(&rows.collect::<Vec<_>>(), align)
            })
            .reduce(Maps::plus)
            .expect("a detector has at least one level")
    }
}

/// Far outside any map; RoIAlign reads nothing there.
const OUTSIDE: Xyxy = Xyxy {
    x1: -1e6,
    y1: -1e6,
    x2: -1e6,
    y2: -1e6,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_choose_levels() {
        let align = |stride: f32| RoiAlign {
            output: [5, 5],
            scale: 1.0 / stride,
            sampling_ratio: 2,
            aligned: true,
        };
        let pooling = RegionPooling {
            levels: vec![align(4.0), align(8.0), align(16.0)],
            canonical_size: 28.0,
            canonical_level: 3.0,
        };
        let cases = [
            ("canonical", [0., 0., 28., 28.], 1),
            ("just below", [0., 0., 27.9, 28.], 0),
            ("by area, not by side", [0., 0., 14., 56.], 1),
            ("twice as large", [4., 4., 60., 60.], 2),
            ("larger than all", [0., 0., 900., 900.], 2),
            ("tiny", [0., 0., 1., 1.], 0),
            ("no area", [3., 3., 3., 9.], 0),
        ];
        for (name, corners, expected) in cases {
            assert_eq!(pooling.level(corners.into()), expected, "{name}");
        }
    }
}
