//! A batch: images as the network sees them, with their labels and boxes.

use std::borrow::Cow;

use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::tight_box;
use rayon::prelude::*;

use crate::augment::Change;
use crate::data::{Content, Dataset, Object, Sample};
use crate::detector::Truth;
use crate::random::{Key, Purpose};
use crate::recipe::{Augment, Data, Normalize, Recipe};

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

impl Batch {
    /// So many images from the `first` on, on the device of the batch.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        let range = first..first + count;
        let labels = |labels: &[usize]| match labels.len() == self.indices.len() {
            true => labels[range.clone()].to_vec(),
            // Whose they are is not known, and only a classifier, whose images have one each, asks.
            false => Vec::new(),
        };
        Self {
            images: self.images.clone().narrow(0, first, count),
            labels: labels(&self.labels),
            truths: self.truths[range.clone()].to_vec(),
            indices: self.indices[range.clone()].to_vec(),
            epoch: self.epoch,
            mixed: self.mixed.as_ref().map(|mixed| Mixed {
                labels: labels(&mixed.labels),
                share: mixed.share,
            }),
        }
    }

    /// The same with its images on another device.
    pub(crate) fn on(mut self, device: &Device) -> Self {
        self.images = Tensor::from_data(self.images.into_data(), device);
        self
    }
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

/// An image as it is learned from, before its pixels are scaled.
pub(crate) struct Seen<'a> {
    /// `[C, H, W]`, 0 to 255.
    pub pixels: Cow<'a, [u8]>,
    /// The class of its object, where it shows exactly one.
    pub label: Option<usize>,
    /// Its objects.
    pub truths: Vec<Truth>,
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
    /// As training images are prepared.
    pub fn for_training(recipe: &Recipe) -> Self {
        let Data {
            normalize, augment, ..
        } = recipe.data;
        Self {
            normalize,
            augment: (!augment.is_none()).then_some((augment, recipe.training.seed)),
        }
    }

    /// The images with these numbers, in `epoch` (from 1; 0 outside training).
    pub fn batch(&self, data: &Dataset, indices: &[usize], epoch: usize, device: &Device) -> Batch {
        let length = data.image_len();
        let mut values = vec![0.0; indices.len() * length];
        let (labels, truths): (Vec<_>, Vec<_>) = values
            .par_chunks_exact_mut(length.max(1))
            .zip(indices)
            // Small images are not worth a task each.
            .with_min_len(Self::images_a_task(data))
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

    /// Images that are worth a task of their own.
    pub(crate) fn images_a_task(data: &Dataset) -> usize {
        MIN_PIXELS.div_ceil(data.image_len().max(1))
    }

    /// Writes one image's values, and gives its label, where it has one, and its objects.
    pub(crate) fn image(
        &self,
        data: &Dataset,
        index: usize,
        epoch: usize,
        values: &mut [f32],
    ) -> (Option<usize>, Vec<Truth>) {
        let seen = self.seen(data, data.sample(index, epoch), index, epoch);
        self.normalize(&seen.pixels, values);
        (seen.label, seen.truths)
    }

    /// Image `index` of `data` with the random changes of `epoch`.
    pub(crate) fn seen<'a>(
        &self,
        data: &Dataset,
        Sample { pixels, content }: Sample<'a>,
        index: usize,
        epoch: usize,
    ) -> Seen<'a> {
        let change = self.augment.map(|(augment, seed)| {
            let key = Key {
                seed,
                purpose: Purpose::Augment,
                epoch: epoch as u64,
                index: index as u64,
            };
            Change::draw(&augment, data.image_shape(), key)
        });
        let mut pixels = match &change {
            Some(change) => change.moved(pixels),
            None => pixels,
        };
        let (label, truths) = match content {
            Content::Ink(class) => {
                // Around the ink before noise and the like, of which no pixel is black.
                let bounds = tight_box(&pixels[..data.height * data.width], data.width);
                let bounds = match &change {
                    Some(change) => bounds.and_then(|bounds| change.seen(bounds)),
                    None => bounds,
                };
                let truth = bounds.map(|bounds| Truth { bounds, class });
                (Some(class), truth.into_iter().collect())
            }
            Content::Objects(objects) => {
                let objects = || objects.iter().filter(|object| !object.crowd);
                // What an image shows does not change with how much of it is left to be seen.
                let label = match (objects().next(), objects().nth(1)) {
                    (Some(object), None) => Some(object.class),
                    _ => None,
                };
                let truth = |&Object { bounds, class, .. }: &Object| {
                    let bounds = match &change {
                        Some(change) => change.bounds(bounds)?,
                        None => bounds,
                    };
                    Some(Truth { bounds, class })
                };
                (label, objects().filter_map(truth).collect())
            }
        };
        if let Some(change) = change.filter(Change::shades) {
            change.shade(pixels.to_mut());
        }
        Seen {
            pixels,
            label,
            truths,
        }
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
