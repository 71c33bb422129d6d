//! Counter-based randomness: what is drawn depends on a key, never on what was drawn before.
//!
//! Each purpose, epoch and index has a generator of its own, so that neither the number of
//! threads, nor the order of work, nor where a run was resumed can change a result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What the numbers are for. Two purposes never share a stream.
///
/// The codes are part of every recorded result: never change or reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Which images are held out for validation.
    Validation = 1,
    /// The order of images in an epoch.
    Shuffle = 2,
    /// Random changes of an image.
    Augment = 3,
    /// First weights; the index is the parameter's.
    Weights = 4,
    /// Which features dropout zeroes; the index is the step.
    Dropout = 5,
    /// Which anchors the detector's losses look at; the index is the image's.
    AnchorSample = 6,
    /// Which regions the detector's losses look at; the index is the image's.
    RegionSample = 7,
    /// Composed training scenes; the index is the scene's.
    Scene = 8,
    /// Resampling for confidence intervals.
    Bootstrap = 9,
    /// Composed test scenes; the index is the scene's.
    TestScene = 10,
    /// Composed validation scenes; the index is the scene's.
    ValidationScene = 11,
    /// Where the search for anchor sizes starts; the index is the try's.
    AnchorSearch = 12,
    /// Which pictures are the test set where a source has none; the epoch is the class.
    TestSplit = 13,
    /// What images are blended with; the index is the step's.
    Mixup = 20,
    /// Which settings a trial of a sweep tries; the index is the trial's number.
    Sweep = 24,
    /// Random changes of an image that came after [`Purpose::Augment`]'s, whose draws they leave as they were.
    Photograph = 25,
    /// Which parts of four images are shown side by side.
    Mosaic = 26,
    /// Whether an image is shown beside others, and beside which.
    MosaicPartners = 27,
    /// Which images are drawn where every class is drawn equally often; the index is 0 for their order, and the class's
    /// number, from 1, for its images.
    BalancedSample = 28,
}

/// Names one stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The run's seed.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// The epoch, from 0; 0 where epochs do not matter.
    pub epoch: u64,
    /// The image, step or parameter; 0 where there is one only.
    pub index: u64,
}

impl Key {
    /// The stream's generator, at its start.
    ///
    /// The four numbers, little-endian, are ChaCha's 256-bit key as they are: different keys give
    /// unrelated streams by the cipher's design, with no mixing that could collide.
    pub fn stream(self) -> Stream {
        let words = [self.seed, self.purpose as u64, self.epoch, self.index];
        let mut key = [0; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        // Eight rounds: no attack is known that tells seven from chance; secrecy is not needed.
        Stream {
            generator: ChaCha8Rng::from_seed(key),
        }
    }
}

/// Random numbers of one [`Key`].
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform in [0, 1): a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [0, 1): a multiple of 2^-24, never rounded up to 1.
    pub fn unit_f32(&mut self) -> f32 {
        (self.generator.next_u32() >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Skips the next `count` draws of [`Stream::unit_f32`]; nothing else may be drawn from this stream.
    pub fn skip_f32(&mut self, count: usize) {
        if count > 0 {
            let words = self.generator.get_word_pos() + count as u128;
            self.generator.set_word_pos(words);
        }
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform among 0..bound, every number equally likely; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // Lemire 2019, 'Fast random integer generation in an interval': multiply, and draw again
        // in the few cases that would make some numbers likelier.
        let bound = bound as u64;
        let mut wide = u128::from(self.bits()) * u128::from(bound);
        if (wide as u64) < bound {
            let uneven = bound.wrapping_neg() % bound;
            while (wide as u64) < uneven {
                wide = u128::from(self.bits()) * u128::from(bound);
            }
        }
        (wide >> 64) as usize
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller 1958, one of the pair).
    pub fn normal(&mut self) -> f64 {
        // 1 - unit lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts `items` in random order (Fisher and Yates), every order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The numbers 0..count in the random order of this seed, purpose and epoch.
pub fn permutation(seed: u64, purpose: Purpose, epoch: u64, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let key = Key {
        seed,
        purpose,
        epoch,
        index: 0,
    };
    key.stream().shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests;
