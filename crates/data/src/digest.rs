//! Which images a run was made from, in one line.

use super::{Dataset, Samples, Split};

impl Split {
    /// BLAKE3 of all that training and evaluation can see: pixels, labels or boxes, and the order of the images. Scenes
    /// that are new in every epoch are left out: they follow from the recipe and, as the test scenes do, from MNIST.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let parts = [
            Some(&self.train),
            self.validation.as_ref(),
            Some(&self.test),
        ];
        for data in parts.into_iter().flatten() {
            add(&mut hasher, data);
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }
}

fn add(hasher: &mut blake3::Hasher, data: &Dataset) {
    for length in [data.count, data.channels, data.height, data.width] {
        hasher.update(&(length as u64).to_le_bytes());
    }
    if data.sides().is_some() {
        for size in (0..data.count).map(|index| data.image_size(index)) {
            hasher.update(&size.map(|side| (side as u64).to_le_bytes()).concat());
        }
    }
    hasher.update(data.classes.join("\n").as_bytes());
    match &data.samples {
        Samples::Labelled { images, labels, .. } => {
            images.iter().for_each(|image| {
                hasher.update(&image);
            });
            for label in labels {
                hasher.update(&label.to_le_bytes());
            }
        }
        Samples::Annotated(annotated) => {
            annotated.images.iter().for_each(|image| {
                hasher.update(&image);
            });
            for of_image in &annotated.objects {
                hasher.update(&(of_image.len() as u64).to_le_bytes());
                for object in of_image {
                    let bounds: [f32; 4] = object.bounds.into();
                    hasher.update(&bounds.map(f32::to_le_bytes).concat());
                    hasher.update(&(object.class as u64).to_le_bytes());
                    hasher.update(&object.area.to_le_bytes());
                    hasher.update(&[object.crowd.into()]);
                }
            }
        }
        Samples::Scenes(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(images: &[u8], labels: &[u32]) -> Dataset {
        let width = images.len() / labels.len();
        let classes = vec!["a".into(), "b".into()];
        Dataset::labelled([1, width], images.to_vec(), labels.to_vec(), classes)
    }

    #[test]
    fn whatever_changes_shows() {
        let digest = |train: &Dataset, test: &Dataset| {
            let (train, test) = (train.clone(), test.clone());
            Split::new(train, test).digest()
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
