//! Image files: the one decoder that training, prediction and drawing use.

mod digit;
mod fit;
mod ink;
mod jpeg;
mod kinds;
mod mapping;
mod opaque;
mod tiff;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

pub use digit::digit;
pub use fit::{Fitter, from_planes};
pub use image::metadata::Orientation;
pub use ink::Gray;
pub use mapping::{Fitted, Mapping};
pub use opaque::{has_colour, opaque, opaque_for_ink};

/// Images of more pixels are refused before they are decoded.
const MOST_PIXELS: u64 = 100_000_000;
/// Bytes that the pixels of an image may take: twice that many pixels in 32 bits each.
const MOST_BYTES: u64 = 8 * MOST_PIXELS;
/// Bytes that a file's metadata, or a decoder's working memory beside the pixels, may take.
const MOST_METADATA: u64 = 64 << 20;

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
    /// Of a format that is not read.
    #[error(
        "{} is not an image of a known format (PNG, JPEG, WebP, BMP, GIF, TIFF, PNM){found}; convert it to PNG first",
        .path.display()
    )]
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
    /// No pixels at all.
    #[error("{} has {width} x {height} pixels: there is nothing in it", .path.display())]
    NoPixels {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// Part of the picture is missing.
    #[error("{} is cut off: the file ends before the picture does; copy or download it again", .0.display())]
    Truncated(PathBuf),
    /// Of a known format by its first bytes, but broken.
    #[error("{} cannot be decoded: {source}", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },
}

/// A decoded image.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Upright, as the file's EXIF note says; it may have transparent pixels.
    pub image: DynamicImage,
    /// How the file's pixels were turned to stand upright.
    pub orientation: Orientation,
}

impl Decoded {
    /// `[height, width]` as the file stores the image, before it was turned upright.
    pub fn stored_size(&self) -> [usize; 2] {
        let [height, width] = [self.image.height(), self.image.width()].map(|side| side as usize);
        if self.orientation.to_exif() >= 5 {
            [width, height]
        } else {
            [height, width]
        }
    }
}

/// Reads an image file as [`decode`] does, and lays it over white, or over black where it would show nothing on white.
///
/// # Errors
/// A file that cannot be opened, is not a regular file, or is no such image.
pub fn read(path: &Path) -> Result<DynamicImage, ImageError> {
    let decoded = decode(path, &file(path)?)?;
    Ok(opaque_for_ink(decoded.image))
}

/// The bytes of a file.
///
/// # Errors
/// A file that cannot be opened, or is not a regular file.
pub fn file(path: &Path) -> Result<Vec<u8>, ImageError> {
    let failed = |source| ImageError::Read {
        path: path.to_path_buf(),
        source,
    };
    // Reading a pipe or a device could wait for ever or never end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ImageError::NotRegular(path.to_path_buf()));
    }
    std::fs::read(path).map_err(failed)
}

/// Decodes an image file of any known format, whatever its name; `path` is for messages. Of several frames or pages only
/// the first is read.
///
/// # Errors
/// Bytes that are no such image or only a part of one, and images of more than 100 million pixels.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<Decoded, ImageError> {
    let Some(format) = kinds::format(bytes) else {
        return Err(ImageError::Format {
            path: path.to_path_buf(),
            found: kinds::resemblance(bytes),
        });
    };
    let is_cut = match format {
        ImageFormat::Jpeg => match jpeg::end(bytes) {
            jpeg::End::Marked => false,
            jpeg::End::Missing => true,
            jpeg::End::Unmarked => return unmarked_jpeg(path, bytes),
        },
        ImageFormat::WebP => kinds::webp_is_cut(bytes),
        ImageFormat::Tiff => tiff::is_cut(bytes),
        _ => false,
    };
    if is_cut {
        return Err(ImageError::Truncated(path.to_path_buf()));
    }
    decode_as(path, bytes, format)
}

/// A JPEG file without the mark at its end. The decoder fills up what is missing without a word, so that whether anything
/// is missing shows by whether what follows makes a difference.
fn unmarked_jpeg(path: &Path, bytes: &[u8]) -> Result<Decoded, ImageError> {
    let mut endings = jpeg::endings(bytes).into_iter();
    let mut next = || {
        endings
            .next()
            .map(|bytes| decode_as(path, &bytes, ImageFormat::Jpeg))
    };
    let first = match next() {
        Some(first) => first?,
        None => return Err(ImageError::Truncated(path.to_path_buf())),
    };
    while let Some(other) = next() {
        if !other.is_ok_and(|other| other.image == first.image) {
            return Err(ImageError::Truncated(path.to_path_buf()));
        }
    }
    Ok(first)
}

fn decode_as(path: &Path, bytes: &[u8], format: ImageFormat) -> Result<Decoded, ImageError> {
    let wrong = |source| {
        if kinds::says_cut(&source) {
            ImageError::Truncated(path.to_path_buf())
        } else {
            ImageError::Decode {
                path: path.to_path_buf(),
                source,
            }
        }
    };
    let limits = |bytes| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(bytes);
        limits
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(MOST_METADATA));
    let mut decoder = reader.into_decoder().map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ImageError::NoPixels {
            path: path.to_path_buf(),
            width,
            height,
        });
    }
    let size = decoder.total_bytes();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || size > MOST_BYTES {
        return Err(ImageError::Large {
            path: path.to_path_buf(),
            width,
            height,
        });
    }
    // Twice, as the decoder of TIFF files holds four colours where the image has three.
    decoder
        .set_limits(limits(2 * size + MOST_METADATA))
        .map_err(wrong)?;
    let orientation = kinds::orientation(&mut decoder, bytes, format);
    let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image, orientation })
}

#[cfg(test)]
mod tests;
