//! Images as PNG data URIs: small, and shown by every browser without a network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// Images wider or higher than this are shrunk: a gallery shows them small, and a hundred
/// photographs at full size would make a page of many megabytes.
const LONGEST_SIDE: usize = 160;

/// `pixels` (grey, or red, green and blue, row after row) as `data:image/png;base64,...`; `None` when they are neither
/// `width x height` nor three times as many, or none.
pub fn data_uri(width: usize, height: usize, pixels: &[u8]) -> Option<String> {
    let area = width.checked_mul(height).filter(|area| *area > 0)?;
    let channels = match pixels.len() {
        length if length == area => 1,
        length if Some(length) == area.checked_mul(3) => 3,
        _ => return None,
    };
    let step = width.max(height).div_ceil(LONGEST_SIDE);
    let (width, height, pixels) = match step {
        1 => (width, height, pixels.to_vec()),
        _ => shrink([width, height, channels], pixels, step),
    };
    let file = encode(
        u32::try_from(width).ok()?,
        u32::try_from(height).ok()?,
        &pixels,
        if channels == 1 {
            ColorType::Grayscale
        } else {
            ColorType::Rgb
        },
    )
    .ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}

/// The mean of each `step x step` block; blocks at the right and bottom may be smaller.
fn shrink(
    [width, height, channels]: [usize; 3],
    pixels: &[u8],
    step: usize,
) -> (usize, usize, Vec<u8>) {
    let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
    let mut small = Vec::with_capacity(columns * rows * channels);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..channels {
                let (mut sum, mut count) = (0_usize, 0_usize);
                for y in row * step..height.min((row + 1) * step) {
                    for x in column * step..width.min((column + 1) * step) {
                        sum += usize::from(pixels[(y * width + x) * channels + channel]);
                        count += 1;
                    }
                }
                small.push((sum / count.max(1)) as u8);
            }
        }
    }
    (columns, rows, small)
}

fn encode(
    width: u32,
    height: u32,
    pixels: &[u8],
    colour: ColorType,
) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    if colour == ColorType::Grayscale {
        // Digits are mostly runs of black, which need no filter.
        encoder.set_filter(Filter::NoFilter);
    }
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
