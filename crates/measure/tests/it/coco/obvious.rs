//! COCO evaluation written down as slowly and plainly as its definition, with pycocotools' -1.

use measure::detection::{Detection, GroundTruth, Truth, crowd_overlap, iou};

const AREAS: [(f64, f64); 4] = [(0.0, 1e10), (0.0, 1024.0), (1024.0, 9216.0), (9216.0, 1e10)];

struct Matched {
    score: f64,
    rank: usize,
    found: bool,
    ignored: bool,
}

/// All twelve figures in the order of `COCOeval.stats`.
pub fn stats(ground_truth: &GroundTruth, detections: &[Detection], quirks: bool) -> [f64; 12] {
    let every: Vec<usize> = (0..10).collect();
    let ap = |area, thresholds: &[usize]| {
        average(
            ground_truth,
            detections,
            quirks,
            area,
            thresholds,
            100,
            true,
        )
    };
    let ar = |area, limit| average(ground_truth, detections, quirks, area, &every, limit, false);
    [
        ap(0, &every),
        ap(0, &[0]),
        ap(0, &[5]),
        ap(1, &every),
        ap(2, &every),
        ap(3, &every),
        ar(0, 1),
        ar(0, 10),
        ar(0, 100),
        ar(1, 100),
        ar(2, 100),
        ar(3, 100),
    ]
}

fn average(
    ground_truth: &GroundTruth,
    detections: &[Detection],
    quirks: bool,
    area: usize,
    thresholds: &[usize],
    limit: usize,
    precision: bool,
) -> f64 {
    let mut images = ground_truth.images.clone();
    images.sort();
    let all_truths = if quirks {
        looked_up(ground_truth)
    } else {
        ground_truth.truths.clone()
    };
    let mut values = vec![];
    for category in &ground_truth.categories {
        for &t in thresholds {
            let threshold = 0.5 + t as f64 * ((0.95 - 0.5) / 9.0);
            let mut matched = vec![];
            let mut counting = 0;
            for &image in &images {
                let truths: Vec<&Truth> = all_truths
                    .iter()
                    .filter(|x| x.image == image && x.category == category.id)
                    .collect();
                let mut here: Vec<&Detection> = detections
                    .iter()
                    .filter(|x| x.image == image && x.category == category.id)
                    .collect();
                here.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap());
                here.truncate(100);
                counting += truths
                    .iter()
                    .filter(|truth| !is_ignored(truth, area))
                    .count();
                matched.extend(match_image(&truths, &here, threshold, area, quirks));
            }
            if counting == 0 {
                continue;
            }
            matched.retain(|detection| detection.rank < limit);
            matched.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap());
            let (mut tp, mut fp) = (0.0, 0.0);
            let (mut recalls, mut precisions) = (vec![], vec![]);
            for detection in &matched {
                if !detection.ignored {
                    if detection.found {
                        tp += 1.0
                    } else {
                        fp += 1.0
                    }
                }
                recalls.push(tp / counting as f64);
                precisions.push(tp / (fp + tp + f64::EPSILON));
            }
            if !precision {
                values.push(recalls.last().copied().unwrap_or(0.0));
                continue;
            }
            for i in 0..101 {
                let wanted = if i == 100 { 1.0 } else { f64::from(i) * 0.01 };
                let at = recalls.iter().position(|&recall| recall >= wanted);
                values.push(at.map_or(0.0, |at| {
                    precisions[at..].iter().copied().fold(0.0, f64::max)
                }));
            }
        }
    }
    if values.is_empty() {
        -1.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// `getAnnIds` of pycocotools, then `loadAnns`: image by image the ids, and for each id its last annotation.
fn looked_up(ground_truth: &GroundTruth) -> Vec<Truth> {
    let mut images = ground_truth.images.clone();
    images.sort();
    let mut loaded = vec![];
    for image in images {
        for truth in &ground_truth.truths {
            let mut categories = ground_truth.categories.iter();
            if truth.image == image && categories.any(|category| category.id == truth.category) {
                let same = |other: &&Truth| other.id == truth.id;
                loaded.extend(ground_truth.truths.iter().rfind(same));
            }
        }
    }
    loaded
}

fn is_ignored(truth: &Truth, area: usize) -> bool {
    truth.crowd || out_of_range(truth.area, area)
}

fn out_of_range(size: f64, area: usize) -> bool {
    size < AREAS[area].0 || size > AREAS[area].1
}

fn match_image(
    truths: &[&Truth],
    detections: &[&Detection],
    threshold: f64,
    area: usize,
    quirks: bool,
) -> Vec<Matched> {
    let mut truths = truths.to_vec();
    truths.sort_by_key(|truth| is_ignored(truth, area));
    let mut taken = vec![false; truths.len()];
    let mut matched = vec![];
    for (rank, detection) in detections.iter().enumerate() {
        let mut best = threshold.min(1.0 - 1e-10);
        let mut found: Option<usize> = None;
        for (i, truth) in truths.iter().enumerate() {
            if taken[i] && !truth.crowd {
                continue;
            }
            if found.is_some_and(|found| !is_ignored(truths[found], area))
                && is_ignored(truth, area)
            {
                break;
            }
            let overlap = if truth.crowd {
                crowd_overlap(detection.bounds, truth.bounds)
            } else {
                iou(detection.bounds, truth.bounds)
            };
            if overlap >= best {
                best = overlap;
                found = Some(i);
            }
        }
        let mut ignored = false;
        let mut counts_as_found = false;
        if let Some(i) = found {
            taken[i] = true;
            ignored = is_ignored(truths[i], area);
            counts_as_found = !(quirks && truths[i].id == 0);
        }
        if !counts_as_found && out_of_range(detection.bounds.area(), area) {
            ignored = true;
        }
        matched.push(Matched {
            score: detection.score,
            rank,
            found: counts_as_found,
            ignored,
        });
    }
    matched
}
