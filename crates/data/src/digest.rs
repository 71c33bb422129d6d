//! Which images a run was made from, in one line.

use super::{Dataset, Samples, Split};

impl Split {
    /// BLAKE3 of all that training and evaluation can see: pixels, labels or boxes, and the order of the images. Scenes
    /// that are new in every epoch are left out: they follow from the recipe and, as the test scenes do, from MNIST.
    pub fn digest(&self) -> String {
        let parts = [part(&self.train), part(&self.test)];
        let mut hasher = blake3::Hasher::new();
        for bytes in parts.iter().flatten() {
            hasher.update(bytes);
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }
}

fn part(data: &Dataset) -> Vec<std::borrow::Cow<'_, [u8]>> {
    let shape = [data.count, data.channels, data.height, data.width];
    let shape = shape.map(|length| (length as u64).to_le_bytes()).concat();
    let names = data.classes.join("\n").into_bytes();
    let mut parts = vec![shape.into(), names.into()];
    match &data.samples {
        Samples::Labelled { images, labels } => {
            let labels: Vec<u8> = labels
                .iter()
                .flat_map(|label| label.to_le_bytes())
                .collect();
            parts.extend([images.into(), labels.into()]);
        }
        Samples::Annotated(annotated) => {
            let mut objects = Vec::new();
            for of_image in &annotated.objects {
                objects.extend((of_image.len() as u64).to_le_bytes());
                for object in of_image {
                    let bounds: [f32; 4] = object.bounds.into();
                    objects.extend(bounds.map(f32::to_le_bytes).concat());
                    objects.extend((object.class as u64).to_le_bytes());
                    objects.extend(object.area.to_le_bytes());
                    objects.push(object.crowd.into());
                }
            }
            parts.extend([(&annotated.images).into(), objects.into()]);
        }
        Samples::Scenes(_) => {}
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(images: &[u8], labels: &[u32]) -> Dataset {
        Dataset {
            count: labels.len(),
            channels: 1,
            height: 1,
            width: images.len() / labels.len(),
            classes: vec!["a".into(), "b".into()],
            samples: Samples::Labelled {
                images: images.to_vec(),
                labels: labels.to_vec(),
            },
        }
    }

    #[test]
    fn whatever_changes_shows() {
        let digest = |train: &Dataset, test: &Dataset| {
            let (train, test) = (train.clone(), test.clone());
            Split { train, test }.digest()
        };
        let (train, test) = (labelled(&[1, 2, 3, 4], &[0, 1]), labelled(&[5, 6], &[1]));
        let first = digest(&train, &test);
        assert_eq!(digest(&train, &test), first);
        for (name, other) in [
            ("pixel", labelled(&[1, 2, 3, 5], &[0, 1])),
            ("label", labelled(&[1, 2, 3, 4], &[1, 1])),
            ("order", labelled(&[3, 4, 1, 2], &[1, 0])),
        ] {
            assert_ne!(digest(&other, &test), first, "{name}");
        }
        assert_ne!(digest(&test, &train), first, "training and test swapped");
    }
}
