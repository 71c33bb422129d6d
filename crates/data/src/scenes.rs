//! Scenes of several MNIST digits in one image, as data sets.
//!
//! A scene is a pure function of its [`Key`]: neither threads, nor batches, nor what was drawn before change it.

pub(crate) mod compose;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;
use recipe::{Colour, Fit, InputSize, PerChannel};

use self::compose::Digits;
pub use self::compose::{Composer, FreshScenes, Scene};
use crate::dataset::{Annotated, Dataset, Samples, Split, hold_out};
use crate::error::DataError;
use crate::images::Images;
use crate::listing::Pixels;
use crate::random::{Key, Purpose};
use crate::resize::Resizer;
use crate::{memory, mnist};

/// One in this many digits is held out for the validation scenes, where there are any.
const HELD_OUT: usize = 6;

/// The id of a class in COCO files of scenes.
pub fn category_id(class: usize) -> i64 {
    class as i64 + 1
}

/// Two composers, one of MNIST's training digits and one of its test digits: they never share a digit.
///
/// # Errors
/// [`DataError`] when the built-in MNIST can't be read.
pub fn composers(options: &recipe::Scenes) -> Result<[Composer; 2], DataError> {
    let Split { train, test, .. } = mnist::built_in(&recipe::Image::default())?;
    Ok([Composer::new(train, options), Composer::new(test, options)])
}

/// Training scenes by `seed`, and test scenes by the seed in the options.
///
/// # Errors
/// As for [`composers`].
pub fn load(data: &recipe::Data, seed: u64) -> Result<Split, DataError> {
    let options = &data.scenes.clone().unwrap_or_default();
    fits(options, "data.scenes.test-images", options.test_images)?;
    let preparation = preparation(data.image, options.size)?;
    let [train, test] = composers(options)?;
    let with = |data: Dataset| Dataset {
        preparation,
        ..data
    };
    let test = test.fixed(options.seed, Purpose::TestScene, options.test_images);
    Ok(Split::new(with(train.fresh(seed)), with(test)))
}

/// Checks that the settings ask for grey images of the scenes' size. The others apply to the pictures that are predicted.
fn preparation(mut image: recipe::Image, size: usize) -> Result<recipe::Image, DataError> {
    let size = [size; 2];
    if image
        .size
        .is_some_and(|asked| asked != InputSize::Fixed(size))
    {
        return Err(DataError::SceneImage {
            key: "data.image.size",
            what: format!(
                "in {} x {} pixels, as data.scenes.size says",
                size[1], size[0]
            ),
        });
    }
    if image.colour == Some(Colour::Rgb) {
        return Err(DataError::SceneImage {
            key: "data.image.colour",
            what: "in grey".to_string(),
        });
    }
    for (key, values) in [
        ("data.image.mean", image.mean),
        ("data.image.std", image.std),
    ] {
        if values == PerChannel::Dataset {
            return Err(DataError::SceneImage {
                key,
                what: "anew in every epoch, so that there is nothing to compute it from"
                    .to_string(),
            });
        }
    }
    image.size = Some(InputSize::Fixed(size));
    image.colour = Some(Colour::Grey);
    image.fit = image.fit.or(Some(Fit::Ink));
    Ok(image)
}

/// Fixed scenes are all composed at once.
fn fits(options: &recipe::Scenes, key: &'static str, images: usize) -> Result<(), DataError> {
    memory::check(options.bytes(images)).map_err(|cause| DataError::Scenes { key, images, cause })
}

impl FreshScenes {
    /// The same scenes without one sixth of the digits, and `count` fixed scenes made of that sixth.
    pub(super) fn hold_out(
        &self,
        count: usize,
        preparation: recipe::Image,
    ) -> Result<(Dataset, Dataset), DataError> {
        let composer = &self.composer;
        fits(&composer.options, "data.validation", count)?;
        let seed = composer.options.seed; // not the run's: all runs are validated on the same scenes
        let digits = composer.numbers.len();
        let (kept, held) = hold_out(digits, digits / HELD_OUT, seed)?;
        let part = |places: Vec<usize>| Composer {
            numbers: places
                .iter()
                .map(|&place| composer.numbers[place])
                .collect(),
            ..composer.clone()
        };
        let train = part(kept).fresh(self.seed);
        let held = part(held).fixed(seed, Purpose::ValidationScene, count);
        let with = |data: Dataset| Dataset {
            preparation,
            ..data
        };
        Ok((with(train), with(held)))
    }
}

impl Composer {
    /// For labelled square images of one channel.
    fn new(digits: Dataset, options: &recipe::Scenes) -> Self {
        let (count, side, classes) = (digits.count, digits.width, digits.classes);
        let (images, labels) = match digits.samples {
            Samples::Labelled { images, labels, .. } => (images, labels),
            Samples::Annotated(_) | Samples::Scenes(_) => {
                (Images::new(Pixels::default()), Vec::new())
            }
        };
        let [shortest, longest] = options.side;
        Self {
            numbers: (0..count).collect(),
            resizers: (shortest..=longest)
                .map(|to| Resizer::new([side; 2], [to; 2]))
                .collect(),
            digits: Arc::new(Digits {
                images,
                labels,
                classes,
            }),
            options: options.clone(),
        }
    }

    /// The number of scenes per epoch that the options state, new ones in each.
    pub fn fresh(self, seed: u64) -> Dataset {
        Dataset {
            count: self.options.train_images,
            channels: 1,
            height: self.options.size,
            width: self.options.size,
            classes: self.digits.classes.clone(),
            preparation: grey(self.options.size),
            samples: Samples::Scenes(FreshScenes {
                composer: self,
                seed,
            }),
        }
    }

    /// The first `count` scenes of this seed and purpose, epoch 0.
    pub fn fixed(&self, seed: u64, purpose: Purpose, count: usize) -> Dataset {
        let scenes: Vec<Scene> = (0..count)
            .into_par_iter()
            .map(|index| {
                self.scene(Key {
                    seed,
                    purpose,
                    epoch: 0,
                    index: index as u64,
                })
            })
            .collect();
        Dataset {
            count,
            channels: 1,
            height: self.options.size,
            width: self.options.size,
            classes: self.digits.classes.clone(),
            preparation: grey(self.options.size),
            samples: Samples::Annotated(annotated(
                scenes,
                self.digits.classes.len(),
                self.options.size,
            )),
        }
    }
}

fn grey(size: usize) -> recipe::Image {
    recipe::Image {
        colour: Some(Colour::Grey),
        size: Some(InputSize::Fixed([size; 2])),
        ..recipe::Image::default()
    }
}

/// Images numbered from 0, classes from 1: see [`coco`](crate::coco).
fn annotated(scenes: Vec<Scene>, classes: usize, size: usize) -> Annotated {
    Annotated {
        image_ids: (0..scenes.len() as i64).collect(),
        category_ids: (0..classes).map(category_id).collect(),
        images: Images::new(Pixels {
            values: scenes
                .iter()
                .flat_map(|scene| &scene.pixels)
                .copied()
                .collect(),
            count: scenes.len(),
            channels: 1,
            height: size,
            width: size,
        }),
        mappings: Vec::new(),
        objects: scenes.into_iter().map(|scene| scene.objects).collect(),
    }
}
