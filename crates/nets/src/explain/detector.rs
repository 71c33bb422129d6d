//! Pictures of a detector's stages: anchors, proposals before and after suppression, regions, detections.

use image::RgbImage;
use kernels::boxes::Xyxy;
use serde::Serialize;

use super::board::Board;
use super::{Drawing, Explained, ExplainedBy, View, percent};
use crate::detector::inspect::Inspection;
use crate::detector::proposals::Proposal;
use crate::run::Trained;
use data::draw::{GREY, Row, Sheet, colour, heat};
use kernels::scores::argmax;

/// Anchors that are drawn; there may be hundreds more.
const ANCHORS: usize = 10;
/// Rows of a legend at most.
const ROWS: usize = 20;

/// A box with a score, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoredBox {
    /// Corners `[x1, y1, x2, y2]` in pixels of the network's input.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// 0 to 1.
    pub score: f32,
    /// The class, where the stage knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// The boxes of every stage of a detector.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetectorStages {
    /// Number of anchors.
    pub anchors: usize,
    /// Those with the best scores.
    pub best_anchors: Vec<ScoredBox>,
    /// Corrected anchors before non-maximum suppression.
    pub before_suppression: Vec<ScoredBox>,
    /// Those that are left after it.
    pub proposals: Vec<ScoredBox>,
    /// The same boxes with their most likely class, `background` included.
    pub regions: Vec<ScoredBox>,
    /// The result.
    pub detections: Vec<ScoredBox>,
}

/// The pictures of an inspection.
pub(super) fn explain(trained: &Trained, inspection: &Inspection, view: &View) -> Explained {
    let stages = stages(trained, inspection);
    let (class, score) = match stages.detections.first() {
        Some(best) => (best.class.clone().unwrap_or_default(), best.score),
        None => ("nothing".to_string(), 0.0),
    };
    let drawings = vec![
        anchors(inspection, view),
        before_suppression(inspection, view),
        after_suppression(inspection, view),
        regions(&stages.regions, inspection, view),
        detections(&stages.detections, inspection, view),
    ];
    Explained {
        class,
        score,
        drawings,
        by: ExplainedBy::Detector(stages),
    }
}

pub(super) fn stages(trained: &Trained, inspection: &Inspection) -> DetectorStages {
    let scored = |bounds: Xyxy, score, class: Option<&str>| ScoredBox {
        bounds: bounds.into(),
        score,
        class: class.map(str::to_string),
    };
    let plain = |proposals: &[Proposal]| -> Vec<ScoredBox> {
        let each = proposals.iter();
        each.map(|proposal| scored(proposal.bounds, proposal.score, None))
            .collect()
    };
    let name = |class: usize| trained.classes[class].as_str();
    let regions = inspection.proposals.iter().zip(&inspection.probabilities);
    let regions = regions.map(|(proposal, probabilities)| {
        let column = argmax(probabilities);
        let class = column.checked_sub(1).map_or("background", name);
        scored(proposal.bounds, probabilities[column], Some(class))
    });
    let detections = inspection.detections.iter();
    let detections =
        detections.map(|found| scored(found.bounds, found.score, Some(name(found.class))));
    DetectorStages {
        anchors: inspection.anchors.len(),
        best_anchors: plain(&inspection.anchors[..inspection.anchors.len().min(ANCHORS)]),
        before_suppression: plain(&inspection.corrected),
        proposals: plain(&inspection.proposals),
        regions: regions.collect(),
        detections: detections.collect(),
    }
}

/// A row such as ` 3:  97.3 %  12.0 x 20.5`.
fn row(colour: image::Rgb<u8>, number: usize, score: f32, text: &str) -> Row {
    Row {
        colour: Some(colour),
        text: format!("{number:2}: {:>7}  {text}", percent(score)),
    }
}

/// The first rows, and how many there are beyond them.
fn legend(mut rows: Vec<Row>) -> Vec<Row> {
    let more = rows.len().saturating_sub(ROWS);
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

fn sheet(title: String, notes: [String; 2], legend: Vec<Row>, canvas: &RgbImage) -> RgbImage {
    let sheet = Sheet {
        title,
        notes: notes.to_vec(),
        legend,
    };
    sheet.around(canvas)
}

fn anchors(inspection: &Inspection, view: &View) -> Drawing {
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
        rows.push(row(
            colour(rank),
            rank + 1,
            anchor.score,
            &size(anchor.bounds),
        ));
    }
    let dots = if dotted {
        " Dots: centres of all anchors."
    } else {
        ""
    };
    Drawing {
        file: "1-anchors.png".to_string(),
        shows: format!(
            "the {} of {} anchors most likely to hold an object",
            best.len(),
            all.len()
        ),
        picture: sheet(
            format!("1. Anchors: the {} best of {}", best.len(), all.len()),
            [
                "The anchors most likely to hold an object, with this".to_string(),
                format!("probability and their size in pixels.{dots}"),
            ],
            legend(rows),
            &board.canvas,
        ),
    }
}

fn before_suppression(inspection: &Inspection, view: &View) -> Drawing {
    let all = &inspection.corrected;
    let mut board = Board::new(view, all.iter().map(|proposal| &proposal.bounds));
    let shade = |score: f32| heat(0.25 + 0.75 * score);
    for proposal in all.iter().rev() {
        let width = if proposal.score >= 0.5 { 2 } else { 1 };
        board.outline(proposal.bounds, width, shade(proposal.score));
    }
    let scale = (0..=5).rev().map(|fifth| {
        let score = fifth as f32 / 5.0;
        Row {
            colour: Some(shade(score)),
            text: format!("{:3.0} %", 100.0 * score),
        }
    });
    Drawing {
        file: "2-proposals-before-suppression.png".to_string(),
        shows: format!(
            "{} corrected anchors before non-maximum suppression",
            all.len()
        ),
        picture: sheet(
            format!("2. Proposals before suppression: {}", all.len()),
            [
                "The best anchors, corrected and clipped to the image;".to_string(),
                "colour: the probability of an object.".to_string(),
            ],
            scale.collect(),
            &board.canvas,
        ),
    }
}

fn after_suppression(inspection: &Inspection, view: &View) -> Drawing {
    let all = &inspection.proposals;
    let mut board = Board::new(view, all.iter().map(|proposal| &proposal.bounds));
    for (rank, proposal) in all.iter().enumerate().rev() {
        board.outline(proposal.bounds, 2, colour(rank));
    }
    for (rank, proposal) in all.iter().enumerate().take(ROWS) {
        board.label(proposal.bounds, &(rank + 1).to_string(), colour(rank));
    }
    let rows = all.iter().enumerate();
    let rows = rows.map(|(rank, proposal)| {
        let size = size(proposal.bounds);
        row(colour(rank), rank + 1, proposal.score, &size)
    });
    let before = inspection.corrected.len();
    Drawing {
        file: "3-proposals.png".to_string(),
        shows: format!("the {} remaining proposals", all.len()),
        picture: sheet(
            format!("3. Proposals: {} remain", all.len()),
            [
                "Non-maximum suppression keeps the best of overlapping".to_string(),
                format!(
                    "boxes; it removed {} of {before}.",
                    before.saturating_sub(all.len())
                ),
            ],
            legend(rows.collect()),
            &board.canvas,
        ),
    }
}

fn regions(regions: &[ScoredBox], inspection: &Inspection, view: &View) -> Drawing {
    let mut board = Board::new(view, inspection.proposals.iter().map(|p| &p.bounds));
    // The most likely class of each region; `None` is background.
    let classes = inspection.probabilities.iter();
    let classes: Vec<Option<usize>> = classes.map(|row| argmax(row).checked_sub(1)).collect();
    let paint = |i: usize| classes[i].map_or(GREY, colour);
    // Objects before background, the best score first.
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by(|&a, &b| {
        let scores = regions[b].score.total_cmp(&regions[a].score);
        classes[a].is_none().cmp(&classes[b].is_none()).then(scores)
    });
    for &i in order.iter().rev() {
        let width = if classes[i].is_none() { 1 } else { 3 };
        board.outline(inspection.proposals[i].bounds, width, paint(i));
    }
    for &i in order.iter().take(ROWS).filter(|&&i| classes[i].is_some()) {
        let text = (i + 1).to_string();
        board.label(inspection.proposals[i].bounds, &text, paint(i));
    }
    let rows = order.iter().map(|&i| {
        let class = regions[i].class.as_deref().unwrap_or_default();
        row(paint(i), i + 1, regions[i].score, class)
    });
    let objects = classes.iter().flatten().count();
    Drawing {
        file: "4-regions.png".to_string(),
        shows: format!(
            "the most likely class of each of the {} regions",
            regions.len()
        ),
        picture: sheet(
            format!("4. Regions: {objects} of {} hold an object", regions.len()),
            [
                "The second stage gives each proposal its most likely".to_string(),
                "class. The numbers are those of the proposals.".to_string(),
            ],
            legend(rows.collect()),
            &board.canvas,
        ),
    }
}

fn detections(scored: &[ScoredBox], inspection: &Inspection, view: &View) -> Drawing {
    let all = &inspection.detections;
    let mut board = Board::new(view, all.iter().map(|found| &found.bounds));
    for detection in all.iter().rev() {
        let width = if detection.score >= 0.5 { 4 } else { 1 };
        board.outline(detection.bounds, width, colour(detection.class));
    }
    let mut rows = Vec::new();
    for (detection, scored) in all.iter().zip(scored) {
        let class = scored.class.as_deref().unwrap_or_default();
        let text = format!("{class} {}", percent(scored.score));
        // Unlikely ones are only in the legend.
        if detection.score >= 0.05 {
            board.label(detection.bounds, &text, colour(detection.class));
        }
        rows.push(Row {
            colour: Some(colour(detection.class)),
            text,
        });
    }
    Drawing {
        file: "5-detections.png".to_string(),
        shows: format!("the {} detections with class and score", all.len()),
        picture: sheet(
            format!("5. Detections: {}", all.len()),
            [
                "Regions with corrected boxes, after suppression within".to_string(),
                "each class. Thick lines: 50 % or more.".to_string(),
            ],
            legend(rows),
            &board.canvas,
        ),
    }
}
