use super::*;

const RANGE: RateRange = RateRange {
    from: 1e-6,
    to: 1.0,
    steps: 151,
};

/// The curve of a loss over the decimal logarithm of the rate.
fn curve(loss: impl Fn(f64) -> f64) -> RangeCurve {
    let mut curve = RangeCurve::new(RANGE.steps);
    for step in 0..RANGE.steps {
        let rate = RANGE.rate(step);
        curve.push(rate, loss(rate.log10()));
        if curve.diverges() {
            break;
        }
    }
    curve
}

/// 2.3 up to 1e-4, then down to 0.3 at 1e-2, steepest at 1e-3; far up beyond 1e-1.
fn usual(decade: f64) -> f64 {
    let fall = ((decade + 4.0) / 2.0).clamp(0.0, 1.0);
    let rise = (decade + 1.0).max(0.0);
    2.3 - 2.0 * (3.0 * fall * fall - 2.0 * fall * fall * fall) + 200.0 * rise * rise
}

#[test]
fn rates_are_evenly_spaced_in_their_logarithm() {
    assert_eq!(RANGE.rate(0), 1e-6);
    assert!((RANGE.rate(75) / 1e-3 - 1.0).abs() < 1e-12);
    assert!((RANGE.rate(150) - 1.0).abs() < 1e-12);
    let one = RateRange { steps: 1, ..RANGE };
    assert_eq!(one.rate(0), 1e-6);
}

#[test]
fn the_average_has_no_bias_towards_zero() {
    let flat = curve(|_| 2.0);
    assert!(
        flat.points()
            .iter()
            .all(|point| (point.smoothed - 2.0).abs() < 1e-12)
    );
    // By hand: a tenth of the second loss and nine tenths of the first, over the sum of both weights.
    let mut two = RangeCurve::new(150);
    two.push(0.1, 1.0);
    let second = two.push(0.2, 3.0);
    assert!((second.smoothed - (0.9 * 1.0 + 3.0) / 1.9).abs() < 1e-12);
}

#[test]
fn a_known_curve_gives_its_rates() {
    let curve = curve(usual);
    let found = curve.findings().expect("the loss falls");
    // The average lags behind by ten steps, 0.4 decades.
    let near = |rate: f64, decade: f64| (rate.log10() - decade).abs() < 0.25;
    assert!(near(found.steepest.learning_rate, -2.6), "{found:?}");
    assert!(near(found.bottom.learning_rate, -1.6), "{found:?}");
    assert!(near(found.suggestion.learning_rate, -2.6), "{found:?}");
    assert!(near(found.least.learning_rate, -1.0), "{found:?}");
    assert!(!found.is_least_at_end);
    let last = curve.points().last().expect("points");
    assert!(
        last.learning_rate < 0.6,
        "it ends where the loss diverges: {last:?}"
    );
}

#[test]
fn noise_moves_the_suggestion_little() {
    let noisy = |decade: f64| usual(decade) + 0.2 * (decade * 1000.0).sin();
    let found = curve(noisy).findings().expect("the loss falls");
    let decade = found.suggestion.learning_rate.log10();
    assert!((decade + 2.6).abs() < 0.5, "{found:?}");
}

#[test]
fn a_loss_that_does_not_fall_suggests_nothing() {
    assert_eq!(curve(|_| 2.3).findings(), None);
    assert_eq!(curve(|decade| 8.0 + decade).findings(), None);
    assert_eq!(RangeCurve::new(100).findings(), None);
    let mut short = RangeCurve::new(100);
    short.push(1.0, 2.0);
    assert_eq!(short.findings(), None);
}

#[test]
fn a_loss_that_still_falls_at_the_end_is_noticed() {
    let found = curve(|decade| 1.0 - decade).findings().expect("it falls");
    assert!(found.is_least_at_end);
}

#[test]
fn a_loss_that_goes_to_zero_suggests_no_absurd_rate() {
    let found = curve(|decade| 2.3 / (1.0 + 10_f64.powf(3.0 * (decade + 3.0))));
    let found = found.findings().expect("it falls");
    assert!(found.least.learning_rate > 0.5, "{found:?}");
    let decade = found.suggestion.learning_rate.log10();
    assert!((-3.5..-2.0).contains(&decade), "{found:?}");
}
