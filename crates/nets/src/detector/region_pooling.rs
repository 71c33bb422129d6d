//! Region pooling: RoIAlign of every region on the level of the pyramid that suits its size.
//!
//! L levels, finest first; R regions of all images; C channels. 'level' k has stride 2^k.

use kernels::boxes::Xyxy;
use kernels::roi_align::Levels;

use crate::ops::Maps;

/// R regions of the image of the given number -> `[R, C, bins, bins]`, from maps `[N, C, H_l, W_l]`; maps beyond the
/// levels (the pyramid's extra one) are not read.
///
/// # Panics
/// Without any level.
pub fn pool(levels: &Levels, maps: &[Maps], regions: &[(usize, Xyxy)]) -> Maps {
    let of: Vec<usize> = regions.iter().map(|region| levels.of(region.1)).collect();
    // Each level pools all regions, those of other levels from outside its map, where everything is 0: the sum has
    // each region in its place, whatever the layout of the maps.
    let pooled = levels.aligns.iter().zip(maps).enumerate();
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

/// Far outside any map; RoIAlign reads nothing there.
const OUTSIDE: Xyxy = Xyxy {
    x1: -1e6,
    y1: -1e6,
    x2: -1e6,
    y2: -1e6,
};
