//! The table `data.scenes`: how scenes of several digits are composed from MNIST.

use super::memory::Bytes;
use super::options::{
    Check, Checked, MOST_PIXELS, at, fraction, need, options, within, within_unit,
};
use super::problem::Segment;

/// More scenes than anyone trains on in an epoch.
const MOST_SCENES: usize = 100_000_000;
/// More digits than fit into a scene.
const MOST_DIGITS: usize = 1000;
/// Smaller digits cannot be told apart.
const LEAST_SIDE: usize = 4;

options! {
    /// Scenes of several digits; used with `data.source = "scenes"`.
    ///
    /// Sides are in pixels and brightness is a fraction of white. Training scenes are made of MNIST's training digits
    /// and are new in every epoch; test scenes are made of its test digits and never change.
    pub struct Scenes {
        /// Training scenes per epoch.
        train_images: usize = 10_000;
        /// Test scenes.
        test_images: usize = 1000;
        /// Seed of the test and validation scenes, which therefore do not depend on `training.seed`. Training scenes
        /// do.
        seed: u64 = 0;
        /// Height and width of a scene.
        size: usize = 128, within_unit(16..=MOST_PIXELS, "pixels");
        /// Fewest and most digits in a scene; each number is equally likely. With 0 as the fewest, some scenes are
        /// empty. A digit is left out if no room is found for it in 30 tries.
        digits: [usize; 2] = [1, 10], numbers_of_digits;
        /// Shortest and longest side of the square to which MNIST's 28 x 28 pixels are scaled.
        side: [usize; 2] = [18, 44];
        /// The boxes of two digits have at most this IoU.
        overlap: f64 = 0.2, fraction;
        /// Standard deviation of the noise added to every pixel.
        noise: f64 = 0.0, fraction;
        /// Pieces of digits scattered over the scene, which are not objects.
        clutter: usize = 0, within(..=MOST_DIGITS);
        /// Greatest brightness of the smooth, uneven background; 0 is black.
        background: f64 = 0.0, fraction;
    }
    also |scenes: &Scenes| counts(scenes).and_then(|()| digits_fit(scenes));
}

fn counts(scenes: &Scenes) -> Checked {
    for (key, images) in [
        ("train-images", scenes.train_images),
        ("test-images", scenes.test_images),
    ] {
        let bytes = Bytes(scenes.bytes(images));
        let found = match images {
            0 => "0".to_string(),
            _ => format!("{images}, which would take {bytes}"),
        };
        let holds = (1..=MOST_SCENES).contains(&images);
        at(key, need(holds, &format!("from 1 to {MOST_SCENES}"), found))?;
    }
    Ok(())
}

fn numbers_of_digits(digits: &[usize; 2]) -> Checked {
    let holds = digits[0] <= digits[1] && digits[1] <= MOST_DIGITS;
    let rule = format!("the fewest and the most digits, at most {MOST_DIGITS}");
    need(holds, &rule, format!("{digits:?}"))
}

fn digits_fit(Scenes { size, side, .. }: &Scenes) -> Checked {
    let holds = (LEAST_SIDE..=side[1]).contains(&side[0]) && side[1] <= *size;
    let rule =
        format!("the shortest and the longest side, from {LEAST_SIDE} to data.scenes.size, {size}");
    at("side", need(holds, &rule, format!("{side:?}")))
}

impl Scenes {
    /// Bytes of so many scenes.
    pub fn bytes(&self, images: usize) -> u64 {
        let pixels = self.size.saturating_mul(self.size);
        images.saturating_mul(pixels) as u64
    }

    /// Checks that every option makes sense.
    ///
    /// # Errors
    /// The option's name, such as `side`, and what it must be.
    pub fn check(&self) -> Result<(), (String, String)> {
        Check::check(self).map_err(|problem| match problem.path.last() {
            Some(Segment::Key(key)) => (key.clone(), problem.what),
            Some(Segment::Index(_)) | None => (String::new(), problem.what),
        })
    }
}
