//! Pictures, and small data sets of them.

use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::source::support;

/// A picture of soft spots that no other number has.
pub fn picture(number: u32, [width, height]: [u32; 2]) -> DynamicImage {
    let mut state = u64::from(number) + 1;
    let coarse = RgbImage::from_fn(7, 7, |_, _| {
        Rgb([0; 3].map(|_: u8| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        }))
    });
    resize(&coarse, width, height, FilterType::Triangle).into()
}

pub fn plain(number: u32) -> DynamicImage {
    picture(number, [48, 48])
}

pub fn save(folder: &Path, name: &str, image: &DynamicImage) {
    let format = ImageFormat::from_path(name).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    write(folder, name, &bytes.into_inner());
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) {
    support::write(&folder.join(name), bytes);
}

/// Three pictures of each of two classes.
pub fn cats_and_dogs(folder: &Path) {
    for number in 0..3 {
        save(folder, &format!("cat/{number}.png"), &plain(number));
        save(folder, &format!("dog/{number}.png"), &plain(10 + number));
    }
}

/// The same in two parts.
pub fn in_parts(folder: &Path) {
    for (index, part) in ["train", "test"].into_iter().enumerate() {
        for number in 0..3 {
            let first = 100 * index as u32 + number;
            save(folder, &format!("{part}/cat/{number}.png"), &plain(first));
            save(
                folder,
                &format!("{part}/dog/{number}.png"),
                &plain(10 + first),
            );
        }
    }
}

/// Two pictures and a table of boxes on them.
pub fn table(folder: &Path, rows: &str) {
    save(folder, "a.png", &plain(1));
    save(folder, "b.png", &plain(2));
    let table = format!("path,label,x1,y1,x2,y2,width,height\n{rows}");
    write(folder, "boxes.csv", table.as_bytes());
}

pub const GOOD: &str = "a.png,cat,4,4,30,30,,\nb.png,dog,9,9,40,40,,\n";

pub fn jpeg(image: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    image.to_rgb8().write_with_encoder(encoder).unwrap();
    bytes
}

/// A JPEG file with EXIF's note that it must be turned.
pub fn turned_jpeg(image: &DynamicImage) -> Vec<u8> {
    let note = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = (note.len() as u16 + 2).to_be_bytes();
    let file = jpeg(image, 90);
    [
        &file[..2],
        &[0xff, 0xe1],
        &length[..],
        &note[..],
        &file[2..],
    ]
    .concat()
}

/// A spot in noise; above for even numbers, below for odd ones.
pub fn spot(number: u32) -> DynamicImage {
    let noise = picture(number, [24, 24]).to_rgb8();
    let top = 2 + number % 2 * 12;
    RgbImage::from_fn(24, 24, |x, y| {
        let level = noise.get_pixel(x, y).0.map(|level| level / 4);
        let is_inside = (top..top + 8).contains(&y) && (6..18).contains(&x);
        Rgb(level.map(|level| if is_inside { level + 160 } else { level }))
    })
    .into()
}

pub fn light_and_dark(at: &Path, wrong: &[u32]) {
    for number in 0..120 {
        let is_even = (number % 2 == 0) != wrong.contains(&number);
        let class = if is_even { "above" } else { "below" };
        save(at, &format!("{class}/{number:03}.png"), &spot(number));
    }
}

/// Two spots a picture, each with a box.
pub fn light_and_dark_boxes(at: &Path) {
    let mut table = "path,label,x1,y1,x2,y2\n".to_string();
    for number in 0..50 {
        let mut image = RgbImage::new(48, 24);
        for half in 0..2 {
            let left = 24 * half;
            image::imageops::replace(
                &mut image,
                &spot(2 * number + half).to_rgb8(),
                left.into(),
                0,
            );
            let is_even = (half == 0) != [7, 31].contains(&(2 * number + half));
            let class = if is_even { "above" } else { "below" };
            table += &format!("{number:03}.png,{class},{left},0,{},24\n", left + 24);
        }
        save(at, &format!("{number:03}.png"), &image.into());
    }
    write(at, "boxes.csv", table.as_bytes());
}
