//! Which images an epoch shows, and in which order.
//!
//! An image is drawn as a number. Drawn again in the same epoch, it has another one, so that its random changes differ:
//! [`image_of`] gives the image.

use recipe::{Sampler, Training};

use crate::Dataset;
use crate::random::{Key, Purpose, permutation};

/// What is added to an image's number for each time that it was drawn before in the same epoch.
const AGAIN: usize = 1 << (usize::BITS / 2);

/// The image that is drawn as `number`.
pub fn image_of(number: usize) -> usize {
    number % AGAIN
}

/// The images of `epoch` (from 0), in order. They depend on the seed, the epoch and the images' classes alone.
pub fn epoch_order(training: &Training, data: &Dataset, epoch: usize) -> Vec<usize> {
    let labels = match training.sampler {
        Sampler::Shuffle => None,
        Sampler::Balanced => data.labels(),
    };
    match labels {
        Some(labels) => balanced(training.seed, epoch as u64, &labels),
        None => permutation(training.seed, Purpose::Shuffle, epoch as u64, data.count),
    }
}

/// As many draws as there are `labels`, the classes of all images, in random order. The draws of two classes that have
/// images differ by at most one, and so do those of two images of a class; which ones get the extra draw is random.
///
/// ```
/// use data::sampling::{balanced, image_of};
///
/// let labels = [0, 0, 0, 0, 0, 1];
/// let drawn = balanced(7, 0, &labels);
/// assert_eq!(drawn.iter().filter(|&&number| image_of(number) == 5).count(), 3);
/// ```
pub fn balanced(seed: u64, epoch: u64, labels: &[usize]) -> Vec<usize> {
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (image, &class) in labels.iter().enumerate() {
        if class >= members.len() {
            members.resize_with(class + 1, Vec::new);
        }
        members[class].push(image);
    }
    let stream = |index: usize| {
        let key = Key {
            seed,
            purpose: Purpose::BalancedSample,
            epoch,
            index: index as u64,
        };
        key.stream()
    };
    let mut order = stream(0);
    let mut classes: Vec<usize> = (0..members.len())
        .filter(|&class| !members[class].is_empty())
        .collect();
    // The first ones get an extra draw if the classes can't all have the same number.
    order.shuffle(&mut classes);
    let mut drawn = Vec::with_capacity(labels.len());
    for (place, &class) in classes.iter().enumerate() {
        let more = usize::from(place < labels.len() % classes.len());
        let count = labels.len() / classes.len() + more;
        let images = &mut members[class];
        stream(class + 1).shuffle(images);
        let draw = |turn: usize| images[turn % images.len()] + turn / images.len() * AGAIN;
        drawn.extend((0..count).map(draw));
    }
    order.shuffle(&mut drawn);
    drawn
}

#[cfg(test)]
mod tests;
