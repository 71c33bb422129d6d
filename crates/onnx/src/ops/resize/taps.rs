//! Which values along an axis make up a resized one, and their weights.

use crate::attributes::Attributes;

/// For each place of the result the places it is made of, with their weights; none where it lies outside.
pub(super) type Taps = Vec<Vec<(usize, f64)>>;

/// What lies between two values.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Nearest(Nearest),
    Linear,
    /// With its coefficient.
    Cubic(f64),
}

/// Which of two neighbours is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nearest {
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
}

/// How places of the result are found in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNearest,
    TfCropAndResize,
}

/// How an image is resized.
#[derive(Clone, Debug)]
pub(super) struct Method {
    mode: Mode,
    coordinates: Coordinates,
    antialias: bool,
    exclude_outside: bool,
    outside: f64,
}

impl Method {
    /// Since opset 11.
    pub(super) fn read(attributes: &Attributes) -> Result<Self, String> {
        let nearest = match attributes.text_or("nearest_mode", "round_prefer_floor")? {
            "round_prefer_floor" => Nearest::RoundPreferFloor,
            "round_prefer_ceil" => Nearest::RoundPreferCeil,
            "floor" => Nearest::Floor,
            "ceil" => Nearest::Ceil,
            other => return Err(format!("attribute 'nearest_mode' can't be '{other}'")),
        };
        let mode = match attributes.text_or("mode", "nearest")? {
            "nearest" => Mode::Nearest(nearest),
            "linear" => Mode::Linear,
            "cubic" => Mode::Cubic(attributes.float_or("cubic_coeff_a", -0.75)?.into()),
            other => return Err(format!("attribute 'mode' can't be '{other}'")),
        };
        let coordinates = attributes.text_or("coordinate_transformation_mode", "half_pixel")?;
        let coordinates = match coordinates {
            "half_pixel" => Coordinates::HalfPixel,
            "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
            "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
            "align_corners" => Coordinates::AlignCorners,
            "asymmetric" => Coordinates::Asymmetric,
            "tf_half_pixel_for_nn" => Coordinates::TfHalfPixelForNearest,
            "tf_crop_and_resize" => Coordinates::TfCropAndResize,
            other => {
                let name = "coordinate_transformation_mode";
                return Err(format!("attribute '{name}' can't be '{other}'"));
            }
        };
        Ok(Self {
            mode,
            coordinates,
            antialias: attributes.flag("antialias", false)?,
            exclude_outside: attributes.flag("exclude_outside", false)?,
            outside: attributes.float_or("extrapolation_value", 0.0)?.into(),
        })
    }

    /// As it was before: no choice but the mode.
    pub(super) fn before_11(attributes: &Attributes) -> Result<Self, String> {
        let mode = match attributes.text_or("mode", "nearest")? {
            "nearest" => Mode::Nearest(Nearest::Floor),
            "linear" | "bilinear" => Mode::Linear,
            other => return Err(format!("attribute 'mode' can't be '{other}'")),
        };
        Ok(Self {
            mode,
            coordinates: Coordinates::Asymmetric,
            antialias: false,
            exclude_outside: false,
            outside: 0.0,
        })
    }

    pub(super) fn uses_roi(&self) -> bool {
        self.coordinates == Coordinates::TfCropAndResize
    }

    pub(super) fn is_nearest(&self) -> bool {
        matches!(self.mode, Mode::Nearest(_))
    }

    /// The value of places outside of the input.
    pub(super) fn outside(&self) -> f64 {
        self.outside
    }

    /// The width of the weights' curve on each side, in places of the input.
    fn reach(&self, scale: f64) -> f64 {
        let width = match self.mode {
            Mode::Nearest(_) => return 0.5,
            Mode::Linear => 1.0,
            Mode::Cubic(_) => 2.0,
        };
        if self.antialias {
            width / scale.min(1.0)
        } else {
            width
        }
    }

    /// Places that make up one, at most.
    pub(super) fn taps(&self, scale: f64, input: usize) -> usize {
        let reach = self.reach(scale).ceil() as usize;
        // Those beyond the ends are kept by themselves until they are added up.
        reach
            .saturating_mul(2)
            .saturating_add(2)
            .min(input.saturating_add(4))
    }

    /// The taps for each of `output` places.
    pub(super) fn places(&self, scale: f64, input: usize, output: usize, roi: [f64; 2]) -> Taps {
        (0..output)
            .map(|place| self.place(place as f64, scale, input, output, roi))
            .collect()
    }

    fn place(
        &self,
        place: f64,
        scale: f64,
        input: usize,
        output: usize,
        [start, end]: [f64; 2],
    ) -> Vec<(usize, f64)> {
        let last = input as f64 - 1.0;
        // Before it is cut to a whole number.
        let exact = scale * input as f64;
        let at = match self.coordinates {
            Coordinates::HalfPixel => (place + 0.5) / scale - 0.5,
            Coordinates::HalfPixelSymmetric => {
                let shift = input as f64 / 2.0 * (1.0 - output as f64 / exact);
                shift + (place + 0.5) / scale - 0.5
            }
            Coordinates::PytorchHalfPixel if output == 1 => -0.5,
            Coordinates::PytorchHalfPixel => (place + 0.5) / scale - 0.5,
            Coordinates::AlignCorners if output == 1 => 0.0,
            Coordinates::AlignCorners => place * last / (exact - 1.0),
            Coordinates::Asymmetric => place / scale,
            Coordinates::TfHalfPixelForNearest => (place + 0.5) / scale,
            Coordinates::TfCropAndResize => {
                let inside = if output == 1 {
                    (end - start) * last / 2.0
                } else {
                    place * (end - start) * last / (exact - 1.0)
                };
                let at = inside + start * last;
                if !(0.0..=last).contains(&at) {
                    return Vec::new();
                }
                at
            }
        };
        if let Mode::Nearest(nearest) = self.mode {
            let place = match nearest {
                Nearest::RoundPreferFloor => (at - 0.5).ceil(),
                Nearest::RoundPreferCeil => (at + 0.5).floor(),
                Nearest::Floor => at.floor(),
                Nearest::Ceil => at.ceil(),
            };
            return vec![(place.clamp(0.0, last) as usize, 1.0)];
        }
        self.weighted(at, scale, input)
    }

    fn weighted(&self, at: f64, scale: f64, input: usize) -> Vec<(usize, f64)> {
        let last = input as i64 - 1;
        let reach = self.reach(scale);
        let shrink = if self.antialias { scale.min(1.0) } else { 1.0 };
        // All places within reach; what lies far outside counts as the end it is beyond.
        let first = (at - reach).floor().max(-4.0) as i64;
        let end = (at + reach).ceil().min(last as f64 + 4.0) as i64;
        let mut taps: Vec<(usize, f64)> = Vec::new();
        let mut sum = 0.0;
        for place in first..=end {
            let weight = self.weight((place as f64 - at) * shrink);
            let outside = place < 0 || place > last;
            if weight == 0.0 || outside && self.exclude_outside {
                continue;
            }
            sum += weight;
            let place = place.clamp(0, last) as usize;
            match taps.last_mut().filter(|(end, _)| *end == place) {
                Some((_, total)) => *total += weight,
                None => taps.push((place, weight)),
            }
        }
        if taps.is_empty() {
            return vec![(at.clamp(0.0, last as f64) as usize, 1.0)];
        }
        if self.antialias || self.exclude_outside {
            taps.iter_mut().for_each(|(_, weight)| *weight /= sum);
        }
        taps
    }

    /// The weight of a value at this distance.
    fn weight(&self, distance: f64) -> f64 {
        let x = distance.abs();
        match self.mode {
            Mode::Nearest(_) => 1.0,
            Mode::Linear => (1.0 - x).max(0.0),
            Mode::Cubic(a) if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            Mode::Cubic(a) if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            Mode::Cubic(_) => 0.0,
        }
    }
}
