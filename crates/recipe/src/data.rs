//! The table `data`: where images come from and how they are prepared.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

use super::augment::Augment;
use super::image::Image;
use super::options::{Checked, given, need, options, section, within};
use super::scenes::Scenes;

/// The `data.source` that composes scenes of several digits.
pub const SCENES: &str = "scenes";
/// The `data.source` that is built in.
pub const MNIST: &str = "mnist";

options! {
    /// Where images come from and how they are prepared.
    pub struct Data {
        /// `mnist` (built in), [`SCENES`] (composed of MNIST's digits) or the path of a folder or file.
        source: String = MNIST.to_string(), stated;
        /// What the folder or file holds; `auto` finds out.
        format: Format = Format::default();
        /// Images held out of the training set for choosing settings: a number, a fraction, or `folder`, the source's own
        /// validation split, if it has one.
        validation: Validation = Validation::default();
        /// What to do about missing or damaged pictures, bad boxes and bad labels: `stop` or `skip`.
        on_error: OnError = OnError::default();
        /// Largest picture in pixels (width times height). Larger ones count as damaged and are never decoded.
        max_pixels: u64 = 100_000_000, within(1..=1 << 40);
        /// Cut out what the boxes show, and take each crop as an image of its own: trains a classifier on annotated boxes.
        crops: bool = false;
        /// Where the object is in a picture that has a class and no box: `whole` (it fills the picture) or `ink` (the
        /// smallest box around all that is brighter than black). Left out: `ink` for arrays of pixels, such as MNIST's.
        #[serde(skip_serializing_if = "Option::is_none")]
        boxes: Option<Boxes> = None;
        /// Whether the rows of arrays of pixels are the pictures' columns, as in EMNIST's files.
        transposed: bool = false;
        /// How a picture becomes the network's input.
        image: Image = Image::default(), section;
        /// Random changes of the training images.
        augment: Augment = Augment::default(), section;
        /// Where prepared pictures are kept.
        cache: Cache = Cache::default(), section;
        /// How scenes are composed; only used where `source` is `scenes`.
        #[serde(skip_serializing_if = "Option::is_none")]
        scenes: Option<Scenes> = None, given(section);
    }
    also |data: &Data| crops_or_boxes(data);
}

fn stated(source: &str) -> Checked {
    need(
        !source.is_empty(),
        "`mnist`, `scenes`, a folder or a file",
        "nothing",
    )
}

fn crops_or_boxes(data: &Data) -> Checked {
    super::options::at(
        "boxes",
        need(
            !(data.crops && data.boxes.is_some()),
            "left out with data.crops = true, which needs boxes from the source",
            "both",
        ),
    )
}

impl Data {
    /// Whether both have the same test images.
    pub fn same_test_images(&self, other: &Self) -> bool {
        let test_scenes = |data: &Self| Scenes {
            train_images: 0,
            ..data.scenes.clone().unwrap_or_default()
        };
        self.source == other.source
            && (self.format, self.crops, self.transposed)
                == (other.format, other.crops, other.transposed)
            && (self.source != SCENES || test_scenes(self) == test_scenes(other))
    }

    /// Whether both make the same images of their source.
    pub fn prepares_as(&self, other: &Self) -> bool {
        let images = |data: &Self| Self {
            validation: Validation::default(),
            augment: Augment::default(),
            cache: Cache::default(),
            ..data.clone()
        };
        images(self) == images(other)
    }

    /// Whether the source is part of the program.
    pub fn is_built_in(&self) -> bool {
        [MNIST, SCENES].contains(&self.source.as_str())
    }
}

/// What a folder or file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// What it looks like.
    #[default]
    Auto,
    /// MNIST's own format.
    Idx,
    /// Numpy arrays as Keras ships them.
    Npz,
    /// One folder per class.
    Folders,
    /// COCO annotations.
    Coco,
    /// `data.yaml` and text files of boxes.
    Yolo,
    /// Pascal VOC's XML files.
    Voc,
    /// Rows of pixels, or of paths with labels or boxes.
    Csv,
    /// Encoded pictures in Parquet files.
    Parquet,
}

/// What to do about entries that are wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// List them, and don't train.
    #[default]
    Stop,
    /// Leave them out, cut boxes at the edge, and count what was wrong.
    Skip,
}

/// Where the object of a picture without boxes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boxes {
    /// It fills the picture.
    Whole,
    /// Where anything is brighter than black.
    Ink,
}

/// What is held out of the training images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Validation {
    /// The source's own validation split; nothing where it has none.
    #[default]
    Folder,
    /// A number of images.
    Count(usize),
    /// A share of the images, above 0 and below 1.
    Fraction(f64),
}

/// How a recipe writes [`Validation::Folder`].
const FOLDER: &str = "folder";

impl Validation {
    /// The number of images held out of `count`, at least 1 of a fraction; `None` for the source's own split.
    pub fn of(self, count: usize) -> Option<usize> {
        match self {
            Self::Folder => None,
            Self::Count(images) => Some(images),
            Self::Fraction(share) => Some(((share * count as f64).round() as usize).max(1)),
        }
    }

    /// Whether nothing can be held out, whatever the source.
    pub fn is_none(self) -> bool {
        self == Self::Count(0)
    }
}

impl Serialize for Validation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Folder => serializer.serialize_str(FOLDER),
            Self::Count(images) => serializer.serialize_u64(images as u64),
            Self::Fraction(share) => serializer.serialize_f64(share),
        }
    }
}

impl<'de> Deserialize<'de> for Validation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValidationVisitor;

        impl Visitor<'_> for ValidationVisitor {
            type Value = Validation;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of images, a fraction such as 0.1, or \"folder\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Validation, E> {
                let wrong = |_| E::custom(format!("must be at least 0, found {value}"));
                usize::try_from(value).map(Validation::Count).map_err(wrong)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Validation, E> {
                let wrong = |_| E::custom(format!("must be a number of images, found {value}"));
                usize::try_from(value).map(Validation::Count).map_err(wrong)
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Validation, E> {
                if value > 0.0 && value < 1.0 {
                    Ok(Validation::Fraction(value))
                } else if value >= 0.0 && value.fract() == 0.0 && value < 1e15 {
                    Ok(Validation::Count(value as usize))
                } else {
                    Err(E::custom(format!(
                        "must be a number of images, or a fraction between 0 and 1, found {value}"
                    )))
                }
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Validation, E> {
                if name == FOLDER {
                    Ok(Validation::Folder)
                } else {
                    Err(E::unknown_variant(name, &[FOLDER]))
                }
            }
        }

        deserializer.deserialize_any(ValidationVisitor)
    }
}

options! {
    /// Where prepared pictures are kept: in memory up to a limit, beyond it in a file.
    pub struct Cache {
        /// Mebibytes of prepared pictures that are kept in memory.
        memory: usize = 2048, within(0..=1 << 24);
        /// The folder of the file. Left out: `atelier` in the user's cache folder.
        #[serde(skip_serializing_if = "Option::is_none")]
        folder: Option<String> = None;
    }
}
