//! Tests of `sampler`.

use std::collections::BTreeMap;

use super::*;
use crate::sweep::space::parameter;
use measure::record::{SettingValue, TrialStatus};

fn space_of(arguments: &[&str]) -> Vec<SweepParameter> {
    arguments
        .iter()
        .map(|argument| parameter(argument).unwrap())
        .collect()
}

fn record(number: usize, parameters: &[SweepParameter], point: &Point, value: f64) -> TrialRecord {
    let keys = parameters.iter().map(|one| one.key.clone());
    TrialRecord {
        trial: number,
        values: keys.zip(point.iter().cloned()).collect::<BTreeMap<_, _>>(),
        status: TrialStatus::Finished,
        reason: None,
        value: Some(value),
        epochs: Vec::new(),
    }
}

/// The points that are tried one after the other, and the least loss that was found.
fn search(
    arguments: &[&str],
    sampler: Sampler,
    seed: u64,
    trials: usize,
    loss: fn(&Point) -> f64,
) -> (Vec<Point>, f64) {
    let parameters = space_of(arguments);
    let proposer = Proposer::new(&parameters, sampler, SweepMetric::Loss, seed).unwrap();
    let (mut taken, mut records) = (Vec::new(), Vec::new());
    for number in 1..=trials {
        let Some(point) = proposer.point(number, &taken, &records) else {
            break;
        };
        records.push(record(number, &parameters, &point, loss(&point)));
        taken.push(point);
    }
    let least = records
        .iter()
        .filter_map(|r| r.value)
        .fold(f64::INFINITY, f64::min);
    (taken, least)
}

const MIXED: [&str; 4] = ["a=log:1e-5..1e-1", "b=lin:-1..1", "c=1..9", "d=x,y,z"];

/// Best at a = 1e-3, b = 0.3, c = 7, d = y.
fn bowl(point: &Point) -> f64 {
    let number = |place: usize| point[place].number().unwrap();
    let rate = (number(0).log10() + 3.0) / 4.0;
    let choice = if point[3] == SettingValue::Choice("y".into()) {
        0.0
    } else {
        0.3
    };
    rate.powi(2) + (number(1) - 0.3).powi(2) + ((number(2) - 7.0) / 8.0).powi(2) + choice
}

/// Branin's function, least 0.397887 (Dixon and Szego 1978).
fn branin(point: &Point) -> f64 {
    use std::f64::consts::PI;
    let (x, y) = (point[0].number().unwrap(), point[1].number().unwrap());
    (y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0).powi(2)
        + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos()
        + 10.0
}

const BRANIN: [&str; 2] = ["x=lin:-5..10", "y=lin:0..15"];

#[test]
fn the_same_seed_gives_the_same_points() {
    for sampler in [Sampler::Random, Sampler::Tpe] {
        let points = |seed| search(&MIXED, sampler, seed, 30, bowl).0;
        assert_eq!(points(1), points(1), "{sampler}");
        assert_ne!(points(1), points(2), "{sampler}");
    }
    // What was drawn never changes: the first trials of every recorded sweep depend on it.
    let first: Vec<String> = search(&MIXED, Sampler::Random, 0, 1, bowl).0[0]
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(first, FIRST);
}

/// From ChaCha8 and the rules of `space::at` written anew in Python.
const FIRST: [&str; 4] = ["0.09992", "0.701", "5", "y"];

#[test]
fn points_stay_inside_and_are_new() {
    for sampler in [Sampler::Random, Sampler::Tpe] {
        let (points, _) = search(&MIXED, sampler, 3, 60, bowl);
        assert_eq!(points.len(), 60);
        for (place, point) in points.iter().enumerate() {
            assert!(!points[..place].contains(point), "{point:?} twice");
            let inside = |place: usize, low: f64, high: f64| {
                (low..=high).contains(&point[place].number().unwrap())
            };
            assert!(
                inside(0, 1e-5, 1e-1) && inside(1, -1.0, 1.0) && inside(2, 1.0, 9.0),
                "{point:?}"
            );
        }
    }
}

#[test]
fn a_finite_space_is_tried_whole_and_once() {
    for sampler in [Sampler::Random, Sampler::Tpe, Sampler::Grid] {
        let (points, _) = search(&["a=1..5", "b=x,y,z"], sampler, 0, 100, |point| {
            point[0].number().unwrap()
        });
        let mut texts: Vec<String> = points
            .iter()
            .map(|point| format!("{}{}", point[0], point[1]))
            .collect();
        if sampler == Sampler::Grid {
            assert_eq!(texts[..4], ["1x", "1y", "1z", "2x"]);
        }
        texts.sort();
        texts.dedup();
        assert_eq!((points.len(), texts.len()), (15, 15), "{sampler}");
    }
    let message = |arguments: &[&str]| {
        let error = Proposer::new(&space_of(arguments), Sampler::Grid, SweepMetric::Loss, 0);
        error.unwrap_err().to_string()
    };
    assert!(
        message(&["a=lin:0..1"]).contains("a=lin:0..1: a grid needs"),
        "{}",
        message(&["a=lin:0..1"])
    );
    assert!(message(&["a=lin:0..1/200", "b=lin:0..1/200"]).contains("more than"));
}

/// Over 30 seeds, by the median: TPE finds much better points with as many trials.
#[test]
fn tpe_beats_chance() {
    type Case<'a> = (&'a str, &'a [&'a str], fn(&Point) -> f64, f64, f64);
    let cases: [Case<'_>; 2] = [
        ("bowl", &MIXED, bowl, 0.0, 0.5),
        ("branin", &BRANIN, branin, 0.397_887, 0.6),
    ];
    for (name, space, function, least, share) in cases {
        let median = |sampler: Sampler| {
            let mut losses: Vec<f64> = (0..30)
                .map(|seed| search(space, sampler, seed, 50, function).1 - least)
                .collect();
            losses.sort_by(f64::total_cmp);
            losses[15]
        };
        let (random, tpe) = (median(Sampler::Random), median(Sampler::Tpe));
        assert!(tpe < share * random, "{name}: tpe {tpe}, random {random}");
        println!("{name}: tpe {tpe:.4}, random {random:.4}");
    }
}

#[test]
fn trials_under_way_push_it_elsewhere() {
    let parameters = space_of(&BRANIN);
    let proposer = Proposer::new(&parameters, Sampler::Tpe, SweepMetric::Loss, 0).unwrap();
    let (mut taken, _) = search(&BRANIN, Sampler::Random, 5, 20, branin);
    let records: Vec<TrialRecord> = taken
        .iter()
        .enumerate()
        .map(|(place, point)| record(place + 1, &parameters, point, branin(point)))
        .collect();
    let first = proposer.point(21, &taken, &records).unwrap();
    taken.push(first.clone());
    assert_ne!(proposer.point(21, &taken, &records), Some(first));
}
