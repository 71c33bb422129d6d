//! Pictures to look at: mistakes by who made them, labels that look wrong, and what a detector sees.

use super::View;
use crate::format::{ABSENT, fill};
use crate::mistakes::{self, Mistake};
use crate::model::{Block, Card, Gallery, Line, Outline, Picture, Row, Span, Table};
use crate::suspects::suspects as all_suspects;
use measure::record::Prediction;

/// Pictures in a group; of the rest, some more are shown on demand.
const SHOWN: usize = 14;
/// Pictures in a group of which there is one per contestant.
const FEW: usize = 7;

/// Images that were classified wrongly, by who is wrong; for a single contestant, its mistakes.
pub fn mistakes(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let Some(mistakes) = mistakes::mistakes(view.report) else {
        return Vec::new();
    };
    if mistakes.is_empty() {
        return vec![Block::Paragraph(words.no_mistakes.into())];
    }
    let those = |who: &dyn Fn(&[usize]) -> bool| -> Vec<&Mistake<'_>> {
        mistakes
            .iter()
            .filter(|mistake| who(&mistake.wrong()))
            .collect()
    };
    if !view.several() {
        let mut blocks = vec![Block::Paragraph(words.gallery_note_one.into())];
        blocks.extend(group(view, None, &those(&|_| true)));
        return blocks;
    }
    let all = view.contestants().len();
    let mut blocks = vec![Block::Paragraph(words.gallery_note.into())];
    for (slot, contestant) in view.slots() {
        let title = fill(words.only_wrong, &[("name", contestant.name)]);
        blocks.extend(group(view, Some(&title), &those(&|wrong| wrong == [slot])));
    }
    if all > 2 {
        let several = those(&|wrong| (2..all).contains(&wrong.len()));
        blocks.extend(group(view, Some(words.several_wrong), &several));
    }
    let together = if all == 2 {
        words.both_wrong
    } else {
        words.all_wrong
    };
    blocks.extend(group(
        view,
        Some(together),
        &those(&|wrong| wrong.len() == all),
    ));
    blocks
}

fn group(view: &View<'_>, title: Option<&str>, mistakes: &[&Mistake<'_>]) -> Vec<Block> {
    let all = view.language.count(mistakes.len() as u64);
    let title = title.map(|title| Block::Heading(3, format!("{title} ({all})").into()));
    let mut blocks: Vec<Block> = title.into_iter().collect();
    if mistakes.is_empty() {
        blocks.push(Block::Note(view.words.none.into()));
        return blocks;
    }
    let cards = |mistakes: &[&Mistake<'_>]| {
        let card = |mistake: &&Mistake<'_>| {
            let answers: Vec<_> = mistake.answers.iter().copied().enumerate().collect();
            card(view, &answers, String::new())
        };
        gallery(mistakes.iter().filter_map(card))
    };
    let (first, rest) = mistakes.split_at(SHOWN.min(mistakes.len()));
    blocks.push(cards(first));
    if !rest.is_empty() {
        // A page with every mistake of a bad model would be many megabytes.
        let rest = &rest[..rest.len().min(3 * SHOWN)];
        let more = view.language.count(rest.len() as u64);
        let summary = fill(view.words.more, &[("more", &more), ("all", &all)]);
        blocks.push(Block::Details(summary, vec![cards(rest)]));
    }
    blocks
}

/// How many images were classified correctly by whom, for two contestants: what the test of significance rests on.
pub fn who_is_right(view: &View<'_>) -> Option<Table> {
    let [a, b] = view.contestants() else {
        return None;
    };
    let words = view.words;
    let mistakes = mistakes::mistakes(view.report)?;
    let count = |wrong: &[usize]| {
        let number = match wrong {
            [] => a.predictions.rows.len() - mistakes.len(),
            wrong => mistakes
                .iter()
                .filter(|mistake| mistake.wrong() == wrong)
                .count(),
        };
        view.language.count(number as u64)
    };
    let rows = [
        Row::text(
            format!("{} {}", a.name, words.right),
            [count(&[]), count(&[1])],
        ),
        Row::text(
            format!("{} {}", a.name, words.wrong),
            [count(&[0]), count(&[0, 1])],
        ),
    ];
    let head = [
        Span::Hidden(words.images.to_string()).into(),
        Line::from(format!("{} {}", b.name, words.right)),
        Line::from(format!("{} {}", b.name, words.wrong)),
    ];
    Some(Table::plain(words.paired_caption, head, rows))
}

/// The wrong predictions of highest confidence of each of several contestants.
pub fn confident(view: &View<'_>) -> Vec<Block> {
    // The mistakes of a single contestant are already shown in this order.
    if !view.several() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    for (slot, contestant) in view.slots() {
        let rows = contestant.predictions.rows.iter();
        let mut wrong: Vec<&Prediction> = rows.filter(|row| !row.is_correct()).collect();
        wrong.sort_by(|a, b| b.score.total_cmp(&a.score));
        if !wrong.is_empty() {
            blocks.extend(view.heading(slot));
            let cards = wrong.iter().take(FEW);
            blocks.push(gallery(
                cards.filter_map(|row| card(view, &[(slot, row)], String::new())),
            ));
        }
    }
    noted(view.words.confident_note, blocks)
}

/// Images whose annotation looks wrong.
pub fn suspects(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let suspects = all_suspects(view.report);
    if suspects.is_empty() {
        return Vec::new();
    }
    let cards = suspects.iter().take(SHOWN).filter_map(|suspect| {
        let answers: Vec<_> = suspect.answers.iter().copied().enumerate().collect();
        let percent = |share: f64| view.language.percent(share, 1);
        let values = [
            ("class", &*view.report.class(suspect.class)),
            ("probability", &*percent(suspect.probability)),
            ("annotated", &*percent(suspect.annotated)),
        ];
        card(view, &answers, fill(words.looks_like, &values))
    });
    let mut blocks = vec![gallery(cards)];
    if suspects.len() > SHOWN {
        let all = view.language.count(suspects.len() as u64);
        blocks.push(Block::Note(
            fill(words.suspects_more, &[("all", &all)]).into(),
        ));
    }
    noted(words.suspects_note, blocks)
}

/// The boxes of detectors on the first images of the split and on those where they fit worst.
pub fn boxes(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let mut blocks = Vec::new();
    for (slot, contestant) in view.slots() {
        let rows = &contestant.predictions.rows;
        let seen = rows
            .iter()
            .filter_map(|row| Some((row, row.detection?.iou)));
        let mut seen: Vec<(&Prediction, f32)> = seen.collect();
        if seen.is_empty() {
            continue;
        }
        let cards = |seen: &[(&Prediction, f32)]| {
            gallery(seen.iter().take(FEW).filter_map(|(row, iou)| {
                let iou = format!("IoU {}", view.language.decimal(f64::from(*iou), 2));
                card(view, &[(slot, row)], iou)
            }))
        };
        blocks.extend(view.heading(slot));
        blocks.push(Block::Note(words.first_images.into()));
        blocks.push(cards(&seen));
        seen.sort_by(|a, b| a.1.total_cmp(&b.1));
        blocks.push(Block::Note(words.worst_boxes.into()));
        blocks.push(cards(&seen));
        let blind = rows.len() - seen.len();
        if blind > 0 {
            let blind = view.language.count(blind as u64);
            blocks.push(Block::Note(
                format!("{} {blind}", words.nothing_seen).into(),
            ));
        }
    }
    noted(words.boxes_note, blocks)
}

/// Blocks under a paragraph; nothing without blocks.
pub fn noted(note: impl Into<Line>, mut blocks: Vec<Block>) -> Vec<Block> {
    if !blocks.is_empty() {
        blocks.insert(0, Block::Paragraph(note.into()));
    }
    blocks
}

fn gallery(cards: impl Iterator<Item = Card>) -> Block {
    Block::Gallery(Gallery {
        large: false,
        cards: cards.collect(),
    })
}

/// An image, its truth, and the predictions of `(slot, prediction)` for it; `None` without predictions.
fn card(view: &View<'_>, answers: &[(usize, &Prediction)], remark: String) -> Option<Card> {
    let words = view.words;
    let (_, first) = answers.first()?;
    let truth = view.report.class(first.label);
    let number = view.language.count(first.index as u64);
    let lines = answers.iter().map(|(slot, prediction)| {
        let right = prediction.is_correct();
        let spoken = if right { words.right } else { words.wrong };
        let name = view
            .contestants()
            .get(*slot)
            .map_or("", |c| c.name)
            .to_string();
        let class = view.report.class(prediction.predicted);
        vec![
            Span::Sign(view.several().then_some(*slot), name).into(),
            Span::Answer(right, class, spoken).into(),
            confidence(view, prediction).into(),
        ]
    });
    let alt = fill(words.picture_alt, &[("number", &number), ("truth", &truth)]);
    let title = Line::from(Span::Small(format!("{} {number} ·", words.number)));
    let title = title.and(Span::Text(words.truth_is.to_string()));
    Some(Card {
        picture: picture(view, first.index, alt, outlines(view, answers)),
        title: title.and(Span::Bold(truth)),
        lines: lines.collect(),
        remark,
    })
}

/// An image with boxes drawn over it.
pub fn picture(
    view: &View<'_>,
    index: usize,
    alt: String,
    boxes: Vec<Outline>,
) -> Result<Picture, &'static str> {
    let image = (view.report.image)(index).ok_or(view.words.no_picture)?;
    Ok(Picture { image, alt, boxes })
}

fn confidence(view: &View<'_>, prediction: &Prediction) -> String {
    let decimals = if prediction.score < 0.9995 { 1 } else { 0 };
    if prediction.score.is_finite() {
        view.language.percent(f64::from(prediction.score), decimals)
    } else {
        ABSENT.to_string()
    }
}

fn outlines(view: &View<'_>, answers: &[(usize, &Prediction)]) -> Vec<Outline> {
    let outline = |slot, bounds| Outline {
        slot,
        strong: false,
        bounds,
    };
    // The annotated box says something only beside an answer that says where.
    let detector = |(slot, prediction): &(usize, &Prediction)| {
        let contestant = view.contestants().get(*slot);
        prediction.detection.is_some()
            || contestant.is_some_and(|c| c.evaluation.localisation.is_some())
    };
    let truth = answers.iter().find(|answer| detector(answer));
    let truth = truth.and_then(|(_, prediction)| (view.report.image)(prediction.index)?.truth);
    let found = answers
        .iter()
        .filter_map(|(slot, prediction)| Some(outline(Some(*slot), prediction.detection?.bounds)));
    truth
        .map(|bounds| outline(None, bounds))
        .into_iter()
        .chain(found)
        .collect()
}
