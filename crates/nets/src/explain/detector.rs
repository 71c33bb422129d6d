//! Pictures of a detector's stages: anchors, proposals before and after suppression, regions, detections.

use image::{Rgb, RgbImage};
use kernels::boxes::Xyxy;
use serde::Serialize;

use super::board::Board;
use super::{Figures, Pictures, View, percent};
use crate::detector::inspect::Inspection;
use crate::detector::proposals::Proposal;
use crate::run::Trained;
use data::draw::{GREY, Row, Sheet, colour, heat};

/// Anchors that are drawn; there may be hundreds more.
const ANCHORS: usize = 10;
/// Rows of a legend at most.
const ROWS: usize = 20;

/// A box with a score, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// Corners `[x1, y1, x2, y2]` in pixels of what the network saw.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// 0 to 1.
    pub score: f32,
    /// The class, where the stage knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// A detector's figures: counts of every stage, and its boxes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetectorFigures {
    /// How many anchors there are.
    pub anchors: usize,
    /// Those with the best scores.
    pub best_anchors: Vec<Scored>,
    /// Corrected anchors before non-maximum suppression.
    pub before_suppression: Vec<Scored>,
    /// What it left.
    pub proposals: Vec<Scored>,
    /// The same boxes with their most likely class, `background` included.
    pub regions: Vec<Scored>,
    /// The answer.
    pub detections: Vec<Scored>,
}

/// What `inspection` shows: class, score, figures, pictures.
pub(super) fn pictures(
    trained: &Trained,
    inspection: &Inspection,
    view: &View,
) -> (String, f32, Figures, Pictures) {
    let figures = figures(trained, inspection);
    let best = figures.detections.first();
    let (class, score) = match best {
        Some(best) => (best.class.clone().unwrap_or_default(), best.score),
        None => ("nothing".to_string(), 0.0),
    };
    let pictures = vec![
        anchors(inspection, view),
        before_suppression(inspection, view),
        after_suppression(inspection, view),
        regions(&figures.regions, inspection, view),
        detections(&figures.detections, inspection, view),
    ];
    (class, score, Figures::Detector(figures), pictures)
}

fn figures(trained: &Trained, inspection: &Inspection) -> DetectorFigures {
    let plain = |proposals: &[Proposal]| -> Vec<Scored> {
        let each = proposals.iter().map(|proposal| Scored {
            bounds: proposal.bounds.into(),
            score: proposal.score,
            class: None,
        });
        each.collect()
    };
    let region = |(proposal, probabilities): (&Proposal, &Vec<f32>)| {
        let column = crate::outputs::argmax(probabilities);
        let class = match column.checked_sub(1) {
            Some(class) => trained.classes[class].clone(),
            None => "background".to_string(),
        };
        Scored {
            bounds: proposal.bounds.into(),
            score: probabilities[column],
            class: Some(class),
        }
    };
    let found = inspection.detections.iter().map(|found| Scored {
        bounds: found.bounds.into(),
        score: found.score,
        class: Some(trained.classes[found.class].clone()),
    });
    DetectorFigures {
        anchors: inspection.anchors.len(),
        best_anchors: plain(&inspection.anchors[..inspection.anchors.len().min(ANCHORS)]),
        before_suppression: plain(&inspection.corrected),
        proposals: plain(&inspection.proposals),
        regions: inspection
            .proposals
            .iter()
            .zip(&inspection.probabilities)
            .map(region)
            .collect(),
        detections: found.collect(),
    }
}

/// `1: 97.3 %`, and a last row for what has no place.
fn legend(rows: Vec<Row>) -> Vec<Row> {
    let more = rows.len().saturating_sub(ROWS);
    let mut rows = rows;
    rows.truncate(ROWS);
    if more > 0 {
        rows.push(Row {
            colour: None,
            text: format!("and {more} more"),
        });
    }
    rows
}

fn size(bounds: Xyxy) -> String {
    format!("{:4.1} x {:4.1}", bounds.width(), bounds.height())
}

fn anchors(inspection: &Inspection, view: &View) -> (String, String, RgbImage) {
    let all = &inspection.anchors;
    let best = &all[..all.len().min(ANCHORS)];
    let mut board = Board::new(view, best.iter().map(|anchor| &anchor.bounds));
    let dotted = board.dots(all);
    // The best on top.
    for (rank, anchor) in best.iter().enumerate().rev() {
        board.outline(anchor.bounds, 3, colour(rank));
    }
    let mut rows = Vec::new();
    for (rank, anchor) in best.iter().enumerate() {
        board.label(anchor.bounds, &(rank + 1).to_string(), colour(rank));
        rows.push(Row {
            colour: Some(colour(rank)),
            text: format!(
                "{:2}: {:>7}  {}",
                rank + 1,
                percent(anchor.score),
                size(anchor.bounds)
            ),
        });
    }
    let sheet = Sheet {
        title: format!("1. Anchors: the {} best of {}", best.len(), all.len()),
        notes: vec![
            "Boxes: those most likely to hold an object, with that".to_string(),
            format!(
                "probability and their size in pixels.{}",
                if dotted { " Dots: centres of all." } else { "" }
            ),
        ],
        legend: legend(rows),
    };
    (
        "1-anchors.png".to_string(),
        format!(
            "the {} of {} anchors most likely to hold an object",
            best.len(),
            all.len()
        ),
        sheet.around(&board.canvas),
    )
}

fn before_suppression(inspection: &Inspection, view: &View) -> (String, String, RgbImage) {
    let all = &inspection.corrected;
    let mut board = Board::new(view, all.iter().map(|proposal| &proposal.bounds));
    for proposal in all.iter().rev() {
        let width = if proposal.score >= 0.5 { 2 } else { 1 };
        board.outline(proposal.bounds, width, heat(0.25 + 0.75 * proposal.score));
    }
    let scale = (0..=5).rev().map(|fifth| {
        let score = fifth as f32 / 5.0;
        Row {
            colour: Some(heat(0.25 + 0.75 * score)),
            text: format!("{:3.0} %", 100.0 * score),
        }
    });
    let sheet = Sheet {
        title: format!("2. Proposals before suppression: {}", all.len()),
        notes: vec![
            "The best anchors after their correction and clipping; colour:".to_string(),
            "the probability of an object.".to_string(),
        ],
        legend: scale.collect(),
    };
    (
        "2-proposals-before-suppression.png".to_string(),
        format!(
            "{} corrected anchors before non-maximum suppression",
            all.len()
        ),
        sheet.around(&board.canvas),
    )
}

fn after_suppression(inspection: &Inspection, view: &View) -> (String, String, RgbImage) {
    let all = &inspection.proposals;
    let mut board = Board::new(view, all.iter().map(|proposal| &proposal.bounds));
    for (rank, proposal) in all.iter().enumerate().rev() {
        board.outline(proposal.bounds, 2, colour(rank));
    }
    let mut rows = Vec::new();
    for (rank, proposal) in all.iter().enumerate() {
        if rank < ROWS {
            board.label(proposal.bounds, &(rank + 1).to_string(), colour(rank));
        }
        rows.push(Row {
            colour: Some(colour(rank)),
            text: format!(
                "{:2}: {:>7}  {}",
                rank + 1,
                percent(proposal.score),
                size(proposal.bounds)
            ),
        });
    }
    let sheet = Sheet {
        title: format!("3. Proposals: {} are left", all.len()),
        notes: vec![
            "Of boxes that cover each other, non-maximum suppression leaves".to_string(),
            format!(
                "the best; {} of {} went.",
                inspection.corrected.len().saturating_sub(all.len()),
                inspection.corrected.len()
            ),
        ],
        legend: legend(rows),
    };
    (
        "3-proposals.png".to_string(),
        format!("the {} proposals that are left", all.len()),
        sheet.around(&board.canvas),
    )
}

/// The colour of a region: that of its class, grey for background.
fn class_colour(probabilities: &[f32]) -> Rgb<u8> {
    match crate::outputs::argmax(probabilities).checked_sub(1) {
        Some(class) => colour(class),
        None => GREY,
    }
}

fn regions(regions: &[Scored], inspection: &Inspection, view: &View) -> (String, String, RgbImage) {
    let mut board = Board::new(view, inspection.proposals.iter().map(|p| &p.bounds));
    let mut order: Vec<usize> = (0..regions.len()).collect();
    // Objects before background, the surest first.
    let is_background = |i: usize| crate::outputs::argmax(&inspection.probabilities[i]) == 0;
    order.sort_by(|&a, &b| {
        let key = |i: usize| (is_background(i), -regions[i].score);
        key(a)
            .partial_cmp(&key(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    for &i in order.iter().rev() {
        let width = if is_background(i) { 1 } else { 3 };
        let colour = class_colour(&inspection.probabilities[i]);
        board.outline(inspection.proposals[i].bounds, width, colour);
    }
    let mut rows = Vec::new();
    for (place, &i) in order.iter().enumerate() {
        let colour = class_colour(&inspection.probabilities[i]);
        if place < ROWS && !is_background(i) {
            let text = (i + 1).to_string();
            board.label(inspection.proposals[i].bounds, &text, colour);
        }
        let class = regions[i].class.as_deref().unwrap_or_default();
        rows.push(Row {
            colour: Some(colour),
            text: format!("{:2}: {:>7}  {class}", i + 1, percent(regions[i].score)),
        });
    }
    let objects = order.iter().filter(|&&i| !is_background(i)).count();
    let sheet = Sheet {
        title: format!("4. Regions: {objects} of {} hold an object", regions.len()),
        notes: vec![
            "What the second stage says of each proposal: its most likely".to_string(),
            "class. The numbers are those of the proposals.".to_string(),
        ],
        legend: legend(rows),
    };
    (
        "4-regions.png".to_string(),
        format!(
            "the most likely class of each of the {} regions",
            regions.len()
        ),
        sheet.around(&board.canvas),
    )
}

fn detections(
    found: &[Scored],
    inspection: &Inspection,
    view: &View,
) -> (String, String, RgbImage) {
    let all = &inspection.detections;
    let mut board = Board::new(view, all.iter().map(|found| &found.bounds));
    for detection in all.iter().rev() {
        let width = if detection.score >= 0.5 { 4 } else { 1 };
        board.outline(detection.bounds, width, colour(detection.class));
    }
    let mut rows = Vec::new();
    for (detection, scored) in all.iter().zip(found) {
        let class = scored.class.as_deref().unwrap_or_default();
        let text = format!("{class} {}", percent(scored.score));
        // The unsure ones are in the legend only.
        if detection.score >= 0.05 {
            board.label(detection.bounds, &text, colour(detection.class));
        }
        rows.push(Row {
            colour: Some(colour(detection.class)),
            text,
        });
    }
    let sheet = Sheet {
        title: format!("5. Detections: {}", all.len()),
        notes: vec![
            "Regions with their corrected boxes, after suppression within".to_string(),
            "each class. Thick: at least 50 %.".to_string(),
        ],
        legend: legend(rows),
    };
    (
        "5-detections.png".to_string(),
        format!("the {} detections with class and score", all.len()),
        sheet.around(&board.canvas),
    )
}
