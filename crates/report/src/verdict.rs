//! Verdicts as sentences: English, as the JSON of a comparison holds them; French is in `french.rs`.

mod french;

use measure::record::{Headline, McNemarRecord, SeedsFigure, SeedsHeadline, SeedsVerdict, Verdict};

use crate::Language;

/// The verdict with its English sentence.
pub fn with_sentence(found: Verdict) -> Verdict {
    Verdict {
        sentence: verdict(&found),
        ..found
    }
}

/// The verdict over seeds with its English sentence.
pub fn with_sentence_over_seeds(found: SeedsVerdict) -> SeedsVerdict {
    SeedsVerdict {
        sentence: verdict_over_seeds(&found),
        ..found
    }
}

/// The verdict on a number of images in a language.
pub fn verdict_in(language: Language, found: &Verdict, images: usize) -> String {
    match language {
        Language::English => verdict(found),
        Language::French => french::verdict(found, images),
    }
}

/// The verdict over seeds in a language.
pub fn over_seeds_in(language: Language, found: &SeedsVerdict) -> String {
    match language {
        Language::English => verdict_over_seeds(found),
        Language::French => french::verdict_over_seeds(found),
    }
}

/// The verdict on two or more runs in plain words.
fn verdict(verdict: &Verdict) -> String {
    let McNemarRecord {
        a, b, only_a: each, ..
    } = &verdict.mcnemar;
    let images = match verdict.images {
        0 => "images".to_string(),
        images => format!("{} images", count(images)),
    };
    let Some(headline) = verdict.headline() else {
        return match each {
            0 => format!("Of {images}, {a} and {b} are right on exactly the same ones."),
            &each => format!(
                "{a} and {b} are equally accurate: of {images}, each is right on {} that the other gets wrong.",
                count(each)
            ),
        };
    };
    let Headline {
        better,
        worse,
        gained,
        lost,
        points,
        interval,
    } = headline;
    let counts = format!(
        "of {images}, only {better} is right on {} and only {worse} on {}",
        count(gained),
        count(lost)
    );
    let test = format!(
        "McNemar’s exact test{}, {}",
        corrected(verdict.pairs.len()),
        p_value(verdict.mcnemar.p_value)
    );
    if verdict.significant {
        let points = decimal(points, 2);
        format!(
            "{better} is more accurate than {worse}, by {points} percentage points: {counts} ({test})."
        )
    } else if verdict.is_unbacked() {
        let [low, high] = interval.map(|end| decimal(end, 2));
        format!(
            "The data can’t tell: {better} is ahead of {worse}: {counts}. Chance alone hardly explains that ({test}), \
             but resampling the images gives a difference of {low} to {high} percentage points (95 % interval), \
             which does not exclude zero."
        )
    } else {
        format!(
            "The data can’t tell: {better} is ahead of {worse}, but {counts}, which chance alone could explain \
             ({test})."
        )
    }
}

/// The verdict over seeds in plain words, with what so few seeds can’t tell.
fn verdict_over_seeds(verdict: &SeedsVerdict) -> String {
    let (a, b, seeds) = (&verdict.test.a, &verdict.test.b, verdict.test.seeds);
    let number = match seeds {
        1 => "1 seed".to_string(),
        seeds => format!("{seeds} seeds"),
    };
    let (equal, more, unit) = match verdict.figure {
        SeedsFigure::Accuracy => (
            "are equally accurate",
            "is more accurate",
            "percentage points",
        ),
        SeedsFigure::AveragePrecision => (
            "have the same average precision",
            "detects better",
            "points of average precision",
        ),
    };
    let Some(headline) = verdict.headline() else {
        return format!("{a} and {b} {equal} on average over {number}.");
    };
    let SeedsHeadline { better, worse, .. } = headline;
    let points = decimal(headline.points, 2);
    let range = |interval: [f64; 2]| {
        let [low, high] = interval.map(|end| decimal(end, 2));
        format!("95 % interval {low} to {high}")
    };
    let (Some(over_seeds), Some(p)) = (headline.over_seeds.map(range), headline.p_value) else {
        return if seeds < 2 {
            format!(
                "The data can’t tell: {better} is ahead of {worse} by {points} {unit}, but one seed says nothing \
                 about how much runs vary. Train with several seeds."
            )
        } else {
            format!(
                "The data can’t tell: {better} is ahead of {worse} by exactly {points} {unit} with every seed. \
                 The t test needs a spread between seeds, and there is none."
            )
        };
    };
    let test = format!(
        "{over_seeds}; paired t test over seeds{}, {}",
        corrected(verdict.pairs.len()),
        p_value(p)
    );
    let over_images = headline.over_images.map(range).unwrap_or_default();
    let ahead =
        format!("{better} is ahead of {worse} by {points} {unit} on average over {seeds} seeds");
    let found =
        format!("{better} {more} than {worse}, by {points} {unit} on average over {seeds} seeds");
    let mut text = match (verdict.test.seeds_tell(), verdict.test.images_tell()) {
        (true, Some(true)) => {
            format!("{found} ({test}); the images say the same ({over_images}).")
        }
        (true, Some(false)) => format!(
            "The data can’t tell: {ahead} ({test}), but on other images of the same kind it could be the other way \
             round ({over_images})."
        ),
        (true, None) => {
            format!("{found} ({test}); whether this holds on other images was not tested.")
        }
        (false, Some(true) | None) => format!(
            "The data can’t tell: {ahead}, but with other seeds it could be the other way round ({test})."
        ),
        (false, Some(false)) => format!(
            "The data can’t tell: {ahead}, but with other seeds ({test}) or other images ({over_images}) it could be \
             the other way round."
        ),
    };
    if let Some(factor) = verdict.factor() {
        text += &format!(
            " With {seeds} seeds, a difference counts only if it is at least {} times its own spread, and there are \
             too few seeds to check that the spread is normal, as the test assumes.",
            decimal(factor, 1)
        );
    }
    text
}

fn corrected(pairs: usize) -> &'static str {
    match pairs {
        0 | 1 => "",
        _ => ", Holm-corrected",
    }
}

fn count(images: u64) -> String {
    Language::English.count(images)
}

fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        // What rounds to zero has no sign.
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

fn p_value(p: f64) -> String {
    match p {
        p if p < 0.0001 => "p < 0.0001".to_string(),
        p if p < 0.1 => format!("p = {p:.4}"),
        p => format!("p = {p:.2}"),
    }
}

#[cfg(test)]
mod tests;
