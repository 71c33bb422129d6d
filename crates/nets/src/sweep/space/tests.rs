//! Tests of `space`.

use super::*;
use proptest::prelude::*;

fn domain_of(values: &str) -> Domain {
    parameter(&format!("some.key={values}")).unwrap().domain
}

fn message(argument: &str) -> String {
    parameter(argument).unwrap_err().to_string()
}

#[test]
fn values_are_read() {
    let range = |low, high, log, integer, points| Domain::Numbers {
        low,
        high,
        log,
        integer,
        points,
    };
    let list = |choices: &[&str]| Domain::Choices {
        choices: choices.iter().map(ToString::to_string).collect(),
    };
    for (text, expected) in [
        ("16,32, 64", list(&["16", "32", "64"])),
        ("adam", list(&["adam"])),
        ("[1,2],[3]", list(&["[1,2]", "[3]"])),
        (
            r#"{name="sgd",learning-rate=0.1},{name="adam"}"#,
            list(&[r#"{name="sgd",learning-rate=0.1}"#, r#"{name="adam"}"#]),
        ),
        (r#""a,b",'c,"d'"#, list(&[r#""a,b""#, r#"'c,"d'"#])),
        (r#""a\",b",c"#, list(&[r#""a\",b""#, "c"])),
        ("log:1e-4..1e-1", range(1e-4, 0.1, true, false, None)),
        ("lin:0..0.5", range(0.0, 0.5, false, false, None)),
        ("lin: -1 .. 1 / 3", range(-1.0, 1.0, false, false, Some(3))),
        ("1..10", range(1.0, 10.0, false, true, None)),
        ("-3..3/7", range(-3.0, 3.0, false, true, Some(7))),
        ("int-log:16..256", range(16.0, 256.0, true, true, None)),
    ] {
        assert_eq!(domain_of(text), expected, "{text}");
    }
    let set = parameter("model.layers[0].conv = 1..4").unwrap();
    assert_eq!(
        (set.key.as_str(), set.values.as_str()),
        ("model.layers[0].conv", "1..4")
    );
}

#[test]
fn wrong_values_say_what_to_do() {
    for (argument, part) in [
        ("training.epochs", "write it as KEY=VALUES"),
        ("=1,2", "write it as KEY=VALUES"),
        ("a=", "write it as KEY=VALUES"),
        ("a=1,,2", "a value is missing"),
        ("a=1,2,1", "1 appears twice"),
        ("a=[1,2", "not closed"),
        ("a=1],2", "never opened"),
        ("a=\"x", "not closed"),
        ("a=0.1..0.5", "lin:LOW..HIGH or log:LOW..HIGH"),
        ("a=5..1", "the smaller number comes first"),
        ("a=5..5", "the smaller number comes first"),
        ("a=log:0..1", "above 0"),
        ("a=log:1", "write LOW..HIGH"),
        ("a=lin:x..1", "`x` is not a number"),
        ("a=lin:0..inf", "`inf` is not a number"),
        ("a=lin:0..1/1", "2 to"),
        ("a=lin:0..1/x", "2 to"),
        ("a=1..3/4", "fewer whole numbers"),
        ("data.source=mnist,scenes", "same validation images"),
        ("data.validation=1..9", "--set data.validation=N"),
        ("data.scenes.size=64,128", "same validation images"),
        ("training.seed=0,1", "compare --seeds"),
    ] {
        let message = message(argument);
        assert!(
            message.starts_with(&format!("--vary {argument}: ")),
            "{message}"
        );
        assert!(
            message.contains(part),
            "{argument} lacks {part:?}: {message}"
        );
    }
    // Only these keys themselves.
    assert!(parameter("data.sources=1,2").is_ok());
}

#[test]
fn grids() {
    let texts = |values: &str| -> Vec<String> {
        let values = grid(&parameter(&format!("k={values}")).unwrap()).unwrap();
        values.iter().map(ToString::to_string).collect()
    };
    assert_eq!(texts("16,32"), ["16", "32"]);
    assert_eq!(texts("2..5"), ["2", "3", "4", "5"]);
    assert_eq!(texts("1..10/4"), ["1", "4", "7", "10"]);
    assert_eq!(texts("int-log:16..256/3"), ["16", "64", "256"]);
    assert_eq!(texts("lin:0..0.5/3"), ["0.0", "0.25", "0.5"]);
    assert_eq!(
        texts("log:1e-4..1e-1/4"),
        ["0.0001", "0.001", "0.01", "0.1"]
    );
    let message = grid(&parameter("k=lin:0..1").unwrap())
        .unwrap_err()
        .to_string();
    assert!(message.contains("write lin:0..1/5"), "{message}");
    let sized = |all: &[&str]| {
        let all: Vec<_> = all
            .iter()
            .map(|values| parameter(&format!("k={values}")).unwrap())
            .collect();
        space_size(&all)
    };
    assert_eq!(sized(&["1,2", "1..3", "log:1..2/5"]), Some(30));
    assert_eq!(sized(&["1,2", "lin:0..1"]), None);
    assert_eq!(sized(&[]), Some(1));
}

fn domains() -> impl Strategy<Value = Domain> {
    let range = (
        -1e6..1e6_f64,
        1e-3..1e6_f64,
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(2..50_usize),
    );
    let numbers = range.prop_map(|(low, width, log, integer, points)| {
        let low = if log { low.abs() + 1e-3 } else { low };
        let (low, width) = if integer {
            (low.ceil(), width.ceil())
        } else {
            (low, width)
        };
        // Whole numbers evenly spaced in their logarithm need not all differ.
        let fits = |points: &usize| !integer || (!log && *points as f64 <= width + 1.0);
        Domain::Numbers {
            low,
            high: low + width,
            log,
            integer,
            points: points.filter(fits),
        }
    });
    let choices = (1..20_usize).prop_map(|n| Domain::Choices {
        choices: (0..n).map(|i| i.to_string()).collect(),
    });
    prop_oneof![4 => numbers, 1 => choices]
}

proptest! {
    /// Every value lies within its ends, has the right type, and stands where it came from.
    #[test]
    fn values_stay_inside(domain in domains(), place in 0.0..=1.0_f64) {
        let value = at(&domain, place);
        match &domain {
            Domain::Choices { choices } => prop_assert!(choices.contains(&value.to_string())),
            Domain::Numbers { low, high, integer, .. } => {
                let number = value.number().unwrap();
                prop_assert!((*low..=*high).contains(&number), "{value}");
                prop_assert_eq!(matches!(value, SettingValue::Integer(_)), *integer);
            }
        }
        let back = unit(&domain, &value);
        prop_assert!((0.0..=1.0).contains(&back));
        // A finite range gives the same value again; elsewhere rounding moves it by a thousandth of the range at most.
        match (size(&domain), &domain) {
            (_, Domain::Numbers { log: true, integer: true, .. }) => prop_assert_eq!(at(&domain, back), value),
            (Some(cells), _) => {
                prop_assert!((back - place).abs() <= 1.0 / cells as f64 + 1e-3, "{} for {}", back, place);
                prop_assert_eq!(at(&domain, back), value);
            }
            (None, _) => prop_assert!((back - place).abs() < 2e-2, "{} for {}", back, place),
        }
    }

    /// What a space writes is what a recipe reads.
    #[test]
    fn numbers_survive_a_recipe(place in 0.0..=1.0_f64) {
        let rate = parameter("training.optimizer.learning-rate=log:1e-7..1e1").unwrap();
        let value = at(&rate.domain, place);
        let sets = settings(&[rate], std::slice::from_ref(&value));
        let recipe = Recipe::load("lab-cnn", &sets).unwrap();
        prop_assert_eq!(Some(recipe.training.optimizer.learning_rate()), value.number());
    }
}

#[test]
fn all_values_are_equally_likely() {
    for values in ["1..10", "1,2,3,4,5,6,7,8,9,10", "lin:0..1/10"] {
        let domain = domain_of(values);
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for step in 0..1000 {
            *counts
                .entry(at(&domain, (f64::from(step) + 0.5) / 1000.0).to_string())
                .or_default() += 1;
        }
        assert_eq!(counts.len(), 10, "{values}");
        assert!(
            counts.values().all(|count| *count == 100),
            "{values}: {counts:?}"
        );
    }
}

#[test]
fn recipes_are_asked_before_the_first_trial() {
    let ask = |arguments: &[&str]| {
        let parameters: Vec<_> = arguments.iter().map(|a| parameter(a).unwrap()).collect();
        let text = recipe::source("lab-cnn").unwrap();
        check(&parameters, &text, "lab-cnn", &[]).map_err(|error| error.to_string())
    };
    assert_eq!(
        ask(&[
            "training.optimizer.learning-rate=log:1e-4..1e-1",
            "model.layers[0].conv=16,32,64",
            "training.batch-size=16..256",
        ]),
        Ok(())
    );
    // What the second allows depends on the first.
    assert_eq!(
        ask(&[
            "training.optimizer={name=\"sgd\"}",
            "training.optimizer.momentum=lin:0..0.9"
        ]),
        Ok(())
    );
    for (arguments, parts) in [
        (
            vec!["training.epoch=1..3"],
            vec![
                "--vary training.epoch=1..3: training.epoch=1: unknown key",
                "did you mean `training.epochs`?",
            ],
        ),
        (
            vec!["model.layers[0].conv=16,many"],
            vec!["model.layers[0].conv=many", "expected a whole number"],
        ),
        (vec!["model.layers[99].conv=16"], vec!["counted from 0"]),
        (
            vec!["training.batch-size=lin:1..9"],
            vec!["--vary training.batch-size=lin:1..9", "whole number"],
        ),
        (
            vec!["training.label-smoothing=lin:0..2"],
            vec!["training.label-smoothing=2.0"],
        ),
        (
            vec!["training.batch-size=1..2", "training.batch-size=4,8"],
            vec!["varied twice"],
        ),
    ] {
        let message = ask(&arguments).unwrap_err();
        for part in parts {
            assert!(
                message.contains(part),
                "{arguments:?} lacks {part:?}: {message}"
            );
        }
    }
}
