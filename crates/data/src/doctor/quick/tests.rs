//! Small sets of noise, with and without something to learn.

use super::*;

fn noise(state: &mut u64) -> u8 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 58) as u8
}

/// Noise, brighter in a place that the class says; a class of its own place where `apart`.
fn looks(count: usize, classes: usize, apart: bool) -> Vec<(Look, usize)> {
    let mut state = 7;
    (0..count)
        .map(|number| {
            let class = number % classes;
            let look = std::array::from_fn(|at| {
                let bright = apart && at < 256 && at / 32 == class;
                noise(&mut state) + if bright { 150 } else { 0 }
            });
            (look, class)
        })
        .collect()
}

#[test]
fn wrong_labels_are_found() {
    let mut looks = looks(160, 4, true);
    let wrong = [(5, 0), (42, 3), (111, 2)];
    for (item, class) in wrong {
        assert_ne!(looks[item].1, class);
        looks[item].1 = class;
    }
    let items: Vec<Item<'_>> = looks
        .iter()
        .map(|(look, class)| Item {
            look,
            class: *class,
        })
        .collect();
    let judged = judge(&items, 4).expect("enough pictures");
    assert!(
        judged.is_trusted() && judged.accuracy > 0.95,
        "{}",
        judged.accuracy
    );
    let mut found: Vec<usize> = judged.doubts.iter().map(|doubt| doubt.item).collect();
    found.sort_unstable();
    assert_eq!(found, wrong.map(|(item, _)| item));
    for doubt in &judged.doubts {
        assert_eq!(doubt.better, doubt.item % 4);
        assert!(doubt.own < doubt.other);
    }
}

#[test]
fn nothing_is_said_where_nothing_is_learned() {
    let cases = [
        ("noise", looks(120, 4, false), 4, Some(false)),
        ("two classes", looks(80, 2, true), 2, Some(true)),
        ("one class", looks(80, 1, true), 3, None),
        ("few pictures", looks(16, 2, true), 2, None),
        ("none", Vec::new(), 2, None),
    ];
    for (name, looks, classes, trusted) in cases {
        let items: Vec<Item<'_>> = looks
            .iter()
            .map(|(look, class)| Item {
                look,
                class: *class,
            })
            .collect();
        let judged = judge(&items, classes);
        assert_eq!(judged.map(|it| it.is_trusted()), trusted, "{name}");
    }
}
