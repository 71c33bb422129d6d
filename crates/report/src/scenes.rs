//! What a detector gets wrong in images of several objects, image by image.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Contestant, Report};
use measure::detection::{self, Detection, Fate, GroundTruth, Mistake, Options, Truth, iou};

/// Detections below this score are not shown: a detector reports many boxes with little confidence.
pub const LEAST_SCORE: f64 = 0.5;

/// What is wrong, in the words of [`Mistake`], and objects that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An object that nothing found.
    Missed,
    /// Well placed, the wrong class.
    Classification,
    /// The right class, poorly placed.
    Localisation,
    /// Both.
    Both,
    /// An object found again.
    Duplicate,
    /// No object there.
    Background,
}

impl Kind {
    /// All, those that matter most first.
    pub const ALL: [Self; 6] = [
        Self::Missed,
        Self::Classification,
        Self::Localisation,
        Self::Both,
        Self::Duplicate,
        Self::Background,
    ];

    /// Its name in data files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Classification => "classification",
            Self::Localisation => "localisation",
            Self::Both => "both",
            Self::Duplicate => "duplicate",
            Self::Background => "background",
        }
    }
}

impl From<Mistake> for Kind {
    fn from(mistake: Mistake) -> Self {
        match mistake {
            Mistake::Localisation => Self::Localisation,
            Mistake::Classification => Self::Classification,
            Mistake::Both => Self::Both,
            Mistake::Duplicate => Self::Duplicate,
            Mistake::Background => Self::Background,
        }
    }
}

/// A wrong detection, or a missed object.
#[derive(Debug, Clone, Copy)]
pub struct Wrong<'a> {
    /// What is wrong.
    pub kind: Kind,
    /// The object that was missed or confused; `None` where there is none.
    pub object: Option<&'a Truth>,
    /// The detection; `None` for a missed object.
    pub detection: Option<&'a Detection>,
}

impl Wrong<'_> {
    /// Overlap of the detection with its object.
    pub fn iou(&self) -> Option<f64> {
        Some(iou(self.detection?.bounds, self.object?.bounds))
    }

    /// Score of the detection; 1 for a missed object, which has none.
    pub fn score(&self) -> f64 {
        self.detection.map_or(1.0, |detection| detection.score)
    }
}

/// An image and what is right and wrong in it.
#[derive(Debug, Default)]
pub struct Scene<'a> {
    /// Its number in the split.
    pub index: usize,
    /// All its objects.
    pub objects: Vec<&'a Truth>,
    /// Detections that found an object.
    pub right: Vec<&'a Detection>,
    /// What is wrong.
    pub wrong: Vec<Wrong<'a>>,
}

impl Scene<'_> {
    /// How much of a kind is wrong: their number, and the largest score.
    pub fn of(&self, kind: Kind) -> (usize, f64) {
        let wrong = self.wrong.iter().filter(|wrong| wrong.kind == kind);
        wrong.fold((0, 0.0), |(count, most), wrong| {
            (count + 1, wrong.score().max(most))
        })
    }
}

/// Every image of the split with what a contestant detected there; `None` where images show one object each, or
/// where boxes are not valid.
pub fn scenes<'a>(report: &Report<'a>, contestant: &Contestant<'a>) -> Option<Vec<Scene<'a>>> {
    let truths: &GroundTruth = report.objects?;
    let sure = contestant.detections.iter();
    let sure: Vec<&'a Detection> = sure.filter(|d| d.score >= LEAST_SCORE).collect();
    let values: Vec<Detection> = sure.iter().map(|d| **d).collect();
    let [.., limit] = Options::default().max_detections;
    let judged = detection::judge(truths, &values, limit).ok()?;
    let images = truths.images.iter().enumerate();
    let places: BTreeMap<i64, usize> = images.map(|(index, id)| (*id, index)).collect();
    let mut scenes: Vec<Scene<'a>> = (0..truths.images.len())
        .map(|index| Scene {
            index,
            ..Scene::default()
        })
        .collect();
    for truth in &truths.truths {
        scenes[*places.get(&truth.image)?].objects.push(truth);
    }
    for (detection, fate) in sure.into_iter().zip(judged.fates) {
        let scene = &mut scenes[*places.get(&detection.image)?];
        match fate {
            Fate::Found(_) => scene.right.push(detection),
            Fate::Wrong(mistake, object) => scene.wrong.push(Wrong {
                kind: mistake.into(),
                object: object.and_then(|place| truths.truths.get(place)),
                detection: Some(detection),
            }),
            Fate::InCrowd | Fate::OverLimit => {}
        }
    }
    for object in judged.missed {
        let object = truths.truths.get(object)?;
        scenes[*places.get(&object.image)?].wrong.push(Wrong {
            kind: Kind::Missed,
            object: Some(object),
            detection: None,
        });
    }
    Some(scenes)
}

/// Name of a category.
pub fn category(report: &Report<'_>, id: i64) -> String {
    let categories = report.objects.map_or(&[][..], |truths| &truths.categories);
    let category = categories.iter().find(|category| category.id == id);
    category.map_or_else(|| id.to_string(), |category| category.name.clone())
}
