//! What is likely to spoil a training though it is not an error, found before training starts.

use data::{Dataset, Samples};
use recipe::{Layer, Recipe, Shape, ShapeError};

/// One sentence for each thing that should make the user think again.
///
/// # Errors
/// [`ShapeError`] if the network does not fit the images.
pub fn warnings(recipe: &Recipe, train: &Dataset) -> Result<Vec<String>, ShapeError> {
    let found = [
        of_objects(train),
        of_pictures(train),
        of_normalisation(recipe, train)?,
    ];
    Ok(found.into_iter().flatten().collect())
}

/// Classes without objects.
fn of_objects(train: &Dataset) -> Option<String> {
    let mut counts = vec![0_usize; train.classes.len()];
    match &train.samples {
        Samples::Labelled { labels, .. } => {
            for &label in labels {
                counts[label as usize] += 1;
            }
        }
        Samples::Annotated(annotated) => {
            for object in annotated.objects.iter().flatten().filter(|it| !it.crowd) {
                counts[object.class] += 1;
            }
        }
        // Composed of digits of all classes.
        Samples::Scenes(_) => return None,
    }
    if counts.iter().all(|&count| count == 0) {
        return Some("the training images show no object: there is nothing to learn".to_string());
    }
    let missing = train.classes.iter().zip(&counts);
    let missing: Vec<&str> = missing
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| name.as_str())
        .collect();
    if missing.is_empty() {
        return None;
    }
    Some(format!(
        "no training image shows an object of class {}",
        missing.join(", ")
    ))
}

/// Pictures without a shape.
fn of_pictures(train: &Dataset) -> Option<String> {
    let (Samples::Labelled { images, .. } | Samples::Annotated(data::Annotated { images, .. })) =
        &train.samples
    else {
        return None;
    };
    let plain = |image: &[u8]| image.iter().all(|pixel| *pixel == image[0]);
    let all = images.count() > 0 && images.iter().all(|image| plain(&image));
    all.then(|| {
        "every training image has a single grey level: there is nothing to see \
         (what is only in an image's transparency or colour is lost)"
            .to_string()
    })
}

/// Batch normalisation of a single row of features.
fn of_normalisation(recipe: &Recipe, train: &Dataset) -> Result<Option<String>, ShapeError> {
    if recipe.training.batch_size > 1 {
        return Ok(None);
    }
    let summary = recipe.summary(train.image_shape(), train.classes.len())?;
    let layers = recipe.model.layers().iter().zip(&summary.layers);
    let flat = layers.enumerate().find(|(_, (layer, summary))| {
        normalizes(layer) && matches!(summary.output, Shape::Features(_))
    });
    Ok(flat.map(|(index, (layer, _))| {
        format!(
            "model.layers[{index}] ({}) normalises flat features over one image, which makes them all 0: \
             the network learns nothing; use training.batch-size = 2 or more",
            layer.name()
        )
    }))
}

/// Whether a layer, or one inside of it, is a batch normalisation.
fn normalizes(layer: &Layer) -> bool {
    match layer {
        Layer::BatchNorm { .. } => true,
        Layer::Residual { layers, shortcut } => layers.iter().chain(shortcut).any(normalizes),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::Object;
    use kernels::boxes::Xyxy;

    fn labelled(images: [[u8; 4]; 2], labels: [u32; 2]) -> Dataset {
        let classes = ["cat", "dog", "owl"].map(str::to_string).to_vec();
        Dataset::labelled([2, 2], images.concat(), labels.to_vec(), classes)
    }

    fn annotated(objects: [Vec<Object>; 2]) -> Dataset {
        labelled([[0, 1, 2, 3], [4, 5, 6, 7]], [0, 0]).annotated(Some(objects.to_vec()))
    }

    fn recipe(layers: &str, batch: usize) -> Recipe {
        let text = format!(
            "[model]\nkind = \"cnn\"\nlayers = [{layers}]\n[training]\nbatch-size = {batch}"
        );
        Recipe::parse::<&str>(&text, "test", &[]).expect("a recipe")
    }

    #[test]
    fn data_that_teaches_nothing_is_noticed() {
        let object = |class, crowd| Object {
            bounds: Xyxy::new(0., 0., 1., 1.),
            class,
            area: 1.0,
            crowd,
        };
        let shape = [0, 9, 0, 0];
        let cases = [
            (
                "all classes",
                annotated([
                    vec![object(0, false), object(1, false)],
                    vec![object(2, false)],
                ]),
                None,
            ),
            ("nothing", annotated([vec![], vec![]]), Some("no object")),
            (
                "a crowd only",
                annotated([vec![object(0, true)], vec![]]),
                Some("no object"),
            ),
            (
                "one class",
                annotated([vec![object(1, false)], vec![]]),
                Some("of class cat, owl"),
            ),
            (
                "two labels",
                labelled([shape, shape], [0, 2]),
                Some("of class dog"),
            ),
            (
                "one grey level",
                labelled([[7; 4], [9; 4]], [0, 2]),
                Some("a single grey level"),
            ),
        ];
        let recipe = recipe("\"flatten\", { linear = 3 }", 1);
        for (name, train, says) in cases {
            let found = warnings(&recipe, &train)
                .expect("shapes that fit")
                .join("\n");
            match says {
                Some(says) => assert!(found.contains(says), "{name}: {found:?}"),
                None => assert_eq!(found, "", "{name}"),
            }
        }
    }

    #[test]
    fn batches_of_one_cannot_be_normalised() {
        let train = labelled([[0, 9, 0, 0], [9, 0, 0, 0]], [0, 1]);
        let flat = "\"flatten\", { linear = 8 }, \"batch-norm\", { linear = 3 }";
        let map = "\"batch-norm\", \"flatten\", { linear = 3 }";
        for (layers, batch, warns) in [(flat, 1, true), (flat, 2, false), (map, 1, false)] {
            let found = of_normalisation(&recipe(layers, batch), &train).expect("shapes that fit");
            assert_eq!(found.is_some(), warns, "{layers}, {batch}: {found:?}");
        }
    }
}
