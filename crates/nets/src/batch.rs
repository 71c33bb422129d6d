//! A batch: images as the network sees them, with their labels and boxes.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::Dataset;
use data::preparation::Preparation;
use data::truth::Truth;
use rayon::prelude::*;

/// Images with their truths.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[N, C, H, W]`, normalised.
    pub images: Tensor<4>,
    /// The class of each image that shows exactly one object.
    pub labels: Vec<Option<usize>>,
    /// The objects of each image.
    pub truths: Vec<Vec<Truth>>,
    /// What each image was drawn as: its number in its data set, unless it was drawn again in the same epoch (see
    /// [`data::sampling`]).
    pub indices: Vec<usize>,
    /// The epoch this batch belongs to; 0 outside training.
    pub epoch: usize,
    /// The partners of the images, where mixup has blended them.
    pub mixed: Option<Mixed>,
}

/// The partners that mixup has blended the images of a batch with.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// The class of each image's partner.
    pub labels: Vec<Option<usize>>,
    /// The share of the image itself; its partner has the rest.
    pub share: f64,
}

/// Some images of a batch, prepared on the host.
pub(crate) struct Prepared {
    values: Vec<f32>,
    labels: Vec<Option<usize>>,
    truths: Vec<Vec<Truth>>,
}

impl Prepared {
    /// The images with these numbers in `epoch`, by this thread alone.
    pub fn new(preparation: &Preparation, data: &Dataset, numbers: &[usize], epoch: usize) -> Self {
        let length = data.image_len();
        let mut values = vec![0.0; numbers.len() * length];
        let (labels, truths) = values
            .chunks_exact_mut(length.max(1))
            .zip(numbers)
            .map(|(values, &number)| preparation.image(data, number, epoch, values))
            .unzip();
        Self {
            values,
            labels,
            truths,
        }
    }
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
        // Small images are not worth a task each.
        let parts = indices
            .par_chunks(Preparation::images_a_task(data))
            .map(|numbers| Prepared::new(preparation, data, numbers, epoch));
        let parts: Vec<Prepared> = parts.collect();
        Self::from_parts(parts, data, indices, epoch, device)
    }

    /// All images of `data` in order and without augmentation, at most `size` at a time.
    pub fn all<'a>(
        data: &'a Dataset,
        size: usize,
        device: &'a Device,
    ) -> impl Iterator<Item = Self> + 'a {
        let preparation = Preparation::WITHOUT_AUGMENTATION;
        (0..data.count).step_by(size).map(move |first| {
            let numbers: Vec<usize> = (first..data.count.min(first + size)).collect();
            Self::prepare(&preparation, data, &numbers, 0, device)
        })
    }

    /// The batch of prepared images, which are those with the numbers `indices`.
    pub(crate) fn from_parts(
        parts: impl IntoIterator<Item = Prepared>,
        data: &Dataset,
        indices: &[usize],
        epoch: usize,
        device: &Device,
    ) -> Self {
        let mut values = Vec::with_capacity(indices.len() * data.image_len());
        let mut labels = Vec::with_capacity(indices.len());
        let mut truths = Vec::with_capacity(indices.len());
        for part in parts {
            values.extend_from_slice(&part.values);
            labels.extend(part.labels);
            truths.extend(part.truths);
        }
        let shape = [indices.len(), data.channels, data.height, data.width];
        Self {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            labels,
            truths,
            indices: indices.to_vec(),
            epoch,
            mixed: None,
        }
    }

    /// The images at these places of the batch, on its device; not blended yet.
    pub(crate) fn select(&self, places: &[usize]) -> Self {
        let numbers: Vec<i32> = places.iter().map(|&place| place as i32).collect();
        let numbers = TensorData::new(numbers, [places.len()]);
        let numbers = Tensor::<1, Int>::from_data(numbers, &self.images.device());
        Self {
            images: self.images.clone().select(0, numbers),
            labels: places.iter().map(|&place| self.labels[place]).collect(),
            truths: places
                .iter()
                .map(|&place| self.truths[place].clone())
                .collect(),
            indices: places.iter().map(|&place| self.indices[place]).collect(),
            epoch: self.epoch,
            mixed: None,
        }
    }

    /// `count` images from the `first` on, on the device of the batch.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        let range = first..first + count;
        Self {
            images: self.images.clone().narrow(0, first, count),
            labels: self.labels[range.clone()].to_vec(),
            truths: self.truths[range.clone()].to_vec(),
            indices: self.indices[range.clone()].to_vec(),
            epoch: self.epoch,
            mixed: self.mixed.as_ref().map(|mixed| Mixed {
                labels: mixed.labels[range].to_vec(),
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
