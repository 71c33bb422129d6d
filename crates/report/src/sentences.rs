//! What a report says in sentences, as plain text: every format escapes it in its own way.

use super::compared::rows;
use super::format::{fill, filled};
use super::metrics::Group;
use super::seeds::columns;
use super::verdict;
use super::words::{Words, phrases};
use super::{Contestant, Language, Report};
use measure::record::Evaluation;

/// The question that the report answers, or the name of its only contestant.
pub fn title(report: &Report<'_>) -> String {
    let words = Words::of(report.language);
    let names: Vec<&str> = columns(report).iter().map(|column| column.name).collect();
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
        ("split", phrases::split(language, &first.evaluation.split)),
        ("images", language.count(first.evaluation.images as u64)),
        ("date", language.day(newest.unwrap_or(""))),
    ];
    filled(words.eyebrow, &values)
}

/// Which is better; how good it is, for a single contestant.
pub fn verdict(report: &Report<'_>) -> String {
    if let Some(seeds) = report.seeds {
        return verdict::verdict_over_seeds(report.language, seeds);
    }
    match (report.verdict, &report.contestants[..]) {
        (Some(verdict), [_, ..]) => verdict::verdict(report.language, verdict),
        (None, [only]) => single(report.language, only.evaluation),
        (None, contestants) => boxes_of(report.language, contestants),
        _ => String::new(),
    }
}

/// Average precisions, the best first: without one answer an image there is nothing to test.
fn boxes_of(language: Language, contestants: &[Contestant<'_>]) -> String {
    let words = Words::of(language);
    let figure = |c: &Contestant<'_>| Some((c.name.to_string(), c.evaluation.localisation?.map?));
    let figures: Option<Vec<(String, f64)>> = contestants.iter().map(figure).collect();
    let mut figures = figures.unwrap_or_default();
    figures.retain(|(_, map)| map.is_finite());
    figures.sort_by(|a, b| b.1.total_cmp(&a.1));
    let [(best, most), others @ ..] = &figures[..] else {
        return String::new();
    };
    let others: Vec<String> = others
        .iter()
        .map(|(name, map)| format!("{name} {}", language.decimal(*map, 3)))
        .collect();
    let values = [
        ("best", best.clone()),
        ("most", language.decimal(*most, 3)),
        ("others", others.join(", ")),
    ];
    filled(words.several_boxes, &values)
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
            let (Some(map), Some(map_50)) = (boxes.map, boxes.map_50) else {
                return String::new();
            };
            let values = [
                ("map", language.decimal(map, 3)),
                ("map_50", language.decimal(map_50, 3)),
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
    let columns = columns(report);
    if let [a, b] = &columns[..] {
        let rows = rows(report, Group::Cost);
        let pair = |key: &str| {
            let row = rows.iter().find(|row| row.metric.key == key)?;
            let values = row.cells.iter().map(|cell| cell.value);
            let values: Vec<f64> = values.collect::<Option<_>>()?;
            <[f64; 2]>::try_from(values).ok()
        };
        if let Some([ours, theirs]) = pair("train_time") {
            let (fast, slow) = if ours < theirs { (a, b) } else { (b, a) };
            let (least, most) = (ours.min(theirs), ours.max(theirs));
            let ratio = language.decimal(most / least, 1);
            // '1.0 times as long' would say nothing.
            let ratio = if ratio == language.decimal(1.0, 1) {
                String::new()
            } else {
                fill(words.train_ratio, &[("ratio", &ratio)])
            };
            let values = [
                ("fast", fast.name.to_string()),
                ("slow", slow.name.to_string()),
                ("fast-time", language.duration(least)),
                ("slow-time", language.duration(most)),
                ("ratio", ratio),
            ];
            sentences.push(filled(words.train_two, &values));
        }
        if let Some([ours, theirs]) = pair("throughput") {
            let (quick, slow) = if ours >= theirs { (a, b) } else { (b, a) };
            let values = [
                ("quick", quick.name.to_string()),
                ("slow", slow.name.to_string()),
                ("quick-rate", language.significant(ours.max(theirs))),
                ("slow-rate", language.significant(ours.min(theirs))),
            ];
            sentences.push(filled(words.infer_two, &values));
        }
        if report.seeds.is_some() && !sentences.is_empty() {
            let seeds = language.count(a.runs.len() as u64);
            sentences.push(fill(words.trainings_means, &[("seeds", &seeds)]));
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
            let rate = contestant.evaluation.infer_images_per_s;
            let template = if rate > 0.0 {
                words.train_one
            } else {
                words.train_only
            };
            let values = [
                ("name", contestant.name.to_string()),
                ("time", language.duration(contestant.evaluation.train_s)),
                ("epochs", epochs),
                ("rate", language.significant(rate)),
            ];
            sentences.push(filled(template, &values));
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
    let meaning = if verdict.significant {
        words.significant
    } else if verdict.is_unbacked() {
        words.tests_disagree
    } else {
        words.not_significant
    };
    format!("{} {meaning}", filled(words.difference, &values))
}

#[cfg(test)]
mod tests;
