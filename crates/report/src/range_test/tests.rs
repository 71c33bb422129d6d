use super::*;
use measure::range_test::RangeCurve;

const RANGE: RateRange = RateRange {
    from: 1e-6,
    to: 1.0,
    steps: 121,
};

/// A loss that falls to a minimum near 0.01, or never.
fn curve(falls: bool) -> RangeCurve {
    let mut curve = RangeCurve::new(RANGE.steps);
    for step in 0..RANGE.steps {
        let rate = RANGE.rate(step);
        let far = rate.log10() + 2.0;
        curve.push(rate, if falls { 0.3 + 0.1 * far * far } else { 2.3 });
    }
    curve
}

fn with_report<T>(
    falls: bool,
    language: Language,
    use_it: impl FnOnce(&RangeTestReport<'_>) -> T,
) -> T {
    let curve = curve(falls);
    let settings = ["training.optimizer.learning-rate=0.0012".to_string()];
    use_it(&RangeTestReport {
        recipe: "<mine>",
        optimizer: "adam",
        seed: 0,
        train_images: 55_000,
        range: RANGE,
        ended: RangeEnd::Finished,
        found: curve.findings(),
        settings: if falls { &settings } else { &[] },
        points: curve.points(),
        next: "atelier train mine.toml --set training.optimizer.learning-rate=0.0012",
        command: "atelier sweep mine.toml --range-test",
        language,
    })
}

#[test]
fn the_page_shows_the_curve_and_the_suggestion() {
    let page = with_report(true, Language::English, range_test_html);
    for text in [
        "Which learning rate for &lt;mine&gt;?",
        "<svg class=\"plot\"",
        "steepest fall",
        "55,000",
        "--set training.optimizer.learning-rate=0.0012",
        "arXiv 1506.01186",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    let page = with_report(true, Language::French, range_test_html);
    assert!(page.contains("lang=\"fr\"") && page.contains("Quel taux d’apprentissage pour"));
    assert!(page.contains("baisse la plus forte") && page.contains("0,00"));
}

#[test]
fn a_curve_without_a_fall_suggests_no_rate() {
    with_report(false, Language::English, |report| {
        assert!(range_test_table(report).1.is_empty());
        let text = range_test_sentences(report).join(" ");
        assert!(
            text.contains("No suggestion: the loss never fell"),
            "{text}"
        );
        let page = range_test_html(report);
        assert!(page.contains("<svg class=\"plot\"") && !page.contains("atelier train"));
    });
}

#[test]
fn rates_are_written_with_two_digits() {
    let text = |rate| rate_text(Language::English, rate);
    assert_eq!(
        [1e-6, 0.00123, 0.05, 1.0, 30.0].map(text),
        ["0.000001", "0.0012", "0.05", "1", "30"]
    );
    assert_eq!(two_digits(0.001_234), 0.0012);
}
