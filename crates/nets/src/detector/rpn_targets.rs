//! Targets of the proposal head: which anchors of an image take part in its losses, and what they should say.
//!
//! 'truth' is annotated; 'deltas' are (dx, dy, dw, dh) from an anchor to its truth.

use kernels::boxes::Xyxy;

use super::box_coder::BoxCoder;
use super::matcher::{Match, Matcher};
use super::sampler::Sampler;
use data::truth::{BadTruth, Truth, checked_boxes};

/// How anchors are labelled and drawn. The defaults are for digits of 28 x 28 pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct RpnTargetConfig {
    /// From this IoU on an anchor is an object.
    pub positive_iou: f32,
    /// Below this IoU with every truth it is background; in between it is left out.
    pub negative_iou: f32,
    /// Whether the best anchors of each truth are objects below `positive-iou` too.
    pub low_quality: bool,
    /// Whether the best anchor of a truth must overlap it at all (false in torchvision).
    pub require_overlap: bool,
    /// Anchors an image in the losses, at most.
    pub sample: usize,
    /// The share of `sample` that objects may take.
    pub positive_fraction: f64,
}

impl From<&recipe::Rpn> for RpnTargetConfig {
    fn from(recipe: &recipe::Rpn) -> Self {
        Self {
            positive_iou: recipe.positive_iou as f32,
            negative_iou: recipe.negative_iou as f32,
            low_quality: recipe.low_quality,
            require_overlap: recipe.require_overlap,
            sample: recipe.sample,
            positive_fraction: recipe.positive_fraction,
        }
    }
}

impl Default for RpnTargetConfig {
    fn default() -> Self {
        Self::from(&recipe::Rpn::default())
    }
}

/// An anchor that stands for a truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositiveAnchor {
    /// Its index among the anchors.
    pub anchor: usize,
    /// The index of its truth.
    pub truth: usize,
    /// What should be regressed.
    pub deltas: [f32; 4],
}

/// The anchors of one image that take part in the losses; all others do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RpnTargets {
    /// Objects, by ascending anchor.
    pub positive: Vec<PositiveAnchor>,
    /// Background: ascending anchor indices.
    pub negative: Vec<usize>,
}

impl RpnTargetConfig {
    /// The rule that labels anchors.
    pub fn matcher(&self) -> Matcher {
        Matcher {
            positive: self.positive_iou,
            negative: self.negative_iou,
            low_quality: self.low_quality,
            require_overlap: self.require_overlap,
        }
    }

    /// The targets of one image with any number of `truths` (none: background only). `anchors` are those of all levels
    /// in a row; `key` gives each anchor's random key (see [`Sampler::sample`]); `image` is named in the error.
    ///
    /// # Errors
    /// A truth without area or not finite.
    pub fn targets(
        &self,
        image: usize,
        anchors: &[Xyxy],
        truths: &[Truth],
        key: impl Fn(usize) -> u64,
    ) -> Result<RpnTargets, BadTruth> {
        let boxes = checked_boxes(image, truths)?;
        let matches = self.matcher().match_boxes(&boxes, anchors);
        let sampler = Sampler {
            budget: self.sample,
            positive_fraction: self.positive_fraction,
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
        let targets = RpnTargetConfig::default().targets(0, &ANCHORS, &[truth], keys(1))?;
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
        let config = RpnTargetConfig {
            sample: 3,
            ..Default::default()
        };
        let targets = config.targets(0, &ANCHORS, &[], |i| 10 - i as u64)?;
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
        let result = RpnTargetConfig::default().targets(5, &ANCHORS, &[bad], keys(1));
        assert_eq!(result.map_err(|e| (e.image, e.index)), Err((5, 0)));
    }
}
