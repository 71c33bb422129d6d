//! What a digit looks most like, where no network is at hand.

/// Digits that judge.
pub const JUDGED: usize = 10_000;

/// Nearest neighbours among the digits of MNIST.
pub struct Judge {
    pixels: Vec<u8>,
    labels: Vec<usize>,
}

impl Judge {
    pub fn new(count: usize) -> Self {
        let data = crate::mnist::built_in(&recipe::Image::default())
            .unwrap()
            .train;
        let labels = data.labels().unwrap();
        Self {
            pixels: (0..count)
                .flat_map(|index| data.image(index).to_vec())
                .collect(),
            labels: labels[..count].to_vec(),
        }
    }

    pub fn class(&self, pixels: &[u8]) -> usize {
        let images = self.pixels.chunks_exact(784);
        let mut near: Vec<(u32, usize)> = images
            .zip(&self.labels)
            .map(|(image, &label)| {
                let squares = image.iter().zip(pixels).map(|(a, b)| {
                    let difference = u32::from(a.abs_diff(*b));
                    difference * difference
                });
                (squares.sum(), label)
            })
            .collect();
        near.select_nth_unstable(5);
        let mut votes = [0; 10];
        for &(_, label) in &near[..5] {
            votes[label] += 1;
        }
        (0..10).max_by_key(|&label| votes[label]).unwrap()
    }
}
