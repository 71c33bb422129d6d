//! Tests of `sampling`.

use super::*;

/// 90 images of class 0, 9 of class 2, 1 of class 3 and none of class 1, mixed.
fn labels() -> Vec<usize> {
    let class = |image: usize| match image {
        50 => 3,
        image if image % 11 == 4 => 2,
        _ => 0,
    };
    (0..100).map(class).collect()
}

fn counts(labels: &[usize], drawn: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; 4];
    for &number in drawn {
        counts[labels[image_of(number)]] += 1;
    }
    counts
}

#[test]
fn classes_are_drawn_equally_often() {
    let labels = labels();
    let cases: [(&str, Vec<usize>); 5] = [
        ("100 in 3 classes", labels.clone()),
        ("one class", vec![0; 7]),
        ("even", vec![0, 1, 2, 3, 0, 1, 2, 3]),
        ("one image", vec![2]),
        ("none", vec![]),
    ];
    for (name, labels) in cases {
        for epoch in 0..20 {
            let drawn = balanced(3, epoch, &labels);
            assert_eq!(drawn.len(), labels.len(), "{name}");
            let counts = counts(&labels, &drawn);
            let there = (0..4).filter(|class| labels.contains(class));
            let there: Vec<usize> = there.map(|class| counts[class]).collect();
            let most = there.iter().max().copied().unwrap_or(0);
            assert!(
                there.iter().all(|count| count + 1 >= most),
                "{name}: {counts:?}"
            );
            assert_eq!(there.iter().sum::<usize>(), labels.len(), "{name}");
        }
    }
}

/// Each class gets the extra draw in some epoch.
#[test]
fn no_class_is_always_first() {
    let labels = labels();
    let mut sums = vec![0; 4];
    for epoch in 0..300 {
        let counts = counts(&labels, &balanced(0, epoch, &labels));
        sums.iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    assert_eq!(sums[1], 0);
    for class in [0, 2, 3] {
        // 33 in every epoch and 100 more in one of three; five standard deviations are 41.
        assert!(sums[class].abs_diff(10_000) < 41, "{sums:?}");
    }
}

#[test]
fn images_of_a_class_are_drawn_equally_often() {
    let labels = labels();
    let mut seen = vec![0; labels.len()];
    for epoch in 0..50 {
        let drawn = balanced(1, epoch, &labels);
        let mut times = vec![0; labels.len()];
        drawn
            .iter()
            .for_each(|&number| times[image_of(number)] += 1);
        for (image, &class) in labels.iter().enumerate() {
            let range = match class {
                0 => 0..=1,
                2 => 3..=4,
                _ => 33..=34,
            };
            assert!(range.contains(&times[image]), "image {image}: {times:?}");
            seen[image] += times[image];
        }
        // Numbers of one epoch never repeat: the same image is changed in another way each time.
        let mut numbers = drawn;
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), labels.len());
    }
    assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
}

#[test]
fn draws_depend_on_seed_and_epoch_alone() {
    let labels = labels();
    let base = balanced(1, 2, &labels);
    assert_eq!(balanced(1, 2, &labels), base);
    assert_ne!(balanced(2, 2, &labels), base);
    assert_ne!(balanced(1, 3, &labels), base);
    // In no order: neither classes nor images lie together.
    let first = counts(&labels, &base[..50]);
    assert!([0, 2, 3].iter().all(|&class| first[class] > 8), "{first:?}");
}

#[test]
fn images_are_numbered_as_before_unless_drawn_again() {
    let labels = [0, 0, 1];
    for epoch in 0..10 {
        let drawn = balanced(0, epoch, &labels);
        let again: Vec<usize> = drawn.iter().copied().filter(|&number| number > 2).collect();
        match again[..] {
            [] => {}
            [number] => assert_eq!((image_of(number), number / AGAIN), (2, 1)),
            _ => panic!("{drawn:?}"),
        }
    }
}
