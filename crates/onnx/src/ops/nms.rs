//! Non-maximum suppression of each class of each image.

use kernels::boxes::Xyxy;
use kernels::nms::batched_nms;

use super::{Call, Outputs, one};
use crate::tensor::Tensor;

/// `[count, 3]`: image, class and box of each that stays, best first within a class.
pub(super) fn non_max_suppression(call: &mut Call) -> Outputs {
    let (boxes, scores) = (call.input(0)?, call.input(1)?);
    let (&[images, count, 4], &[also, classes, same]) = (boxes.shape(), scores.shape()) else {
        return Err(format!(
            "boxes {:?} and scores {:?}",
            boxes.shape(),
            scores.shape()
        ));
    };
    if also != images || same != count {
        return Err(format!(
            "boxes {:?} and scores {:?}",
            boxes.shape(),
            scores.shape()
        ));
    }
    let centred = match call.attributes().int_or("center_point_box", 0)? {
        0 => false,
        1 => true,
        other => return Err(format!("attribute 'center_point_box' can't be {other}")),
    };
    let limit = |index: usize| call.optional(index).filter(|input| !input.is_empty());
    let most = match limit(2) {
        Some(most) => usize::try_from(most.integer("the limit")?.max(0)).unwrap_or(usize::MAX),
        None => 0,
    };
    let number = |input: Option<&Tensor>| input.map(|input| input.float("a threshold")).transpose();
    let overlap = number(limit(3))?.unwrap_or(0.0);
    let least = number(limit(4))?.map(|least| least as f32);
    let boxes = boxes.expect::<f32>("the boxes")?;
    let scores = scores.expect::<f32>("the scores")?;
    if u32::try_from(count).is_err() {
        return Err(format!("{count} boxes are too many"));
    }
    let mut found: Vec<i64> = Vec::new();
    for image in 0..images {
        let corners: Vec<Xyxy> = boxes[image * count * 4..][..count * 4]
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&[a, b, c, d]| {
                if centred {
                    let (half_width, half_height) = (c / 2.0, d / 2.0);
                    Xyxy::new(
                        a - half_width,
                        b - half_height,
                        a + half_width,
                        b + half_height,
                    )
                } else {
                    // Any two opposite corners, y first.
                    Xyxy::new(b.min(d), a.min(c), b.max(d), a.max(c))
                }
            })
            .collect();
        for class in 0..classes {
            let scores = &scores[(image * classes + class) * count..][..count];
            let is_candidate = |&i: &usize| least.is_none_or(|least| scores[i] > least);
            let candidates: Vec<usize> = (0..count).filter(is_candidate).collect();
            let of =
                |f: &dyn Fn(usize) -> f32| candidates.iter().map(|&i| f(i)).collect::<Vec<f32>>();
            let own_scores = of(&|i| scores[i]);
            let own: Vec<Xyxy> = candidates.iter().map(|&i| corners[i]).collect();
            let one_class = vec![0; candidates.len()];
            let kept = batched_nms(&own, &own_scores, &one_class, overlap, most);
            for i in kept {
                found.extend([image as i64, class as i64, candidates[i] as i64]);
            }
        }
    }
    one([found.len() / 3, 3], found)
}
