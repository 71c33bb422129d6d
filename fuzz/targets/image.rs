//! Image files of all formats.

#![no_main]

use std::io::Cursor;
use std::path::Path;

use image::ImageReader;
use support::bounded;

/// Larger images take long and show nothing new.
const MOST_PIXELS: u64 = 1 << 20;
/// Bytes of a pixel: four channels of 32 bits.
const PIXEL: usize = 16;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let stated = ImageReader::new(Cursor::new(input))
        .with_guessed_format()
        .ok()
        .and_then(|reader| reader.into_dimensions().ok());
    let (width, height) = stated.unwrap_or((0, 0));
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return;
    }
    // The bound knows a thousand bytes for each of the input; a pixel is held a few times, not a thousand.
    bounded(input.len() + pixels as usize * PIXEL / 128, || {
        if let Ok(decoded) = data::image::decode(Path::new("input"), input, MOST_PIXELS) {
            let _ = decoded.stored_size();
            let _ = data::image::opaque_for_ink(&decoded.image);
        }
    });
});
