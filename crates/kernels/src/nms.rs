//! Non-maximum suppression: of boxes that overlap too much only the one with the best score stays.

use crate::boxes::Xyxy;
use crate::simd::{Lanes, Simd, Task};

/// Candidates are compared with this many kept boxes at a time: enough to fill vector registers, and little is wasted
/// when the first of them already suppresses.
const STEP: usize = 16;

/// Kept boxes, coordinate by coordinate and padded to whole steps, so that the inner loop becomes vector code.
#[derive(Default)]
struct Kept {
    x1: Vec<[f32; STEP]>,
    y1: Vec<[f32; STEP]>,
    x2: Vec<[f32; STEP]>,
    y2: Vec<[f32; STEP]>,
    area: Vec<[f32; STEP]>,
    len: usize,
}

impl Kept {
    fn push(&mut self, b: Xyxy) {
        let lane = self.len % STEP;
        let fields = [
            (&mut self.x1, b.x1),
            (&mut self.y1, b.y1),
            (&mut self.x2, b.x2),
            (&mut self.y2, b.y2),
            (&mut self.area, b.area()),
        ];
        for (field, value) in fields {
            if lane == 0 {
                // NaN overlaps nothing: a lane that is not filled yet never suppresses.
                field.push([f32::NAN; STEP]);
            }
            if let Some(last) = field.last_mut() {
                last[lane] = value;
            }
        }
        self.len += 1;
    }

    /// Whether a kept box overlaps `b` by more than `threshold`. The arithmetic is that of [`Xyxy::iou`], bit for bit.
    #[inline(always)]
    fn suppress(&self, b: Xyxy, threshold: f32) -> bool {
        let area = b.area();
        for block in 0..self.x1.len() {
            let (x1, y1) = (&self.x1[block], &self.y1[block]);
            let (x2, y2) = (&self.x2[block], &self.y2[block]);
            let areas = &self.area[block];
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

/// The largest `f32` not above `threshold`: for every `f32` value v, `v > this` says the same as
/// `f64::from(v) > threshold`. Rounding to nearest would not: as `f32`, 0.3 lies above the number 0.3, so that an
/// overlap of exactly 0.3 would survive, which torchvision suppresses.
fn round_down(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold {
        nearest.next_down()
    } else {
        nearest
    }
}

/// The indices of the `count` best of `scores` (all, where there are fewer), best first: ties in their given order,
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

/// An integer that is the smaller the greater the score; the greatest of all for NaN.
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
mod tests {
    use super::*;
    use crate::reference;
    use proptest::prelude::*;

    fn boxes(rows: &[[f32; 4]]) -> Vec<Xyxy> {
        rows.iter().map(|&r| r.into()).collect()
    }

    #[test]
    fn telling_cases() {
        struct Case {
            name: &'static str,
            boxes: &'static [[f32; 4]],
            scores: &'static [f32],
            threshold: f64,
            stay: &'static [usize],
        }
        let half = &[[0., 0., 10., 10.], [0., 0., 10., 5.]];
        let three_tenths = &[[0., 0., 10., 10.], [0., 0., 10., 3.]];
        let cases = [
            Case {
                name: "nothing",
                boxes: &[],
                scores: &[],
                threshold: 0.5,
                stay: &[],
            },
            Case {
                name: "IoU equal to the threshold stays",
                boxes: half,
                scores: &[0.9, 0.8],
                threshold: 0.5,
                stay: &[0, 1],
            },
            Case {
                name: "IoU above the threshold goes",
                boxes: half,
                scores: &[0.8, 0.9],
                threshold: 0.49,
                stay: &[1],
            },
            Case {
                name: "0.3 as f32 is above 0.3",
                boxes: three_tenths,
                scores: &[0.9, 0.8],
                threshold: 0.3,
                stay: &[0],
            },
            Case {
                name: "ties keep the first",
                boxes: &[[0., 0., 4., 4.], [0., 0., 4., 4.], [9., 9., 12., 12.]],
                scores: &[0.5, 0.5, 0.5],
                threshold: 0.5,
                stay: &[0, 2],
            },
            Case {
                name: "a suppressed box suppresses nothing",
                boxes: &[[0., 0., 10., 10.], [4., 0., 14., 10.], [8., 0., 18., 10.]],
                scores: &[0.9, 0.8, 0.7],
                threshold: 0.4,
                stay: &[0, 2],
            },
            Case {
                name: "boxes without area never go",
                boxes: &[[5., 5., 5., 5.], [5., 5., 5., 5.]],
                scores: &[0.9, 0.8],
                threshold: 0.5,
                stay: &[0, 1],
            },
            Case {
                name: "a NaN score comes last",
                boxes: &[[0., 0., 4., 4.], [0., 0., 4., 4.]],
                scores: &[f32::NAN, -1.0],
                threshold: 0.5,
                stay: &[1],
            },
        ];
        for Case {
            name,
            boxes: rows,
            scores,
            threshold,
            stay,
        } in cases
        {
            assert_eq!(nms(&boxes(rows), scores, threshold), stay, "{name}");
        }
    }

    #[test]
    fn the_best_come_first_and_nan_last() {
        let scores = [0.5, f32::NAN, 0.9, -0.0, 0.5, 0.0, f32::NAN, f32::INFINITY];
        let all = [7, 2, 0, 4, 3, 5, 1, 6];
        for count in 0..10 {
            assert_eq!(
                top_by_score(&scores, count),
                all[..count.min(8)],
                "best {count}"
            );
        }
    }

    #[test]
    fn classes_do_not_meet() {
        let rows = boxes(&[
            [0., 0., 10., 10.],
            [1., 1., 11., 11.],
            [0., 0., 10., 10.],
            [1., 1., 11., 11.],
        ]);
        assert_eq!(
            batched_nms(&rows, &[0.6, 0.7, 0.8, 0.9], &[3, 3, 1, 1], 0.5, 9),
            [3, 1]
        );
    }

    fn some_boxes() -> impl Strategy<Value = Vec<(Xyxy, f32, usize)>> {
        // Whole-number corners and few scores: exact ties, touching edges and boxes without area are common.
        let item = (
            0..12_i32,
            0..12_i32,
            0..8_i32,
            0..8_i32,
            0..6_i32,
            0..3_usize,
        );
        let item = item.prop_map(|(x, y, w, h, score, class)| {
            (
                Xyxy::from_xywh([x, y, w, h].map(|v| v as f32)),
                score as f32 / 4.0,
                class,
            )
        });
        prop::collection::vec(item, 0..80)
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_loop(items in some_boxes(), threshold in prop::sample::select(vec![0.0, 0.3, 0.5, 0.7])) {
            let boxes: Vec<_> = items.iter().map(|i| i.0).collect();
            let scores: Vec<_> = items.iter().map(|i| i.1).collect();
            let classes: Vec<_> = items.iter().map(|i| i.2).collect();
            let one_class = vec![0; boxes.len()];
            prop_assert_eq!(nms(&boxes, &scores, threshold), reference::nms(&boxes, &scores, &one_class, threshold));
            let all = reference::nms(&boxes, &scores, &classes, threshold);
            for most in [0, 1, all.len() / 2, all.len(), usize::MAX] {
                let best = &all[..most.min(all.len())];
                prop_assert_eq!(batched_nms(&boxes, &scores, &classes, threshold, most), best);
            }
        }

        #[test]
        fn rounding_down_compares_as_f64(threshold in 0.0..1.0_f64, steps in -3..4_i32) {
            let mut value = threshold as f32;
            for _ in 0..steps.abs() {
                value = if steps > 0 { value.next_up() } else { value.next_down() };
            }
            prop_assert_eq!(value > round_down(threshold), f64::from(value) > threshold);
        }
    }
}
