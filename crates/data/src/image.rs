//! Image files: the one decoder that training, prediction and drawing use.

mod fit;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage, Rgba, RgbaImage};

pub use fit::{Fitted, Gray, Mapping, digit, whole};

/// Images of more pixels are refused before they are decoded.
const MOST_PIXELS: u64 = 100_000_000;
/// Bytes that a file's metadata may unpack to.
const MOST_METADATA: u64 = 64 << 20;
/// An image whose grey levels differ by less shows nothing.
const LEAST_CONTRAST: u8 = 12;

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
    /// A folder, a pipe or a device.
    #[error("{} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// Neither PNG nor JPEG.
    #[error("{} is not a PNG or JPEG image{found}; convert it to PNG first", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it seems to be, such as `: it is empty`.
        found: &'static str,
    },
    /// Too many pixels.
    #[error(
        "{} has {width} x {height} pixels, more than the {} million that are allowed; shrink it first",
        .path.display(), MOST_PIXELS / 1_000_000
    )]
    Large {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// PNG or JPEG by its first bytes, but broken.
    #[error("{} cannot be decoded: {source}", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },
}

/// Reads a PNG or JPEG file as [`decode`] does.
///
/// # Errors
/// A file that cannot be opened, is not a regular file, or is no such image.
pub fn read(path: &Path) -> Result<DynamicImage, ImageError> {
    let failed = |source| ImageError::Read {
        path: path.to_path_buf(),
        source,
    };
    // Reading a pipe or a device could wait for ever or never end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ImageError::NotRegular(path.to_path_buf()));
    }
    decode(path, &std::fs::read(path).map_err(failed)?)
}

/// Decodes a PNG or JPEG file; `path` is for messages.
///
/// The result stands upright, as the file's EXIF note says, and is opaque: transparency is laid over white, or over black
/// where the image would show nothing on white.
///
/// # Errors
/// Bytes that are no such image, or one of more than 100 million pixels.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<DynamicImage, ImageError> {
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
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_METADATA);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ImageError::Large {
            path: path.to_path_buf(),
            width,
            height,
        });
    }
    // An unreadable note about the orientation is no reason to fail.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(opaque(image))
}

fn opaque(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let pixels = image.into_rgba8();
    let on_white = DynamicImage::from(over(&pixels, 255));
    let grey = on_white.to_luma8();
    let levels = || grey.iter().copied();
    let contrast = levels().max().unwrap_or(0) - levels().min().unwrap_or(0);
    if contrast < LEAST_CONTRAST {
        // White drawn on nothing.
        over(&pixels, 0).into()
    } else {
        on_white
    }
}

/// The image laid over a grey background.
fn over(image: &RgbaImage, background: u8) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
        let alpha = u32::from(alpha);
        let mix = |level: u8| {
            ((u32::from(level) * alpha + u32::from(background) * (255 - alpha) + 127) / 255) as u8
        };
        image::Rgb([red, green, blue].map(mix))
    })
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
mod tests;
