//! What detectors see: boxes on the first images of the split and on those where they fit worst.

use super::picture::{card, cards};
use super::{Page, paragraph};
use measure::record::Prediction;

const SHOWN: usize = 7;

/// For each contestant with detections; nothing where there is none.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut html = String::new();
    for (slot, contestant) in page.contestants().iter().enumerate() {
        let rows = &contestant.predictions.rows;
        let mut seen: Vec<(&Prediction, f32)> = rows
            .iter()
            .filter_map(|p| Some((p, p.detection?.iou)))
            .collect();
        if seen.is_empty() {
            continue;
        }
        let show = |(p, iou): &(&Prediction, f32)| {
            let remark = format!(
                "<span class=\"id\">IoU {}</span>",
                page.language.decimal(f64::from(*iou), 2)
            );
            card(page, &[(slot, *p)], &remark)
        };
        let blind = rows.iter().filter(|p| p.detection.is_none()).count();
        html += &page.heading(slot);
        html += &format!("<p class=\"note\">{}</p>\n", words.first_images);
        html += &cards(seen.iter().take(SHOWN).map(show));
        seen.sort_by(|a, b| a.1.total_cmp(&b.1));
        html += &format!("<p class=\"note\">{}</p>\n", words.worst_boxes);
        html += &cards(seen.iter().take(SHOWN).map(show));
        if blind > 0 {
            html += &format!(
                "<p class=\"note\">{} {}</p>\n",
                words.nothing_seen,
                page.language.count(blind as u64)
            );
        }
    }
    match html.is_empty() {
        true => html,
        false => paragraph(words.boxes_note) + &html,
    }
}
