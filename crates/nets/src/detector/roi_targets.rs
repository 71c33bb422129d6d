//! Targets of the box head: which proposals of an image it is trained on, and their labels.
//!
//! K classes without background; 'truth' is annotated; 'deltas' are (dx, dy, dw, dh) from a proposal to its truth.

use kernels::boxes::Xyxy;

use super::matcher::{Match, Matcher};
use super::sampler::Sampler;
use data::truth::{BadTruth, Truth, checked_boxes};
use kernels::box_coder::BoxCoder;
use recipe::Roi;

/// The training target of the box head for one box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RoiLabel {
    /// Nothing there.
    Background,
    /// An object.
    Object {
        /// 0..K without background.
        class: usize,
        /// The corrections to learn in the columns of this class.
        deltas: [f32; 4],
    },
}

impl RoiLabel {
    /// The column of the head's logits: 0 for background, class + 1 otherwise.
    pub fn column(self) -> usize {
        match self {
            RoiLabel::Background => 0,
            RoiLabel::Object { class, .. } => class + 1,
        }
    }
}

/// A box to train the head on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoiTarget {
    /// Where.
    pub bounds: Xyxy,
    /// What is there.
    pub label: RoiLabel,
}

/// The boxes of one image to train on, drawn from its `proposals` followed by its `truths` (any number), which keep
/// that order. `key` gives each candidate's random key (see [`Sampler::sample`]); `image` is named in the error.
///
/// # Errors
/// A truth without area or not finite.
pub fn roi_targets(
    roi: &Roi,
    image: usize,
    proposals: &[Xyxy],
    truths: &[Truth],
    key: impl Fn(usize) -> u64,
) -> Result<Vec<RoiTarget>, BadTruth> {
    let boxes = checked_boxes(image, truths)?;
    // The truths are candidates too: early in training no proposal comes near them.
    let candidates = [proposals, &boxes].concat();
    let matches = Matcher::of_regions(roi).match_boxes(&boxes, &candidates);
    let sampler = Sampler {
        budget: roi.sample,
        positive_fraction: roi.positive_fraction,
    };
    let sample = sampler.sample(&matches, key);
    let mut drawn = [sample.positive, sample.negative].concat();
    drawn.sort_unstable();
    let coder = BoxCoder::new(roi.box_weights);
    let target = |i: usize| {
        let bounds = candidates[i];
        let label = match matches[i] {
            Match::Truth(truth) => RoiLabel::Object {
                class: truths[truth].class,
                deltas: coder.encode(boxes[truth], bounds),
            },
            Match::Background | Match::Ignored => RoiLabel::Background,
        };
        RoiTarget { bounds, label }
    };
    Ok(drawn.into_iter().map(target).collect())
}

#[cfg(test)]
mod tests {
    use super::super::sampler::keys;
    use super::*;

    const PROPOSALS: [Xyxy; 3] = [
        Xyxy::new(0., 0., 10., 10.),
        Xyxy::new(0., 0., 10., 4.),
        Xyxy::new(20., 20., 24., 24.),
    ];

    #[test]
    fn truths_join_the_proposals() -> Result<(), BadTruth> {
        let truth = Truth {
            bounds: Xyxy::new(1., 0., 11., 10.),
            class: 3,
        };
        let targets = roi_targets(&Roi::default(), 0, &PROPOSALS, &[truth], keys(1))?;
        let labels: Vec<_> = targets.iter().map(|t| t.label).collect();
        let object = |dx| RoiLabel::Object {
            class: 3,
            deltas: [dx, 0., 0., 0.],
        };
        assert_eq!(
            labels,
            [
                object(1.),
                RoiLabel::Background,
                RoiLabel::Background,
                object(0.)
            ]
        );
        assert_eq!(
            targets.iter().map(|t| t.label.column()).collect::<Vec<_>>(),
            [4, 0, 0, 4]
        );
        assert_eq!(targets[3].bounds, truth.bounds);
        Ok(())
    }

    #[test]
    fn an_image_without_truths_is_background() -> Result<(), BadTruth> {
        let targets = roi_targets(&Roi::default(), 0, &PROPOSALS, &[], keys(1))?;
        assert_eq!(targets.len(), 3);
        assert!(targets.iter().all(|t| t.label == RoiLabel::Background));
        assert_eq!(roi_targets(&Roi::default(), 0, &[], &[], keys(1))?, []);
        Ok(())
    }

    #[test]
    fn the_sample_is_capped() -> Result<(), BadTruth> {
        let truth = Truth {
            bounds: PROPOSALS[0],
            class: 0,
        };
        let roi = Roi {
            sample: 2,
            ..Default::default()
        };
        for seed in 0..20 {
            let targets = roi_targets(&roi, 0, &PROPOSALS, &[truth; 5], keys(seed))?;
            let objects = targets.iter().filter(|t| t.label.column() > 0).count();
            assert_eq!((targets.len(), objects), (2, 1), "seed {seed}");
        }
        Ok(())
    }
}
