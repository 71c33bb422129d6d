//! Drawing on images: boxes, text, labels that do not cover each other, and colours.

mod font;
mod sheet;

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
pub use sheet::{Row, Sheet};

/// The background of pictures.
pub const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
/// Text and axes.
pub const BLACK: Rgb<u8> = Rgb([0, 0, 0]);
/// What should not stand out.
pub const GREY: Rgb<u8> = Rgb([150, 150, 150]);

/// Colours of classes: the palette of Okabe & Ito (2008), which colour-blind people can tell apart, without black, then
/// three more so that ten classes differ.
const COLOURS: [Rgb<u8>; 10] = [
    Rgb([230, 159, 0]),
    Rgb([86, 180, 233]),
    Rgb([0, 158, 115]),
    Rgb([240, 228, 66]),
    Rgb([0, 114, 178]),
    Rgb([213, 94, 0]),
    Rgb([204, 121, 167]),
    Rgb([165, 105, 60]),
    Rgb([136, 34, 85]),
    Rgb([153, 221, 85]),
];

/// The colour of a class, or of whatever else is counted.
pub fn colour(number: usize) -> Rgb<u8> {
    COLOURS[number % COLOURS.len()]
}

/// Stops of [`heat`]: dark to light, in steps of equal lightness.
const HEAT: [[f32; 3]; 6] = [
    [8., 6., 30.],
    [70., 20., 105.],
    [150., 40., 110.],
    [220., 75., 75.],
    [250., 150., 60.],
    [250., 245., 165.],
];

/// The colour of a value from 0 (dark) to 1 (light).
pub fn heat(value: f32) -> Rgb<u8> {
    // NaN clamps to NaN, which becomes 0 as an integer and as a colour.
    let place = value.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let from = (place as usize).min(HEAT.len() - 2);
    mix(HEAT[from], HEAT[from + 1], place - from as f32)
}

/// Rows of `width` values in the colours of [`heat`], from `low` to `high`.
pub fn heat_map(values: &[f32], width: usize, [low, high]: [f32; 2]) -> RgbImage {
    let share = |value: f32| (value - low) / (high - low).max(f32::MIN_POSITIVE);
    let height = values.len() / width.max(1);
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        heat(share(values[y as usize * width + x as usize]))
    })
}

fn mix(from: [f32; 3], to: [f32; 3], share: f32) -> Rgb<u8> {
    let channel = |i: usize| (from[i] + (to[i] - from[i]) * share).round() as u8;
    Rgb([0, 1, 2].map(channel))
}

/// `share` of `over` on `under`.
pub fn blend(under: Rgb<u8>, over: Rgb<u8>, share: f32) -> Rgb<u8> {
    mix(under.0.map(f32::from), over.0.map(f32::from), share)
}

/// Black or white, whichever stands out from `background`.
fn contrasting(background: Rgb<u8>) -> Rgb<u8> {
    let [red, green, blue] = background.0.map(f32::from);
    // Weights of luma in ITU-R BT.601.
    if 0.299 * red + 0.587 * green + 0.114 * blue > 120.0 {
        BLACK
    } else {
        WHITE
    }
}

/// A rectangle `[x1, y1, x2, y2]` in pixels of the canvas, right and bottom excluded.
pub type Area = [i64; 4];

/// Fills a rectangle, as far as it lies on the canvas.
pub fn fill(canvas: &mut RgbImage, [x1, y1, x2, y2]: Area, colour: Rgb<u8>) {
    for y in y1.max(0)..y2.min(canvas.height().into()) {
        for x in x1.max(0)..x2.min(canvas.width().into()) {
            canvas.put_pixel(x as u32, y as u32, colour);
        }
    }
}

/// The outline of a rectangle, `width` pixels inwards. What lies beyond the canvas is moved to its edge, so that a box
/// which fills the image is seen whole.
pub fn outline(canvas: &mut RgbImage, area: Area, width: i64, colour: Rgb<u8>) {
    let limits = [canvas.width(), canvas.height()].map(i64::from);
    let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|i| area[i].clamp(0, limits[i % 2]));
    fill(canvas, [x1, y1, x2, (y1 + width).min(y2)], colour);
    fill(canvas, [x1, (y2 - width).max(y1), x2, y2], colour);
    fill(canvas, [x1, y1, (x1 + width).min(x2), y2], colour);
    fill(canvas, [(x2 - width).max(x1), y1, x2, y2], colour);
}

/// Width and height of a text in pixels, what reaches below the line included, each pixel of the font drawn as `scale` x `scale`.
pub fn text_size(text: &str, scale: u32) -> [i64; 2] {
    let columns = text.chars().count() as u32 * (font::WIDTH + 1);
    let descent = text.chars().map(font::descent).max().unwrap_or(0);
    [
        i64::from(columns.saturating_sub(1) * scale),
        i64::from((font::HEIGHT + descent) * scale),
    ]
}

/// Writes a text with its upper left corner at `[x, y]`.
pub fn write(canvas: &mut RgbImage, [x, y]: [i64; 2], text: &str, scale: u32, colour: Rgb<u8>) {
    let side = i64::from(scale);
    let mut left = x;
    for character in text.chars() {
        let first = i64::from(font::descent(character));
        for (row, bits) in (first..).zip(font::glyph(character)) {
            for column in 0..i64::from(font::WIDTH) {
                if bits >> (i64::from(font::WIDTH) - 1 - column) & 1 == 1 {
                    let (x, y) = (left + column * side, y + row * side);
                    fill(canvas, [x, y, x + side, y + side], colour);
                }
            }
        }
        left += i64::from(font::WIDTH + 1) * side;
    }
}

/// Labels of boxes, each where it covers no other.
#[derive(Debug, Default)]
pub struct Labels {
    placed: Vec<Area>,
}

impl Labels {
    /// Writes `text` on a ground of `colour` beside the box `area`: above it, or wherever there is room.
    pub fn add(
        &mut self,
        canvas: &mut RgbImage,
        area: Area,
        text: &str,
        scale: u32,
        colour: Rgb<u8>,
    ) {
        let rim = i64::from(scale);
        let [width, height] = text_size(text, scale).map(|side| side + 2 * rim);
        let [x1, y1, x2, y2] = area;
        let limits = [canvas.width(), canvas.height()].map(i64::from);
        let inside = |[x, y]: [i64; 2]| {
            let x = x.clamp(0, (limits[0] - width).max(0));
            let y = y.clamp(0, (limits[1] - height).max(0));
            [x, y, x + width, y + height]
        };
        let corners = [
            [x1, y1 - height],
            [x2 - width, y1 - height],
            [x1, y2],
            [x2 - width, y2],
            [x1 - width, y1],
            [x2, y1],
            [x1, y1],
            [x2 - width, y1],
            [x1, y2 - height],
            [x2 - width, y2 - height],
        ];
        let free = |spot: &Area| !self.placed.iter().any(|other| overlap(*spot, *other));
        let below = (1..12).map(|step| [x1, y1 + step * height]);
        let spot = corners.into_iter().chain(below).map(inside).find(free);
        let spot = spot.unwrap_or_else(|| inside(corners[0]));
        self.placed.push(spot);
        fill(canvas, spot, colour);
        let at = [spot[0] + rim, spot[1] + rim];
        write(canvas, at, text, scale, contrasting(colour));
    }
}

fn overlap(a: Area, b: Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// The bytes of a PNG file.
///
/// # Errors
/// What the encoder says; it can't fail for an image of at least one pixel.
pub fn png(canvas: &RgbImage) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    canvas.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> RgbImage {
        RgbImage::new(60, 40)
    }

    fn count(canvas: &RgbImage, colour: Rgb<u8>) -> usize {
        canvas.pixels().filter(|pixel| **pixel == colour).count()
    }

    #[test]
    fn a_box_beyond_the_image_is_drawn_whole_at_its_edge() {
        let mut canvas = canvas();
        outline(&mut canvas, [-9, -9, 99, 99], 1, WHITE);
        assert_eq!(count(&canvas, WHITE), 2 * 60 + 2 * 38);
        for corner in [[0, 0], [59, 0], [0, 39], [59, 39]] {
            assert_eq!(*canvas.get_pixel(corner[0], corner[1]), WHITE);
        }
    }

    #[test]
    fn labels_of_one_box_do_not_cover_each_other_and_stay_inside() {
        let mut labels = Labels::default();
        let mut canvas = canvas();
        for text in ["7", "1", "9"] {
            labels.add(&mut canvas, [0, 0, 30, 30], text, 1, colour(1));
        }
        for (i, a) in labels.placed.iter().enumerate() {
            assert!(a[0] >= 0 && a[1] >= 0 && a[2] <= 60 && a[3] <= 40, "{a:?}");
            assert!(labels.placed[..i].iter().all(|b| !overlap(*a, *b)), "{a:?}");
        }
    }

    #[test]
    fn text_has_the_size_it_says() {
        let mut canvas = canvas();
        write(&mut canvas, [3, 4], "HI", 2, WHITE);
        let lit = |canvas: &RgbImage| -> Vec<[u32; 2]> {
            let all = canvas.enumerate_pixels();
            all.filter(|(_, _, pixel)| **pixel == WHITE)
                .map(|(x, y, _)| [x, y])
                .collect()
        };
        let found = lit(&canvas);
        assert_eq!(text_size("HI", 2), [22, 14]);
        assert_eq!(text_size("Hp", 2), [22, 18]);
        assert_eq!(found.iter().map(|at| at[1]).min(), Some(4));
        assert_eq!(found.iter().map(|at| at[1]).max(), Some(4 + 14 - 1));
        assert_eq!(found.iter().map(|at| at[0]).min(), Some(3));
    }
}
