//! Non-maximum suppression: of boxes that overlap too much, only the one with the best score is kept.

use crate::boxes::Xyxy;
use crate::simd::{Lanes, Simd, Task};

/// Candidates are compared with this many kept boxes at a time: enough to fill vector registers, and little is wasted
/// when the first of them already suppresses.
const STEP: usize = 16;

/// Kept boxes, coordinate by coordinate so that the inner loop becomes vector code.
struct Block {
    x1: [f32; STEP],
    y1: [f32; STEP],
    x2: [f32; STEP],
    y2: [f32; STEP],
    area: [f32; STEP],
}

#[derive(Default)]
struct Kept {
    blocks: Vec<Block>,
    len: usize,
}

impl Kept {
    fn push(&mut self, b: Xyxy) {
        let lane = self.len % STEP;
        if lane == 0 {
            // NaN overlaps nothing: a lane that is not filled yet never suppresses.
            let [x1, y1, x2, y2, area] = [[f32::NAN; STEP]; 5];
            self.blocks.push(Block {
                x1,
                y1,
                x2,
                y2,
                area,
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            (block.x1[lane], block.y1[lane]) = (b.x1, b.y1);
            (block.x2[lane], block.y2[lane]) = (b.x2, b.y2);
            block.area[lane] = b.area();
        }
        self.len += 1;
    }

    /// Whether a kept box overlaps `b` by more than `threshold`. The arithmetic equals [`Xyxy::iou`], bit for bit.
    #[inline(always)]
    fn suppress(&self, b: Xyxy, threshold: f32) -> bool {
        let area = b.area();
        for block in &self.blocks {
            let Block {
                x1,
                y1,
                x2,
                y2,
                area: areas,
            } = block;
            // A count, not `any |=`: it becomes vector code.
            let mut above = 0u32;
            for i in 0..STEP {
                let width = x2[i].min(b.x2) - x1[i].max(b.x1);
                let height = y2[i].min(b.y2) - y1[i].max(b.y1);
                let intersection = width.max(0.0) * height.max(0.0);
                above += u32::from(intersection / (areas[i] + area - intersection) > threshold);
            }
            if above > 0 {
                return true;
            }
        }
        false
    }
}

/// The largest `f32` not above `threshold`: for every `f32` value v, `v > this` is equivalent to
/// `f64::from(v) > threshold`. Rounding to nearest would not: as `f32`, 0.3 lies above the number 0.3, so that an
/// overlap of exactly 0.3 would survive, which torchvision suppresses.
pub fn round_down(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold {
        nearest.next_down()
    } else {
        nearest
    }
}

/// The indices of the `count` best of `scores` (all, if there are fewer), best first; ties in their given order,
/// NaN last.
///
/// # Panics
/// For 2^32 scores or more.
pub fn top_by_score(scores: &[f32], count: usize) -> Vec<usize> {
    assert!(
        u32::try_from(scores.len()).is_ok(),
        "top_by_score: too many scores"
    );
    // Score and index in one integer, best first: sorting compares numbers that lie side by side.
    let mut keys: Vec<u64> = (0u64..)
        .zip(scores)
        .map(|(index, &score)| u64::from(descending(score)) << 32 | index)
        .collect();
    if count < keys.len() {
        keys.select_nth_unstable(count);
        keys.truncate(count);
    }
    keys.sort_unstable();
    keys.into_iter().map(|key| key as u32 as usize).collect()
}

/// An integer that falls as the score rises, and is greatest for NaN.
fn descending(score: f32) -> u32 {
    if score.is_nan() {
        return u32::MAX;
    }
    let bits = (score + 0.0).to_bits(); // -0 becomes 0, its equal
    // Without their sign, floats are ordered as their bits are.
    if bits >> 31 == 0 {
        !(bits | 1 << 31)
    } else {
        bits
    }
}

/// The indices of the boxes that stay, best score first (ties in their given order). A box goes when its IoU with a
/// better one that stays is above `threshold`, strictly; the IoU is computed in `f32` and compared as `f64`, as
/// torchvision does. A NaN overlap (two equal boxes without area) never suppresses.
///
/// # Panics
/// When `boxes` and `scores` differ in length.
pub fn nms(boxes: &[Xyxy], scores: &[f32], threshold: f64) -> Vec<usize> {
    assert_eq!(boxes.len(), scores.len(), "one score a box");
    let order = top_by_score(scores, scores.len());
    keep_in_order(boxes, &order, round_down(threshold), boxes.len())
}

/// [`nms`] within each class: boxes of different classes never suppress each other. The indices of the boxes that
/// stay, best score first over all classes, at most `most` of them.
///
/// # Panics
/// When `boxes`, `scores` and `classes` differ in length.
pub fn batched_nms(
    boxes: &[Xyxy],
    scores: &[f32],
    classes: &[usize],
    threshold: f64,
    most: usize,
) -> Vec<usize> {
    assert_eq!(boxes.len(), scores.len(), "one score a box");
    assert_eq!(boxes.len(), classes.len(), "one class a box");
    let threshold = round_down(threshold);
    let mut order = top_by_score(scores, scores.len());
    let mut by_class = order.clone();
    by_class.sort_by_key(|&i| classes[i]);
    let mut stays = vec![false; boxes.len()];
    for group in by_class.chunk_by(|&a, &b| classes[a] == classes[b]) {
        // What is not among the best of its class is not among the best of all.
        for i in keep_in_order(boxes, group, threshold, most) {
            stays[i] = true;
        }
    }
    order.retain(|&i| stays[i]);
    order.truncate(most);
    order
}

/// The first `most` boxes of `order` that overlap none that stayed before them.
fn keep_in_order(boxes: &[Xyxy], order: &[usize], threshold: f32, most: usize) -> Vec<usize> {
    Simd::current().run(Keep {
        boxes,
        order,
        threshold,
        most,
    })
}

struct Keep<'a> {
    boxes: &'a [Xyxy],
    order: &'a [usize],
    threshold: f32,
    most: usize,
}

impl Task for Keep<'_> {
    type Output = Vec<usize>;

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) -> Vec<usize> {
        let mut kept = Kept::default();
        let mut stays = Vec::new();
        for &i in self.order {
            if stays.len() == self.most {
                break;
            }
            if !kept.suppress(self.boxes[i], self.threshold) {
                kept.push(self.boxes[i]);
                stays.push(i);
            }
        }
        stays
    }
}

#[cfg(test)]
mod tests;
