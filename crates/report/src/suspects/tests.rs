use super::*;
use crate::{Contestant, Language};
use measure::record::{Environment, Evaluation, Predictions};

#[test]
fn another_class_at_its_usual_probability_is_suspect() {
    // Probability of class b, and whether the image is annotated as b.
    let of = |rows: &[(f32, usize)]| Predictions {
        classes: vec!["a".into(), "b".into()],
        rows: rows
            .iter()
            .enumerate()
            .map(|(index, &(b, label))| Prediction {
                index,
                label,
                predicted: usize::from(b > 0.5),
                score: b.max(1.0 - b),
                probabilities: vec![1.0 - b, b],
                detection: None,
            })
            .collect(),
    };
    let (evaluation, environment) = (Evaluation::default(), Environment::default());
    let classes = ["a".to_string(), "b".to_string()];
    let found = |models: &[&Predictions]| -> Vec<(usize, usize)> {
        let contestants = models.iter().map(|predictions| Contestant {
            name: "model",
            recipe_toml: "",
            evaluation: &evaluation,
            history: &[],
            predictions,
            detections: &[],
            environment: &environment,
        });
        let report = Report {
            contestants: contestants.collect(),
            verdict: None,
            seeds: None,
            image: &|_| None,
            objects: None,
            class_names: &classes,
            command: "",
            language: Language::English,
        };
        let suspects = suspects(&report);
        let found = suspects.iter().map(|s| (s.answers[0].index, s.class));
        found.collect()
    };
    // b is usually seen with 0.875: image 0 with 0.9375 looks like it, image 1 with 0.75 is merely wrong.
    let one = of(&[(0.9375, 0), (0.75, 0), (0.0625, 0), (0.875, 1), (0.875, 1)]);
    assert_eq!(found(&[&one]), [(0, 1)]);
    // A second model that sees a in it clears it; image 1, where it is sure of b, becomes one.
    let two = of(&[(0.0, 0), (1.0, 0), (0.0, 0), (0.875, 1), (0.875, 1)]);
    assert_eq!(found(&[&one, &two]), [(1, 1)]);
    let fewer = of(&[(0.9375, 0)]);
    assert_eq!(found(&[&one, &fewer]), [], "not of the same images");
    let mut vague = one.clone();
    vague.rows[0].probabilities.clear();
    assert_eq!(found(&[&vague]), [], "without probabilities");
}
