//! The input of a model that looks at pictures.

use data::preparation::normalize;
use recipe::Image;

use super::{Given, can_be};
use crate::error::OnnxError;
use crate::model::{Dimension, Model};
use crate::tensor::{Kind, Tensor};

/// The order of the input's axes. N images, C channels, H rows, W columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[N, C, H, W]`, as PyTorch has it.
    Nchw,
    /// `[N, H, W, C]`, as TensorFlow has it.
    Nhwc,
    /// `[N, C * H * W]`, as scikit-learn has it.
    Flat,
}

/// What the model takes.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The number of images, where it is fixed.
    pub(super) batch: Option<usize>,
    /// `[C, H, W]`
    pub(super) shape: [usize; 3],
    pub(super) layout: Layout,
    /// The values of black and white, before mean and deviation.
    pub(super) range: [f64; 2],
}

fn fixed(side: &Dimension) -> Option<usize> {
    match side {
        Dimension::Fixed(side) => Some(*side),
        Dimension::Named(_) | Dimension::Any => None,
    }
}

impl Input {
    pub(super) fn of(model: &Model, given: &Given) -> Result<Self, String> {
        let [port] = model.inputs() else {
            let names: Vec<&str> = model
                .inputs()
                .iter()
                .map(|port| port.name.as_str())
                .collect();
            return Err(format!(
                "the model takes {names:?}, not one input of pictures"
            ));
        };
        let kind = port.kind.unwrap_or(Kind::F32);
        if matches!(kind, Kind::Text | Kind::Bool) {
            return Err(format!(
                "the model's input is {port}, which can't be pictures"
            ));
        }
        let Some(shape) = &port.shape else {
            return Err(format!(
                "the model does not say which shape its input '{}' has",
                port.name
            ));
        };
        let colour = |side: &Dimension| can_be(side, 1) || can_be(side, 3);
        let (layout, batch, sizes) = match &shape[..] {
            [n, features] => (Layout::Flat, n, flat(features, given)?),
            [n, a, b, c] => {
                let layout = given.layout.unwrap_or_else(|| {
                    // Channels are few; where both sides may be, the first are taken.
                    let is_first =
                        matches!(fixed(a), Some(1 | 3)) || !matches!(fixed(c), Some(1 | 3));
                    if is_first { Layout::Nchw } else { Layout::Nhwc }
                });
                let sides = match layout {
                    Layout::Nchw => [a, b, c],
                    Layout::Nhwc => [c, a, b],
                    Layout::Flat => return Err("the model's input has four sides, not two".into()),
                };
                if !colour(sides[0]) {
                    return Err(format!(
                        "the model's input is {port}: neither grey nor in colour"
                    ));
                }
                let channels = fixed(sides[0]).unwrap_or(3);
                let mut size = [0; 2];
                for i in 0..2 {
                    let wanted = given.size.map(|size| size[i]);
                    size[i] = match (fixed(sides[i + 1]), wanted) {
                        (Some(own), Some(wanted)) if own != wanted => {
                            return Err(format!(
                                "the model's input is {port}; another size does not fit"
                            ));
                        }
                        (Some(own), _) => own,
                        (None, Some(wanted)) => wanted,
                        (None, None) => {
                            return Err(format!(
                                "the model takes pictures of any size ({port}): say which with --size HEIGHTxWIDTH"
                            ));
                        }
                    };
                }
                (layout, n, [channels, size[0], size[1]])
            }
            _ => {
                return Err(format!(
                    "the model's input is {port}, which can't be pictures"
                ));
            }
        };
        if sizes.contains(&0)
            || sizes
                .iter()
                .try_fold(1usize, |n, &side| n.checked_mul(side))
                .is_none()
        {
            return Err(format!(
                "the model's input is {port}, which can't be pictures"
            ));
        }
        Ok(Self {
            name: port.name.clone(),
            kind,
            batch: fixed(batch),
            shape: sizes,
            layout,
            range: [0.0, 1.0],
        })
    }

    /// Images `[C, H, W]` as the model takes them. A fixed batch is filled up with black.
    pub(super) fn tensor(
        &self,
        images: &[&[u8]],
        preparation: &Image,
    ) -> Result<Tensor, OnnxError> {
        let [channels, height, width] = self.shape;
        let image = channels * height * width;
        let count = self.batch.unwrap_or(images.len()).max(images.len());
        let mut values = vec![0f32; count * image];
        // Black is 0 and white `white` times as bright as 1, `black` being added then: what `normalize` does with
        // another mean and deviation.
        let [black, white] = if self.kind == Kind::U8 {
            [0.0, 255.0]
        } else {
            self.range
        };
        let ranged = ranged(preparation, black, white);
        for (pixels, values) in images.iter().zip(values.chunks_exact_mut(image)) {
            if pixels.len() != image {
                return Err(OnnxError::Length {
                    shape: self.shape.to_vec(),
                    kind: self.kind.name(),
                    values: pixels.len(),
                });
            }
            normalize(&ranged, pixels, values);
        }
        if self.kind == Kind::U8 {
            // Bytes as they were: exact, whatever the rounding of a division by 255 and back.
            values.iter_mut().for_each(|v| *v = v.round());
        }
        let shape = match self.layout {
            Layout::Nchw => vec![count, channels, height, width],
            Layout::Flat => vec![count, image],
            Layout::Nhwc => {
                values = channels_last(&values, channels, height * width);
                vec![count, height, width, channels]
            }
        };
        let tensor = Tensor::new(&shape, values)?;
        tensor.cast(self.kind).map_err(OnnxError::Unsuitable)
    }
}

/// The preparation in which black is `black` and white `white` before mean and deviation are applied.
fn ranged(preparation: &Image, black: f64, white: f64) -> Image {
    use recipe::PerChannel::{Dataset, Rgb, Same};
    let width = white - black;
    let mean = |mean: f64| (mean - black) / width;
    let std = |std: f64| std / width;
    let each = |values, f: &dyn Fn(f64) -> f64| match values {
        Same(value) => Same(f(value)),
        Rgb(values) => Rgb(values.map(f)),
        Dataset => Dataset,
    };
    Image {
        mean: each(preparation.mean, &mean),
        std: each(preparation.std, &std),
        ..*preparation
    }
}

/// `[N, C, P]` -> `[N, P, C]`
fn channels_last(values: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let images = values.chunks_exact((channels * area).max(1));
    images
        .flat_map(|image| {
            (0..area).flat_map(move |p| (0..channels).map(move |c| image[c * area + p]))
        })
        .collect()
}

/// A row of numbers is a square grey picture, unless a size is given.
fn flat(features: &Dimension, given: &Given) -> Result<[usize; 3], String> {
    if let Some([height, width]) = given.size {
        let area = height.saturating_mul(width);
        let channels = [1, 3]
            .into_iter()
            .find(|channels| can_be(features, area.saturating_mul(*channels)));
        return match channels {
            Some(channels) => Ok([channels, height, width]),
            None => Err(format!(
                "the model takes rows of {features} numbers, not pictures of this size"
            )),
        };
    }
    let Some(count) = fixed(features) else {
        return Err("the model takes rows of any length: say which picture they are with --size HEIGHTxWIDTH".into());
    };
    for channels in [1, 3] {
        let side = (count / channels).isqrt();
        if channels * side * side == count && side > 0 {
            return Ok([channels, side, side]);
        }
    }
    Err(format!(
        "the model takes rows of {count} numbers, which are not a square picture: say which with --size HEIGHTxWIDTH"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipe::PerChannel;

    fn input(kind: Kind, layout: Layout, batch: Option<usize>, range: [f64; 2]) -> Input {
        Input {
            name: "x".into(),
            kind,
            batch,
            shape: [3, 1, 2],
            layout,
            range,
        }
    }

    #[test]
    fn pictures_become_tensors() {
        let pixels = [0, 255, 51, 102, 153, 204];
        let plain = Image {
            colour: Some(recipe::Colour::Rgb),
            ..Image::default()
        };
        let scaled = Image {
            mean: PerChannel::Rgb([0.0, 1.0, 0.5]),
            std: PerChannel::Same(0.5),
            ..plain
        };
        let unit = [0.0, 1.0];
        let cases: [(&str, Input, Image, Vec<f32>); 5] = [
            (
                "plain",
                input(Kind::F32, Layout::Nchw, None, unit),
                plain,
                vec![0.0, 1.0, 0.2, 0.4, 0.6, 0.8],
            ),
            (
                "channels last",
                input(Kind::F32, Layout::Nhwc, None, unit),
                plain,
                vec![0.0, 0.2, 0.6, 1.0, 0.4, 0.8],
            ),
            (
                "mean and deviation",
                input(Kind::F32, Layout::Flat, None, unit),
                scaled,
                vec![0.0, 2.0, -1.6, -1.2, 0.2, 0.6],
            ),
            (
                "-1 to 1",
                input(Kind::F32, Layout::Nchw, None, [-1.0, 1.0]),
                plain,
                vec![-1.0, 1.0, -0.6, -0.2, 0.2, 0.6],
            ),
            (
                "bytes",
                input(Kind::U8, Layout::Nchw, None, unit),
                plain,
                pixels.map(f32::from).to_vec(),
            ),
        ];
        for (name, input, preparation, expected) in cases {
            let made = input.tensor(&[&pixels], &preparation).unwrap();
            assert_eq!(made.kind(), input.kind, "{name}");
            let made = made.cast(Kind::F32).unwrap();
            for (made, expected) in made.values::<f32>().unwrap().iter().zip(expected) {
                assert!((made - expected).abs() < 1e-6, "{name}: {made} {expected}");
            }
        }
        let filled = input(Kind::F32, Layout::Nhwc, Some(4), unit);
        let filled = filled.tensor(&[&pixels], &plain).unwrap();
        assert_eq!(filled.shape(), [4, 1, 2, 3]);
    }
}
