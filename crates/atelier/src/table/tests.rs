//! What the tables say of figures that not all runs have.

use super::*;
use measure::record::TimeToAccuracy;

#[test]
fn a_time_that_not_all_trainings_reached_is_no_best() {
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
    let column = |name: &str, runs| Column {
        name: name.to_string(),
        runs,
    };
    let line = |others: Vec<Column<'_>>| {
        let table = columns(others).to_string();
        let mut lines = table.lines().filter(|line| line.contains("time to 98 %"));
        lines.next().unwrap_or_default().to_string()
    };
    let some = line(vec![
        column("a", vec![&early, &never]),
        column("b", vec![&late, &late]),
    ]);
    assert!(
        some.contains("2.0 s (1 of 2)") && !some.contains('*'),
        "{some}"
    );
    let all = line(vec![
        column("a", vec![&early, &early]),
        column("b", vec![&late, &late]),
    ]);
    assert!(all.contains("2.0 s *"), "{all}");
}
