//! Which objects were found at all, and with which class: simpler to read than average precision.

use std::collections::BTreeMap;

use super::{Detection, Truth, iou};

/// An object and the detection matched to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The object's place in the list of truths.
    pub truth: usize,
    /// The detection's place in its list.
    pub detection: usize,
    /// Their intersection over union.
    pub iou: f64,
}

/// Pairs detections with objects one to one, whatever their classes: in order of falling score (the earlier one on
/// ties) each detection takes the object of its image that it overlaps most of those still free, if by at least
/// `least_iou`. Crowds take no part.
///
/// ```
/// use measure::detection::{Detection, Truth, matches};
/// let truth = Truth { bounds: [0., 0., 2., 2.].into(), ..Default::default() };
/// let found = Detection { bounds: [0., 0., 2., 1.].into(), score: 0.9, ..Default::default() };
/// assert_eq!(matches(&[truth], &[found], 0.5)[0].iou, 0.5);
/// assert!(matches(&[truth], &[found], 0.6).is_empty());
/// ```
pub fn matches(truths: &[Truth], detections: &[Detection], least_iou: f64) -> Vec<Match> {
    let mut free: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (place, truth) in truths.iter().enumerate().filter(|(_, truth)| !truth.crowd) {
        free.entry(truth.image).or_default().push(place);
    }
    let mut order: Vec<usize> = (0..detections.len()).collect();
    order.sort_by(|&a, &b| detections[b].score.total_cmp(&detections[a].score));
    let mut found = Vec::new();
    for place in order {
        let detection = &detections[place];
        let Some(free) = free.get_mut(&detection.image) else {
            continue;
        };
        let overlaps = free
            .iter()
            .enumerate()
            .map(|(at, &truth)| (at, iou(detection.bounds, truths[truth].bounds)));
        // The first of equals.
        let best = overlaps.reduce(|a, b| if b.1 > a.1 { b } else { a });
        if let Some((at, iou)) = best.filter(|(_, iou)| *iou >= least_iou) {
            found.push(Match {
                truth: free.remove(at),
                detection: place,
                iou,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_detection_chooses_first() {
        let truth = |image, x, crowd| Truth {
            image,
            bounds: [x, 0., 4., 4.].into(),
            crowd,
            ..Truth::default()
        };
        let detection = |image, x, score| Detection {
            image,
            bounds: [x, 0., 4., 4.].into(),
            score,
            ..Detection::default()
        };
        let truths = [
            truth(1, 0., false),
            truth(1, 1., false),
            truth(2, 0., false),
            truth(2, 9., true),
        ];
        let detections = [
            detection(1, 1., 0.5), // would fit the second exactly, but that is taken
            detection(1, 1., 0.9),
            detection(1, 0., 0.4), // nothing is left
            detection(2, 3., 0.9), // overlaps by 1/7
            detection(2, 9., 0.9), // only a crowd there
            detection(3, 0., 0.9), // no such image
        ];
        let pairs = |least| -> Vec<_> {
            let found = matches(&truths, &detections, least);
            found
                .iter()
                .map(|m| (m.truth, m.detection, m.iou))
                .collect()
        };
        assert_eq!(pairs(0.5), [(1, 1, 1.0), (0, 0, 0.6)]);
        assert_eq!(pairs(0.1).len(), 3);
        assert!(matches(&[], &detections, 0.0).is_empty());
    }
}
