//! Mistakes to look at: who alone was wrong, who was wrong together, and who was wrong but sure.

use super::picture::{card, cards};
use super::{Page, details, paragraph};
use crate::format::{Text, fill};
use crate::mistakes::{Mistake, mistakes};
use measure::record::Prediction;

/// Cards shown of a group; of the rest only the number is told.
const SHOWN: usize = 14;
const SURE: usize = 7;

fn shown(page: &Page<'_>, mistake: &Mistake<'_>) -> String {
    let answers: Vec<(usize, &Prediction)> = mistake.answers.iter().copied().enumerate().collect();
    card(page, &answers, "")
}

/// The paired gallery; for a single contestant, its mistakes.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let contestants = page.contestants();
    let Some(mistakes) = mistakes(page.report) else {
        return String::new();
    };
    if mistakes.is_empty() {
        return paragraph(words.no_mistakes);
    }
    let only = |slot: usize| -> Vec<&Mistake<'_>> {
        let alone = |m: &&Mistake<'_>| {
            m.answers
                .iter()
                .enumerate()
                .all(|(s, a)| a.is_correct() != (s == slot))
        };
        mistakes.iter().filter(alone).collect()
    };
    if contestants.len() == 1 {
        let all: Vec<&Mistake<'_>> = mistakes.iter().collect();
        return paragraph(words.gallery_note_one) + &group(page, None, &all);
    }
    let mut html = paragraph(words.gallery_note);
    for (slot, contestant) in contestants.iter().enumerate() {
        let name = Text(contestant.name).to_string();
        html += &group(
            page,
            Some(fill(words.only_wrong, &[("name", &name)])),
            &only(slot),
        );
    }
    let wrong = |m: &Mistake<'_>| m.answers.iter().filter(|a| !a.is_correct()).count();
    let several: Vec<&Mistake<'_>> = mistakes
        .iter()
        .filter(|m| (2..contestants.len()).contains(&wrong(m)))
        .collect();
    if contestants.len() > 2 {
        html += &group(page, Some(words.several_wrong.to_string()), &several);
    }
    let title = if contestants.len() == 2 {
        words.both_wrong
    } else {
        words.all_wrong
    };
    let all: Vec<&Mistake<'_>> = mistakes
        .iter()
        .filter(|m| wrong(m) == contestants.len())
        .collect();
    html + &group(page, Some(title.to_string()), &all)
}

fn group(page: &Page<'_>, title: Option<String>, mistakes: &[&Mistake<'_>]) -> String {
    let words = page.words;
    let title = title.map_or(String::new(), |title| {
        format!(
            "<h3>{title} ({})</h3>\n",
            page.language.count(mistakes.len() as u64)
        )
    });
    if mistakes.is_empty() {
        return format!("{title}<p class=\"note\">{}</p>\n", words.none);
    }
    let (first, rest) = mistakes.split_at(SHOWN.min(mistakes.len()));
    let mut html = title + &cards(first.iter().map(|m| shown(page, m)));
    if !rest.is_empty() {
        // A page with every mistake of a bad model would be many megabytes.
        let more = rest.len().min(3 * SHOWN);
        let values = [
            ("more", &*page.language.count(more as u64)),
            ("all", &*page.language.count(mistakes.len() as u64)),
        ];
        html += &details(
            &fill(words.more, &values),
            &cards(rest[..more].iter().map(|m| shown(page, m))),
        );
    }
    html
}

/// How many images were answered rightly by whom, for two contestants: what the test of
/// significance rests on.
pub fn table(page: &Page<'_>) -> String {
    let [a, b] = page.contestants() else {
        return String::new();
    };
    let words = page.words;
    let images = a.predictions.rows.len();
    let Some(mistakes) = mistakes(page.report) else {
        return String::new();
    };
    let number = |right_a: bool, right_b: bool| {
        let same = |m: &&Mistake<'_>| {
            m.answers[0].is_correct() == right_a && m.answers[1].is_correct() == right_b
        };
        match right_a && right_b {
            true => images - mistakes.len(),
            false => mistakes.iter().filter(same).count(),
        }
    };
    let cell = |right_a, right_b| {
        format!(
            "<td>{}</td>",
            page.language.count(number(right_a, right_b) as u64)
        )
    };
    let head = |name: &str, what: &str| format!("{} {what}", Text(name));
    format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr><th scope=\"col\"><span class=\"hidden\">{}</span></th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\
         <tbody><tr><th scope=\"row\">{}</th>{}{}</tr><tr><th scope=\"row\">{}</th>{}{}</tr></tbody></table>\n",
        words.paired_caption,
        words.images,
        head(b.name, words.right),
        head(b.name, words.wrong),
        head(a.name, words.right),
        cell(true, true),
        cell(true, false),
        head(a.name, words.wrong),
        cell(false, true),
        cell(false, false)
    )
}

/// Each contestant's wrong answers of highest confidence.
pub fn most_confident(page: &Page<'_>) -> String {
    let words = page.words;
    // The mistakes of a single contestant are already shown in this order.
    if page.contestants().len() < 2 {
        return String::new();
    }
    let mut html = String::new();
    for (slot, contestant) in page.contestants().iter().enumerate() {
        let mut wrong: Vec<&Prediction> = contestant
            .predictions
            .rows
            .iter()
            .filter(|p| !p.is_correct())
            .collect();
        wrong.sort_by(|a, b| b.score.total_cmp(&a.score));
        if !wrong.is_empty() {
            let shown = wrong.iter().take(SURE);
            html += &page.heading(slot);
            html += &cards(shown.map(|p| card(page, &[(slot, *p)], "")));
        }
    }
    match html.is_empty() {
        true => html,
        false => paragraph(words.confident_note) + &html,
    }
}
