//! Tests of `cost`.

use super::*;

#[test]
fn quantiles_as_numpy() {
    let values = [15.0, 20.0, 35.0, 40.0, 50.0];
    for (q, expected) in [
        (0.0, Some(15.0)),
        (0.4, Some(29.0)),
        (0.95, Some(48.0)),
        (1.0, Some(50.0)),
        (1.1, None),
        (f64::NAN, None),
    ] {
        let found = quantile(&values, q);
        let close = match (found, expected) {
            (Some(found), Some(expected)) => f64::abs(found - expected) < 1e-12,
            (found, expected) => found == expected,
        };
        assert!(close, "{q}: {found:?}, expected {expected:?}");
    }
    assert_eq!((median(&[]), median(&[3.0])), (None, Some(3.0)));
}

#[test]
fn latency_and_throughput() {
    let timings: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
    let latency = Latency::of(&timings).unwrap();
    let rounded = [
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        latency.mean_ms,
    ]
    .map(f64::round);
    assert_eq!(rounded, [51.0, 96.0, 100.0, 51.0]);
    assert_eq!(Latency::of(&[]), None);
    assert_eq!(images_per_s(10, Duration::from_millis(500)), 20.0);
    assert_eq!(images_per_s(10, Duration::ZERO), 0.0);
}

#[test]
fn time_to_accuracy() {
    let epoch = |seconds, validation_accuracy| EpochRecord {
        seconds,
        validation_accuracy,
        ..Default::default()
    };
    let history = [
        epoch(1.0, None),
        epoch(2.0, Some(0.98)),
        epoch(3.0, Some(0.99)),
    ];
    assert_eq!(seconds_to_accuracy(&history, 0.98), Some(2.0));
    assert_eq!(seconds_to_accuracy(&history, 0.995), None);
}

#[test]
fn the_front() {
    for (name, points, expected) in [
        ("none", vec![], vec![]),
        ("dominated", vec![[1.0, 0.9], [2.0, 0.8]], vec![0]),
        ("trade-off", vec![[2.0, 0.95], [1.0, 0.9]], vec![1, 0]),
        ("same cost", vec![[1.0, 0.8], [1.0, 0.9]], vec![1]),
        ("same gain", vec![[2.0, 0.9], [1.0, 0.9]], vec![1]),
        ("twins", vec![[1.0, 0.9], [1.0, 0.9]], vec![0]),
    ] {
        assert_eq!(pareto_front(&points), expected, "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_peak_covers_a_block_that_was_touched() {
    let size = 96 << 20;
    let block = std::hint::black_box(vec![1u8; size]);
    assert!(peak_rss_bytes().unwrap() >= size as u64);
    drop(block);
}
