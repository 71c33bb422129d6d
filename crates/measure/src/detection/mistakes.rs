//! What is wrong with each detection that is wrong: a poor box, the wrong class, both, a duplicate, or nothing there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accumulate::falling;
use super::groups::Groups;
use super::{CocoError, Detection, GroundTruth, Options, Truth, crowd_overlap, evaluate, iou};

/// From this IoU on a box is well placed.
const FOUND: f64 = 0.5;
/// Below this IoU a box has nothing to do with an object.
const NEAR: f64 = 0.1;

/// What is wrong with a detection.
///
/// After D. Bolya, S. Foley, J. Hays and J. Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors",
/// 2020, section 2.2. For a detection that found no object let `same` be its largest IoU with an object of the class it
/// reports, `other` its largest with an object of any other class. The first line that holds says what it is, in the
/// order in which their program asks:
///
/// | error | holds if |
/// | --- | --- |
/// | localisation | `0.1 <= same < 0.5` |
/// | classification | `other >= 0.5` |
/// | duplicate | `same >= 0.5`: a detection with a higher score found that object |
/// | background | `same < 0.1` and `other < 0.1` |
/// | both | else: `0.1 <= other < 0.5` and `same < 0.1` |
///
/// An object is missed if nothing found it, and it is not the object of a localisation or classification error.
/// Detections are matched as for AP at an IoU of 0.5 (see [`evaluate`]); crowds are not objects, and detections in them
/// are not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// The right class, poorly placed.
    Localisation,
    /// Well placed, the wrong class.
    Classification,
    /// The wrong class, and poorly placed.
    Both,
    /// The right class and well placed, but a detection with a higher score found the object.
    Duplicate,
    /// No object there.
    Background,
}

/// What became of a detection. Objects are named by their place in the list of truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It found this object.
    Found(usize),
    /// It found nothing.
    Wrong(Mistake, Option<usize>),
    /// It lies in a crowd, which takes any number of detections.
    InCrowd,
    /// It is beyond the limit: its image has too many detections of its class with higher scores.
    OverLimit,
}

/// What became of every detection and every object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// What became of each detection, in their order. A wrong one comes with the object it was meant for: the one it
    /// overlaps most of those that make it this mistake; none for background.
    pub fates: Vec<Fate>,
    /// Objects that were missed, by their place in the list of truths, ascending.
    pub missed: Vec<usize>,
}

/// How often a mistake was made, and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MistakeFigures {
    /// Number of detections; of objects for those missed. Detections of low score count like any other, so that
    /// it grows with the number of boxes a model reports.
    pub count: u64,
    /// By how much average precision at IoU 0.50 would rise if only this mistake were corrected, 0 to 1. Detections with
    /// high scores weigh more. `None` where no truth counts, or none is left without the missed ones.
    pub ap_lost: Option<f64>,
}

/// How often each mistake was made, and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DetectionMistakes {
    /// Number of detections that found an object.
    pub right: u64,
    /// The right class, poorly placed. Corrected by moving the best onto its object and removing the others.
    pub localisation: MistakeFigures,
    /// Well placed, the wrong class. Corrected by giving the best its object's class and removing the others.
    pub classification: MistakeFigures,
    /// The wrong class, and poorly placed. Corrected by removing them.
    pub both: MistakeFigures,
    /// An object found again. Corrected by removing them.
    pub duplicate: MistakeFigures,
    /// No object there. Corrected by removing them.
    pub background: MistakeFigures,
    /// Objects missed. Corrected by removing them from the ground truth.
    pub missed: MistakeFigures,
}

/// Finds what is wrong with each detection (see [`Mistake`]), looking at the `limit` detections of highest score for each
/// image and class, the earlier one on ties.
///
/// ```
/// use measure::detection::{Category, Detection, Fate, GroundTruth, Mistake, Truth, judge};
/// let ground_truth = GroundTruth {
///     images: vec![1],
///     categories: vec![Category { id: 7, name: "seven".into() }],
///     truths: vec![Truth { image: 1, category: 7, bounds: [0., 0., 4., 4.].into(), ..Default::default() }],
/// };
/// let detection = Detection { image: 1, category: 7, bounds: [0., 0., 4., 1.].into(), score: 0.9 };
/// let judged = judge(&ground_truth, &[detection], 100)?;
/// // A quarter of the object: the right one, poorly placed, and so it does not count as missed.
/// assert_eq!(judged.fates, [Fate::Wrong(Mistake::Localisation, Some(0))]);
/// assert!(judged.missed.is_empty());
/// # Ok::<(), measure::detection::CocoError>(())
/// ```
///
/// # Errors
/// Those of [`evaluate`].
pub fn judge(
    ground_truth: &GroundTruth,
    detections: &[Detection],
    limit: usize,
) -> Result<Judged, CocoError> {
    // Only for its checks.
    Groups::new(ground_truth, detections, false)?;
    let truths = &ground_truth.truths;
    let mut images: BTreeMap<i64, Image> = BTreeMap::new();
    for (place, truth) in truths.iter().enumerate() {
        images.entry(truth.image).or_default().truths.push(place);
    }
    for (place, detection) in detections.iter().enumerate() {
        let image = images.entry(detection.image).or_default();
        image.detections.push(place);
    }
    let mut judged = Judged {
        fates: vec![Fate::OverLimit; detections.len()],
        missed: vec![],
    };
    for image in images.values_mut() {
        image.judge(truths, detections, limit, &mut judged);
    }
    judged.missed.sort_unstable();
    Ok(judged)
}

/// The boxes of an image, by their places.
#[derive(Default)]
struct Image {
    truths: Vec<usize>,
    detections: Vec<usize>,
}

impl Image {
    fn judge(
        &mut self,
        truths: &[Truth],
        detections: &[Detection],
        limit: usize,
        judged: &mut Judged,
    ) {
        // A stable sort: of equal scores the earlier comes first.
        self.detections
            .sort_by(|&a, &b| falling(detections[a].score, detections[b].score));
        let mut counted: BTreeMap<i64, usize> = BTreeMap::new();
        self.detections.retain(|&place| {
            let count = counted.entry(detections[place].category).or_default();
            *count += 1;
            *count <= limit
        });
        let (crowds, objects): (Vec<usize>, Vec<usize>) =
            self.truths.iter().partition(|&&place| truths[place].crowd);
        let mut free = objects.clone();
        let mut lost = vec![];
        for &place in &self.detections {
            let detection = &detections[place];
            let same_class = |truth: &usize| truths[*truth].category == detection.category;
            let overlap = |truth: &usize| iou(detection.bounds, truths[*truth].bounds);
            // The last of equals, as pycocotools takes it.
            let best = free
                .iter()
                .copied()
                .enumerate()
                .filter(|(_, truth)| same_class(truth) && overlap(truth) >= FOUND)
                .max_by(|a, b| overlap(&a.1).total_cmp(&overlap(&b.1)));
            let in_crowd = |crowd: &usize| {
                same_class(crowd) && crowd_overlap(detection.bounds, truths[*crowd].bounds) >= FOUND
            };
            judged.fates[place] = if let Some((at, truth)) = best {
                free.remove(at);
                Fate::Found(truth)
            } else if crowds.iter().any(in_crowd) {
                Fate::InCrowd
            } else {
                lost.push(place);
                continue;
            };
        }
        for place in lost {
            let (mistake, meant) = mistake(&detections[place], &objects, truths);
            judged.fates[place] = Fate::Wrong(mistake, meant);
            if matches!(mistake, Mistake::Localisation | Mistake::Classification) {
                free.retain(|&truth| Some(truth) != meant);
            }
        }
        judged.missed.append(&mut free);
    }
}

/// What is wrong with a detection that found none of the objects of its image, and which of them it was meant for.
fn mistake(detection: &Detection, objects: &[usize], truths: &[Truth]) -> (Mistake, Option<usize>) {
    // The first of equals; nothing overlaps by 0.
    let nearest = |same_class: bool| {
        let objects = objects
            .iter()
            .filter(|&&truth| (truths[truth].category == detection.category) == same_class)
            .map(|&truth| (Some(truth), iou(detection.bounds, truths[truth].bounds)));
        objects.fold((None, 0.0), |a, b| if b.1 > a.1 { b } else { a })
    };
    let (same, other) = (nearest(true), nearest(false));
    if (NEAR..FOUND).contains(&same.1) {
        (Mistake::Localisation, same.0)
    } else if other.1 >= FOUND {
        (Mistake::Classification, other.0)
    } else if same.1 >= FOUND {
        (Mistake::Duplicate, same.0)
    } else if other.1 < NEAR {
        (Mistake::Background, None)
    } else {
        (Mistake::Both, other.0)
    }
}

/// Counts each mistake and what it costs in average precision at IoU 0.50 over all classes (Bolya et al., section 2.3):
/// the AP with this mistake corrected minus the AP as it is, at least 0. The costs do not add up to 1 - AP, because
/// correcting one mistake can uncover another.
///
/// # Errors
/// Those of [`evaluate`].
pub fn mistakes(
    ground_truth: &GroundTruth,
    detections: &[Detection],
) -> Result<DetectionMistakes, CocoError> {
    let options = Options::default();
    let [.., limit] = options.max_detections;
    let judged = judge(ground_truth, detections, limit)?;
    let ap = |truths: &GroundTruth, detections: &[Detection]| {
        Ok::<_, CocoError>(evaluate(truths, detections, &options)?.figures.ap_50)
    };
    let before = ap(ground_truth, detections)?;
    let lost = |after: Option<f64>| Some((after? - before?).max(0.0));
    let figures = |mistake| {
        let made = |fate: &&Fate| matches!(fate, Fate::Wrong(found, _) if *found == mistake);
        let count = judged.fates.iter().filter(made).count() as u64;
        let corrected = corrected(ground_truth, detections, &judged, mistake);
        Ok::<_, CocoError>(MistakeFigures {
            count,
            ap_lost: if count == 0 {
                lost(before)
            } else {
                lost(ap(ground_truth, &corrected)?)
            },
        })
    };
    let mut places = 0..;
    let mut asked = ground_truth.clone();
    // `missed` is ascending.
    asked.truths.retain(|_| {
        let place = places.next();
        place.is_none_or(|place| judged.missed.binary_search(&place).is_err())
    });
    let found = |fate: &&Fate| matches!(fate, Fate::Found(_));
    Ok(DetectionMistakes {
        right: judged.fates.iter().filter(found).count() as u64,
        localisation: figures(Mistake::Localisation)?,
        classification: figures(Mistake::Classification)?,
        both: figures(Mistake::Both)?,
        duplicate: figures(Mistake::Duplicate)?,
        background: figures(Mistake::Background)?,
        missed: MistakeFigures {
            count: judged.missed.len() as u64,
            ap_lost: lost(ap(&asked, detections)?),
        },
    })
}

/// The detections that count, with this mistake corrected: moved, relabelled or removed.
fn corrected(
    ground_truth: &GroundTruth,
    detections: &[Detection],
    judged: &Judged,
    kind: Mistake,
) -> Vec<Detection> {
    let surest = surest(detections, judged);
    let fates = judged.fates.iter().enumerate();
    let kept = fates.filter_map(|(place, fate)| match *fate {
        Fate::OverLimit => None,
        Fate::Wrong(mistake, meant) if mistake == kind => {
            // It is removed if its object has been found, or if a better detection is meant for it.
            let truth = meant.filter(|meant| surest.get(meant) == Some(&place))?;
            let Truth {
                bounds, category, ..
            } = ground_truth.truths[truth];
            Some(Detection {
                bounds,
                category,
                ..detections[place]
            })
        }
        _ => Some(detections[place]),
    });
    kept.collect()
}

/// For each missed object, the best of the detections that were meant for it and can be corrected.
fn surest(detections: &[Detection], judged: &Judged) -> BTreeMap<usize, usize> {
    let mut surest: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, fate) in judged.fates.iter().enumerate() {
        if let Fate::Wrong(Mistake::Localisation | Mistake::Classification, Some(truth)) = fate {
            let best = surest.entry(*truth).or_insert(place);
            if detections[place].score > detections[*best].score {
                *best = place;
            }
        }
    }
    for fate in &judged.fates {
        if let Fate::Found(truth) = fate {
            surest.remove(truth);
        }
    }
    surest
}
