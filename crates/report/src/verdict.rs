//! Verdicts as sentences, in English and French. The JSON of a comparison holds the English ones.

mod words;

use crate::Language;
use crate::format::filled;
use measure::record::{Headline, SeedsFigure, SeedsHeadline, SeedsVerdict, Verdict};
use words::VerdictWords as Words;

/// The verdict with its English sentence.
pub fn with_sentence(found: Verdict) -> Verdict {
    Verdict {
        sentence: verdict(Language::English, &found).replace('\u{a0}', " "),
        ..found
    }
}

/// The verdict over seeds with its English sentence.
pub fn with_sentence_over_seeds(found: SeedsVerdict) -> SeedsVerdict {
    SeedsVerdict {
        sentence: verdict_over_seeds(Language::English, &found).replace('\u{a0}', " "),
        ..found
    }
}

/// The verdict on two or more runs.
pub fn verdict(language: Language, found: &Verdict) -> String {
    let (words, test) = (Words::of(language), &found.mcnemar);
    let mut values = vec![
        ("a", test.a.clone()),
        ("b", test.b.clone()),
        ("images", language.count(found.images)),
        ("each", language.count(test.only_a)),
        ("cannot_tell", words.cannot_tell.to_string()),
        ("corrected", corrected(words, found.pairs.len())),
        ("p", language.p_value(test.p_value)),
    ];
    let Some(headline) = found.headline() else {
        let template = match test.only_a {
            0 => words.all_the_same,
            1 => words.equal_one,
            _ => words.equal_many,
        };
        return filled(template, &values);
    };
    let Headline { better, worse, .. } = headline;
    let [low, high] = headline.interval.map(|end| language.decimal(end, 2));
    values.extend([
        ("better", better.to_string()),
        ("worse", worse.to_string()),
        ("gained", language.count(headline.gained)),
        ("lost", language.count(headline.lost)),
        (
            "points",
            points(language, SeedsFigure::Accuracy, headline.points),
        ),
        ("low", low),
        ("high", high),
    ]);
    values.push(("counts", filled(words.counts, &values)));
    values.push(("test", filled(words.mcnemar, &values)));
    let template = if found.significant {
        words.clear
    } else if found.is_unbacked() {
        words.unbacked
    } else {
        words.unclear
    };
    filled(template, &values)
}

/// The verdict over seeds, with what few seeds can't tell.
pub fn verdict_over_seeds(language: Language, found: &SeedsVerdict) -> String {
    let (words, test) = (Words::of(language), &found.test);
    let number = match test.seeds {
        1 => words.one_seed.to_string(),
        seeds => filled(words.many_seeds, &[("seeds", language.count(seeds as u64))]),
    };
    let mut values = vec![
        ("a", test.a.clone()),
        ("b", test.b.clone()),
        ("number", number),
        ("cannot_tell", words.cannot_tell.to_string()),
        ("corrected", corrected(words, found.pairs.len())),
    ];
    let (equal, better_than) = match found.figure {
        SeedsFigure::Accuracy => (words.equal_accuracy, words.found_accuracy),
        SeedsFigure::AveragePrecision => (words.equal_precision, words.found_precision),
    };
    let Some(headline) = found.headline() else {
        return filled(equal, &values);
    };
    let SeedsHeadline { better, worse, .. } = headline;
    let range = |ends: [f64; 2]| {
        let [low, high] = ends.map(|end| language.decimal(end, 2));
        filled(words.range, &[("low", low), ("high", high)])
    };
    values.extend([
        ("better", better.to_string()),
        ("worse", worse.to_string()),
        ("points", points(language, found.figure, headline.points)),
    ]);
    let (Some(over_seeds), Some(p)) = (headline.over_seeds, headline.p_value) else {
        let template = match test.seeds {
            0 | 1 => words.too_few_seeds,
            _ => words.no_spread,
        };
        return filled(template, &values);
    };
    values.extend([
        ("over_seeds", range(over_seeds)),
        (
            "over_images",
            headline.over_images.map(range).unwrap_or_default(),
        ),
        ("p", language.p_value(p)),
    ]);
    values.push(("test", filled(words.t_test, &values)));
    values.push(("ahead", filled(words.ahead, &values)));
    values.push(("found", filled(better_than, &values)));
    let template = match (test.seeds_tell(), test.images_tell()) {
        (true, Some(true)) => words.both_tell,
        (true, Some(false)) => words.images_decide,
        (true, None) => words.images_untested,
        (false, Some(true) | None) => words.seeds_decide,
        (false, Some(false)) => words.nothing_tells,
    };
    let mut text = filled(template, &values);
    if let Some(factor) = found.factor() {
        values.push(("factor", language.decimal(factor, 1)));
        text += " ";
        text += &filled(words.factor, &values);
    }
    text
}

fn corrected(words: &Words, pairs: usize) -> String {
    let text = if pairs > 1 { words.corrected } else { "" };
    text.to_string()
}

/// A difference in points; the French plural starts at two.
fn points(language: Language, figure: SeedsFigure, points: f64) -> String {
    let words = Words::of(language);
    let template = match (figure, points < 2.0) {
        (SeedsFigure::Accuracy, true) => words.point_of_accuracy,
        (SeedsFigure::Accuracy, false) => words.points_of_accuracy,
        (SeedsFigure::AveragePrecision, true) => words.point_of_precision,
        (SeedsFigure::AveragePrecision, false) => words.points_of_precision,
    };
    filled(template, &[("points", language.decimal(points, 2))])
}

#[cfg(test)]
mod tests;
