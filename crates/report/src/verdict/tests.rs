//! Verdicts in words.

mod french;

use crate::tests::plain;
use measure::record::{
    McNemarRecord, Outcome, Prediction, Predictions, RecordError, SeedRun, SeedRuns,
};

use super::*;

/// A model that is right on the images where `right` has a 1.
fn model(right: &str) -> Predictions {
    let row = |(index, digit): (usize, u8)| {
        let (label, hit) = (index % 2, digit == b'1');
        let predicted = if hit { label } else { 1 - label };
        let mut probabilities = vec![0.25; 2];
        probabilities[predicted] = 0.75;
        Prediction {
            index,
            label,
            predicted,
            score: 0.75,
            probabilities,
            detection: None,
        }
    };
    Predictions {
        rows: right.bytes().enumerate().map(row).collect(),
        classes: vec!["zero".into(), "one".into()],
    }
}

#[test]
fn on_two_runs() {
    for (name, a, b, sentence) in [
        (
            "clear",
            "11111111111111111111",
            "11111111110000000000",
            "A is more accurate than B, by 50.00 percentage points: of 20 images, only A is right on 10 and \
             only B on 0 (McNemar’s exact test, p = 0.0020).",
        ),
        (
            "the second is better",
            "0000000011",
            "1111111111",
            "B is more accurate than A, by 80.00 percentage points: of 10 images, only B is right on 8 and \
             only A on 0 (McNemar’s exact test, p = 0.0078).",
        ),
        (
            "chance",
            "1110",
            "1101",
            "A and B are equally accurate: of 4 images, each is right on 1 that the other gets wrong.",
        ),
        (
            "too few to tell",
            "1111",
            "1101",
            "The data can’t tell: A is ahead of B, but of 4 images, only A is right on 1 and only B on 0, \
             which chance alone could explain (McNemar’s exact test, p = 1.00).",
        ),
        (
            "the same",
            "1010",
            "1010",
            "Of 4 images, A and B are right on exactly the same ones.",
        ),
    ] {
        let found = Verdict::among(&[("A", &model(a)), ("B", &model(b))], 0).unwrap();
        assert_eq!(with_sentence(found).sentence, sentence, "{name}");
    }
}

/// McNemar's exact test and the bootstrap are two kinds of evidence; one alone claims nothing.
#[test]
fn a_test_that_the_bootstrap_does_not_back_is_said_to_be_alone() {
    let found = Verdict {
        better: Some("B".into()),
        mcnemar: McNemarRecord {
            a: "A".into(),
            b: "B".into(),
            only_a: 4,
            only_b: 14,
            p_value: 0.0309,
        },
        difference: -0.001,
        difference_interval: [-0.0018, 0.0],
        images: 10_000,
        ..Default::default()
    };
    let sentence = "The data can’t tell: B is ahead of A: of 10,000 images, only B is right on 14 and only A on 4. Chance alone hardly explains that (McNemar’s exact test, p = 0.0309), but resampling the images gives a difference of 0.00 to 0.18 percentage points (95 % interval), which does not exclude zero.";
    assert_eq!(with_sentence(found).sentence, sentence);
}

/// Of 200 images, those from `wrong` on, up to `count` of them, are answered wrongly.
fn wrong(from: usize, count: usize) -> Predictions {
    let digit = |image| {
        if (from..from + count).contains(&image) {
            '0'
        } else {
            '1'
        }
    };
    model(&(0..200).map(digit).collect::<String>())
}

fn over(a: &[Predictions], b: &[Predictions]) -> SeedsVerdict {
    let a: Vec<(u64, &Predictions)> = (1..).zip(a).collect();
    let b: Vec<(u64, &Predictions)> = (1..).zip(b).collect();
    among(&[("A", &a), ("B", &b)]).unwrap()
}

fn among(recipes: &[(&str, &[(u64, &Predictions)])]) -> Result<SeedsVerdict, RecordError> {
    let recipes: Vec<_> = recipes
        .iter()
        .map(|&(recipe, runs)| {
            let run = |&(seed, answers): &(u64, _)| (seed, Outcome::Answers(answers));
            (recipe, runs.iter().map(run).collect())
        })
        .collect();
    judged(&recipes)
}

fn judged(recipes: &[(&str, Vec<(u64, Outcome<'_>)>)]) -> Result<SeedsVerdict, RecordError> {
    let run = |&(seed, outcome)| SeedRun {
        seed,
        run: "a run",
        outcome,
    };
    let runs: Vec<Vec<SeedRun<'_>>> = recipes
        .iter()
        .map(|(_, runs)| runs.iter().map(run).collect())
        .collect();
    let recipes = recipes.iter().zip(&runs);
    let recipes: Vec<_> = recipes
        .map(|((recipe, _), runs)| SeedRuns { recipe, runs })
        .collect();
    SeedsVerdict::among(&recipes, 200, 0)
}

#[test]
fn over_several_seeds() {
    let models = |counts: &[usize], from: usize| -> Vec<Predictions> {
        counts.iter().map(|&count| wrong(from, count)).collect()
    };
    for (name, a, b, english) in [
        (
            "both tell",
            models(&[0, 1, 0, 1, 0], 0),
            models(&[20, 22, 21, 24, 22], 100),
            "A is more accurate than B, by 10.70 percentage points on average over 5 seeds (95 % interval 9.99 \
             to 11.41; paired t test over seeds, p < 0.0001); the images say the same (95 % interval 6.50 to \
             15.10).",
        ),
        (
            "seeds tell, a few images decide",
            models(&[3, 3, 3], 0),
            models(&[1, 1, 2], 100),
            "The data can’t tell: B is ahead of A by 0.83 percentage points on average over 3 seeds (95 % \
             interval 0.12 to 1.55; paired t test over seeds, p = 0.0377), but on other images of the same \
             kind it could be the other way round (95 % interval −1.00 to 3.00). With 3 seeds, a difference \
             counts only if it is at least 2.5 times its own spread, and there are too few seeds to check that \
             the spread is normal, as the test assumes.",
        ),
        (
            "images tell, seeds scatter",
            models(&[0, 1, 0], 0),
            models(&[2, 30, 80], 100),
            "The data can’t tell: A is ahead of B by 18.50 percentage points on average over 3 seeds, but with \
             other seeds it could be the other way round (95 % interval −30.70 to 67.70; paired t test over \
             seeds, p = 0.25). With 3 seeds, a difference counts only if it is at least 2.5 times its own \
             spread, and there are too few seeds to check that the spread is normal, as the test assumes.",
        ),
        (
            "neither tells",
            models(&[1, 2], 0),
            models(&[2, 4], 100),
            "The data can’t tell: A is ahead of B by 0.75 percentage points on average over 2 seeds, but with \
             other seeds (95 % interval −2.43 to 3.93; paired t test over seeds, p = 0.20) or other images (95 \
             % interval −1.00 to 2.75) it could be the other way round. With 2 seeds, a difference counts only \
             if it is at least 9.0 times its own spread, and there are too few seeds to check that the spread \
             is normal, as the test assumes.",
        ),
        (
            "one seed",
            models(&[0], 0),
            models(&[50], 100),
            "The data can’t tell: A is ahead of B by 25.00 percentage points, but one seed says nothing about \
             how much runs vary. Train with several seeds.",
        ),
        (
            "always the same difference",
            models(&[0, 1, 2], 0),
            models(&[50, 51, 52], 100),
            "The data can’t tell: A is ahead of B by exactly 25.00 percentage points with every seed. The t \
             test needs a spread between seeds, and there is none.",
        ),
        (
            "a tie",
            models(&[3, 2], 0),
            models(&[2, 3], 100),
            "A and B are equally accurate on average over 2 seeds.",
        ),
    ] {
        let found = over(&a, &b);
        assert_eq!(with_sentence_over_seeds(found).sentence, english, "{name}");
    }
}

/// Where images show several objects, seeds are all that can be asked.
#[test]
fn average_precision_over_seeds() {
    let runs = |values: [f64; 3]| {
        let precision = |value| Outcome::AveragePrecision(value);
        (0..).zip(values.map(precision)).collect::<Vec<_>>()
    };
    let found = |b| judged(&[("A", runs([0.75, 0.76, 0.75])), ("B", runs(b))]).unwrap();
    let clear = found([0.5, 0.5, 0.51]);
    let says = "A detects better than B, by 25.00 points of average precision on average over 3 seeds (95 % interval 22.52 to 27.48; paired t test over seeds, p = 0.0005); whether this holds on other images was not tested.";
    assert!(english(&clear).starts_with(says), "{}", english(&clear));
    let says = "The data can’t tell: B is ahead of A by 4.67 points of average precision on average over 3 seeds, but with other seeds";
    let scattered = found([0.6, 0.9, 0.9]);
    assert!(
        english(&scattered).starts_with(says),
        "{}",
        english(&scattered)
    );
    let same = found([0.75, 0.76, 0.75]);
    let says = "On average over 3 seeds, A and B have the same average precision.";
    assert_eq!(english(&same), says);
}

#[test]
fn corrections_are_named() {
    let (a, b, c) = (
        model("0000000000"),
        model("1111111100"),
        model("1111111111"),
    );
    let found = Verdict::among(&[("A", &a), ("B", &b), ("C", &c)], 0).unwrap();
    assert!(with_sentence(found).sentence.contains("Holm-corrected"));
}

fn english(found: &SeedsVerdict) -> String {
    plain(&verdict_over_seeds(Language::English, found))
}
