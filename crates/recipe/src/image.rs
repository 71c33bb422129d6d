//! The table `data.image`: from a picture of any size and kind to a network's input.

mod size;

use super::options::{Checked, MOST_PIXELS, at, each, given, need, options, within};
use super::problem::Problem;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
pub use size::{InputSize, Sides};
use std::fmt;

options! {
    /// How a picture becomes the network's input. The same is done in training, evaluation and prediction.
    #[derive(Copy)]
    pub struct Image {
        /// `grey` or `rgb`. Left out: `rgb` if any training picture is in colour.
        #[serde(skip_serializing_if = "Option::is_none")]
        colour: Option<Colour> = None;
        /// `[height, width]` of the input, pixels. Left out: the size of the training pictures, if they all have the same.
        /// For detectors also `{ shorter = 800, longest = 1333, multiple = 32 }`: each picture in its own proportions.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<InputSize> = None, given(size::check);
        /// How a picture of another size is brought to that size. Left out: `digit` for the built-in MNIST, `ink` for scenes,
        /// `letterbox` for everything else.
        #[serde(skip_serializing_if = "Option::is_none")]
        fit: Option<Fit> = None;
        /// The grey level, 0 to 255, under transparent pixels and around a letterboxed picture.
        #[serde(deserialize_with = "grey_level")]
        background: u8 = 255;
        /// With `fit = "crop"`, pixels: the shorter side is brought to this before the centre is cut out. Left out: 256/224
        /// of the size's longer side.
        #[serde(skip_serializing_if = "Option::is_none")]
        resize: Option<usize> = None, given(within(1..=MOST_PIXELS));
        /// A value v of 0 to 255 becomes (v / 255 - mean) / std: one number, one for each of red, green and blue, or
        /// `dataset`, the mean of the training pictures.
        mean: PerChannel = PerChannel::Same(0.0), each_channel(-1000.0, 1000.0);
        /// See `mean`; `dataset` is the standard deviation over the pixels of the training pictures.
        std: PerChannel = PerChannel::Same(1.0), each_channel(1e-6, 1e6);
    }
    also go_together;
}

/// The channels of the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// One channel.
    Grey,
    /// Three: red, green and blue.
    Rgb,
}

impl Colour {
    /// 1 or 3.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }

    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Rgb => "rgb",
        }
    }
}

/// How a picture of another size is brought to the size of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The whole picture with its proportions, and background on two sides.
    #[default]
    Letterbox,
    /// The whole picture, stretched.
    Stretch,
    /// The shorter side is brought to `resize`, then the centre is cut out, as torchvision's presets for classifiers do.
    Crop,
    /// The whole picture as for `letterbox`, but as bright ink on black, whatever the paper, the pen and the light.
    Ink,
    /// One digit in MNIST's form, whatever the paper, the pen and the light: bright ink on black, centred.
    Digit,
}

impl Fit {
    /// Whether it makes ink on black of whatever a picture shows.
    pub fn is_ink(self) -> bool {
        matches!(self, Self::Ink | Self::Digit)
    }

    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Letterbox => "letterbox",
            Self::Stretch => "stretch",
            Self::Crop => "crop",
            Self::Ink => "ink",
            Self::Digit => "digit",
        }
    }
}

/// A number for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PerChannel {
    /// The same for all.
    Same(f64),
    /// Red, green, blue.
    Rgb([f64; 3]),
    /// Computed from the training pictures.
    Dataset,
}

impl PerChannel {
    /// The number of channel 0, 1 or 2; `None` where it is still to be computed, or there is no such channel.
    pub fn channel(self, index: usize) -> Option<f64> {
        match self {
            Self::Same(value) => Some(value),
            Self::Rgb(values) => values.get(index).copied(),
            Self::Dataset => None,
        }
    }
}

impl From<f64> for PerChannel {
    fn from(value: f64) -> Self {
        Self::Same(value)
    }
}

/// How a recipe writes [`PerChannel::Dataset`].
const DATASET: &str = "dataset";

impl Serialize for PerChannel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Same(value) => serializer.serialize_f64(*value),
            Self::Rgb(values) => values.serialize(serializer),
            Self::Dataset => serializer.serialize_str(DATASET),
        }
    }
}

impl<'de> Deserialize<'de> for PerChannel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PerChannelVisitor;

        impl<'de> Visitor<'de> for PerChannelVisitor {
            type Value = PerChannel;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, a list of one or three numbers, or \"dataset\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<PerChannel, E> {
                Ok(PerChannel::Same(value as f64))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<PerChannel, E> {
                Ok(PerChannel::Same(value as f64))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<PerChannel, E> {
                Ok(PerChannel::Same(value))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<PerChannel, E> {
                if name == DATASET {
                    Ok(PerChannel::Dataset)
                } else {
                    Err(E::unknown_variant(name, &[DATASET]))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<PerChannel, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element::<f64>()? {
                    values.push(value);
                }
                match values[..] {
                    [value] => Ok(PerChannel::Same(value)),
                    [red, green, blue] => Ok(PerChannel::Rgb([red, green, blue])),
                    _ => Err(de::Error::invalid_length(values.len(), &self)),
                }
            }
        }

        deserializer.deserialize_any(PerChannelVisitor)
    }
}

/// A level of 0 to 255; serde's own message for a `u8` would name Rust's type.
fn grey_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let level = u64::deserialize(deserializer)?;
    let wrong = |_| de::Error::custom(format!("must be from 0 to 255, found {level}"));
    u8::try_from(level).map_err(wrong)
}

fn each_channel(least: f64, most: f64) -> impl Fn(&PerChannel) -> Checked {
    let rule = format!("from {least} to {most} (white is 1)");
    let number = move |value: &f64| need((least..=most).contains(value), &rule, value);
    move |values| match values {
        PerChannel::Same(value) => number(value),
        PerChannel::Rgb(values) => each(&number)(values),
        PerChannel::Dataset => Ok(()),
    }
}

fn go_together(image: &Image) -> Checked {
    let one_channel = match (image.fit, image.colour) {
        (Some(fit @ (Fit::Digit | Fit::Ink)), Some(Colour::Rgb)) => {
            let rule = format!(
                "\"grey\", or left out, with data.image.fit = {:?}",
                fit.name()
            );
            return at("colour", need(false, &rule, "\"rgb\""));
        }
        (Some(Fit::Digit), _) => Some("data.image.fit = \"digit\""),
        (Some(Fit::Ink), _) => Some("data.image.fit = \"ink\""),
        (_, Some(Colour::Grey)) => Some("data.image.colour = \"grey\""),
        _ => None,
    };
    if let Some(cause) = one_channel {
        let rule = format!("one number, or \"dataset\", with {cause}");
        for (key, values) in [("mean", image.mean), ("std", image.std)] {
            if let PerChannel::Rgb(values) = values {
                at(key, need(false, &rule, format!("{values:?}")))?;
            }
        }
    }
    if let (Some(fit), Some(InputSize::Sides(_))) = (image.fit, image.size) {
        let what = "is for one size of all inputs, data.image.size = [height, width]".to_string();
        let problem = Problem::here(what).with_help(format!(
            "leave out fit = \"{}\": pictures keep their proportions",
            fit.name()
        ));
        return at("fit", Err(problem));
    }
    let size = image.size.and_then(InputSize::fixed);
    if let (Some(Fit::Crop), Some(resize), Some(size)) = (image.fit, image.resize, size) {
        let longer = size[0].max(size[1]);
        let rule = format!("at least the longer side of data.image.size, {longer}");
        at("resize", need(resize >= longer, &rule, resize))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
