//! Targets of the proposal head: which anchors of an image count in its losses, and their labels.
//!
//! 'truth' is annotated; 'deltas' are (dx, dy, dw, dh) from an anchor to its truth.

use kernels::boxes::Xyxy;

use super::matcher::{Match, Matcher};
use super::sampler::Sampler;
use data::truth::{BadTruth, Truth, checked_boxes};
use kernels::box_coder::BoxCoder;
use recipe::Rpn;

/// An anchor that stands for a truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositiveAnchor {
    /// Its index among the anchors.
    pub anchor: usize,
    /// The index of its truth.
    pub truth: usize,
    /// The corrections to learn.
    pub deltas: [f32; 4],
}

/// The anchors of one image that count in the losses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RpnTargets {
    /// Objects, by ascending anchor.
    pub positive: Vec<PositiveAnchor>,
    /// Background: ascending anchor indices.
    pub negative: Vec<usize>,
}

/// The targets of one image with any number of `truths` (none: background only). `anchors` are those of all levels
/// in a row; `key` gives each anchor's random key (see [`Sampler::sample`]); `image` is named in the error.
///
/// # Errors
/// A truth without area or not finite.
pub fn rpn_targets(
    rpn: &Rpn,
    image: usize,
    anchors: &[Xyxy],
    truths: &[Truth],
    key: impl Fn(usize) -> u64,
) -> Result<RpnTargets, BadTruth> {
    let boxes = checked_boxes(image, truths)?;
    let matches = Matcher::of_anchors(rpn).match_boxes(&boxes, anchors);
    let sampler = Sampler {
        budget: rpn.sample,
        positive_fraction: rpn.positive_fraction,
    };
    let sample = sampler.sample(&matches, key);
    let positive = sample
        .positive
        .into_iter()
        .filter_map(|anchor| match matches[anchor] {
            Match::Truth(truth) => {
                let deltas = BoxCoder::PROPOSALS.encode(boxes[truth], anchors[anchor]);
                Some(PositiveAnchor {
                    anchor,
                    truth,
                    deltas,
                })
            }
            Match::Background | Match::Ignored => None,
        });
    Ok(RpnTargets {
        positive: positive.collect(),
        negative: sample.negative,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sampler::keys;
    use super::*;

    const ANCHORS: [Xyxy; 4] = [
        Xyxy::new(0., 0., 10., 10.),
        Xyxy::new(1., 0., 11., 10.),
        Xyxy::new(5., 0., 15., 10.),
        Xyxy::new(20., 20., 30., 30.),
    ];

    #[test]
    fn objects_background_and_what_is_between() -> Result<(), BadTruth> {
        let truth = Truth {
            bounds: Xyxy::new(1., 0., 11., 10.),
            class: 2,
        };
        // IoU with the truth: 9/11, 1, 3/7, 0.
        let targets = rpn_targets(&Rpn::default(), 0, &ANCHORS, &[truth], keys(1))?;
        let expected = [
            PositiveAnchor {
                anchor: 0,
                truth: 0,
                deltas: [0.1, 0., 0., 0.],
            },
            PositiveAnchor {
                anchor: 1,
                truth: 0,
                deltas: [0.; 4],
            },
        ];
        assert_eq!(
            targets,
            RpnTargets {
                positive: expected.into(),
                negative: vec![3]
            }
        );
        Ok(())
    }

    #[test]
    fn an_image_without_truths_is_background() -> Result<(), BadTruth> {
        let rpn = Rpn {
            sample: 3,
            ..Default::default()
        };
        let targets = rpn_targets(&rpn, 0, &ANCHORS, &[], |i| 10 - i as u64)?;
        assert_eq!(
            targets,
            RpnTargets {
                positive: vec![],
                negative: vec![1, 2, 3]
            }
        );
        Ok(())
    }

    #[test]
    fn a_bad_truth_is_an_error() {
        let bad = Truth {
            bounds: Xyxy::new(20., 20., 8., 8.),
            class: 0,
        };
        let result = rpn_targets(&Rpn::default(), 5, &ANCHORS, &[bad], keys(1));
        assert_eq!(result.map_err(|e| (e.image, e.index)), Err((5, 0)));
    }
}
