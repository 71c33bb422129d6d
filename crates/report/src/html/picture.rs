//! An image with boxes drawn over it and what each contestant answered below.

use super::Page;
use crate::format::{ABSENT, fill};
use crate::plot::{SLOTS, swatch};
use crate::png;
use measure::record::{ModelKind, Prediction};

/// A card for an image: picture, truth, and the answers of `(slot, prediction)`, all to that image.
/// `remark` is HTML for a last line.
pub fn card(page: &Page<'_>, answers: &[(usize, &Prediction)], remark: &str) -> String {
    let words = page.words;
    let Some((_, Prediction { index, label, .. })) = answers.first() else {
        return String::new();
    };
    let (index, label) = (*index, *label);
    let truth = page.class(label);
    let number = page.language.count(index as u64);
    let colon = page.language.colon();
    let items = answers.iter().map(|(slot, prediction)| {
        let (class, sign, spoken) = match prediction.is_correct() {
            true => ("yes", "✓", words.right),
            false => ("no", "✗", words.wrong),
        };
        let swatch = if page.contestants().len() > 1 { swatch(*slot) } else { String::new() };
        format!(
            "<li><span>{swatch}<span class=\"hidden\">{}{colon}</span></span><span class=\"{class}\">{sign}<span class=\"hidden\"> {spoken}</span> {}</span><span>{}</span></li>",
            name(page, *slot),
            page.class(prediction.predicted),
            confidence(page, prediction)
        )
    });
    let items: String = items.collect();
    let alt = fill(words.picture_alt, &[("number", &number), ("truth", &truth)]);
    format!(
        "<li class=\"card\">{}<span class=\"id\">{} {number} ·</span> {} <b>{truth}</b><ul>{items}</ul>{remark}</li>\n",
        framed(page, index, &alt, answers),
        words.number,
        words.truth_is,
    )
}

fn name(page: &Page<'_>, slot: usize) -> String {
    let name = page.contestants().get(slot).map_or("", |c| c.name);
    crate::format::Text(name).to_string()
}

fn confidence(page: &Page<'_>, prediction: &Prediction) -> String {
    match prediction.score.is_finite() {
        true => page.language.percent(
            f64::from(prediction.score),
            if prediction.score < 0.9995 { 1 } else { 0 },
        ),
        false => ABSENT.to_string(),
    }
}

fn framed(page: &Page<'_>, index: usize, alt: &str, answers: &[(usize, &Prediction)]) -> String {
    let mut boxes = String::new();
    // The annotated box says something only beside an answer that says where.
    let detects = |slot: usize| {
        page.contestants()
            .get(slot)
            .is_some_and(|c| c.evaluation.kind == ModelKind::FasterRcnn)
    };
    if answers
        .iter()
        .any(|(slot, prediction)| detects(*slot) || prediction.detection.is_some())
        && let Some(truth) = (page.report.image)(index).and_then(|image| image.truth)
    {
        boxes += &outline("truth", truth);
    }
    for (slot, prediction) in answers {
        if let Some(seen) = prediction.detection {
            boxes += &outline(&format!("s{}", slot % SLOTS), seen.bounds);
        }
    }
    picture(page, index, alt, &boxes)
}

/// An image with `boxes` (SVG in its pixels) drawn over it; `alt` is escaped.
pub fn picture(page: &Page<'_>, index: usize, alt: &str, boxes: &str) -> String {
    let image = (page.report.image)(index);
    let uri = image
        .as_ref()
        .and_then(|i| png::data_uri(i.width, i.height, &i.pixels));
    let (Some(image), Some(uri)) = (image, uri) else {
        return format!("<div class=\"pic\">{}</div>", page.words.no_picture);
    };
    let (width, height) = (image.width, image.height);
    // High images would leave their frame: shrunk to its height.
    let share = 100.0 * (width as f64 / height as f64).min(1.0);
    let share = if share < 100.0 {
        format!(" style=\"width:{share:.1}%\"")
    } else {
        String::new()
    };
    let overlay = match boxes.is_empty() {
        true => String::new(),
        false => {
            format!("<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">{boxes}</svg>")
        }
    };
    format!(
        "<div class=\"pic\"><div{share}><img src=\"{uri}\" width=\"{width}\" height=\"{height}\" alt=\"{alt}\">{overlay}</div></div>"
    )
}

/// A box as SVG; nothing for one that is not finite.
pub fn outline(class: &str, [x1, y1, x2, y2]: [f32; 4]) -> String {
    if ![x1, y1, x2, y2].iter().all(|v| v.is_finite()) {
        return String::new();
    }
    format!("<path class=\"{class}\" d=\"M{x1:.2} {y1:.2}H{x2:.2}V{y2:.2}H{x1:.2}z\"/>")
}

/// Cards in a grid.
pub fn cards(cards: impl Iterator<Item = String>) -> String {
    format!("<ul class=\"cards\">{}</ul>\n", cards.collect::<String>())
}
