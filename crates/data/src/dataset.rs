//! A data set: images of one size with their objects, its splits, and what is held out.

use std::borrow::Cow;

use kernels::boxes::{Xyxy, tight_box};
use recipe::{InputSize, Sides, Validation};

use crate::error::DataError;
use crate::image::Mapping;
use crate::images::Images;
use crate::listing::{Pixels, Problem};
use crate::random::{Purpose, permutation};
use crate::scenes::compose::{FreshScenes, Scene};
use crate::truth::Object;

/// Images with their objects: of one size, or where [`sides`](Self::sides) says so each with its own.
///
/// N images, C channels, H rows, W columns.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// N; for scenes that are new in every epoch, the number in one epoch.
    pub count: usize,
    /// C.
    pub channels: usize,
    /// H; that of the network's input, where each image has its own.
    pub height: usize,
    /// W; likewise.
    pub width: usize,
    /// The name of each class.
    pub classes: Vec<String>,
    /// How its pictures became images, with nothing left open: what a network that is trained on them expects.
    pub preparation: recipe::Image,
    /// The images.
    pub samples: Samples,
}

/// Where images and objects come from.
#[derive(Clone, Debug)]
pub enum Samples {
    /// One object per image, with a class and no box.
    Labelled {
        /// The images.
        images: Images,
        /// `[N]`, each an index into the classes.
        labels: Vec<u32>,
        /// Whether the object is where the ink is; if not, nothing says where it is.
        ink: bool,
    },
    /// Any number of objects per image, each with its box.
    Annotated(Annotated),
    /// Composed on demand, new in every epoch.
    Scenes(FreshScenes),
}

/// Images with annotated objects.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// The images.
    pub images: Images,
    /// The objects of each image, in its pixels; none is fine.
    pub objects: Vec<Vec<Object>>,
    /// Where the pixels of each image come from; empty where images are as their files have them.
    pub mappings: Vec<Mapping>,
    /// What COCO files call each image.
    pub image_ids: Vec<i64>,
    /// What COCO files call each class.
    pub category_ids: Vec<i64>,
}

/// One training image.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// `[C, H, W]`, 0 to 255.
    pub pixels: Cow<'a, [u8]>,
    /// `[H, W]`
    pub size: [usize; 2],
    /// What is in it.
    pub content: Content<'a>,
}

/// What is in an image.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// One object of this class, where the ink is.
    Ink(usize),
    /// Annotated objects.
    Objects(Cow<'a, [Object]>),
}

impl Dataset {
    /// Grey images `[N, 1, H, W]` with a class each, the object where the ink is.
    ///
    /// # Panics
    /// If the number of pixels does not match the labels and the size.
    pub fn labelled(
        [height, width]: [usize; 2],
        pixels: Vec<u8>,
        labels: Vec<u32>,
        classes: Vec<String>,
    ) -> Self {
        let count = labels.len();
        assert_eq!(pixels.len(), count * height * width, "{count} images");
        Self {
            count,
            channels: 1,
            height,
            width,
            classes,
            preparation: recipe::Image {
                colour: Some(recipe::Colour::Grey),
                size: Some(InputSize::Fixed([height, width])),
                ..recipe::Image::default()
            },
            samples: Samples::Labelled {
                images: Images::new(Pixels {
                    values: pixels,
                    count,
                    channels: 1,
                    height,
                    width,
                }),
                labels,
                ink: true,
            },
        }
    }

    /// The same images with objects instead of classes: the given ones, or those that follow from the labels.
    pub fn annotated(self, objects: Option<Vec<Vec<Object>>>) -> Self {
        let own = || (0..self.count).map(|index| self.objects(index)).collect();
        let objects = objects.unwrap_or_else(own);
        let Samples::Labelled { images, .. } = self.samples else {
            return self;
        };
        Self {
            samples: Samples::Annotated(Annotated {
                images,
                objects,
                mappings: Vec::new(),
                image_ids: (0..self.count as i64).collect(),
                category_ids: (0..self.classes.len() as i64).collect(),
            }),
            ..self
        }
    }

    /// How images are resized for the network, where they have their pictures' sizes.
    pub fn sides(&self) -> Option<Sides> {
        self.preparation.size.and_then(InputSize::sides)
    }

    /// `[height, width]` of image `index`.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn image_size(&self, index: usize) -> [usize; 2] {
        let size = match &self.samples {
            Samples::Labelled { images, .. } => images.size(index),
            Samples::Annotated(annotated) => annotated.images.size(index),
            Samples::Scenes(_) => None,
        };
        size.unwrap_or([self.height, self.width])
    }

    /// Bytes of one image: C * H * W.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// `[C, H, W]`.
    pub fn image_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Image `index` as it is in `epoch` (from 1 in training, 0 elsewhere), with what is in it.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn sample(&self, index: usize, epoch: usize) -> Sample<'_> {
        let size = self.image_size(index);
        match &self.samples {
            Samples::Labelled { images, labels, .. } => Sample {
                pixels: images.get(index),
                size,
                content: Content::Ink(labels[index] as usize),
            },
            Samples::Annotated(annotated) => Sample {
                pixels: annotated.images.get(index),
                size,
                content: Content::Objects(Cow::Borrowed(&annotated.objects[index])),
            },
            Samples::Scenes(scenes) => {
                let Scene { pixels, objects } = scenes.scene(epoch, index);
                Sample {
                    pixels: Cow::Owned(pixels),
                    size,
                    content: Content::Objects(Cow::Owned(objects)),
                }
            }
        }
    }

    /// The pixels of image `index` outside of training, `[C, H, W]`.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn image(&self, index: usize) -> Cow<'_, [u8]> {
        self.sample(index, 0).pixels
    }

    /// The objects of image `index` outside of training.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn objects(&self, index: usize) -> Vec<Object> {
        let sample = self.sample(index, 0);
        match sample.content {
            Content::Ink(class) => {
                let [height, width] = sample.size;
                let ink = &sample.pixels[..height * width];
                let object = |bounds: Xyxy| Object {
                    bounds,
                    class,
                    area: f64::from(bounds.area()),
                    crowd: false,
                };
                tight_box(ink, width).map(object).into_iter().collect()
            }
            Content::Objects(objects) => objects.into_owned(),
        }
    }

    /// The class of each image where every image shows exactly one object: data that a classifier can learn from.
    pub fn labels(&self) -> Option<Vec<usize>> {
        match &self.samples {
            Samples::Labelled { labels, .. } => {
                Some(labels.iter().map(|&label| label as usize).collect())
            }
            Samples::Annotated(annotated) => annotated
                .objects
                .iter()
                .map(|objects| match objects[..] {
                    [Object { class, crowd, .. }] if !crowd => Some(class),
                    _ => None,
                })
                .collect(),
            Samples::Scenes(_) => None,
        }
    }

    /// A box of image `index` in the pixels of its file.
    pub fn to_original(&self, index: usize, bounds: Xyxy) -> Xyxy {
        match &self.samples {
            Samples::Annotated(Annotated { mappings, .. }) if !mappings.is_empty() => {
                mappings[index].to_original(bounds.into()).into()
            }
            _ => bounds,
        }
    }

    /// What image `index` shows of its file, `[x1, y1, x2, y2]` in the file's pixels; a margin lies beyond the file's edges.
    pub fn frame(&self, index: usize) -> [f32; 4] {
        let [height, width] = self.image_size(index);
        let size = [width as f32, height as f32];
        match &self.samples {
            Samples::Annotated(Annotated { mappings, .. }) if !mappings.is_empty() => {
                let Mapping { scale, shift, .. } = mappings[index];
                let end = |axis: usize| size[axis] * scale[axis] + shift[axis];
                [shift[0], shift[1], end(0), end(1)]
            }
            _ => [0.0, 0.0, size[0], size[1]],
        }
    }

    /// What COCO files call image `index`: its number where no file says otherwise.
    pub fn image_id(&self, index: usize) -> i64 {
        match &self.samples {
            Samples::Annotated(annotated) => annotated.image_ids[index],
            Samples::Labelled { .. } | Samples::Scenes(_) => index as i64,
        }
    }

    /// What COCO files call a class: its number where no file says otherwise.
    pub fn category_id(&self, class: usize) -> i64 {
        match &self.samples {
            Samples::Annotated(annotated) => annotated.category_ids[class],
            Samples::Labelled { .. } | Samples::Scenes(_) => class as i64,
        }
    }

    /// The images at `indices`, in that order. Scenes become fixed, as they are outside of training.
    ///
    /// # Panics
    /// If one of them does not exist, as slices do.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let samples = match &self.samples {
            Samples::Labelled {
                images,
                labels,
                ink,
            } => Samples::Labelled {
                images: images.select(indices),
                labels: indices.iter().map(|&index| labels[index]).collect(),
                ink: *ink,
            },
            Samples::Annotated(annotated) => Samples::Annotated(Annotated {
                images: annotated.images.select(indices),
                objects: pick(&annotated.objects, indices),
                mappings: match annotated.mappings[..] {
                    [] => Vec::new(),
                    _ => pick(&annotated.mappings, indices),
                },
                image_ids: pick(&annotated.image_ids, indices),
                category_ids: annotated.category_ids.clone(),
            }),
            Samples::Scenes(_) => Samples::Annotated(Annotated {
                images: Images::new(Pixels {
                    values: indices
                        .iter()
                        .flat_map(|&index| self.image(index).into_owned())
                        .collect(),
                    count: indices.len(),
                    channels: self.channels,
                    height: self.height,
                    width: self.width,
                }),
                objects: indices.iter().map(|&index| self.objects(index)).collect(),
                mappings: Vec::new(),
                image_ids: indices.iter().map(|&index| self.image_id(index)).collect(),
                category_ids: (0..self.classes.len())
                    .map(|class| self.category_id(class))
                    .collect(),
            }),
        };
        Self {
            count: indices.len(),
            classes: self.classes.clone(),
            samples,
            ..*self
        }
    }
}

fn pick<T: Clone>(all: &[T], indices: &[usize]) -> Vec<T> {
    indices.iter().map(|&index| all[index].clone()).collect()
}

/// Training and test images.
#[derive(Clone, Debug)]
pub struct Split {
    /// For training.
    pub train: Dataset,
    /// The source's own validation split, where it has one.
    pub validation: Option<Dataset>,
    /// Touched once, at the end.
    pub test: Dataset,
    /// What was assumed and left out, one sentence each.
    pub notes: Vec<String>,
    /// What was wrong and was left out.
    pub problems: Vec<Problem>,
}

impl Split {
    /// Images without notes or problems.
    pub fn new(train: Dataset, test: Dataset) -> Self {
        Self {
            train,
            validation: None,
            test,
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The images left for training, and those that settings are chosen by, as `data.validation` says.
    ///
    /// # Errors
    /// [`DataError::Validation`] when nothing would be left for training.
    pub fn hold_out(
        &self,
        validation: Validation,
        seed: u64,
    ) -> Result<(Cow<'_, Dataset>, Option<Cow<'_, Dataset>>), DataError> {
        match validation.of(self.train.count) {
            None => Ok((
                Cow::Borrowed(&self.train),
                self.validation.as_ref().map(Cow::Borrowed),
            )),
            Some(count) => {
                let (train, held) = self.train.hold_out(count, seed)?;
                Ok((train, held.map(Cow::Owned)))
            }
        }
    }
}

/// Indices of the images left for training (first) and of the `validation` held-out images
/// (second), both ascending. The choice depends on the seed alone.
///
/// # Errors
/// When nothing would be left for training.
pub fn hold_out(
    count: usize,
    validation: usize,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    if validation >= count {
        return Err(DataError::Validation {
            asked: validation,
            count,
        });
    }
    let mut held = permutation(seed, Purpose::Validation, 0, count);
    let mut kept = held.split_off(validation);
    kept.sort_unstable();
    held.sort_unstable();
    Ok((kept, held))
}
