use super::*;
use measure::record::{ClassificationScores, Contestant, Energy, TimeToAccuracy};

fn lines(columns: &[Column<'_>]) -> String {
    drawn(&tables::terminal(columns, LANGUAGE))
}

fn line(columns: &[Column<'_>], name: &str) -> String {
    let text = lines(columns);
    let found = text.lines().find(|line| line.contains(name));
    found
        .unwrap_or_else(|| panic!("no {name} in {text}"))
        .to_string()
}

fn column<'a>(name: &str, runs: &[&'a Evaluation]) -> Column<'a> {
    Column {
        name: name.to_string(),
        runs: runs.to_vec(),
    }
}

fn with_accuracy(accuracy: f64) -> Evaluation {
    Evaluation {
        classification: Some(ClassificationScores {
            accuracy,
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[test]
fn a_time_that_not_all_trainings_reached_is_never_the_best() {
    let reached = |seconds: &[f64]| {
        let time = |&seconds: &f64| TimeToAccuracy {
            accuracy: 0.98,
            seconds,
        };
        Evaluation {
            time_to_accuracy: seconds.iter().map(time).collect(),
            ..Evaluation::default()
        }
    };
    let (early, never, late) = (reached(&[2.0]), reached(&[]), reached(&[9.0]));
    let some = [column("a", &[&early, &never]), column("b", &[&late, &late])];
    let some = line(&some, "Time to 98 %");
    assert!(
        some.contains("2.0 s (1 of 2)") && !some.contains('*'),
        "{some}"
    );
    let all = [column("a", &[&early, &early]), column("b", &[&late, &late])];
    let all = line(&all, "Time to 98 %");
    assert!(all.contains("2.0 s *"), "{all}");
}

#[test]
fn values_that_look_the_same_are_a_tie() {
    let [less, more, much] = [0.987_51, 0.987_54, 0.99].map(with_accuracy);
    let close = [column("a", &[&less]), column("b", &[&more])];
    let close = line(&close, "Accuracy");
    assert_eq!(close.matches("98.75 %").count(), 2, "{close}");
    assert!(!close.contains('*'), "{close}");
    let clear = [column("a", &[&less]), column("b", &[&much])];
    assert!(line(&clear, "Accuracy").contains("99.00 % *"));
}

#[test]
fn energy_has_the_same_unit_everywhere() {
    let run = Evaluation {
        energy: Some(Energy {
            train_j: Some(5000.0),
            ..Energy::default()
        }),
        ..Evaluation::default()
    };
    assert!(line(&[column("a", &[&run])], "Energy of training").contains("5.00 kJ"));
}

#[test]
fn names_cannot_control_the_terminal() {
    let run = with_accuracy(0.5);
    let contestant = |name: &str| Contestant {
        evaluation: Evaluation {
            recipe: name.to_string(),
            ..run.clone()
        },
        ..Contestant::default()
    };
    let comparison = Comparison {
        schema: String::new(),
        contestants: vec![contestant("a\u{1b}[31m\u{7}"), contestant("b\nc\u{202e}")],
        verdict: None,
        seeds: None,
    };
    let text = super::comparison(&comparison).join("\n");
    assert!(
        text.contains("a\\u{1b}[31m\\u{7}") && text.contains("b\\nc\\u{202e}"),
        "{text}"
    );
    let other = table(["class\u{1b}c"], vec![vec!["d\r".to_string()]]);
    assert!(!other.contains(['\u{1b}', '\r']), "{other}");
}
