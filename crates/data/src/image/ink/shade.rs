//! Paper under shadows with edges: the picture without anything as narrow as a pen.

use super::levels::{noise, strongest};
use crate::resize::Resizer;

/// The longer side of the picture on which this is done.
const SIDE: usize = 160;
/// How far the closing reaches, in pixels of that picture.
const REACHES: [usize; 5] = [28, 20, 14, 10, 7];
/// How far the surroundings reach that tell whether a pixel is dark.
const SURROUNDINGS: [usize; 3] = [6, 12, 24];
/// What has at least this share of the strongest level may be ink.
const INK: f32 = 0.25;
/// Standard deviations of the noise that may be paper.
const EDGE_NOISE: f32 = 5.0;
/// One in so many pixels of the border may be ink all the same.
const FEW: usize = 100;
/// Paper that differs by less than this share of the strongest ink has no shadow with an edge.
const SHADED: f32 = 0.12;

/// The level of the paper at each pixel, or `None` if the paper is even, or if at each reach some of the shadow looks like
/// ink.
pub(super) fn paper(values: &[f32], size: [usize; 2], is_light: bool) -> Option<Vec<f32>> {
    let small_size = small_size(size);
    let turned = |value: f32| if is_light { value } else { 255.0 - value };
    let dark: Vec<f32> = values.iter().copied().map(turned).collect();
    let small = smoothed(
        &Resizer::new(size, small_size).resize_f32(&dark),
        small_size,
    );
    let mut chosen = None;
    let small_side = small_size[0].max(small_size[1]);
    let reaches = REACHES.into_iter().filter(|reach| 5 * reach < small_side);
    for (index, reach) in reaches.enumerate() {
        let paper = closed(&small, small_size, reach);
        let differences = small.iter().zip(&paper);
        let levels: Vec<f32> = differences
            .map(|(value, paper)| {
                if is_light {
                    // Less light falls on ink in a shadow as well.
                    (paper - value) / paper.max(1.0)
                } else {
                    paper - value
                }
            })
            .collect();
        let most = strongest(levels.iter().copied());
        if index == 0 && !is_shaded(&paper, &small) {
            return None;
        }
        // The edge of a shadow leads from edge to edge of the picture.
        let is_at_edge = |at: usize| {
            let (y, x) = (at / small_size[1], at % small_size[1]);
            y.min(x) == 0 || y + 1 == small_size[0] || x + 1 == small_size[1]
        };
        let level = most * INK.max(EDGE_NOISE * noise(&levels, small_size) / most.max(1e-6));
        let leads_out = (0..levels.len()).filter(|&at| levels[at] > level && is_at_edge(at));
        let border = 2 * (small_size[0] + small_size[1]);
        let leads_out = leads_out.count() * FEW > border;
        if !leads_out {
            chosen = Some(paper);
            break;
        }
    }
    let paper = chosen?;
    let large = Resizer::new(small_size, size).resize_f32(&smoothed(&paper, small_size));
    Some(large.into_iter().map(turned).collect())
}

/// Whether strokes are darker than their surroundings. Along the edge of a shadow as much is darker as is lighter.
pub(super) fn is_light(values: &[f32], size: [usize; 2]) -> bool {
    let small_size = small_size(size);
    let small = Resizer::new(size, small_size).resize_f32(values);
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    let mut squares = [0.0f64; 2];
    for reach in SURROUNDINGS {
        let around = along_both(&small, small_size, reach, mean);
        for (value, around) in small.iter().zip(&around) {
            let difference = value - around;
            squares[usize::from(difference < 0.0)] += f64::from(difference).powi(2);
        }
    }
    squares[1] > squares[0]
}

fn small_size(size: [usize; 2]) -> [usize; 2] {
    let longer = size[0].max(size[1]);
    if longer > SIDE {
        size.map(|side| (side * SIDE / longer).max(2))
    } else {
        size
    }
}

/// Whether the paper's level differs from place to place.
fn is_shaded(paper: &[f32], values: &[f32]) -> bool {
    let range = |values: &[f32]| {
        let low = -strongest(values.iter().map(|value| -value));
        strongest(values.iter().copied()) - low
    };
    range(paper) > SHADED * range(values)
}

/// The mean of each pixel and its neighbours.
fn smoothed(values: &[f32], size: [usize; 2]) -> Vec<f32> {
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    along_both(values, size, 1, mean)
}

/// A morphological closing: dark strokes of up to `2 * reach` pixels take the level of what is beside them.
fn closed(values: &[f32], size: [usize; 2], reach: usize) -> Vec<f32> {
    let most = |part: &[f32]| part.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = |part: &[f32]| part.iter().copied().fold(f32::INFINITY, f32::min);
    along_both(&along_both(values, size, reach, most), size, reach, least)
}

/// `number` of the pixels within `reach` to the sides, then of those above and below.
fn along_both(
    values: &[f32],
    [height, width]: [usize; 2],
    reach: usize,
    number: impl Fn(&[f32]) -> f32,
) -> Vec<f32> {
    let line = |values: &[f32]| -> Vec<f32> {
        (0..values.len())
            .map(|at| number(&values[at.saturating_sub(reach)..(at + reach + 1).min(values.len())]))
            .collect()
    };
    let mut rows: Vec<f32> = values.chunks_exact(width).flat_map(line).collect();
    for x in 0..width {
        let column: Vec<f32> = (0..height).map(|y| rows[y * width + x]).collect();
        for (y, value) in line(&column).into_iter().enumerate() {
            rows[y * width + x] = value;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_follows_the_edge_of_a_shadow() {
        let (width, height) = (240, 160);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let light = |x: usize| if x < 150 { 230.0 } else { 120.0 };
        let is_ink = |x: usize, y: usize| (60..72).contains(&x) && (30..130).contains(&y);
        let drawn = |(x, y): (usize, usize)| if is_ink(x, y) { 30.0 } else { light(x) };
        let values: Vec<f32> = places.map(drawn).collect();
        for is_light in [true, false] {
            let turned = |value: &f32| if is_light { *value } else { 255.0 - value };
            let values: Vec<f32> = values.iter().map(turned).collect();
            let found = paper(&values, [height, width], is_light).unwrap();
            for (x, y) in [
                (20, 80),
                (66, 80),
                (66, 35),
                (130, 20),
                (170, 80),
                (230, 150),
            ] {
                let found = found[y * width + x];
                let expected = turned(&light(x));
                assert!(
                    (found - expected).abs() < 12.0,
                    "{x}, {y}: {found} for {expected}"
                );
            }
        }
    }

    #[test]
    fn even_paper_has_no_shadow() {
        let values: Vec<f32> = (0..10_000)
            .map(|at| if at % 100 == 50 { 20.0 } else { 200.0 })
            .collect();
        assert!(paper(&values, [100, 100], true).is_none());
    }
}
