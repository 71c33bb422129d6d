use super::*;
use measure::record::Prediction;

fn row(label: usize, predicted: usize, score: f32) -> Prediction {
    let mut probabilities = vec![1.0 - score; 2];
    probabilities[predicted] = score;
    Prediction {
        index: 0,
        label,
        predicted,
        score,
        probabilities,
        detection: None,
    }
}

fn predictions(rows: Vec<Prediction>) -> Predictions {
    let classes = vec!["a".into(), "b".into()];
    Predictions { rows, classes }
}

#[test]
fn classes_are_pooled() {
    let answers = predictions(vec![row(0, 0, 0.75), row(1, 1, 0.875), row(1, 0, 0.625)]);
    let curves = pooled(&answers).unwrap();
    let third = 1.0 / 3.0;
    // Asked six times; probabilities fall 0.875 (b, right), 0.75 (a, right), 0.625 (a, wrong), 0.375 (b, right).
    let start = [
        [0.0, 0.0],
        [0.0, third],
        [0.0, 2.0 * third],
        [third, 2.0 * third],
        [third, 1.0],
    ];
    assert_eq!(curves.roc[..5], start);
    assert_eq!(curves.precision_recall[4], [1.0, 0.75]);
    assert!(pooled(&predictions(vec![])).is_none());
}

#[test]
fn thinning_keeps_ends_and_steps() {
    let line: Vec<[f64; 2]> = (0..=1000).map(|i| [f64::from(i) / 1000.0, 1.0]).collect();
    let kept = thinned(&line, 0.1, |p| p);
    assert!((11..=13).contains(&kept.len()), "{}", kept.len());
    assert_eq!((kept[0], kept[kept.len() - 1]), (line[0], line[1000]));
    let step = [[0.0, 0.0], [0.01, 0.0], [0.02, 0.0], [0.02, 1.0]];
    assert_eq!(
        thinned(&step, 0.1, |p| p),
        [[0.0, 0.0], [0.02, 0.0], [0.02, 1.0]]
    );
}
