//! Reliability diagrams: whether confidence is deserved.

use super::{Page, figure, paragraph};
use crate::calibration::{BINS, reliability_equal_width};
use crate::report::format::percent;
use crate::report::plot::reliability;

/// A diagram a contestant.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut plots = String::new();
    for (slot, contestant) in page.contestants().iter().enumerate() {
        let scores: Vec<f32> = contestant
            .predictions
            .rows
            .iter()
            .map(|p| p.score)
            .collect();
        // Without answers, or with scores that are no probabilities, there is no diagram.
        let Ok(bins) = reliability_equal_width(&scores, &contestant.predictions.correct(), BINS)
        else {
            continue;
        };
        let names = reliability::Names {
            description: words.calibration,
            confidence: words.confidence,
            accuracy: words.accuracy,
            images: words.images_log,
        };
        let ece = contestant.evaluation.classification.as_ref().map(|a| a.ece);
        let caption = format!(
            "<b>{}</b> · ECE {}",
            page.key(slot),
            percent(ece.unwrap_or(f64::NAN), 2)
        );
        plots += &figure(Some(reliability::svg(&bins, slot, names)), &caption);
    }
    match plots.is_empty() {
        true => plots,
        false => format!(
            "{}<div class=\"pair\">{plots}</div>\n",
            paragraph(words.calibration_note)
        ),
    }
}
