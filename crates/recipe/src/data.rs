//! The table `data`: where images come from and how they are prepared.

use super::augment::Augment;
use super::options::{Checked, given, need, options, section, within_unit};
use super::scenes::Scenes;

/// The `data.source` that composes scenes of several digits.
pub const SCENES: &str = "scenes";

options! {
    /// Where images come from and how they are prepared.
    pub struct Data {
        /// `mnist` (built in), [`SCENES`] (composed of MNIST's digits) or the path of a folder.
        source: String = "mnist".to_string(), stated;
        /// Images held out of the training set for choosing settings; with 0 all are trained on.
        validation: usize = 0;
        /// Random changes of the training images.
        augment: Augment = Augment::default(), section;
        /// The scale of the pixels that the network sees.
        normalize: Normalize = Normalize::default(), section;
        /// How scenes are composed; only used where `source` is `scenes`.
        #[serde(skip_serializing_if = "Option::is_none")]
        scenes: Option<Scenes> = None, given(section);
    }
}

fn stated(source: &str) -> Checked {
    need(
        !source.is_empty(),
        "`mnist`, `scenes` or a folder",
        "nothing",
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
            && (self.source != SCENES || test_scenes(self) == test_scenes(other))
    }
}

options! {
    /// A pixel p of 0..=255 becomes (p / 255 - mean) / std.
    ///
    /// The default leaves pixels in 0..=1. The mean and standard deviation of MNIST are 0.1307 and 0.3081.
    #[derive(Copy)]
    pub struct Normalize {
        /// Subtracted from each pixel after division by 255.
        mean: f64 = 0.0, within_unit(-1000.0..=1000.0, "(white is 1)");
        /// Each pixel is divided by it.
        std: f64 = 1.0, within_unit(1e-6..=1e6, "(white is 1)");
    }
}
