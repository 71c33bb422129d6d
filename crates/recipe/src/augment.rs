//! The table `data.augment`: random changes of the training images.

use super::options::{
    Checked, MOST_PIXELS, at, below_1, fraction, need, options, within, within_unit,
};

options! {
    /// Random changes of each training image, drawn anew in every epoch; all are off by default.
    ///
    /// Lengths are in pixels and brightness is a fraction of white. A probability is the chance of changing one image in one
    /// epoch. Boxes move with the pixels. 'Up to' means drawn uniformly between the two ends.
    #[derive(Copy)]
    pub struct Augment {
        /// Pixels: shift by up to this much in each direction, by whole pixels.
        shift: usize = 0, within(..=MOST_PIXELS);
        /// Degrees: rotate by up to this much either way.
        rotate: f64 = 0.0, within_unit(0.0..=180.0, "degrees");
        /// Fraction: enlarge or shrink by up to this much; 0.1 means 0.9 to 1.1 times.
        scale: f64 = 0.0, below_1;
        /// Degrees: slant vertical lines by up to this much either way.
        // Beyond 60 degrees little of a picture is left in its frame.
        shear: f64 = 0.0, within_unit(0.0..=60.0, "degrees");
        /// Probability of mirroring left and right. Do not use it for digits.
        flip: f64 = 0.0, fraction;
        /// Pixels: elastic distortion, the root mean square of the displacements in each direction
        /// (Simard, Steinkraus & Platt 2003).
        elastic: f64 = 0.0;
        /// Pixels: how smooth the distortion is, the standard deviation of the Gaussian that smooths it.
        elastic_sigma: f64 = 4.0, within_unit(1.0..=MOST_PIXELS as f64, "pixels");
        /// Fraction: multiply differences from the image's mean by 1 minus to 1 plus this.
        contrast: f64 = 0.0, fraction;
        /// Fraction of white: add or subtract up to this much.
        brightness: f64 = 0.0, fraction;
        /// Probability of swapping black and white.
        invert: f64 = 0.0, fraction;
        /// Fraction of white: add noise with a standard deviation of up to this much to every pixel.
        noise: f64 = 0.0, fraction;
        /// Probability of covering a rectangle with random pixels (Zhong et al. 2017).
        erase: f64 = 0.0, fraction;
        /// Smallest and largest share of the image that the rectangle covers.
        erase_area: [f64; 2] = [0.02, 0.33], shares;
        /// Probability of mirroring top and bottom.
        flip_vertical: f64 = 0.0, fraction;
        /// Probability of cutting out a rectangle and enlarging it to the whole image. Objects of which less than a
        /// quarter is left are dropped.
        crop: f64 = 0.0, fraction;
        /// Smallest and largest share of the image that is cut out.
        crop_area: [f64; 2] = [0.08, 1.0], shares;
        /// Smallest and largest width of what is cut out, relative to its height, after which it is stretched.
        crop_ratio: [f64; 2] = [0.75, 1.333], ratios;
        /// Fraction: multiply how far colours are from grey by 1 minus to 1 plus this.
        saturation: f64 = 0.0, fraction;
        /// Fraction of the colour circle: turn colours by up to this much either way.
        hue: f64 = 0.0, within(0.0..=0.5);
        /// Probability of showing parts of four images side by side, for detectors (Bochkovskiy et al. 2020).
        mosaic: f64 = 0.0, fraction;
    }
    also no_folds;
}

fn shares(area: &[f64; 2]) -> Checked {
    let [least, most] = *area;
    let holds = least > 0.0 && least <= most && most <= 1.0;
    let rule = "the smallest and the largest share, greater than 0 and at most 1";
    need(holds, rule, format!("{area:?}"))
}

fn ratios(ratios: &[f64; 2]) -> Checked {
    let [least, most] = *ratios;
    let holds = least >= 0.01 && least <= most && most <= 100.0;
    let rule = "the smallest and the largest ratio, from 0.01 to 100";
    need(holds, rule, format!("{ratios:?}"))
}

/// A picture that is distorted further folds over itself in places.
fn no_folds(augment: &Augment) -> Checked {
    let sigma = augment.elastic_sigma;
    let holds = (0.0..=0.5 * sigma).contains(&augment.elastic);
    let rule = format!("from 0 to half of data.augment.elastic-sigma, {sigma}");
    at("elastic", need(holds, &rule, augment.elastic))
}

impl Augment {
    /// True when images stay as they are.
    pub fn is_none(&self) -> bool {
        let Self {
            elastic_sigma,
            erase_area,
            crop_area,
            crop_ratio,
            ..
        } = *self;
        // Those say how, not whether.
        *self
            == Self {
                elastic_sigma,
                erase_area,
                crop_area,
                crop_ratio,
                ..Self::default()
            }
    }
}
