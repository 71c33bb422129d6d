//! What the writers of results are given.

use std::path::Path;

use data::image::{DynamicImage, Fitted};
use nets::predict::ImagePrediction;

/// A picture and what was predicted of it.
#[derive(Clone, Copy)]
pub struct Predicted<'a> {
    /// Its place among the inputs.
    pub index: usize,
    /// Its file, after which others are named.
    pub path: &'a Path,
    pub image: &'a DynamicImage,
    /// As the network saw it.
    pub fitted: &'a Fitted,
    pub answer: &'a ImagePrediction,
}
