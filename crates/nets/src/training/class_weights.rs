//! The loss of a training's classifier, with weights that suit its training images.

use super::TrainingError;
use crate::loss::ClassificationLoss;
use data::Dataset;
use recipe::{ClassWeights, Recipe};

/// The loss of a network that is trained on `data`.
///
/// # Errors
/// [`TrainingError::ClassWeights`] where there is not one weight for each class.
pub(super) fn classification_loss(
    recipe: &Recipe,
    data: &Dataset,
) -> Result<ClassificationLoss, TrainingError> {
    let training = &recipe.training;
    if let Some(ClassWeights::List(weights)) = &training.class_weights
        && weights.len() != data.classes.len()
    {
        return Err(TrainingError::ClassWeights {
            found: weights.len(),
            classes: data.classes.clone(),
        });
    }
    let weights = training.class_weights.as_ref();
    Ok(ClassificationLoss {
        smoothing: training.label_smoothing,
        kind: training.loss,
        class_weights: weights.map(|weights| weights.of(&counts(data))),
    })
}

/// The number of images of each class.
fn counts(data: &Dataset) -> Vec<usize> {
    let mut counts = vec![0; data.classes.len()];
    for label in data.labels().unwrap_or_default() {
        counts[label] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::listing::Pixels;
    use data::{Images, Samples};
    use recipe::{Focal, Loss};

    fn data() -> Dataset {
        let pixels = Pixels {
            values: vec![0; 5],
            count: 5,
            channels: 1,
            height: 1,
            width: 1,
        };
        Dataset {
            count: 5,
            channels: 1,
            height: 1,
            width: 1,
            classes: ["cat", "dog", "owl"].map(str::to_string).to_vec(),
            preparation: recipe::Image::default(),
            samples: Samples::Labelled {
                images: Images::new(pixels),
                labels: vec![0, 2, 0, 0, 0],
                ink: false,
            },
        }
    }

    fn recipe(training: &str) -> Recipe {
        let text = format!(
            "[model]\nkind = \"cnn\"\nlayers = [\"flatten\", {{ linear = 3 }}]\n[training]\n{training}"
        );
        Recipe::parse::<&str>(&text, "test", &[]).expect("a recipe")
    }

    #[test]
    fn weights_suit_the_training_images() {
        let focal = Loss::Focal(Focal { gamma: 1.0 });
        let cases = [
            ("", Loss::CrossEntropy, None),
            (
                "class-weights = \"balanced\"",
                Loss::CrossEntropy,
                Some(vec![5.0 / 12.0, 0.0, 5.0 / 3.0]),
            ),
            (
                "class-weights = [1, 2, 0]\nloss = { name = \"focal\", gamma = 1 }",
                focal,
                Some(vec![1.0, 2.0, 0.0]),
            ),
        ];
        for (training, kind, class_weights) in cases {
            let found = classification_loss(&recipe(training), &data()).expect("weights that fit");
            let expected = ClassificationLoss {
                smoothing: 0.0,
                kind,
                class_weights,
            };
            assert_eq!(found, expected, "{training}");
        }
    }

    #[test]
    fn each_class_needs_a_weight() {
        let recipe = recipe("class-weights = [1, 2]");
        let error = classification_loss(&recipe, &data()).expect_err("two weights for three");
        assert_eq!(
            error.to_string(),
            "training.class-weights has 2 numbers, but the data has 3 classes; write one number for each, in this \
             order: cat, dog, owl"
        );
    }
}
