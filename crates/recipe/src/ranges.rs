//! Values that are of the right type and still make no sense, each named by its key.

mod augment;
mod detector;
mod training;

use super::problem::Problem;
use super::{Data, Layer, Model, Pool, Recipe, Scenes};
use std::fmt::Display;

/// More than any sensible layer has; keeps a slip of the keyboard from asking for terabytes.
const MOST_FEATURES: usize = 1 << 20;
/// Larger windows than any image that is read.
const MOST_PIXELS: usize = 1 << 12;
/// Farther moves answer an image 49 times and more.
const MOST_TEST_SHIFT: usize = 3;
/// More digits in a scene than any that makes sense.
const MOST_DIGITS: usize = 1000;
/// Smaller digits can't be told apart.
const LEAST_SIDE: usize = 4;

/// The first value out of range.
pub(super) fn check(recipe: &Recipe) -> Result<(), Problem> {
    data(&recipe.data)?;
    match &recipe.model {
        Model::Cnn(cnn) => {
            layers("model.layers", &cnn.layers)?;
            let rule = format!("at most {MOST_TEST_SHIFT}");
            let holds = cnn.test_shift <= MOST_TEST_SHIFT;
            need(holds, "model.test-shift", &rule, cnn.test_shift)?;
        }
        Model::FasterRcnn(model) => detector::check(model)?,
    }
    training::check(recipe)
}

fn need(holds: bool, key: &str, rule: &str, value: impl Display) -> Result<(), Problem> {
    if holds {
        Ok(())
    } else {
        Err(Problem::at(key, format!("must be {rule}, found {value}")))
    }
}

fn at_least_1(key: &str, value: usize) -> Result<(), Problem> {
    need(value >= 1, key, "at least 1", value)
}

fn count(key: &str, value: usize) -> Result<(), Problem> {
    let rule = format!("from 1 to {MOST_FEATURES}");
    need((1..=MOST_FEATURES).contains(&value), key, &rule, value)
}

// Comparisons below are false for NaN, so that it is refused everywhere.

fn positive(key: &str, value: f64) -> Result<(), Problem> {
    need(
        value > 0.0 && value.is_finite(),
        key,
        "greater than 0 and finite",
        value,
    )
}

fn not_negative(key: &str, value: f64) -> Result<(), Problem> {
    need(
        value >= 0.0 && value.is_finite(),
        key,
        "at least 0 and finite",
        value,
    )
}

fn fraction(key: &str, value: f64) -> Result<(), Problem> {
    need((0.0..=1.0).contains(&value), key, "from 0 to 1", value)
}

fn below_1(key: &str, value: f64) -> Result<(), Problem> {
    need(
        (0.0..1.0).contains(&value),
        key,
        "at least 0 and less than 1",
        value,
    )
}

fn positive_fraction(key: &str, value: f64) -> Result<(), Problem> {
    need(
        value > 0.0 && value <= 1.0,
        key,
        "greater than 0 and at most 1",
        value,
    )
}

fn data(data: &Data) -> Result<(), Problem> {
    need(
        !data.source.is_empty(),
        "data.source",
        "`mnist`, `scenes` or a folder",
        "nothing",
    )?;
    augment::check(&data.augment)?;
    let mean = data.normalize.mean;
    need(mean.is_finite(), "data.normalize.mean", "finite", mean)?;
    positive("data.normalize.std", data.normalize.std)?;
    match &data.scenes {
        Some(options) => scenes(options),
        None => Ok(()),
    }
}

pub(super) fn scenes(scenes: &Scenes) -> Result<(), Problem> {
    let key = |name: &str| format!("data.scenes.{name}");
    let Scenes {
        size, digits, side, ..
    } = *scenes;
    at_least_1(&key("train-images"), scenes.train_images)?;
    at_least_1(&key("test-images"), scenes.test_images)?;
    need(
        (16..=MOST_PIXELS).contains(&size),
        &key("size"),
        &format!("from 16 to {MOST_PIXELS} pixels"),
        size,
    )?;
    need(
        digits[0] <= digits[1] && digits[1] <= MOST_DIGITS,
        &key("digits"),
        &format!("the fewest and the most digits, at most {MOST_DIGITS}"),
        format!("{digits:?}"),
    )?;
    need(
        (LEAST_SIDE..=side[1]).contains(&side[0]) && side[1] <= size,
        &key("side"),
        &format!(
            "the shortest and the longest side, from {LEAST_SIDE} to data.scenes.size, {size}"
        ),
        format!("{side:?}"),
    )?;
    fraction(&key("overlap"), scenes.overlap)?;
    fraction(&key("noise"), scenes.noise)?;
    need(
        scenes.clutter <= MOST_DIGITS,
        &key("clutter"),
        &format!("at most {MOST_DIGITS}"),
        scenes.clutter,
    )?;
    fraction(&key("background"), scenes.background)
}

fn layers(key: &str, layers: &[Layer]) -> Result<(), Problem> {
    need(
        !layers.is_empty(),
        key,
        "a list of at least one layer",
        "none",
    )?;
    for (index, layer) in layers.iter().enumerate() {
        let key = |name: &str| format!("{key}[{index}].{name}");
        let name = layer.name();
        match layer {
            Layer::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                ..
            } => {
                count(&key(name), *channels)?;
                sides(&key("kernel"), *kernel, 1)?;
                sides(&key("stride"), *stride, 1)?;
                sides(&key("padding"), *padding, 0)?;
                sides(&key("dilation"), *dilation, 1)?;
            }
            Layer::MaxPool(pool) | Layer::AvgPool(pool) => {
                let Pool {
                    size,
                    stride,
                    padding,
                } = *pool;
                sides(&key(name), size, 1)?;
                sides(&key("stride"), stride, 1)?;
                let area = size[0].saturating_mul(size[1]);
                need(
                    area <= 1 << 16,
                    &key(name),
                    "at most 65536 pixels",
                    format!("{size:?}"),
                )?;
                // A window wholly inside the padding would have no value of its own.
                let fits = padding[0] <= size[0] / 2 && padding[1] <= size[1] / 2;
                let rule = "at most half the window";
                need(
                    fits,
                    &key("padding"),
                    rule,
                    format!("{padding:?} for {size:?}"),
                )?;
            }
            Layer::BatchNorm { momentum, epsilon } => {
                positive_fraction(&key("batch-norm.momentum"), *momentum)?;
                positive(&key("batch-norm.epsilon"), *epsilon)?;
            }
            Layer::LeakyRelu { slope } => need(slope.is_finite(), &key(name), "finite", slope)?,
            Layer::Dropout { rate } => below_1(&key(name), *rate)?,
            Layer::Linear { features, .. } => count(&key(name), *features)?,
            Layer::GlobalAvgPool | Layer::Relu | Layer::Gelu | Layer::Silu | Layer::Flatten => {}
        }
    }
    Ok(())
}

fn sides(key: &str, pair: [usize; 2], least: usize) -> Result<(), Problem> {
    let range = least..=MOST_PIXELS;
    let holds = range.contains(&pair[0]) && range.contains(&pair[1]);
    let value = if pair[0] == pair[1] {
        format!("{}", pair[0])
    } else {
        format!("{pair:?}")
    };
    need(holds, key, &format!("from {least} to {MOST_PIXELS}"), value)
}
