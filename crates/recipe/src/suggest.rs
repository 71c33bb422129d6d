//! A recipe that fits a data set: what was found in it goes in, TOML with a reason for each choice comes out.
//!
//! Each kind of network is a list of drafts, from the largest to the smallest. The first that can be trained for enough
//! epochs within the time limit is taken.

mod boxes;
mod classifier;
mod detector;
mod survey;
#[cfg(test)]
mod tests;
mod text;

use std::iter::Peekable;

use super::error::RecipeError;
use super::experiment::Recipe;
use super::memory::Memory;
use super::shapes::ShapeError;
use super::summary::Summary;
pub use survey::{BoxShape, Survey, SurveyedClass, SurveyedObjects};

/// Multiply-adds of forward passes that training gets through per second and core: the backward pass, augmentation and
/// reading are included. Measured on two cores with AVX-512: 36e9 (lab-cnn), 29e9 (fast-cnn), 31e9 (scenes-fpn). Less is
/// assumed, because other processors have AVX2 only. Re-check: `atelier bench RECIPE`, images per second times the
/// multiply-adds that `atelier train` prints.
const MULTIPLY_ADDS: f64 = 12e9;
/// A detector takes this many times as long as its multiply-adds alone would: boxes are matched, pooled and suppressed, too.
/// On trees and scenes of 240 to 640 pixels 1.3 to 1.6.
const OF_DETECTOR: f64 = 1.5;
/// Seconds and cores that any image takes, however small the network.
const OVERHEAD: f64 = 4e-5;
/// Training may use one in this many parts of the memory: buffers of single layers and the prepared pictures come on top.
const MEMORY_SHARE: u64 = 4;
/// Fewest and most epochs that are suggested.
const EPOCHS: [usize; 2] = [2, 100];

/// What a suggestion must keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Time for training.
    pub minutes: f64,
    /// Cores that compute.
    pub cores: usize,
    /// Bytes of the machine's memory, where they are known.
    pub memory: Option<u64>,
}

/// A recipe and what is known of it.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The recipe with a comment on each choice.
    pub toml: String,
    /// The same, parsed.
    pub recipe: Recipe,
    /// `[C, H, W]` of the network's input.
    pub input: [usize; 3],
    /// The network on such images.
    pub summary: Summary,
    /// What training needs.
    pub memory: Memory,
    /// Images that are trained on, without those held out.
    pub images: usize,
    /// Images held out for choosing settings.
    pub held_out: usize,
    /// Estimated duration of the training.
    pub minutes: f64,
}

/// Why there is no suggestion.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// Fewer than two training pictures.
    #[error("{0} pictures for training: a recipe needs two or more")]
    Pictures(usize),
    /// Labels of boxes without a single box.
    #[error("no training picture shows an object: a detector would have nothing to learn")]
    NoObjects,
    /// A bug in this module.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A bug in this module.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// A network that may be suggested.
struct Draft {
    /// `[C, H, W]`.
    input: [usize; 3],
    /// Why this size, in a sentence.
    size_reason: String,
    /// The sections `model` and those below.
    model: String,
    /// Fewest epochs that it needs to be worth its size.
    wanted: usize,
    /// The optimizer and what else belongs into the section `training`, for a batch size.
    training: fn(&Split, usize) -> String,
}

/// How the pictures are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    /// For training.
    train: usize,
    /// Held out for choosing settings.
    held_out: usize,
    /// Share of the training pictures that is held out; `None` for the source's own validation split.
    fraction: Option<f64>,
    /// Number of classes.
    classes: usize,
}

/// One in this many pictures is a test picture where the source has no other split: see `data::prepare`.
const TEST_SHARE: usize = 5;

impl Split {
    fn of(survey: &Survey) -> Self {
        let classes = survey.classes.len();
        if let (Some(held_out), Some(_)) = (survey.validation, survey.test) {
            return Self {
                train: survey.train,
                held_out,
                fraction: None,
                classes,
            };
        }
        let own_test = survey.test.or(survey.validation).is_some();
        let pictures = if own_test {
            survey.train
        } else {
            survey.train - (survey.train / TEST_SHARE).max(1)
        };
        let fraction = match pictures {
            0..5 => 0.0,
            5..500 => 0.2,
            500..2000 => 0.15,
            _ => 0.1,
        };
        let held_out = (fraction * pictures as f64).round() as usize;
        Self {
            train: pictures - held_out,
            held_out,
            fraction: Some(fraction),
            classes,
        }
    }
}

/// A recipe for the pictures of a survey.
///
/// # Errors
/// [`SuggestError`] where there is nothing to learn from.
pub fn suggest(survey: &Survey, limits: &Limits) -> Result<Suggestion, SuggestError> {
    if survey.train < 2 {
        return Err(SuggestError::Pictures(survey.train));
    }
    let split = Split::of(survey);
    match &survey.objects {
        None => choose(
            classifier::drafts(survey, split).peekable(),
            survey,
            split,
            limits,
        ),
        Some(objects) if objects.boxes.is_empty() => Err(SuggestError::NoObjects),
        Some(objects) => choose(
            detector::drafts(survey, objects, split).peekable(),
            survey,
            split,
            limits,
        ),
    }
}

/// The first draft that can be trained for long enough, else the last.
fn choose(
    mut drafts: Peekable<impl Iterator<Item = Draft>>,
    survey: &Survey,
    split: Split,
    limits: &Limits,
) -> Result<Suggestion, SuggestError> {
    loop {
        let Some(draft) = drafts.next() else {
            return Err(SuggestError::NoObjects);
        };
        let batch = text::batch_size(split.train, survey.objects.is_some());
        let trial = text::recipe(survey, &split, &draft, batch, None);
        let (recipe, summary) = parsed(&trial, &draft, split.classes)?;
        let detects = survey.objects.is_some();
        let epoch = epoch_seconds(&summary, &split, limits.cores, detects);
        let affordable = (60.0 * limits.minutes / epoch) as usize;
        let is_last = drafts.peek().is_none();
        if affordable < draft.wanted && !is_last {
            continue;
        }
        let most = most_epochs(&split, detects);
        let epochs = affordable.clamp(EPOCHS[0], most);
        let batch = fitting_batch(&recipe, &summary, batch, &split, limits);
        let minutes = epoch * epochs as f64 / 60.0;
        let plan = text::Duration {
            epochs,
            minutes,
            limit: limits.minutes,
            is_most: affordable > most,
        };
        let toml = text::recipe(survey, &split, &draft, batch, Some(&plan));
        let (recipe, summary) = parsed(&toml, &draft, split.classes)?;
        return Ok(Suggestion {
            memory: summary.memory(&recipe.training, split.train),
            toml,
            recipe,
            input: draft.input,
            summary,
            images: split.train,
            held_out: split.held_out,
            minutes,
        });
    }
}

fn parsed(toml: &str, draft: &Draft, classes: usize) -> Result<(Recipe, Summary), SuggestError> {
    let recipe = Recipe::parse::<&str>(toml, "the suggestion", &[])?;
    let summary = recipe.summary(draft.input, classes)?;
    Ok((recipe, summary))
}

/// Seconds of one epoch, with its look at the held-out pictures, which needs no backward pass.
fn epoch_seconds(summary: &Summary, split: &Split, cores: usize, detects: bool) -> f64 {
    let factor = if detects { OF_DETECTOR } else { 1.0 };
    let image = factor * summary.multiply_adds as f64 / MULTIPLY_ADDS + OVERHEAD;
    image * (split.train as f64 + split.held_out as f64 / 3.0) / cores.max(1) as f64
}

/// More epochs hardly help.
fn most_epochs(split: &Split, is_detector: bool) -> usize {
    let images = if is_detector { 400_000 } else { 1_500_000 };
    (images / split.train.max(1)).clamp(10, EPOCHS[1])
}

/// The batch size, halved until training fits into memory.
fn fitting_batch(
    recipe: &Recipe,
    summary: &Summary,
    mut batch: usize,
    split: &Split,
    limits: &Limits,
) -> usize {
    let Some(memory) = limits.memory else {
        return batch;
    };
    let mut training = recipe.training.clone();
    loop {
        training.batch_size = batch;
        let needed = summary.memory(&training, split.train).total();
        if batch <= 2 || needed <= memory / MEMORY_SHARE {
            return batch;
        }
        batch /= 2;
    }
}
