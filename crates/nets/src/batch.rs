//! A batch: images as the network sees them, with their labels and boxes.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::Dataset;
use data::preparation::Preparation;
use data::resized::{Resized, pad};
use data::truth::Truth;
use rayon::prelude::*;
use recipe::Sides;

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
    /// How each image was resized, where they have sizes of their own: it lies in the upper left corner of its place,
    /// with zeros behind it. Empty where images fill their places.
    pub resized: Vec<Resized>,
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
    /// One image after the other.
    values: Vec<f32>,
    labels: Vec<Option<usize>>,
    truths: Vec<Vec<Truth>>,
    /// As in [`Batch`].
    resized: Vec<Resized>,
}

impl Prepared {
    /// The images with these numbers in `epoch`, by this thread alone.
    pub fn new(preparation: &Preparation, data: &Dataset, numbers: &[usize], epoch: usize) -> Self {
        if let Some(sides) = data.sides() {
            return Self::sized(preparation, data, sides, numbers, epoch);
        }
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
            resized: Vec::new(),
        }
    }

    fn sized(
        preparation: &Preparation,
        data: &Dataset,
        sides: Sides,
        numbers: &[usize],
        epoch: usize,
    ) -> Self {
        let mut prepared = Self {
            values: Vec::new(),
            labels: Vec::with_capacity(numbers.len()),
            truths: Vec::with_capacity(numbers.len()),
            resized: Vec::with_capacity(numbers.len()),
        };
        for &number in numbers {
            let image = preparation.sized_image(data, sides, number, epoch);
            prepared.values.extend(image.values);
            prepared.labels.push(image.label);
            prepared.truths.push(image.truths);
            prepared.resized.push(image.resized);
        }
        prepared
    }
}

/// Images `[C, H_i, W_i]`, one after the other, side by side in a tensor `[N, C, H, W]` with zeros behind each.
pub(crate) fn padded(
    values: &[f32],
    channels: usize,
    sides: Sides,
    resized: &[Resized],
    device: &Device,
) -> Tensor<4> {
    let most = |axis: usize| resized.iter().map(|it| it.to[axis]).max().unwrap_or(1);
    let room = sides.padded([most(0), most(1)]);
    let mut all = vec![0.0; resized.len() * channels * room[0] * room[1]];
    let mut values = values;
    for (place, it) in all
        .chunks_exact_mut((channels * room[0] * room[1]).max(1))
        .zip(resized)
    {
        let (image, rest) = values.split_at(channels * it.to[0] * it.to[1]);
        pad(image, it.to, room, place);
        values = rest;
    }
    let shape = [resized.len(), channels, room[0], room[1]];
    Tensor::from_data(TensorData::new(all, shape), device)
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
        let mut resized = Vec::new();
        for part in parts {
            values.extend_from_slice(&part.values);
            labels.extend(part.labels);
            truths.extend(part.truths);
            resized.extend(part.resized);
        }
        let images = match data.sides() {
            Some(sides) => padded(&values, data.channels, sides, &resized, device),
            None => {
                let shape = [indices.len(), data.channels, data.height, data.width];
                Tensor::from_data(TensorData::new(values, shape), device)
            }
        };
        Self {
            images,
            resized,
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
            resized: self.resized_at(places.iter().copied()),
            epoch: self.epoch,
            mixed: None,
        }
    }

    fn resized_at(&self, places: impl Iterator<Item = usize>) -> Vec<Resized> {
        places
            .filter_map(|place| self.resized.get(place).copied())
            .collect()
    }

    /// `count` images from the `first` on, on the device of the batch.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        let range = first..first + count;
        Self {
            images: self.images.clone().narrow(0, first, count),
            labels: self.labels[range.clone()].to_vec(),
            truths: self.truths[range.clone()].to_vec(),
            indices: self.indices[range.clone()].to_vec(),
            resized: self.resized_at(range.clone()),
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
