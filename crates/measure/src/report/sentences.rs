//! What a report says in sentences, as plain text: every format escapes it in its own way.

use super::format::fill;
use super::words::Words;
use super::{Language, Report};
use crate::record::Evaluation;

/// The question that the report answers, or the name of its only contestant.
pub fn title(report: &Report<'_>) -> String {
    let words = Words::of(report.language);
    let names: Vec<&str> = report.contestants.iter().map(|c| c.name).collect();
    match &names[..] {
        [] => words.nothing.to_string(),
        [one] => one.to_string(),
        [a, b] => fill(words.title_two, &[("a", a), ("b", b)]),
        [many @ .., last] => {
            let many = many.join(", ");
            fill(words.title_many, &[("many", &many), ("last", last)])
        }
    }
}

/// Of which data the report is, and from when; empty without contestants.
pub fn eyebrow(report: &Report<'_>) -> String {
    let (words, language) = (Words::of(report.language), report.language);
    let Some(first) = report.contestants.first() else {
        return String::new();
    };
    let dates = report.contestants.iter();
    let newest = dates.map(|c| c.environment.date.as_str()).max();
    let values = [
        ("data", first.environment.data.name.clone()),
        ("split", (words.split)(&first.evaluation.split)),
        ("images", language.count(first.evaluation.images as u64)),
        ("date", language.day(newest.unwrap_or(""))),
    ];
    filled(words.eyebrow, &values)
}

/// Which is better; how good it is, for a single contestant.
pub fn verdict(report: &Report<'_>) -> String {
    let words = Words::of(report.language);
    if let Some(seeds) = report.seeds {
        return (words.seeds_verdict)(seeds);
    }
    match (report.verdict, &report.contestants[..]) {
        (Some(verdict), [first, ..]) => (words.verdict)(verdict, first.evaluation.images),
        (None, [only]) => single(report.language, only.evaluation),
        _ => String::new(),
    }
}

/// How good a single contestant is, in a sentence.
fn single(language: Language, evaluation: &Evaluation) -> String {
    let words = Words::of(language);
    let images = ("images", language.count(evaluation.images as u64));
    match (&evaluation.classification, &evaluation.localisation) {
        (Some(answers), _) => {
            let right = answers.accuracy * evaluation.images as f64;
            let values = [
                ("accuracy", language.percent(answers.accuracy, 2)),
                ("low", language.percent(answers.accuracy_interval[0], 2)),
                ("high", language.percent(answers.accuracy_interval[1], 2)),
                (
                    "wrong",
                    language.decimal(evaluation.images as f64 - right.round(), 0),
                ),
                images,
            ];
            filled(words.single, &values)
        }
        (None, Some(boxes)) => {
            let value = |figure: Option<f64>| language.decimal(figure.unwrap_or(f64::NAN), 3);
            let values = [
                ("map", value(boxes.map)),
                ("map_50", value(boxes.map_50)),
                images,
            ];
            filled(words.single_boxes, &values)
        }
        (None, None) => String::new(),
    }
}

/// What it took, in words; a figure that was not measured is left out with its sentence.
pub fn cost(report: &Report<'_>) -> String {
    let (words, language) = (Words::of(report.language), report.language);
    let mut sentences = Vec::new();
    if let [a, b] = &report.contestants[..] {
        let (slow, fast) = if a.evaluation.train_s >= b.evaluation.train_s {
            (a, b)
        } else {
            (b, a)
        };
        let ratio = slow.evaluation.train_s / fast.evaluation.train_s;
        if ratio.is_finite() && fast.evaluation.train_s > 0.0 {
            let values = [
                ("fast", fast.name.to_string()),
                ("slow", slow.name.to_string()),
                ("fast-time", language.duration(fast.evaluation.train_s)),
                ("slow-time", language.duration(slow.evaluation.train_s)),
                ("ratio", language.decimal(ratio, 1)),
            ];
            sentences.push(filled(words.train_two, &values));
        }
        let (quick, slow) = match a.evaluation.infer_images_per_s >= b.evaluation.infer_images_per_s
        {
            true => (a, b),
            false => (b, a),
        };
        if slow.evaluation.infer_images_per_s > 0.0 {
            let values = [
                ("quick", quick.name.to_string()),
                ("slow", slow.name.to_string()),
                (
                    "quick-rate",
                    language.significant(quick.evaluation.infer_images_per_s),
                ),
                (
                    "slow-rate",
                    language.significant(slow.evaluation.infer_images_per_s),
                ),
            ];
            sentences.push(filled(words.infer_two, &values));
        }
    } else {
        for contestant in report
            .contestants
            .iter()
            .filter(|c| c.evaluation.train_s > 0.0)
        {
            let epochs = match contestant.evaluation.epochs {
                1 => words.one_epoch.to_string(),
                many => fill(
                    words.many_epochs,
                    &[("epochs", &language.count(many as u64))],
                ),
            };
            let values = [
                ("name", contestant.name.to_string()),
                ("time", language.duration(contestant.evaluation.train_s)),
                ("epochs", epochs),
                (
                    "rate",
                    language.significant(contestant.evaluation.infer_images_per_s),
                ),
            ];
            sentences.push(filled(words.train_one, &values));
        }
    }
    sentences.join(" ")
}

/// The difference with its interval, the test behind the verdict, and what that means; empty without
/// a verdict.
pub fn difference(report: &Report<'_>) -> String {
    let (words, language) = (Words::of(report.language), report.language);
    let Some(verdict) = report.verdict else {
        return String::new();
    };
    let test = &verdict.mcnemar;
    let [low, high] = verdict.difference_interval;
    let points = |share: f64| language.signed(100.0 * share, 2);
    let values = [
        ("a", test.a.clone()),
        ("b", test.b.clone()),
        ("difference", points(verdict.difference)),
        ("low", points(low)),
        ("high", points(high)),
        ("p", language.p_value(test.p_value)),
    ];
    let meaning = match verdict.significant {
        true => words.significant,
        false => words.not_significant,
    };
    format!("{} {meaning}", filled(words.difference, &values))
}

/// [`fill`] with owned values.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    fill(template, &values)
}
