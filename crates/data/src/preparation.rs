//! From an image of a data set to a network's input: random changes, then scaling of the pixels.

use std::borrow::Cow;

use kernels::boxes::tight_box;
use recipe::{Augment, Recipe, Sides};

use crate::augment::{Change, mosaic};
use crate::random::{Key, Purpose};
use crate::resize::Resizer;
use crate::resized::Resized;
use crate::sampling::image_of;
use crate::truth::Truth;
use crate::{Content, Dataset, Object, Sample};

/// Smallest number of pixels for a parallel task.
const MIN_PIXELS: usize = 1 << 12;

/// A training image before its pixels are scaled.
pub struct Seen<'a> {
    /// `[C, H, W]`, 0 to 255.
    pub pixels: Cow<'a, [u8]>,
    /// `[H, W]`
    pub size: [usize; 2],
    /// The class of its object, where it shows exactly one.
    pub label: Option<usize>,
    /// Its objects.
    pub truths: Vec<Truth>,
}

/// A training image with its own size, as a network sees it.
pub struct SizedImage {
    /// `[C, H, W]` of the size that `resized` says.
    pub values: Vec<f32>,
    /// How it was resized.
    pub resized: Resized,
    /// The class of its object, where it shows exactly one.
    pub label: Option<usize>,
    /// Its objects, in pixels of the network's input.
    pub truths: Vec<Truth>,
}

/// What is done to an image of a data set before a network sees it.
#[derive(Clone, Copy, Debug)]
pub struct Preparation {
    /// Random changes, with the run's seed; none outside training.
    pub augment: Option<(Augment, u64)>,
}

impl Preparation {
    /// As images are prepared for predictions.
    pub const WITHOUT_AUGMENTATION: Self = Self { augment: None };

    /// The preparation of training images.
    pub fn for_training(recipe: &Recipe) -> Self {
        let augment = recipe.data.augment;
        Self {
            augment: (!augment.is_none()).then_some((augment, recipe.training.seed)),
        }
    }

    /// How many images make a task that is worth its overhead.
    pub fn images_a_task(data: &Dataset) -> usize {
        MIN_PIXELS.div_ceil(data.image_len().max(1))
    }

    /// Writes the values of the image that is drawn as `index`, and gives its label, where it has one, and its objects.
    pub fn image(
        &self,
        data: &Dataset,
        index: usize,
        epoch: usize,
        values: &mut [f32],
    ) -> (Option<usize>, Vec<Truth>) {
        let sample = data.sample(image_of(index), epoch);
        let seen = self.seen(data, sample, index, epoch);
        normalize(&data.preparation, &seen.pixels, values);
        (seen.label, seen.truths)
    }

    /// The same of an image with its own size, which is resized as `sides` say: also its values, and how it was resized.
    pub fn sized_image(
        &self,
        data: &Dataset,
        sides: Sides,
        index: usize,
        epoch: usize,
    ) -> SizedImage {
        let sample = data.sample(image_of(index), epoch);
        let resized = Resized::new(sides, sample.size);
        let seen = self.seen(data, sample, index, epoch);
        let truth = |truth: Truth| Truth {
            bounds: resized.forth(truth.bounds),
            ..truth
        };
        SizedImage {
            values: resize_and_normalize(&resized, &data.preparation, &seen.pixels),
            resized,
            label: seen.label,
            truths: seen.truths.into_iter().map(truth).collect(),
        }
    }

    /// The image that is drawn from `data` as `index`, with the random changes of `epoch`.
    pub fn seen<'a>(
        &self,
        data: &Dataset,
        sample: Sample<'a>,
        index: usize,
        epoch: usize,
    ) -> Seen<'a> {
        let Sample {
            pixels,
            size,
            content,
        } = self.beside_others(data, sample, index, epoch);
        let change = self.augment.map(|(augment, seed)| {
            let key = Key {
                seed,
                purpose: Purpose::Augment,
                epoch: epoch as u64,
                index: index as u64,
            };
            Change::draw(&augment, [data.channels, size[0], size[1]], key)
        });
        let mut pixels = match &change {
            Some(change) => change.moved(pixels),
            None => pixels,
        };
        let (label, truths) = match content {
            Content::Ink(class) => {
                // Around the ink before noise and the like, after which no pixel is black.
                let bounds = tight_box(&pixels[..size[0] * size[1]], size[1]);
                let bounds = match &change {
                    Some(change) => bounds.and_then(|bounds| change.seen(bounds)),
                    None => bounds,
                };
                let truth = bounds.map(|bounds| Truth { bounds, class });
                (Some(class), truth.into_iter().collect())
            }
            Content::Objects(objects) => {
                let objects = || objects.iter().filter(|object| !object.crowd);
                // An image keeps its class, however little of the object is left to be seen.
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
            size,
            label,
            truths,
        }
    }

    /// A mosaic of the image and three others of `data`, if one is drawn for it; else the image as it is.
    fn beside_others<'a>(
        &self,
        data: &Dataset,
        sample: Sample<'a>,
        index: usize,
        epoch: usize,
    ) -> Sample<'a> {
        let Some((augment, seed)) = self.augment.filter(|(augment, _)| augment.mosaic > 0.0) else {
            return sample;
        };
        let key = |purpose| Key {
            seed,
            purpose,
            epoch: epoch as u64,
            index: index as u64,
        };
        let mut stream = key(Purpose::MosaicPartners).stream();
        if stream.unit() >= augment.mosaic {
            return sample;
        }
        let partners = [0; 3].map(|_| data.sample(stream.below(data.count), epoch));
        let [one, two, three] = partners;
        let mut parts = [sample, one, two, three];
        // The image itself may be any of the four.
        stream.shuffle(&mut parts);
        let size = parts[0].size;
        let truths = parts.each_ref().map(truths);
        let parts = [0, 1, 2, 3].map(|part| (&*parts[part].pixels, &truths[part][..]));
        let (pixels, truths) = mosaic(parts, data.image_shape(), key(Purpose::Mosaic));
        let object = |Truth { bounds, class }| Object {
            bounds,
            class,
            area: f64::from(bounds.area()),
            crowd: false,
        };
        Sample {
            pixels: Cow::Owned(pixels),
            size,
            content: Content::Objects(truths.into_iter().map(object).collect()),
        }
    }
}

/// The objects of an image, without crowds.
fn truths(sample: &Sample<'_>) -> Vec<Truth> {
    match &sample.content {
        &Content::Ink(class) => {
            let [height, width] = sample.size;
            let ink = &sample.pixels[..height * width];
            let truth = |bounds| Truth { bounds, class };
            tight_box(ink, width).map(truth).into_iter().collect()
        }
        Content::Objects(objects) => objects
            .iter()
            .filter(|object| !object.crowd)
            .map(|&Object { bounds, class, .. }| Truth { bounds, class })
            .collect(),
    }
}

/// (p / 255 - mean) / std of every pixel p of an image `[C, H, W]`, channel by channel.
pub fn normalize(image: &recipe::Image, pixels: &[u8], values: &mut [f32]) {
    let channels = image.colour.map_or(1, recipe::Colour::channels);
    let area = (pixels.len() / channels).max(1);
    let planes = pixels.chunks_exact(area).zip(values.chunks_exact_mut(area));
    for (channel, (pixels, values)) in planes.enumerate() {
        let (scale, shift) = scale_and_shift(image, channel);
        for (value, &pixel) in values.iter_mut().zip(pixels) {
            *value = f32::from(pixel) * scale + shift;
        }
    }
}

/// The values of an image `[C, H, W]` that is resized like this, channel by channel.
pub fn resize_and_normalize(resized: &Resized, image: &recipe::Image, pixels: &[u8]) -> Vec<f32> {
    let [height, width] = resized.from;
    let resizer = Resizer::bilinear(resized.from, resized.to);
    let planes = pixels.chunks_exact((height * width).max(1)).enumerate();
    let values = planes.flat_map(|(channel, plane)| {
        let (scale, shift) = scale_and_shift(image, channel);
        let plane = resizer.resize_plane(plane).into_iter();
        plane.map(move |value| value * scale + shift)
    });
    values.collect()
}

/// What a pixel of this channel is multiplied by, and what is added then.
pub fn scale_and_shift(image: &recipe::Image, channel: usize) -> (f32, f32) {
    let mean = image.mean.channel(channel).unwrap_or(0.0);
    let std = image.std.channel(channel).unwrap_or(1.0);
    ((1.0 / (255.0 * std)) as f32, (-mean / std) as f32)
}

#[cfg(test)]
mod tests;
