//! Mistakes to look at: who alone was wrong, who was wrong together, and who was wrong but sure.

use super::picture::{card, cards};
use super::{Page, details, paragraph};
use crate::record::Prediction;
use crate::report::format::{Text, count, fill};

/// Cards shown of a group; of the rest only the number is told.
const SHOWN: usize = 14;
const SURE: usize = 7;

/// An image that at least one contestant got wrong.
struct Mistake<'a> {
    /// One answer a contestant, in their order.
    answers: Vec<&'a Prediction>,
    /// Confidence of the surest wrong answer.
    sure: f32,
}

impl Mistake<'_> {
    fn card(&self, page: &Page<'_>) -> String {
        let answers: Vec<(usize, &Prediction)> = self.answers.iter().copied().enumerate().collect();
        card(page, &answers, "")
    }
}

/// The paired gallery; for a single contestant, its mistakes.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let contestants = page.contestants();
    let images = contestants
        .iter()
        .map(|c| c.predictions.rows.len())
        .min()
        .unwrap_or(0);
    let Some(mistakes) = mistakes(page, images) else {
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

/// All mistakes among the first `images` rows, the surest first; `None` without images, and when
/// the contestants did not answer the same ones: then they can't be told apart image by image.
fn mistakes<'a>(page: &'a Page<'_>, images: usize) -> Option<Vec<Mistake<'a>>> {
    let contestants = page.contestants();
    if images == 0
        || contestants
            .iter()
            .any(|c| c.predictions.rows.len() != images)
    {
        return None;
    }
    let mut mistakes: Vec<Mistake<'_>> = Vec::new();
    for row in 0..images {
        let answers: Vec<&Prediction> = contestants
            .iter()
            .map(|c| &c.predictions.rows[row])
            .collect();
        if answers
            .iter()
            .any(|a| (a.index, a.label) != (answers[0].index, answers[0].label))
        {
            return None;
        }
        let wrong = answers.iter().filter(|a| !a.is_correct());
        if let Some(sure) = wrong.map(|a| a.score).reduce(f32::max) {
            mistakes.push(Mistake { answers, sure });
        }
    }
    mistakes.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    Some(mistakes)
}

fn group(page: &Page<'_>, title: Option<String>, mistakes: &[&Mistake<'_>]) -> String {
    let words = page.words;
    let title = title.map_or(String::new(), |title| {
        format!("<h3>{title} ({})</h3>\n", count(mistakes.len() as u64))
    });
    if mistakes.is_empty() {
        return format!("{title}<p class=\"note\">{}</p>\n", words.none);
    }
    let (first, rest) = mistakes.split_at(SHOWN.min(mistakes.len()));
    let mut html = title + &cards(first.iter().map(|m| m.card(page)));
    if !rest.is_empty() {
        // A page with every mistake of a bad model would be many megabytes.
        let more = rest.len().min(3 * SHOWN);
        let values = [
            ("more", &*count(more as u64)),
            ("all", &*count(mistakes.len() as u64)),
        ];
        html += &details(
            &fill(words.more, &values),
            &cards(rest[..more].iter().map(|m| m.card(page))),
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
    let Some(mistakes) = mistakes(page, images) else {
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
    let cell = |right_a, right_b| format!("<td>{}</td>", count(number(right_a, right_b) as u64));
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
