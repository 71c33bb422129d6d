//! A user's image file, of any size and polarity, in the form the networks were trained on.
//!
//! `Gray` is 0 where there is paper and 255 where there is ink, as in MNIST. A [`Fitted`] image
//! remembers where its pixels come from, so that boxes found in it can be given in the original.

use crate::ink::ink_box;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Rows and columns of MNIST's images.
const SIDE: u32 = 28;
/// Rows and columns of the box that MNIST's digits were scaled to fit.
const DIGIT: u32 = 20;
/// Wider or higher files are refused before they are decoded.
const MOST_SIDE: u32 = 20_000;
/// Grey levels between paper and ink below which there is nothing to see.
const LEAST_CONTRAST: u8 = 12;
/// Grey levels above the paper that still count as paper: JPEG leaves such ripples near edges.
const RIPPLE: u8 = 12;

/// Why a file cannot be read as an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file cannot be opened.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Neither PNG nor JPEG.
    #[error("{} is no PNG or JPEG image{found}; convert it to PNG first", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it seems to be, such as `: it is empty`.
        found: &'static str,
    },
    /// PNG or JPEG by its first bytes, but broken or too large.
    #[error("{} cannot be decoded: {source}", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },
}

/// An image of ink: 0 paper, 255 the darkest ink (or the brightest chalk).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gray {
    /// `[H, W]`.
    pub pixels: Vec<u8>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// True if the file showed dark ink on light paper, unlike MNIST.
    pub dark_on_light: bool,
}

/// An image of the size that a network takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// `[H, W]`, 0 paper to 255 ink.
    pub pixels: Vec<u8>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// Where the pixels come from.
    pub mapping: Mapping,
}

/// From a fitted image's pixels to the original's: original = fitted * scale + shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    /// Original pixels per fitted pixel, `[x, y]`.
    pub scale: [f32; 2],
    /// The original's place of the fitted image's upper left corner, `[x, y]`.
    pub shift: [f32; 2],
    /// Width and height of the original; boxes are cut off there.
    pub original: [f32; 2],
}

impl Mapping {
    /// A box `[x1, y1, x2, y2]` of the fitted image, in pixels of the original.
    pub fn to_original(&self, fitted: [f32; 4]) -> [f32; 4] {
        let mut original = [0.0; 4];
        for (index, place) in original.iter_mut().enumerate() {
            let axis = index % 2;
            let exact = fitted[index] * self.scale[axis] + self.shift[axis];
            *place = exact.clamp(0.0, self.original[axis]);
        }
        original
    }
}

/// Reads a PNG or JPEG file.
///
/// # Errors
/// A file that cannot be opened or is no such image.
pub fn read(path: &Path) -> Result<Gray, ImageError> {
    let bytes = std::fs::read(path).map_err(|source| ImageError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    decode(path, &bytes)
}

/// Reads the bytes of a PNG or JPEG file; `path` is for messages.
///
/// Transparency is laid over white. Paper is what the border shows, ink what differs most from
/// it; grey levels are stretched so that paper is 0 and the strongest ink 255.
///
/// # Errors
/// Bytes that are no such image.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<Gray, ImageError> {
    let wrong = |source| ImageError::Decode {
        path: path.to_path_buf(),
        source,
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| wrong(image::ImageError::IoError(error)))?;
    if !reader
        .format()
        .is_some_and(|format| format.reading_enabled())
    {
        return Err(ImageError::Format {
            path: path.to_path_buf(),
            found: resemblance(bytes),
        });
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(wrong)?;
    // A telephone writes how it was held; an unreadable note about that is no reason to fail.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(from_image(&image))
}

fn from_image(image: &DynamicImage) -> Gray {
    let pixels = image.to_luma_alpha8();
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let over = |paper: u32| {
        let mix = |[luma, alpha]: [u8; 2]| {
            let (luma, alpha) = (u32::from(luma), u32::from(alpha));
            ((luma * alpha + paper * (255 - alpha) + 127) / 255) as u8
        };
        let pixels = pixels.pixels().map(|pixel| mix(pixel.0)).collect();
        ink(pixels, height, width)
    };
    let on_white = over(255);
    let blank = on_white.pixels.iter().all(|&pixel| pixel == 0);
    if blank && image.color().has_alpha() {
        // White drawn on nothing.
        over(0)
    } else {
        on_white
    }
}

/// Decides what is paper and stretches the levels.
fn ink(mut pixels: Vec<u8>, height: usize, width: usize) -> Gray {
    let paper = border_median(&pixels, height, width);
    // A border in the middle greys says little: then the paper is the end further from the ink,
    // and the ink is the side that reaches further.
    let darkest = pixels.iter().copied().min().unwrap_or(paper);
    let brightest = pixels.iter().copied().max().unwrap_or(paper);
    let (below, above) = (paper - darkest, brightest - paper);
    let dark_on_light = match paper {
        0..=85 => false,
        170..=255 => true,
        _ => below > above,
    };
    let reach = if dark_on_light { below } else { above };
    if reach < LEAST_CONTRAST {
        pixels.fill(0);
    } else {
        for pixel in &mut pixels {
            let level = if dark_on_light {
                paper.saturating_sub(*pixel)
            } else {
                pixel.saturating_sub(paper)
            };
            let (level, reach) = (u32::from(level), u32::from(reach));
            *pixel = ((level * 255 + reach / 2) / reach).min(255) as u8;
        }
    }
    Gray {
        pixels,
        height,
        width,
        dark_on_light,
    }
}

fn border_median(pixels: &[u8], height: usize, width: usize) -> u8 {
    let mut border = Vec::with_capacity(2 * (height + width));
    for (index, &pixel) in pixels.iter().enumerate() {
        let (y, x) = (index / width, index % width);
        if y == 0 || x == 0 || y + 1 == height || x + 1 == width {
            border.push(pixel);
        }
    }
    border.sort_unstable();
    border.get(border.len() / 2).copied().unwrap_or(0)
}

/// One digit in MNIST's form: its longer side scaled to 20 pixels, antialiased, its centre of
/// mass in the middle of 28 x 28. An image that has that form already is left as it is.
pub fn digit(gray: &Gray) -> Fitted {
    let (height, width) = (gray.height, gray.width);
    let mapping = |scale, shift| Mapping {
        scale,
        shift,
        original: [width as f32, height as f32],
    };
    let is_small = (width, height) == (SIDE as usize, SIDE as usize);
    let threshold = if is_small { 0 } else { RIPPLE };
    let ink = ink_box(&gray.pixels, height, width, threshold);
    let Some([x1, y1, x2, y2]) = ink else {
        let scale = [width as f32 / SIDE as f32, height as f32 / SIDE as f32];
        return fitted(vec![0; (SIDE * SIDE) as usize], mapping(scale, [0.0, 0.0]));
    };
    let longer = (x2 - x1).max(y2 - y1);
    let has_the_form = is_small && (longer - DIGIT as f32).abs() <= 1.0;
    if has_the_form {
        return fitted(gray.pixels.clone(), mapping([1.0; 2], [0.0; 2]));
    }
    let side = |length: f32| ((length * DIGIT as f32 / longer).round() as u32).max(1);
    let (digit_width, digit_height) = (side(x2 - x1), side(y2 - y1));
    let small = resize(
        gray,
        [x1, y1, x2, y2].map(|place| place as u32),
        digit_width,
        digit_height,
    );

    // Whole pixels, as MNIST did, and never so far that ink falls off the edge.
    let [mass_x, mass_y] = centre_of_mass(&small);
    let corner = |mass: f32, length: u32| {
        let wanted = (SIDE as f32 / 2.0 - mass).round();
        wanted.clamp(0.0, (SIDE - length) as f32) as u32
    };
    let (left, top) = (corner(mass_x, digit_width), corner(mass_y, digit_height));
    let mut canvas = GrayImage::new(SIDE, SIDE);
    imageops::replace(&mut canvas, &small, i64::from(left), i64::from(top));
    let scale = [
        (x2 - x1) / digit_width as f32,
        (y2 - y1) / digit_height as f32,
    ];
    let shift = [x1 - left as f32 * scale[0], y1 - top as f32 * scale[1]];
    fitted(canvas.into_raw(), mapping(scale, shift))
}

fn fitted(pixels: Vec<u8>, mapping: Mapping) -> Fitted {
    Fitted {
        pixels,
        height: SIDE as usize,
        width: SIDE as usize,
        mapping,
    }
}

/// The whole image scaled to fit `height` x `width`, its proportions kept, paper around it.
///
/// Both sides must be at least 1; a side of 0 is taken as 1.
pub fn whole(gray: &Gray, height: usize, width: usize) -> Fitted {
    let (height, width) = (height.max(1) as u32, width.max(1) as u32);
    let (from_width, from_height) = (gray.width as f32, gray.height as f32);
    let shrink = (width as f32 / from_width).min(height as f32 / from_height);
    let side = |length: f32, most: u32| ((length * shrink).round() as u32).clamp(1, most);
    let (small_width, small_height) = (side(from_width, width), side(from_height, height));
    let all = [0, 0, gray.width as u32, gray.height as u32];
    let small = resize(gray, all, small_width, small_height);
    let (left, top) = ((width - small_width) / 2, (height - small_height) / 2);
    let mut canvas = GrayImage::new(width, height);
    imageops::replace(&mut canvas, &small, i64::from(left), i64::from(top));
    let scale = [
        from_width / small_width as f32,
        from_height / small_height as f32,
    ];
    Fitted {
        pixels: canvas.into_raw(),
        height: height as usize,
        width: width as usize,
        mapping: Mapping {
            scale,
            shift: [-(left as f32) * scale[0], -(top as f32) * scale[1]],
            original: [from_width, from_height],
        },
    }
}

/// The part `[x1, y1, x2, y2]` in another size. A triangle as wide as a new pixel's share of the
/// old ones: no old pixel is skipped, however much smaller the new image is.
fn resize(gray: &Gray, [x1, y1, x2, y2]: [u32; 4], width: u32, height: u32) -> GrayImage {
    let part = GrayImage::from_fn(x2 - x1, y2 - y1, |x, y| {
        let index = (y + y1) as usize * gray.width + (x + x1) as usize;
        image::Luma([gray.pixels[index]])
    });
    if part.dimensions() == (width, height) {
        return part;
    }
    imageops::resize(&part, width, height, FilterType::Triangle)
}

/// `[x, y]` in pixels from the upper left corner; the middle if there is no ink.
fn centre_of_mass(image: &GrayImage) -> [f32; 2] {
    let (mut mass, mut x_moment, mut y_moment) = (0.0f64, 0.0f64, 0.0f64);
    for (x, y, pixel) in image.enumerate_pixels() {
        let ink = f64::from(pixel.0[0]);
        mass += ink;
        x_moment += ink * (f64::from(x) + 0.5);
        y_moment += ink * (f64::from(y) + 0.5);
    }
    if mass == 0.0 {
        return [image.width() as f32 / 2.0, image.height() as f32 / 2.0];
    }
    [(x_moment / mass) as f32, (y_moment / mass) as f32]
}

fn resemblance(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => ": it is empty",
        [b'%', b'P', b'D', b'F', ..] => ": it is a PDF document",
        [b'G', b'I', b'F', b'8', ..] => ": it is a GIF image",
        [b'B', b'M', ..] => ": it looks like a BMP image",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => ": it is a WebP image",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => ": it is a TIFF image",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => ": it is a HEIC or AVIF image, or a film",
        [b'P', b'K', 3, 4, ..] => ": it is a ZIP archive",
        [0x1f, 0x8b, ..] => ": it is gzipped",
        _ if std::str::from_utf8(&bytes[..bytes.len().min(256)]).is_ok() => ": it looks like text",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, LumaA, Rgb, RgbImage};

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn bar(width: u32, height: u32, paper: u8, ink: u8) -> DynamicImage {
        // A bar from 2/5 to 3/5 of the width and 1/5 to 4/5 of the height.
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
            let inside = (width * 2 / 5..width * 3 / 5).contains(&x)
                && (height / 5..height * 4 / 5).contains(&y);
            Rgb([if inside { ink } else { paper }; 3])
        }))
    }

    #[test]
    fn size_and_polarity_do_not_matter() {
        let cases = [
            ("black on white", 100, 100, 255, 0, ImageFormat::Png),
            ("white on black", 100, 100, 0, 255, ImageFormat::Png),
            ("pencil on grey paper", 100, 100, 180, 90, ImageFormat::Png),
            ("photograph", 1000, 1000, 230, 40, ImageFormat::Jpeg),
            ("chalk, oblong", 500, 500, 30, 200, ImageFormat::Jpeg),
            ("tiny", 10, 10, 255, 0, ImageFormat::Png),
        ];
        for (name, width, height, paper, ink, format) in cases {
            let bytes = encode(&bar(width, height, paper, ink), format);
            let gray = decode(Path::new(name), &bytes).unwrap();
            assert_eq!(gray.dark_on_light, ink < paper, "{name}");
            let fitted = digit(&gray);
            let [x1, y1, x2, y2] = ink_box(&fitted.pixels, 28, 28, 127).unwrap();
            // 3 times as high as wide, scaled to 20 and put in the middle.
            assert!(
                (y1 - 4.0).abs() <= 1.0 && (y2 - 24.0).abs() <= 1.0,
                "{name}: {y1} {y2}"
            );
            assert!(
                (x2 - x1 - 7.0).abs() <= 1.0 && (x1 - 11.0).abs() <= 1.0,
                "{name}: {x1} {x2}"
            );
            assert!(fitted.pixels[14 * 28 + 14] > 230, "{name}");
            assert_eq!(fitted.pixels[0], 0, "{name}");

            let original = fitted.mapping.to_original([x1, y1, x2, y2]);
            let (w, h) = (width as f32, height as f32);
            let expected = [w * 0.4, h * 0.2, w * 0.6, h * 0.8];
            for (found, expected) in original.into_iter().zip(expected) {
                assert!((found - expected).abs() <= 0.05 * w, "{name}: {original:?}");
            }
        }
    }

    #[test]
    fn mnist_stays_as_it_is() {
        let test = crate::mnist::built_in().unwrap().test;
        let mut changed = 0;
        for index in 0..1000 {
            let pixels = test.image(index).to_vec();
            let image = GrayImage::from_raw(28, 28, pixels.clone()).unwrap();
            let fitted = digit(&from_image(&image.into()));
            let stretched = *pixels.iter().max().unwrap() != 255;
            changed += usize::from(fitted.pixels != pixels && !stretched);
        }
        assert!(changed <= 20, "{changed} of 1000 digits were changed");
    }

    #[test]
    fn transparency_is_paper() {
        let drawn = |luma| {
            let image = image::ImageBuffer::from_fn(40, 40, |x, y| {
                let ink = (15..25).contains(&x) && (5..35).contains(&y);
                LumaA([luma, if ink { 255u8 } else { 0 }])
            });
            let gray = from_image(&DynamicImage::ImageLumaA8(image));
            gray.pixels[20 * 40 + 20]
        };
        assert_eq!((drawn(0), drawn(255)), (255, 255));
    }

    #[test]
    fn nothing_drawn_gives_nothing() {
        let gray = from_image(&bar(50, 30, 200, 200));
        let fitted = digit(&gray);
        assert!(fitted.pixels.iter().all(|&pixel| pixel == 0));
        assert_eq!(
            fitted.mapping.to_original([0.0, 0.0, 28.0, 28.0]),
            [0.0, 0.0, 50.0, 30.0]
        );
    }

    #[test]
    fn the_whole_image_keeps_its_proportions() {
        let gray = from_image(&bar(200, 100, 0, 255));
        let fitted = whole(&gray, 28, 28);
        assert_eq!(
            (fitted.height, fitted.width, fitted.pixels.len()),
            (28, 28, 784)
        );
        let all = fitted.mapping.to_original([0.0, 7.0, 28.0, 21.0]);
        assert_eq!(all, [0.0, 0.0, 200.0, 100.0]);
        assert!(fitted.pixels[14 * 28 + 14] > 230 && fitted.pixels[3 * 28 + 14] == 0);
        assert_eq!(whole(&gray, 100, 200).pixels, gray.pixels);
    }

    #[test]
    fn files_that_are_no_images() {
        let png = encode(&bar(20, 20, 0, 255), ImageFormat::Png);
        let cases: [(&str, &[u8], &str); 6] = [
            (
                "empty",
                b"",
                "is no PNG or JPEG image: it is empty; convert it to PNG first",
            ),
            ("text", b"hello", "it looks like text"),
            ("pdf", b"%PDF-1.7", "it is a PDF document"),
            ("gif", b"GIF89a\x01\x00", "it is a GIF image"),
            ("cut png", &png[..40], "cannot be decoded"),
            (
                "noise",
                b"\xff\x00\x01\x02",
                "is no PNG or JPEG image; convert",
            ),
        ];
        for (name, bytes, expected) in cases {
            let error = decode(Path::new(name), bytes).unwrap_err().to_string();
            assert!(error.starts_with(name) || error.contains(name), "{error}");
            assert!(error.contains(expected), "{name}: {error}");
        }
        let error = read(Path::new("/no/such.png")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read /no/such.png"), "{error}");
    }
}
