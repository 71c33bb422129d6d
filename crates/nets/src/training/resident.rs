//! A data set that lies on the device, ready for the network.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::Batch;
use crate::detector::Truth;
use crate::device::guard::guarded;
use crate::ops;
use data::preparation::Preparation;
use data::{Dataset, Samples};

/// Bytes that a data set may take on the device; a larger one is sent batch by batch.
const MOST_BYTES: usize = 1 << 28;
/// Images that are sent at a time.
const CHUNK: usize = 1024;

/// Images as the network sees them, on the device, with their truths on the host.
#[derive(Debug)]
pub(super) struct Resident {
    /// `[N, C, H, W]`
    images: Tensor<4>,
    labels: Option<Vec<usize>>,
    truths: Vec<Vec<Truth>>,
}

impl Resident {
    /// Sends `data` to the device, where that spares sending it in every epoch: nothing on the CPU, nothing of images
    /// that change from epoch to epoch, nothing that is too large.
    pub fn new(preparation: &Preparation, data: &Dataset, device: &Device) -> Option<Self> {
        let changes = preparation.augment.is_some() || matches!(data.samples, Samples::Scenes(_));
        let bytes = data.count * data.image_len() * size_of::<f32>();
        if ops::has_lanes(device) || changes || bytes > MOST_BYTES {
            return None;
        }
        let numbers: Vec<usize> = (0..data.count).collect();
        let mut truths = Vec::with_capacity(data.count);
        let chunks = numbers.chunks(CHUNK).map(|chunk| {
            let batch = Batch::prepare(preparation, data, chunk, 0, device);
            truths.extend(batch.truths);
            batch.images
        });
        // Some devices have memory enough, but not in one piece.
        let images = guarded(|| {
            let images = Tensor::cat(chunks.collect(), 0);
            let last = data.count - 1;
            ops::to_host(images.clone().narrow(0, last, 1)); // fails where the piece is too large
            images
        });
        Some(Self {
            images: images.ok()?,
            labels: data.labels(),
            truths,
        })
    }

    /// As [`Preparation::batch`]; only the numbers go to the device.
    pub fn batch(&self, indices: &[usize], epoch: usize) -> Batch {
        let numbers: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let shape = [numbers.len()];
        let device = self.images.device();
        let numbers = Tensor::<1, Int>::from_data(TensorData::new(numbers, shape), &device);
        let truths: Vec<Vec<Truth>> = indices
            .iter()
            .map(|&index| self.truths[index].clone())
            .collect();
        let labels = match &self.labels {
            Some(labels) => indices.iter().map(|&index| labels[index]).collect(),
            // As a batch that is made anew: of images with exactly one object.
            None => truths
                .iter()
                .filter_map(|truths| match truths[..] {
                    [Truth { class, .. }] => Some(class),
                    _ => None,
                })
                .collect(),
        };
        Batch {
            images: self.images.clone().select(0, numbers),
            labels,
            truths,
            indices: indices.to_vec(),
            epoch,
            mixed: None,
        }
    }
}
