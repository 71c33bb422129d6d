//! Images whose annotation looks wrong.

use super::picture::{card, cards};
use super::{Page, paragraph};
use crate::format::fill;
use crate::suspects::{Suspect, suspects};

const SHOWN: usize = 14;

/// The strongest suspects; nothing without any.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let suspects = suspects(page.report);
    if suspects.is_empty() {
        return String::new();
    }
    let show = |suspect: &Suspect<'_>| {
        let answers: Vec<_> = suspect.answers.iter().copied().enumerate().collect();
        let percent = |share: f64| page.language.percent(share, 1);
        let values = [
            ("class", &*page.class(suspect.class)),
            ("probability", &*percent(suspect.probability)),
            ("annotated", &*percent(suspect.annotated)),
        ];
        let remark = format!(
            "<span class=\"id\">{}</span>",
            fill(words.looks_like, &values)
        );
        card(page, &answers, &remark)
    };
    let mut html = paragraph(words.suspects_note);
    html += &cards(suspects.iter().take(SHOWN).map(show));
    if suspects.len() > SHOWN {
        let all = page.language.count(suspects.len() as u64);
        html += &super::note(&fill(words.suspects_more, &[("all", &all)]));
    }
    html
}
