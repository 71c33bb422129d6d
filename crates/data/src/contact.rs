//! Contact sheets: the images of a data set side by side with their labels, before and after random changes.

use image::{Rgb, RgbImage};
use kernels::boxes::Xyxy;

use crate::Dataset;
use crate::draw::{self, Labels, Row, Sheet, WHITE, colour};
use crate::preparation::{Preparation, Seen};
use crate::sampling::{epoch_order, image_of};
use recipe::Recipe;

/// The longer side of an image is enlarged to at least this many pixels.
const SIDE: u32 = 224;
/// Pixels between images.
const GAP: i64 = 10;
/// Pixels of a line of text under an image.
const LINE: i64 = 20;
/// Pixels for each pixel of the font.
const TEXT: u32 = 2;
/// Images in a row without random changes.
const COLUMNS: usize = 6;
/// Epochs whose random changes are shown.
const EPOCHS: usize = 5;
const GROUND: Rgb<u8> = Rgb([46, 46, 52]);

/// A contact sheet could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the contact sheet cannot be encoded as PNG: {0}")]
pub struct ContactError(#[from] image::ImageError);

/// The first `count` training images of the recipe's first epoch, with their labels and boxes, as a PNG file.
///
/// # Errors
/// [`ContactError`] when the encoder fails.
pub fn contact_sheet(
    recipe: &Recipe,
    data: &Dataset,
    count: usize,
) -> Result<Vec<u8>, ContactError> {
    let plain = Preparation::WITHOUT_AUGMENTATION;
    let cells = first(recipe, data, count)
        .into_iter()
        .map(|number| {
            let seen = plain.seen(data, data.sample(number, 1), number, 1);
            cell(data, &seen, &caption(data, number, &seen))
        })
        .collect();
    let title = format!(
        "{}: {count} of {} training images",
        recipe.data.source, data.count
    );
    Ok(draw::png(
        &sheet(data, title, Vec::new()).around(&grid(cells, COLUMNS)),
    )?)
}

/// The same images, each in a row: as it is, then with its random changes in the first epochs.
///
/// # Errors
/// As for [`contact_sheet`].
pub fn augmented_sheet(
    recipe: &Recipe,
    data: &Dataset,
    count: usize,
) -> Result<Vec<u8>, ContactError> {
    let plain = Preparation::WITHOUT_AUGMENTATION;
    let changing = Preparation::for_training(recipe);
    let mut cells = Vec::with_capacity(count * (1 + EPOCHS));
    for number in first(recipe, data, count) {
        // Scenes are new in every epoch: the changes are shown on the first epoch's scene.
        let sample = data.sample(number, 1);
        let seen = plain.seen(data, sample.clone(), number, 1);
        cells.push(cell(data, &seen, &caption(data, number, &seen)));
        for epoch in 1..=EPOCHS {
            let seen = changing.seen(data, sample.clone(), number, epoch);
            cells.push(cell(data, &seen, &format!("epoch {epoch}")));
        }
    }
    let title = format!(
        "{}: training images and their random changes",
        recipe.data.source
    );
    let sheet = sheet(data, title, options(recipe));
    Ok(draw::png(&sheet.around(&grid(cells, 1 + EPOCHS)))?)
}

/// Numbers of the first images of the first epoch.
fn first(recipe: &Recipe, data: &Dataset, count: usize) -> Vec<usize> {
    let order = epoch_order(&recipe.training, data, 0).into_iter();
    order.take(count).map(image_of).collect()
}

/// The options of `data.augment` that are on, a few per line.
fn options(recipe: &Recipe) -> Vec<String> {
    let table = recipe.to_table().unwrap_or_default();
    let augment = table
        .get("data")
        .and_then(|data| data.get("augment"))
        .and_then(|augment| augment.as_table().cloned())
        .unwrap_or_default();
    let off = |value: &toml::Value| value.as_float() == Some(0.0) || value.as_integer() == Some(0);
    let bends = recipe.data.augment.elastic > 0.0;
    let erases = recipe.data.augment.erase > 0.0;
    let on: Vec<String> = augment
        .iter()
        .filter(|(key, value)| match key.as_str() {
            "elastic-sigma" => bends,
            "erase-area" => erases,
            _ => !off(value),
        })
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    on.chunks(5).map(|line| line.join(", ")).collect()
}

/// `7 (image 1204)`, or only the number where an image shows several objects or none.
fn caption(data: &Dataset, number: usize, seen: &Seen<'_>) -> String {
    match seen.label.and_then(|class| data.classes.get(class)) {
        Some(class) => format!("{class} (image {number})"),
        None => format!("image {number}"),
    }
}

fn sheet(data: &Dataset, title: String, notes: Vec<String>) -> Sheet {
    let row = |(class, name): (usize, &String)| Row {
        colour: Some(colour(class)),
        text: name.clone(),
    };
    Sheet {
        title,
        notes,
        legend: data.classes.iter().enumerate().map(row).collect(),
    }
}

/// An image enlarged by a whole factor, its boxes in the colours of their classes, a line of text under it.
fn cell(data: &Dataset, seen: &Seen<'_>, text: &str) -> RgbImage {
    let [height, width] = seen.size.map(|side| side as u32);
    let factor = SIDE.div_ceil(width.max(height).max(1));
    let image = RgbImage::from_fn(width, height, |x, y| {
        let pixel = (y * width + x) as usize;
        let plane = seen.size[0] * seen.size[1];
        Rgb([0, 1, 2].map(|channel: usize| {
            // Grey unless there are three channels.
            let channel = if data.channels == 3 { channel } else { 0 };
            seen.pixels
                .get(channel * plane + pixel)
                .copied()
                .unwrap_or(0)
        }))
    });
    let mut image = image::imageops::resize(
        &image,
        width * factor,
        height * factor,
        image::imageops::FilterType::Nearest,
    );
    let area =
        |bounds: Xyxy| <[f32; 4]>::from(bounds).map(|side| (side * factor as f32).round() as i64);
    for truth in &seen.truths {
        draw::outline(&mut image, area(truth.bounds), 2, colour(truth.class));
    }
    if seen.label.is_none() {
        let mut labels = Labels::default();
        for truth in &seen.truths {
            let name = data.classes.get(truth.class).map_or("?", String::as_str);
            labels.add(
                &mut image,
                area(truth.bounds),
                name,
                TEXT,
                colour(truth.class),
            );
        }
    }
    let mut cell = RgbImage::from_pixel(image.width(), image.height() + LINE as u32, GROUND);
    image::imageops::replace(&mut cell, &image, 0, 0);
    let below = i64::from(image.height()) + 3;
    draw::write(&mut cell, [0, below], text, TEXT, WHITE);
    cell
}

/// Cells of one size, `columns` in a row.
fn grid(cells: Vec<RgbImage>, columns: usize) -> RgbImage {
    let [width, height] = cells
        .first()
        .map_or([1, 1], |cell| [cell.width(), cell.height()].map(i64::from));
    let across = cells.len().clamp(1, columns) as i64;
    let down = cells.len().div_ceil(columns).max(1) as i64;
    let side = |cells: i64, side: i64| (cells * (side + GAP) + GAP) as u32;
    let mut canvas = RgbImage::from_pixel(side(across, width), side(down, height), GROUND);
    for (at, cell) in cells.iter().enumerate() {
        let (column, row) = ((at % columns) as i64, (at / columns) as i64);
        let (x, y) = (GAP + column * (width + GAP), GAP + row * (height + GAP));
        image::imageops::replace(&mut canvas, cell, x, y);
    }
    canvas
}
