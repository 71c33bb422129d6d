//! Reliability diagrams: whether confidence is deserved.

use super::{Page, figure, paragraph};
use crate::curves;
use crate::plot::reliability;

/// A diagram a contestant.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut plots = String::new();
    for (slot, contestant) in page.contestants().iter().enumerate() {
        let Some(bins) = curves::reliability(contestant.predictions) else {
            continue;
        };
        let names = reliability::Names {
            description: words.calibration,
            confidence: words.confidence,
            accuracy: words.accuracy_axis,
            images: words.images_log,
            count: words.so_many_images,
            language: page.language,
        };
        let ece = contestant.evaluation.classification.as_ref().map(|a| a.ece);
        let caption = format!(
            "<b>{}</b> · ECE {}",
            page.key(slot),
            page.language.percent(ece.unwrap_or(f64::NAN), 2)
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
