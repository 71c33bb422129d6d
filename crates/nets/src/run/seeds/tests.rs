//! Runs grouped by recipe and seed.

use super::*;
use crate::run::Finished;
use measure::record::Environment;

const RECIPE: &str = "[model]\nkind = \"cnn\"\nlayers = [\"flatten\", { linear = 10 }]\n";

fn run(name: &str, recipe: Option<&str>, text: &str) -> Judged {
    Judged {
        name: name.to_string(),
        path: name.into(),
        recipe: Some(Recipe::parse::<&str>(text, "test", &[]).unwrap()),
        environment: Environment {
            recipe: recipe.map(str::to_string),
            ..Default::default()
        },
        finished: Finished {
            evaluation: Default::default(),
            predictions: Default::default(),
            detections: vec![],
            history: vec![],
        },
    }
}

/// What is found among runs of (name, seed, changed), as "recipe: seeds", and how they can be compared.
fn found(runs: &[(Option<&str>, u64, bool)]) -> (&'static str, Vec<String>) {
    let runs: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(at, &(recipe, seed, changed))| {
            let epochs = if changed { 2 } else { 1 };
            let text = format!("{RECIPE}[training]\nseed = {seed}\nepochs = {epochs}\n");
            run(&format!("run-{at}"), recipe, &text)
        })
        .collect();
    let (what, groups) = match group(&runs) {
        Grouping::Single => ("single", vec![]),
        Grouping::Unequal(groups) => ("unequal", groups),
        Grouping::Seeds(groups) => ("seeds", groups),
    };
    let told = |group: &Trainings| {
        let places: Vec<usize> = group.runs.iter().map(|run| run.1).collect();
        format!("{}: {:?} at {places:?}", group.recipe, group.seeds())
    };
    (what, groups.iter().map(told).collect())
}

#[test]
fn runs_of_a_recipe_are_found_by_what_they_are() {
    let (a, b) = (Some("a"), Some("b"));
    for (name, runs, expected) in [
        (
            "by rising seed, whatever their order",
            &[(a, 1, false), (b, 0, false), (a, 0, false), (b, 1, false)][..],
            ("seeds", vec!["a: [0, 1] at [2, 0]", "b: [0, 1] at [1, 3]"]),
        ),
        (
            "one training of each",
            &[(a, 0, false), (b, 0, false)],
            ("single", vec![]),
        ),
        (
            "one recipe",
            &[(a, 0, false), (a, 1, false)],
            ("single", vec![]),
        ),
        (
            "seeds that differ",
            &[(a, 0, false), (a, 1, false), (b, 0, false)],
            ("unequal", vec!["a: [0, 1] at [0, 1]", "b: [0] at [2]"]),
        ),
        (
            "a seed twice",
            &[(a, 0, false), (a, 0, false), (b, 0, false), (b, 0, false)],
            (
                "unequal",
                vec!["a: [0, 0] at [0, 1]", "b: [0, 0] at [2, 3]"],
            ),
        ),
        (
            "one name, two recipes",
            &[(a, 0, false), (a, 1, false), (a, 0, true), (a, 1, true)],
            (
                "seeds",
                vec!["run-0: [0, 1] at [0, 1]", "run-2: [0, 1] at [2, 3]"],
            ),
        ),
        (
            "without names",
            &[
                (None, 0, false),
                (None, 1, false),
                (None, 0, true),
                (None, 1, true),
            ],
            (
                "seeds",
                vec!["run-0: [0, 1] at [0, 1]", "run-2: [0, 1] at [2, 3]"],
            ),
        ),
    ] {
        let (what, groups) = found(runs);
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        assert_eq!((what, groups), expected, "{name}");
    }
}
