//! What is claimed over seeds, and what is not.

use super::*;
use crate::record::comparison::tests::model;

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

fn verdict(a: &[Predictions], b: &[Predictions]) -> SeedsVerdict {
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
fn verdicts() {
    let over = |counts: &[usize], from: usize| -> Vec<Predictions> {
        counts.iter().map(|&count| wrong(from, count)).collect()
    };
    for (name, a, b, better, significant) in [
        (
            "both tell",
            over(&[0, 1, 0, 1, 0], 0),
            over(&[20, 22, 21, 24, 22], 100),
            Some("A"),
            true,
        ),
        (
            "seeds tell, a few images decide",
            over(&[3, 3, 3], 0),
            over(&[1, 1, 2], 100),
            Some("B"),
            false,
        ),
        (
            "images tell, seeds scatter",
            over(&[0, 1, 0], 0),
            over(&[2, 30, 80], 100),
            Some("A"),
            false,
        ),
        (
            "neither tells",
            over(&[1, 2], 0),
            over(&[2, 4], 100),
            Some("A"),
            false,
        ),
        (
            "one seed",
            over(&[0], 0),
            over(&[50], 100),
            Some("A"),
            false,
        ),
        (
            "always the same difference",
            over(&[0, 1, 2], 0),
            over(&[50, 51, 52], 100),
            Some("A"),
            false,
        ),
        ("a tie", over(&[3, 2], 0), over(&[2, 3], 100), None, false),
    ] {
        let verdict = verdict(&a, &b);
        assert_eq!(verdict.better.as_deref(), better, "{name}");
        assert_eq!(verdict.significant, significant, "{name}: {verdict:?}");
    }
}

#[test]
fn three_recipes_are_corrected() {
    let models: Vec<Vec<Predictions>> = [[0, 1, 0], [2, 2, 4], [9, 11, 9]]
        .iter()
        .map(|counts| counts.iter().map(|&count| wrong(50, count)).collect())
        .collect();
    let runs: Vec<Vec<(u64, &Predictions)>> = models
        .iter()
        .map(|models| (1..).zip(models).collect())
        .collect();
    let verdict = among(&[("A", &runs[0]), ("B", &runs[1]), ("C", &runs[2])]).unwrap();
    assert_eq!((&*verdict.test.a, &*verdict.test.b), ("A", "B"));
    let alone = among(&[("A", &runs[0]), ("C", &runs[2])]).unwrap();
    let (corrected, alone) = (
        verdict.pairs[1].p_value.unwrap(),
        alone.test.p_value.unwrap(),
    );
    assert!(
        (corrected - 3.0 * alone).abs() < 1e-12,
        "{corrected} {alone}"
    );
    let read: SeedsVerdict =
        serde_json::from_str(&serde_json::to_string(&verdict).unwrap()).unwrap();
    assert_eq!(read, verdict);
}

/// Seeds are paired by their number, not by their place.
#[test]
fn the_order_of_seeds_does_not_matter() {
    let (a, b) = ([wrong(0, 1), wrong(0, 5)], [wrong(9, 2), wrong(9, 8)]);
    let ours = [(1, &a[0]), (2, &a[1])];
    let straight = among(&[("A", &ours), ("B", &[(1, &b[0]), (2, &b[1])])]).unwrap();
    let crossed = among(&[("A", &ours), ("B", &[(2, &b[1]), (1, &b[0])])]).unwrap();
    assert_eq!(straight, crossed);
    assert_eq!(straight.recipes[1].seeds, [1, 2]);
    assert_eq!(straight.recipes[1].values, [0.99, 0.96]);
}

#[test]
fn what_is_not_paired_is_refused() {
    let (model, short) = (wrong(0, 1), crate::record::comparison::tests::model("11"));
    let run = |seed| (seed, &model);
    for (name, recipes, expected) in [
        (
            "one recipe",
            vec![("A", vec![run(1)])],
            "a comparison needs at least two models, got 1",
        ),
        (
            "no trainings",
            vec![("A", vec![]), ("B", vec![])],
            "no images to measure",
        ),
        (
            "other seeds",
            vec![("A", vec![run(2), run(1)]), ("B", vec![run(1), run(3)])],
            "'A' and 'B' were not evaluated on the same images: seeds 1, 2 and 1, 3",
        ),
        (
            "a seed twice",
            vec![("A", vec![run(1), run(1)]), ("B", vec![run(1), run(1)])],
            "'A' and 'B' were not evaluated on the same images: seed 1 comes twice",
        ),
        (
            "other images",
            vec![("A", vec![run(1)]), ("B", vec![(1, &short)])],
            "'A, seed 1' and 'B, seed 1' were not evaluated on the same images: 200 and 2 images",
        ),
    ] {
        let recipes: Vec<(&str, &[(u64, &Predictions)])> = recipes
            .iter()
            .map(|(name, runs)| (*name, &**runs))
            .collect();
        assert_eq!(among(&recipes).unwrap_err().to_string(), expected, "{name}");
    }
    let mixed = judged(&[
        ("A", vec![(1, Outcome::Answers(&model))]),
        ("B", vec![(1, Outcome::AveragePrecision(0.5))]),
    ]);
    let message = mixed.unwrap_err().to_string();
    assert!(
        message.ends_with("some show one object each, others several"),
        "{message}"
    );
}

/// Where images show several objects, seeds are all that can be asked.
#[test]
fn average_precision_over_seeds() {
    let runs = |values: [f64; 3]| {
        let precision = |value| Outcome::AveragePrecision(value);
        (0..).zip(values.map(precision)).collect::<Vec<_>>()
    };
    let verdict = |b| judged(&[("A", runs([0.75, 0.76, 0.75])), ("B", runs(b))]).unwrap();
    let clear = verdict([0.5, 0.5, 0.51]);
    assert_eq!(clear.figure, SeedsFigure::AveragePrecision);
    assert!(clear.significant && clear.test.images_interval.is_none());
    let scattered = verdict([0.6, 0.9, 0.9]);
    assert!(!scattered.significant);
    let same = verdict([0.75, 0.76, 0.75]);
    assert_eq!(same.better, None);
}
