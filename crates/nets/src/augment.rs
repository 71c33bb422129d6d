//! Random changes of training images: shift, rotation and scale in one resampling.

use crate::random::Key;
use crate::recipe::Augment;

/// An image `[C, H, W]` turned, scaled and shifted about its centre by amounts drawn from `key`.
///
/// Bilinear, shifts by whole pixels (a part of one would smear the ink, and widen its box); what comes in from
/// outside is black. The same key gives the same image, whatever the batch.
pub fn augmented(
    pixels: &[u8],
    [channels, height, width]: [usize; 3],
    augment: &Augment,
    key: Key,
) -> Vec<u8> {
    let mut stream = key.stream();
    let draws: [f64; 4] = std::array::from_fn(|_| stream.uniform(-1.0, 1.0));
    let angle = draws[0] * augment.rotate.to_radians();
    let scale = 1.0 + draws[1] * augment.scale;
    let shift = augment.shift as f64;
    let (shift_x, shift_y) = ((draws[2] * shift).round(), (draws[3] * shift).round());
    let (centre_x, centre_y) = (width as f64 / 2.0, height as f64 / 2.0);
    // From a pixel of the result back to where it comes from: the inverse of the change.
    let (sin, cos) = (angle.sin() / scale, angle.cos() / scale);
    let mut changed = vec![0; pixels.len()];
    for channel in 0..channels {
        let source = &pixels[channel * height * width..][..height * width];
        let target = &mut changed[channel * height * width..][..height * width];
        for y in 0..height {
            for x in 0..width {
                let (dx, dy) = (
                    x as f64 + 0.5 - centre_x - shift_x,
                    y as f64 + 0.5 - centre_y - shift_y,
                );
                let from_x = cos * dx + sin * dy + centre_x - 0.5;
                let from_y = cos * dy - sin * dx + centre_y - 0.5;
                target[y * width + x] = sample(source, [height, width], from_x, from_y);
            }
        }
    }
    changed
}

/// The bilinear value at a point given in pixel centres.
fn sample(plane: &[u8], [height, width]: [usize; 2], x: f64, y: f64) -> u8 {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, bottom_share) = (x - left, y - top);
    let pixel = |column: f64, row: f64| {
        let inside = column >= 0.0 && row >= 0.0 && column < width as f64 && row < height as f64;
        if inside {
            f64::from(plane[row as usize * width + column as usize])
        } else {
            0.0
        }
    };
    let above = pixel(left, top) * (1.0 - right_share) + pixel(left + 1.0, top) * right_share;
    let below =
        pixel(left, top + 1.0) * (1.0 - right_share) + pixel(left + 1.0, top + 1.0) * right_share;
    (above * (1.0 - bottom_share) + below * bottom_share).round() as u8
}
