//! A batch: images as the network sees them, with their labels and boxes.

use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::tight_box;

use crate::augment::augmented;
use crate::data::Dataset;
use crate::detector::Truth;
use crate::random::{Key, Purpose};
use crate::recipe::{Augment, Normalize};

/// Images with their truths.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[N, C, H, W]`, normalised.
    pub images: Tensor<4>,
    /// One an image.
    pub labels: Vec<usize>,
    /// The objects of each image.
    pub truths: Vec<Vec<Truth>>,
    /// Where each image stands in its data set.
    pub indices: Vec<usize>,
    /// The epoch this batch belongs to; 0 outside training.
    pub epoch: usize,
}

/// How pixels become what the network sees.
#[derive(Clone, Copy, Debug)]
pub struct Preparation {
    /// Scale of the pixels.
    pub normalize: Normalize,
    /// Random changes, with the run's seed; none outside training.
    pub augment: Option<(Augment, u64)>,
}

impl Preparation {
    /// The images with these numbers, in `epoch`.
    pub fn batch(&self, data: &Dataset, indices: &[usize], epoch: usize, device: &Device) -> Batch {
        let area = data.height * data.width;
        let mut values = Vec::with_capacity(indices.len() * data.channels * area);
        let mut labels = Vec::with_capacity(indices.len());
        let mut truths = Vec::with_capacity(indices.len());
        for &index in indices {
            let pixels = data.image(index);
            let changed = self.augment.map(|(augment, seed)| {
                let key = Key {
                    seed,
                    purpose: Purpose::Augment,
                    epoch: epoch as u64,
                    index: index as u64,
                };
                augmented(
                    pixels,
                    [data.channels, data.height, data.width],
                    &augment,
                    key,
                )
            });
            let pixels = changed.as_deref().unwrap_or(pixels);
            let label = data.labels[index] as usize;
            labels.push(label);
            let bounds = tight_box(&pixels[..area], data.width);
            truths.push(
                bounds
                    .map(|bounds| Truth {
                        bounds,
                        class: label,
                    })
                    .into_iter()
                    .collect(),
            );
            self.normalized(pixels, &mut values);
        }
        let shape = [indices.len(), data.channels, data.height, data.width];
        Batch {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            labels,
            truths,
            indices: indices.to_vec(),
            epoch,
        }
    }

    /// Appends (p / 255 - mean) / std of every pixel p.
    pub fn normalized(&self, pixels: &[u8], values: &mut Vec<f32>) {
        let Normalize { mean, std } = self.normalize;
        let scale = (1.0 / (255.0 * std)) as f32;
        let shift = (-mean / std) as f32;
        values.extend(pixels.iter().map(|&pixel| f32::from(pixel) * scale + shift));
    }
}
