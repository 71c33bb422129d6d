//! The table `[data.scenes]`: how scenes of several digits are composed from MNIST.

use serde::{Deserialize, Serialize};

use super::problem::Segment;

/// Scenes of several digits; read with `data.source = "scenes"`.
///
/// Sides are pixels; brightness is a fraction of white. Training scenes are made of MNIST's training digits and are
/// new in every epoch; test scenes are made of its test digits and never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenes {
    /// Training scenes an epoch; default 10000.
    pub train_images: usize,
    /// Test scenes; default 1000.
    pub test_images: usize,
    /// Seed of test and validation scenes, which so stay the same whatever `training.seed` is; default 0. Training
    /// scenes follow `training.seed`.
    pub seed: u64,
    /// Height and width of a scene; default 128.
    pub size: usize,
    /// Fewest and most digits in a scene, each number equally likely; default [1, 10]. With 0 as the fewest, some
    /// scenes hold no digit. A digit for which 30 tries find no room is left out.
    pub digits: [usize; 2],
    /// Shortest and longest side of the square that MNIST's 28 x 28 pixels are scaled to; default [18, 44].
    pub side: [usize; 2],
    /// The boxes of two digits have at most this IoU; default 0.2.
    pub overlap: f64,
    /// Standard deviation of the noise added to every pixel; default 0.
    pub noise: f64,
    /// Pieces of digits strewn over the scene, which are no objects; default 0.
    pub clutter: usize,
    /// Brightest the smooth, uneven background may be; default 0: black.
    pub background: f64,
}

impl Scenes {
    /// Makes sure that every option makes sense.
    ///
    /// # Errors
    /// The option's name, such as `side`, and what it must be.
    pub fn check(&self) -> Result<(), (String, String)> {
        super::ranges::scenes(self).map_err(|problem| {
            let name = match problem.path.last() {
                Some(Segment::Key(key)) => key.clone(),
                Some(Segment::Index(_)) | None => String::new(),
            };
            (name, problem.what)
        })
    }
}

impl Default for Scenes {
    fn default() -> Self {
        Self {
            train_images: 10_000,
            test_images: 1000,
            seed: 0,
            size: 128,
            digits: [1, 10],
            side: [18, 44],
            overlap: 0.2,
            noise: 0.0,
            clutter: 0,
            background: 0.0,
        }
    }
}
