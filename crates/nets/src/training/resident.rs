//! A data set that stays on the device, ready for the network.

use burn::tensor::{Device, Tensor};

use crate::batch::Batch;
use crate::device::guard::guarded;
use crate::ops;
use data::preparation::Preparation;
use data::sampling::image_of;
use data::{Dataset, Samples};

/// Bytes that a data set may take on the device; a larger one is sent batch by batch.
const MOST_BYTES: usize = 1 << 28;
/// Images that are sent at a time.
const CHUNK: usize = 1024;

/// All images of a data set as one batch on the device.
#[derive(Debug)]
pub(super) struct Resident(Batch);

impl Resident {
    /// Sends `data` to the device, where that saves sending it in every epoch: not for the CPU, for images that change
    /// from epoch to epoch, or for a data set that is too large.
    pub fn new(preparation: &Preparation, data: &Dataset, device: &Device) -> Option<Self> {
        let changes = preparation.augment.is_some() || matches!(data.samples, Samples::Scenes(_));
        let bytes = data.count * data.image_len() * size_of::<f32>();
        if ops::has_lanes(device) || changes || data.sides().is_some() || bytes > MOST_BYTES {
            return None;
        }
        let numbers: Vec<usize> = (0..data.count).collect();
        let mut chunks = numbers
            .chunks(CHUNK)
            .map(|chunk| Batch::prepare(preparation, data, chunk, 0, device));
        // A device may have enough memory, but not in one piece.
        let all = guarded(|| {
            let mut all = chunks.next()?;
            let mut images = vec![all.images];
            for chunk in chunks {
                images.push(chunk.images);
                all.labels.extend(chunk.labels);
                all.truths.extend(chunk.truths);
                all.indices.extend(chunk.indices);
            }
            all.images = Tensor::cat(images, 0);
            ops::to_host(all.images.clone().narrow(0, data.count - 1, 1)); // fails where the piece is too large
            Some(all)
        });
        all.ok().flatten().map(Self)
    }

    /// As [`Batch::prepare`]; only the numbers are sent to the device.
    pub fn batch(&self, numbers: &[usize], epoch: usize) -> Batch {
        let places: Vec<usize> = numbers.iter().copied().map(image_of).collect();
        Batch {
            epoch,
            ..self.0.select(&places)
        }
    }
}
