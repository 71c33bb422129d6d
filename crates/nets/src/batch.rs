//! A batch: images as the network sees them, with their labels and boxes.

use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::tight_box;
use rayon::prelude::*;

use crate::augment::augmented;
use crate::data::{Content, Dataset, Object};
use crate::detector::Truth;
use crate::random::{Key, Purpose};
use crate::recipe::{Augment, Normalize};

/// Images with their truths.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[N, C, H, W]`, normalised.
    pub images: Tensor<4>,
    /// The class of each image; only of those with exactly one object.
    pub labels: Vec<usize>,
    /// The objects of each image.
    pub truths: Vec<Vec<Truth>>,
    /// Where each image stands in its data set.
    pub indices: Vec<usize>,
    /// The epoch this batch belongs to; 0 outside training.
    pub epoch: usize,
    /// Where images are blended with others: what with.
    pub mixed: Option<Mixed>,
}

/// What the images of a batch are blended with, by mixup.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// The class of each image's partner.
    pub labels: Vec<usize>,
    /// What an image keeps of itself; its partner has the rest.
    pub share: f64,
}

/// Pixels that are worth a task of their own.
const MIN_PIXELS: usize = 1 << 12;

/// How pixels become what the network sees.
#[derive(Clone, Copy, Debug)]
pub struct Preparation {
    /// Scale of the pixels.
    pub normalize: Normalize,
    /// Random changes, with the run's seed; none outside training.
    pub augment: Option<(Augment, u64)>,
}

impl Preparation {
    /// The images with these numbers, in `epoch` (from 1; 0 outside training).
    pub fn batch(&self, data: &Dataset, indices: &[usize], epoch: usize, device: &Device) -> Batch {
        let length = data.image_len();
        let mut values = vec![0.0; indices.len() * length];
        let (labels, truths): (Vec<_>, Vec<_>) = values
            .par_chunks_exact_mut(length.max(1))
            .zip(indices)
            // Small images are not worth a task each.
            .with_min_len(MIN_PIXELS.div_ceil(length.max(1)))
            .map(|(values, &index)| self.image(data, index, epoch, values))
            .unzip();
        let shape = [indices.len(), data.channels, data.height, data.width];
        Batch {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            labels: labels.into_iter().flatten().collect(),
            truths,
            indices: indices.to_vec(),
            epoch,
            mixed: None,
        }
    }

    /// Writes one image's values, and gives its label, where it has one, and its objects.
    fn image(
        &self,
        data: &Dataset,
        index: usize,
        epoch: usize,
        values: &mut [f32],
    ) -> (Option<usize>, Vec<Truth>) {
        let sample = data.sample(index, epoch);
        let class = match sample.content {
            Content::Ink(class) => class,
            Content::Objects(objects) => {
                self.normalize(&sample.pixels, values);
                let truths: Vec<Truth> = objects
                    .iter()
                    .filter(|object| !object.crowd)
                    .map(|&Object { bounds, class, .. }| Truth { bounds, class })
                    .collect();
                let label = match truths[..] {
                    [Truth { class, .. }] => Some(class),
                    _ => None,
                };
                return (label, truths);
            }
        };
        let changed = self.augment.map(|(augment, seed)| {
            let key = Key {
                seed,
                purpose: Purpose::Augment,
                epoch: epoch as u64,
                index: index as u64,
            };
            augmented(&sample.pixels, data.image_shape(), &augment, key)
        });
        let pixels = changed.as_deref().unwrap_or(&sample.pixels);
        self.normalize(pixels, values);
        let bounds = tight_box(&pixels[..data.height * data.width], data.width);
        let truths = bounds.map(|bounds| Truth { bounds, class });
        (Some(class), truths.into_iter().collect())
    }

    /// (p / 255 - mean) / std of every pixel p.
    pub fn normalize(&self, pixels: &[u8], values: &mut [f32]) {
        let Normalize { mean, std } = self.normalize;
        let scale = (1.0 / (255.0 * std)) as f32;
        let shift = (-mean / std) as f32;
        for (value, &pixel) in values.iter_mut().zip(pixels) {
            *value = f32::from(pixel) * scale + shift;
        }
    }
}
