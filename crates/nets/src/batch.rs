//! A batch: images as the network sees them, with their labels and boxes.

use burn::tensor::{Device, Tensor, TensorData};
use data::Dataset;
use data::preparation::Preparation;
use data::truth::Truth;
use rayon::prelude::*;

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
    /// The images with these numbers, in `epoch` (from 1; 0 outside training).
    pub fn prepare(
        preparation: &Preparation,
        data: &Dataset,
        indices: &[usize],
        epoch: usize,
        device: &Device,
    ) -> Self {
        let length = data.image_len();
        let mut values = vec![0.0; indices.len() * length];
        let (labels, truths): (Vec<_>, Vec<_>) = values
            .par_chunks_exact_mut(length.max(1))
            .zip(indices)
            // Small images are not worth a task each.
            .with_min_len(Preparation::images_a_task(data))
            .map(|(values, &index)| preparation.image(data, index, epoch, values))
            .unzip();
        let shape = [indices.len(), data.channels, data.height, data.width];
        Self {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            labels: labels.into_iter().flatten().collect(),
            truths,
            indices: indices.to_vec(),
            epoch,
            mixed: None,
        }
    }

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
