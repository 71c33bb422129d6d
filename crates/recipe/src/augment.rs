//! The table `[data.augment]`: random changes of the training images.

use serde::{Deserialize, Serialize};

/// Random changes of each training image, drawn anew every epoch; all off by default.
///
/// Lengths are pixels, brightness is a fraction of white, a probability is that of one image in one epoch. Boxes follow
/// what moves pixels. 'Up to' means uniform between the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Pixels: moved by up to this much in each direction, whole pixels; default 0.
    pub shift: usize,
    /// Degrees: turned by up to this much either way; default 0.
    pub rotate: f64,
    /// Fraction: enlarged or shrunk by up to this much; 0.1 means 0.9 to 1.1 times; default 0.
    pub scale: f64,
    /// Degrees: upright lines are slanted by up to this much either way; default 0.
    pub shear: f64,
    /// Probability of mirroring left and right; default 0. A mirrored digit is no digit.
    pub flip: f64,
    /// Pixels: how far the picture is bent, the root mean square of the displacements in each direction; default 0
    /// (Simard, Steinkraus & Platt 2003).
    pub elastic: f64,
    /// Pixels: over what distance bending changes, the standard deviation of the Gaussian that smooths it; default 4.
    pub elastic_sigma: f64,
    /// Fraction: differences from the image's mean are multiplied by 1 minus to 1 plus this; default 0.
    pub contrast: f64,
    /// Fraction of white: up to this much is added or taken away; default 0.
    pub brightness: f64,
    /// Probability of exchanging black and white; default 0.
    pub invert: f64,
    /// Fraction of white: noise of a standard deviation up to this much is added to every pixel; default 0.
    pub noise: f64,
    /// Probability of covering a rectangle with random pixels; default 0 (Zhong et al. 2017).
    pub erase: f64,
    /// Smallest and largest share of the image that the rectangle covers; default [0.02, 0.33].
    pub erase_area: [f64; 2],
}

impl Default for Augment {
    fn default() -> Self {
        Self {
            shift: 0,
            rotate: 0.0,
            scale: 0.0,
            shear: 0.0,
            flip: 0.0,
            elastic: 0.0,
            elastic_sigma: 4.0,
            contrast: 0.0,
            brightness: 0.0,
            invert: 0.0,
            noise: 0.0,
            erase: 0.0,
            erase_area: [0.02, 0.33],
        }
    }
}

impl Augment {
    /// True when images stay as they are.
    pub fn is_none(&self) -> bool {
        let Self {
            elastic_sigma,
            erase_area,
            ..
        } = *self;
        // Those say how, not whether.
        *self
            == Self {
                elastic_sigma,
                erase_area,
                ..Self::default()
            }
    }
}
