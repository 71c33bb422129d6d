//! Which level of a pyramid a region is read from.
//!
//! L levels, finest first; 'level' k has stride 2^k.

use super::RoiAlign;
use crate::boxes::Xyxy;

/// How regions are read from the levels of a pyramid.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// How from each; the scales are powers of two when there are several, each the same as the one before or half of it.
    pub aligns: Vec<RoiAlign>,
    /// A region of this size (the square root of its area, in pixels) ...
    pub canonical_size: f32,
    /// ... is read from the level with stride 2 to the power of this, half as large a one from the next finer.
    pub canonical_level: f32,
}

impl Levels {
    /// The level that a region is read from, as an index into `aligns`: floor(k0 + log2(√area / s0) + 1e-6) with the
    /// canonical level k0 and size s0, brought into range (Lin et al. 2017, equation 1; the small addition is
    /// torchvision's).
    pub fn of(&self, region: Xyxy) -> usize {
        let exponent = |align: &RoiAlign| -align.scale.log2();
        let finest = self.aligns.first().map_or(0.0, exponent);
        let coarsest = self.aligns.last().map_or(0.0, exponent);
        let size = region.area().sqrt() / self.canonical_size;
        let level = (self.canonical_level + size.log2() + 1e-6).floor();
        // The conversion saturates: a region without area is read from the finest level. Of levels with the same stride the
        // first is read.
        (level.min(coarsest) - finest) as usize
    }
}

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
        let levels = Levels {
            aligns: vec![align(4.0), align(8.0), align(16.0)],
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
            assert_eq!(levels.of(corners.into()), expected, "{name}");
        }
    }

    /// torchvision's MobileNet detectors: the second map is only seen by the proposals.
    #[test]
    fn of_maps_with_one_stride_the_first_is_read() {
        let align = RoiAlign {
            output: [7, 7],
            scale: 1.0 / 32.0,
            sampling_ratio: 2,
            aligned: false,
        };
        let levels = Levels {
            aligns: vec![align; 2],
            canonical_size: 224.0,
            canonical_level: 4.0,
        };
        for side in [1.0, 100.0, 1000.0, 4000.0] {
            assert_eq!(levels.of(Xyxy::new(0.0, 0.0, side, side)), 0, "{side}");
        }
    }
}
