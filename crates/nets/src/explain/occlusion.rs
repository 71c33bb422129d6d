//! Pictures of a model that shows nothing of its inside: what happens when parts of the image are covered.

use data::image::Fitted;
use kernels::boxes::Xyxy;
use serde::Serialize;

use super::board::Board;
use super::heat::Heat;
use super::{Drawing, ExplainError, Explained, ExplainedBy, View, percent};
use crate::foreign::Foreign;
use crate::prediction::Prediction;
use data::draw::{Row, Sheet, colour};

/// The side of the square that covers is this part of the image's, and it moves by half of that.
const PARTS: usize = 7;
/// Detections in the legend.
const ROWS: usize = 20;

/// How much the probability of the predicted class falls when a square of the image is covered (Zeiler and Fergus 2014,
/// arXiv:1311.2901).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Occlusion {
    /// One a class, of the whole image.
    pub probabilities: Vec<f32>,
    /// Height and width of the square, in pixels.
    pub square: [usize; 2],
    /// Rows of squares from top to bottom: what the probability loses; below 0 it gains.
    pub losses: Vec<Vec<f32>>,
}

/// A detection of a model from a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForeignBox {
    /// Corners `[x1, y1, x2, y2]`, right and bottom excluded.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// The class.
    pub class: String,
    /// Its probability.
    pub score: f32,
}

/// The pictures of a prediction for `fitted`.
pub(super) fn explain(
    foreign: &Foreign,
    fitted: &Fitted,
    view: &View,
) -> Result<Explained, ExplainError> {
    let whole = foreign.predict(&[&fitted.pixels])?.remove(0);
    if foreign.model().is_detector() {
        return Ok(detections(foreign, &whole, view));
    }
    let square = [fitted.height, fitted.width].map(|side| side.div_ceil(PARTS));
    let [rows, columns] = [0, 1].map(|axis| {
        let side = [fitted.height, fitted.width][axis];
        (side - square[axis]).div_ceil((square[axis] / 2).max(1)) + 1
    });
    let ground = ground(fitted);
    let covered = |place: usize| {
        let [top, left] = [place / columns, place % columns];
        let top = (top * (square[0] / 2).max(1)).min(fitted.height - square[0]);
        let left = (left * (square[1] / 2).max(1)).min(fitted.width - square[1]);
        let mut pixels = fitted.pixels.clone();
        let planes = pixels.chunks_exact_mut(fitted.height * fitted.width);
        for (plane, ground) in planes.zip(&ground) {
            for row in plane
                .chunks_exact_mut(fitted.width)
                .skip(top)
                .take(square[0])
            {
                row[left..left + square[1]].fill(*ground);
            }
        }
        pixels
    };
    let images: Vec<Vec<u8>> = (0..rows * columns).map(covered).collect();
    let images: Vec<&[u8]> = images.iter().map(Vec::as_slice).collect();
    let score = whole.probabilities[whole.class];
    let losses = foreign.predict(&images)?;
    let losses = losses
        .iter()
        .map(|one| score - one.probabilities[whole.class]);
    let losses = Heat {
        height: rows,
        width: columns,
        values: losses.collect(),
    };
    let class = foreign.class(whole.class);
    let shown = Heat {
        values: losses.values.iter().map(|loss| loss.max(0.0)).collect(),
        ..losses
    };
    let notes = [
        "Light: the probability falls when this place is covered.".to_string(),
        format!(
            "Squares of {} x {} pixels (Zeiler and Fergus 2014).",
            square[0], square[1]
        ),
    ];
    let title = format!("Occlusion of class {class} ({})", percent(score));
    Ok(Explained {
        drawings: vec![Drawing {
            file: "1-occlusion.png".to_string(),
            shows: format!("where in the image the model sees class {class} (occlusion)"),
            picture: shown.sheet(view, title, notes),
        }],
        class,
        score,
        by: ExplainedBy::Occlusion(Occlusion {
            probabilities: whole.probabilities,
            square,
            losses: losses.rows(),
        }),
    })
}

/// The mean of the image's border, channel by channel: what squares are covered with.
fn ground(fitted: &Fitted) -> Vec<u8> {
    let (height, width) = (fitted.height, fitted.width);
    let planes = fitted.pixels.chunks_exact(height * width);
    let mean = |plane: &[u8]| {
        let is_border = |place: usize| {
            let (y, x) = (place / width, place % width);
            y == 0 || x == 0 || y + 1 == height || x + 1 == width
        };
        let border = || (0..plane.len()).filter(|place| is_border(*place));
        let sum: usize = border().map(|place| usize::from(plane[place])).sum();
        (sum / border().count().max(1)) as u8
    };
    planes.map(mean).collect()
}

fn detections(foreign: &Foreign, whole: &Prediction, view: &View) -> Explained {
    let all = &whole.detections;
    let bounds: Vec<Xyxy> = all.iter().map(|found| found.bounds).collect();
    let mut board = Board::new(view, &bounds);
    let mut legend = Vec::new();
    for found in all.iter().rev() {
        board.outline(
            found.bounds,
            if found.score >= 0.5 { 4 } else { 1 },
            colour(found.class),
        );
    }
    for found in all {
        let text = format!("{} {}", foreign.class(found.class), percent(found.score));
        if legend.len() < ROWS {
            board.label(found.bounds, &text, colour(found.class));
            legend.push(Row {
                colour: Some(colour(found.class)),
                text,
            });
        }
    }
    let sheet = Sheet {
        title: format!("Detections: {}", all.len()),
        notes: vec!["Thick lines: 50 % or more.".to_string()],
        legend,
    };
    let found = |found: &crate::prediction::Detection| ForeignBox {
        bounds: found.bounds.into(),
        class: foreign.class(found.class),
        score: found.score,
    };
    Explained {
        class: all
            .first()
            .map_or_else(String::new, |best| foreign.class(best.class)),
        score: whole.score,
        drawings: vec![Drawing {
            file: "1-detections.png".to_string(),
            shows: format!("the {} detections with class and score", all.len()),
            picture: sheet.around(&board.canvas),
        }],
        by: ExplainedBy::Boxes(all.iter().map(found).collect()),
    }
}
