//! Grey images as PNG data URIs: small, and shown by every browser without a network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// Images wider or higher than this are shrunk: a gallery shows them small, and a hundred
/// photographs at full size would make a page of many megabytes.
const LONGEST_SIDE: usize = 160;

/// `pixels` (grey, row after row) as `data:image/png;base64,...`; `None` when they are not
/// `width x height`, or none.
pub fn data_uri(width: usize, height: usize, pixels: &[u8]) -> Option<String> {
    if width == 0 || height == 0 || width.checked_mul(height)? != pixels.len() {
        return None;
    }
    let step = width.max(height).div_ceil(LONGEST_SIDE);
    let (width, height, pixels) = match step {
        1 => (width, height, pixels.to_vec()),
        _ => shrink(width, height, pixels, step),
    };
    let file = encode(
        u32::try_from(width).ok()?,
        u32::try_from(height).ok()?,
        &pixels,
    )
    .ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}

/// The mean of each `step x step` block; blocks at the right and bottom may be smaller.
fn shrink(width: usize, height: usize, pixels: &[u8], step: usize) -> (usize, usize, Vec<u8>) {
    let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
    let mut small = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let (mut sum, mut count) = (0_usize, 0_usize);
            for y in row * step..height.min((row + 1) * step) {
                for x in column * step..width.min((column + 1) * step) {
                    sum += usize::from(pixels[y * width + x]);
                    count += 1;
                }
            }
            small.push((sum / count.max(1)) as u8);
        }
    }
    (columns, rows, small)
}

fn encode(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    // Digits are mostly runs of black, which need no filter.
    encoder.set_filter(Filter::NoFilter);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
