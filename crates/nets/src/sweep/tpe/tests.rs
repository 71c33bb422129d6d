//! Tests of `tpe`.

use super::*;
use crate::sweep::space::parameter;
use data::random::{Key, Purpose};

fn stream(index: u64) -> Stream {
    let key = Key {
        seed: 1,
        purpose: Purpose::Sweep,
        epoch: 9,
        index,
    };
    key.stream()
}

#[test]
fn the_normal_distribution() {
    // From a table.
    for (z, below) in [
        (0.0, 0.5),
        (1.0, 0.841_344_7),
        (-1.0, 0.158_655_3),
        (1.96, 0.975_002_1),
        (-3.0, 0.001_349_9),
    ] {
        assert!(
            (cumulative(z) - below).abs() < 2e-7,
            "{z}: {}",
            cumulative(z)
        );
    }
}

#[test]
fn a_density_adds_up_to_one() {
    for units in [
        vec![],
        vec![0.5],
        vec![0.0, 1.0],
        vec![0.2, 0.21, 0.22, 0.9, 0.9],
    ] {
        let normals = mixture(units.clone());
        let steps = 10_000;
        let sum: f64 = (0..steps)
            .map(|step| (f64::from(step) + 0.5) / f64::from(steps))
            .map(|place| {
                normals.iter().map(|n| n.density(place)).sum::<f64>() / normals.len() as f64
            })
            .sum();
        assert!(
            (sum / f64::from(steps) - 1.0).abs() < 1e-4,
            "{units:?}: {sum}"
        );
    }
}

#[test]
fn draws_follow_the_density() {
    let domain = parameter("k=lin:0..1/10").unwrap().domain;
    let values: Vec<SettingValue> = [0.1, 0.12, 0.8]
        .iter()
        .map(|u| space::at(&domain, *u))
        .collect();
    let density = Density::of(&domain, &values);
    let (mut stream, draws) = (stream(0), 20_000);
    let mut counts = [0_f64; 10];
    for _ in 0..draws {
        let value = density.draw(&domain, &mut stream);
        counts[(space::unit(&domain, &value) * 10.0) as usize] += 1.0 / f64::from(draws);
    }
    for (place, share) in counts.iter().enumerate() {
        // The mean density of the cell.
        let Density::Numbers(normals) = &density else {
            unreachable!()
        };
        let places = (0..100).map(|i| (place as f64 + (f64::from(i) + 0.5) / 100.0) / 10.0);
        let expected: f64 = places
            .map(|u| normals.iter().map(|n| n.density(u)).sum::<f64>())
            .sum::<f64>()
            / 4000.0;
        assert!(
            (share - expected).abs() < 0.015,
            "{place}: {share} for {expected}"
        );
    }
}

#[test]
fn choices_are_drawn_by_their_counts() {
    let domain = parameter("k=a,b,c").unwrap().domain;
    let values: Vec<SettingValue> = ["a", "a", "c"]
        .map(|c| SettingValue::Choice(c.into()))
        .to_vec();
    let Density::Choices(shares) = Density::of(&domain, &values) else {
        panic!("choices")
    };
    assert_eq!(shares, [3.0 / 6.0, 1.0 / 6.0, 2.0 / 6.0]);
    let (density, mut stream) = (Density::Choices(shares), stream(1));
    let drawn = (0..6000).filter(|_| density.draw(&domain, &mut stream).to_string() == "a");
    let drawn = drawn.count();
    assert!((drawn as i64 - 3000).abs() < 200, "{drawn}");
}

#[test]
fn a_quarter_is_good() {
    assert_eq!(
        [0, 1, 4, 5, 10, 40, 1000].map(good),
        [0, 1, 1, 2, 3, 10, 25]
    );
}

#[test]
fn without_trials_it_is_any_point() {
    let parameters = [
        parameter("a=lin:0..1").unwrap(),
        parameter("b=x,y").unwrap(),
    ];
    let point = suggest(&parameters, &[], CANDIDATES, &mut stream(2));
    assert_eq!(point.len(), 2);
}
