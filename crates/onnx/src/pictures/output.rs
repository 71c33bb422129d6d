//! The outputs of a model that looks at pictures.

use super::Given;
use crate::model::Model;
use crate::tensor::{Kind, Tensor};
use kernels::scores::{argmax, softmax};

/// Which outputs are read, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Scores of classes, a row for each image.
    Classes(String),
    /// Boxes, as this program's own detectors are written.
    Boxes,
}

/// A detected object, in pixels of the model's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Corners `[x1, y1, x2, y2]`, right and bottom excluded.
    pub bounds: [f32; 4],
    /// Its class, 0..K.
    pub class: usize,
    /// The probability of this class.
    pub score: f32,
}

/// What the model says of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable class, or that of the best detection; `None` where nothing was detected.
    pub class: Option<usize>,
    /// Its probability, or the score of that detection.
    pub score: f32,
    /// One a class, of a classifier.
    pub probabilities: Vec<f32>,
    /// What a detector found, best first.
    pub detections: Vec<Found>,
}

/// The outputs of this program's detectors.
const BOXES: [&str; 4] = ["boxes", "scores", "labels", "count"];

impl Output {
    pub(super) fn of(model: &Model) -> Result<Self, String> {
        let outputs = model.outputs();
        if BOXES
            .iter()
            .all(|name| outputs.iter().any(|port| port.name == *name))
        {
            return Ok(Output::Boxes);
        }
        // Labels may come first (scikit-learn): scores are floats, and not a single number for each image.
        let is_float = |kind: Option<Kind>| kind.is_none_or(Kind::is_float);
        let rank = |shape: &Option<Vec<_>>| shape.as_ref().is_none_or(|shape| shape.len() != 1);
        let scores = outputs
            .iter()
            .find(|port| is_float(port.kind) && rank(&port.shape));
        match scores {
            Some(port) => Ok(Output::Classes(port.name.clone())),
            None => {
                let ports: Vec<String> = outputs.iter().map(ToString::to_string).collect();
                Err(format!(
                    "none of the model's outputs holds scores of classes: {}",
                    ports.join(", ")
                ))
            }
        }
    }

    /// The predictions for all images of a batch.
    pub(super) fn read(&self, outputs: &[(String, Tensor)]) -> Result<Vec<Prediction>, String> {
        let find = |name: &str| {
            let found = outputs.iter().find(|(own, _)| own == name);
            found
                .map(|(_, tensor)| tensor)
                .ok_or_else(|| format!("the model gave no '{name}'"))
        };
        match self {
            Output::Classes(name) => rows(find(name)?),
            Output::Boxes => {
                let [boxes, scores, labels, count] = BOXES.map(find);
                detections(boxes?, scores?, labels?, count?)
            }
        }
    }
}

/// A row of scores for each image, as probabilities.
fn rows(scores: &Tensor) -> Result<Vec<Prediction>, String> {
    let Some((&images, rest)) = scores.shape().split_first() else {
        return Err("the model's scores are a single number".into());
    };
    let classes: usize = rest.iter().product();
    // Sides of 1 may follow, of a map that was averaged to one place.
    if rest.iter().filter(|&&side| side != 1).count() > 1 || classes == 0 {
        return Err(format!(
            "the model's scores have the shape {:?}",
            scores.shape()
        ));
    }
    let values = scores.floats("the scores")?;
    let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
    let ready = are_probabilities(&values, classes);
    let prediction = |row: &[f32]| {
        let probabilities = match (row, ready) {
            // A single score is that of the second of two classes.
            (&[score], true) => vec![1.0 - score, score],
            (&[score], false) => softmax(&[0.0, score]),
            (row, true) => row.to_vec(),
            (row, false) => softmax(row),
        };
        let class = argmax(&probabilities);
        Prediction {
            class: Some(class),
            score: probabilities[class],
            probabilities,
            detections: Vec::new(),
        }
    };
    let predictions: Vec<Prediction> = values.chunks_exact(classes).map(prediction).collect();
    debug_assert_eq!(predictions.len(), images);
    Ok(predictions)
}

/// Whether all rows are between 0 and 1, and add up to 1 unless they have a single number.
fn are_probabilities(values: &[f32], classes: usize) -> bool {
    let unit = values.iter().all(|v| (0.0..=1.0).contains(v));
    let mut rows = values.chunks_exact(classes);
    unit && (classes == 1 || rows.all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-3))
}

/// Boxes `[N, D, 4]`, scores and labels `[N, D]`, of which the first `count [N]` of an image are filled; labels begin
/// with 1.
fn detections(
    boxes: &Tensor,
    scores: &Tensor,
    labels: &Tensor,
    count: &Tensor,
) -> Result<Vec<Prediction>, String> {
    let &[images, most, 4] = boxes.shape() else {
        return Err(format!(
            "the model's boxes have the shape {:?}",
            boxes.shape()
        ));
    };
    if scores.shape() != [images, most]
        || labels.shape() != [images, most]
        || count.shape() != [images]
    {
        return Err("the model's boxes, scores and labels differ in number".into());
    }
    let (boxes, scores) = (boxes.floats("the boxes")?, scores.floats("the scores")?);
    let (labels, count) = (
        labels.integers("the labels")?,
        count.integers("the counts")?,
    );
    let prediction = |image: usize| {
        let own = usize::try_from(count[image]).unwrap_or(0).min(most);
        let found = (image * most..image * most + own).map(|at| Found {
            bounds: [0, 1, 2, 3].map(|i| boxes[at * 4 + i] as f32),
            class: usize::try_from(labels[at]).unwrap_or(0),
            score: scores[at] as f32,
        });
        let detections: Vec<Found> = found.collect();
        Prediction {
            class: detections.first().map(|best| best.class),
            score: detections.first().map_or(0.0, |best| best.score),
            probabilities: Vec::new(),
            detections,
        }
    };
    Ok((0..images).map(prediction).collect())
}

/// The names of classes: given, in the metadata, or in the operators of a classical model.
pub(super) fn classes(model: &Model, given: &Given) -> Result<Vec<String>, String> {
    if let Some(classes) = &given.classes {
        return Ok(classes.clone());
    }
    if let Some(text) = model.metadata().get("classes") {
        return serde_json::from_str(text)
            .map_err(|error| format!("the metadata's 'classes' can't be read: {error}"));
    }
    Ok(model.labels())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_probabilities() {
        let cases: [(&str, &[usize], &[f32], usize, &[f32]); 5] = [
            (
                "probabilities",
                &[1, 3],
                &[0.2, 0.7, 0.1],
                1,
                &[0.2, 0.7, 0.1],
            ),
            ("logits", &[1, 2], &[0.0, 3f32.ln()], 1, &[0.25, 0.75]),
            (
                "logits that are small",
                &[1, 2, 1, 1],
                &[0.0, 0.0],
                0,
                &[0.5, 0.5],
            ),
            ("one probability", &[1, 1], &[0.3], 0, &[0.7, 0.3]),
            ("one logit", &[1, 1], &[3f32.ln() + 1e-9], 1, &[0.25, 0.75]),
        ];
        for (name, shape, values, class, expected) in cases {
            let scores = Tensor::new(shape, values.to_vec()).unwrap();
            let made = rows(&scores).unwrap();
            assert_eq!(made[0].class, Some(class), "{name}");
            for (made, expected) in made[0].probabilities.iter().zip(expected) {
                assert!((made - expected).abs() < 1e-6, "{name}: {made} {expected}");
            }
        }
        assert!(rows(&Tensor::new(&[2, 3, 3], vec![0f32; 18]).unwrap()).is_err());
    }

    #[test]
    fn only_filled_places_are_detections() {
        let boxes = Tensor::new(&[2, 2, 4], (0..16).map(|v| v as f32).collect()).unwrap();
        let scores = Tensor::new(&[2, 2], vec![0.9f32, 0.0, 0.8, 0.7]).unwrap();
        let labels = Tensor::new(&[2, 2], vec![3i64, 1, 1, 2]).unwrap();
        let count = Tensor::new(&[2], vec![1i64, 0]).unwrap();
        let made = detections(&boxes, &scores, &labels, &count).unwrap();
        assert_eq!((made[0].class, made[1].class), (Some(3), None));
        assert_eq!(made[0].detections.len(), 1);
        assert_eq!(made[0].detections[0].bounds, [0.0, 1.0, 2.0, 3.0]);
    }
}
