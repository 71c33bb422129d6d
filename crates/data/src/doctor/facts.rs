//! What is found out about each picture, which is decoded once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{ColorType, DynamicImage};
use rayon::prelude::*;
use serde::Serialize;

use super::look::{Look, Shrinker};
use crate::image::{Decoded, opaque};
use crate::listing::{Entry, Labels, Problem};
use crate::prepare::{PlacedBox, Progress, open, open_seen, placed_boxes};

/// A picture whose levels differ by less shows nothing.
const LEAST_CONTRAST: u8 = 12;
/// Pictures between two reports of progress.
const REPORTS: usize = 64;

/// How a file stores its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Grey levels.
    Grey,
    /// Red, green and blue.
    Colour,
    /// Grey levels of more than 8 bits.
    DeepGrey,
    /// Red, green and blue of more than 8 bits.
    DeepColour,
}

impl Mode {
    fn of(colour: ColorType) -> Self {
        let is_deep = colour.bytes_per_pixel() > colour.channel_count();
        match (colour.has_color(), is_deep) {
            (false, false) => Self::Grey,
            (true, false) => Self::Colour,
            (false, true) => Self::DeepGrey,
            (true, true) => Self::DeepColour,
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Colour => "colour",
            Self::DeepGrey => "grey, 16 bits",
            Self::DeepColour => "colour, 16 bits or more",
        }
    }
}

/// A picture that could be decoded: about 450 bytes, and as much again for each box that is cut out.
pub(super) struct Facts {
    /// `[height, width]`, upright.
    pub size: [usize; 2],
    pub mode: Mode,
    /// EXIF's number of how the file's pixels were turned; 1 for not at all.
    pub orientation: u8,
    /// Whether any pixel is transparent.
    pub transparent: bool,
    /// Whether there is nothing to see.
    pub blank: bool,
    /// Bytes of the file, 0 where it is none.
    pub bytes: u64,
    /// BLAKE3 of the file, where it is one.
    pub file: Option<[u8; 32]>,
    /// BLAKE3 of the upright pixels.
    pub pixels: [u8; 32],
    /// The difference hash.
    pub hash: u64,
    pub look: Look,
    /// Each box, and what is wrong with it.
    pub boxes: Vec<PlacedBox>,
    /// What the requested boxes look like, by their number.
    pub crops: Vec<(usize, Look)>,
}

/// A picture, or why there is none.
pub(super) type Seen = Result<Facts, Problem>;

/// How pictures are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Grey level behind transparent pixels.
    pub background: u8,
    /// Larger pictures are not decoded.
    pub max_pixels: u64,
}

/// Decodes every picture once, on all threads. `crops` are the boxes to cut out, as (entry, box).
pub(super) fn see(
    entries: &[Entry],
    crops: &HashSet<(usize, usize)>,
    reading: Reading,
    progress: Progress<'_>,
) -> Vec<Seen> {
    let shrinker = Shrinker::new();
    let done = AtomicUsize::new(0);
    let see = |(number, entry): (usize, &Entry)| {
        let is_cut_out = |crop| crops.contains(&(number, crop));
        let seen = one(entry, &is_cut_out, &shrinker, reading);
        let done = 1 + done.fetch_add(1, Ordering::Relaxed);
        if done.is_multiple_of(REPORTS) || done == entries.len() {
            progress(done, entries.len());
        }
        seen
    };
    entries.par_iter().enumerate().map(see).collect()
}

fn one(
    entry: &Entry,
    is_cut_out: &dyn Fn(usize) -> bool,
    shrinker: &Shrinker,
    Reading {
        background,
        max_pixels,
    }: Reading,
) -> Seen {
    let mut file = None;
    let decoded = open_seen(entry, max_pixels, |bytes| {
        file = Some((bytes.len() as u64, *blake3::hash(bytes).as_bytes()));
    })?;
    let boxes = placed_boxes(entry, &decoded)?;
    let Decoded {
        image, orientation, ..
    } = &decoded;
    let (look, hash) = shrinker.look(image, background);
    let (pixels, transparent) = digest(image);
    let mut crops = Vec::new();
    for (number, placed) in boxes.iter().enumerate() {
        if let Ok((corners, _)) = placed
            && is_cut_out(number)
        {
            let (look, _) = shrinker.look(&cut(image, *corners), background);
            crops.push((number, look));
        }
    }
    Ok(Facts {
        size: [image.height(), image.width()].map(|side| side as usize),
        mode: Mode::of(image.color()),
        orientation: orientation.to_exif(),
        transparent,
        blank: is_blank(image, background),
        bytes: file.map_or(0, |(bytes, _)| bytes),
        file: file.map(|(_, hash)| hash),
        pixels,
        hash,
        look,
        boxes,
        crops,
    })
}

/// BLAKE3 of the size and the pixels, and whether any pixel is transparent. Grey pictures that are stored in colour, and
/// those with an alpha channel of nothing but opaque pixels, have the digest of the picture without.
fn digest(image: &DynamicImage) -> ([u8; 32], bool) {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&image.width().to_le_bytes());
    hasher.update(&image.height().to_le_bytes());
    let colour = image.color();
    let mut transparent = false;
    if colour.bytes_per_pixel() > colour.channel_count() {
        let pixels = image.to_rgba16();
        transparent = pixels.pixels().any(|pixel| pixel.0[3] < u16::MAX);
        hasher.update(b"deep");
        for values in pixels.chunks(1 << 12) {
            let bytes: Vec<u8> = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            hasher.update(&bytes);
        }
    } else if colour.has_alpha() {
        let pixels = image.to_rgba8();
        transparent = pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX);
        if transparent {
            hasher.update(b"alpha");
            hasher.update(&pixels);
        } else {
            hasher.update(&image.to_rgb8());
        }
    } else if let DynamicImage::ImageRgb8(pixels) = image {
        hasher.update(pixels);
    } else {
        hasher.update(&image.to_rgb8());
    }
    (*hasher.finalize().as_bytes(), transparent)
}

/// Whether all pixels have about the same colour.
fn is_blank(image: &DynamicImage, background: u8) -> bool {
    let spread = |pixels: &mut dyn Iterator<Item = &[u8]>| {
        let mut low = [u8::MAX; 3];
        let mut high = [0; 3];
        for pixel in pixels {
            for (channel, &value) in pixel.iter().enumerate() {
                low[channel] = low[channel].min(value);
                high[channel] = high[channel].max(value);
            }
            // For most pictures a few rows are enough.
            if high
                .iter()
                .zip(low)
                .any(|(high, low)| high.saturating_sub(low) >= LEAST_CONTRAST)
            {
                return false;
            }
        }
        true
    };
    match image {
        DynamicImage::ImageLuma8(pixels) => spread(&mut pixels.chunks_exact(1)),
        DynamicImage::ImageRgb8(pixels) => spread(&mut pixels.chunks_exact(3)),
        image => spread(&mut opaque(image, background).to_rgb8().chunks_exact(3)),
    }
}

/// The part of a picture that a box is around, at least one pixel.
fn cut(image: &DynamicImage, [x1, y1, x2, y2]: [f64; 4]) -> DynamicImage {
    let [left, top] = [x1, y1].map(|edge| edge.floor() as u32);
    let left = left.min(image.width() - 1);
    let top = top.min(image.height() - 1);
    let width = (x2.ceil() as u32).max(left + 1) - left;
    let height = (y2.ceil() as u32).max(top + 1) - top;
    image.crop_imm(left, top, width, height)
}

/// A small picture to show, at most `side` pixels wide and high: what the box `crop` shows, or the whole picture with its
/// boxes.
pub(super) fn thumbnail(
    entry: &Entry,
    crop: Option<usize>,
    side: u32,
    Reading {
        background,
        max_pixels,
    }: Reading,
) -> Option<Thumbnail> {
    let decoded = open(entry, max_pixels).ok()?;
    let boxes = placed_boxes(entry, &decoded).unwrap_or_default();
    let mut image = opaque(&decoded.image, background);
    let mut outlines: Vec<[f64; 4]> = Vec::new();
    match crop.and_then(|crop| boxes.get(crop)) {
        Some(Ok((corners, _))) => image = Cow::Owned(cut(&image, *corners)),
        _ => outlines.extend(boxes.iter().flatten().map(|(corners, _)| *corners)),
    }
    let longer = image.width().max(image.height());
    let scale = (f64::from(side) / f64::from(longer)).min(1.0);
    if scale < 1.0 {
        image = Cow::Owned(image.thumbnail(side, side));
    }
    let pixels = image.to_rgb8();
    Some(Thumbnail {
        width: pixels.width() as usize,
        height: pixels.height() as usize,
        pixels: pixels.into_raw(),
        boxes: outlines
            .into_iter()
            .map(|corners| corners.map(|edge| (edge * scale) as f32))
            .collect(),
    })
}

/// A small picture to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnail {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue, `[H, W, 3]`.
    pub pixels: Vec<u8>,
    /// Annotated boxes in its pixels, `[x1, y1, x2, y2]`.
    pub boxes: Vec<[f32; 4]>,
}

/// Which boxes are cut out, as (entry, box): all except crowds, but at most `most` of them, evenly spread.
pub(super) fn crops(entries: &[Entry], most: usize) -> HashSet<(usize, usize)> {
    let all: Vec<(usize, usize)> = entries
        .iter()
        .enumerate()
        .flat_map(|(number, entry)| match &entry.labels {
            Labels::Class(_) => Vec::new(),
            Labels::Boxes(boxes) => {
                let wanted = boxes.iter().enumerate().filter(|(_, it)| !it.crowd);
                wanted.map(|(crop, _)| (number, crop)).collect()
            }
        })
        .collect();
    let count = all.len().min(most);
    (0..count)
        .map(|place| all[place * all.len() / count])
        .collect()
}
