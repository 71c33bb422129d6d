//! Image files: the one decoder that training, prediction and drawing use.

mod cut;
mod digit;
mod fit;
mod ink;
mod jpeg;
mod kinds;
mod mapping;
mod opaque;
mod room;
mod tiff;
mod webp;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::error::{DecodingError, ImageFormatHint};
use image::{ImageDecoder, ImageFormat, ImageReader, Limits};

pub use cut::{cut, png};
pub use digit::digit;
pub use fit::{Fitter, from_planes};
pub use image::DynamicImage;
pub use image::metadata::Orientation;
pub use ink::Gray;
pub use mapping::{Fitted, Mapping};
pub use opaque::{has_colour, opaque, opaque_for_ink};

use crate::memory::NotEnoughMemory;
use jpeg::End;
use room::Room;

/// A number of pixels as people read it.
fn thousands(pixels: u64) -> String {
    recipe::grouped(&pixels.to_string(), ",")
}

/// Bytes that a file's metadata, or a decoder's working memory beside the pixels, may take.
const MOST_METADATA: u64 = 64 << 20;
/// Bytes that the first frame of a GIF may have beyond twice those of the picture.
const GIF_FRAME: u64 = 64 << 10;

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
    /// A format that is not supported.
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
        "{} has {width} x {height} pixels, which is {} in all, but the limit is {}; \
         shrink it, or raise the limit with --max-pixels (data.max-pixels in a recipe)",
        .path.display(), thousands(u64::from(*.width) * u64::from(*.height)), thousands(*.max_pixels)
    )]
    Large {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
        /// The limit on width times height.
        max_pixels: u64,
    },
    /// Too large for this machine.
    #[error("{} has {width} x {height} pixels: decoding it {cause}; shrink it", .path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
        /// How much memory it needs.
        cause: NotEnoughMemory,
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
    /// A known format by its first bytes, but broken.
    #[error("{} cannot be decoded: {source}", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },
    /// A picture that can't be written.
    #[error("{} cannot be written as PNG: {source}", .path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: image::ImageError,
    },
}

/// A decoded image.
#[derive(Debug)]
pub struct Decoded {
    /// Upright, as the file's EXIF note says; it may have transparent pixels.
    pub image: DynamicImage,
    /// How the file's pixels were turned to stand upright.
    pub orientation: Orientation,
    /// Other threads wait until it is dropped, if the image is large.
    _room: Option<Room>,
}

impl Decoded {
    /// An image that was no file.
    pub(crate) fn upright(image: DynamicImage) -> Self {
        Self {
            image,
            orientation: Orientation::NoTransforms,
            _room: None,
        }
    }

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
/// the first is read. Of large images only as many are decoded at a time as there is memory for; others wait until one is
/// dropped.
///
/// # Errors
/// Bytes that are not an image or only a part of one, images of more than `max_pixels` pixels, and those that do not fit
/// into memory. All sizes are checked before anything is decoded.
pub fn decode(path: &Path, bytes: &[u8], max_pixels: u64) -> Result<Decoded, ImageError> {
    let Some(format) = kinds::format(bytes) else {
        return Err(ImageError::Format {
            path: path.to_path_buf(),
            found: kinds::resemblance(bytes),
        });
    };
    let end = match format {
        ImageFormat::Jpeg => jpeg::end(bytes),
        ImageFormat::WebP if webp::is_cut(bytes) => End::Missing,
        ImageFormat::Tiff if tiff::is_cut(bytes) => End::Missing,
        _ => End::Marked,
    };
    if end == End::Missing {
        return Err(ImageError::Truncated(path.to_path_buf()));
    }
    let file = Undecoded {
        path,
        format,
        max_pixels,
    };
    let decoder = file.open(bytes)?;
    let (width, height) = decoder.dimensions();
    let room = Room::take(decoder.total_bytes(), u64::from(width) * u64::from(height));
    let room = room.map_err(|cause| ImageError::Memory {
        path: path.to_path_buf(),
        width,
        height,
        cause,
    })?;
    let (image, orientation) = match end {
        End::Unmarked => file.unmarked_jpeg(bytes)?,
        _ => file.pixels(decoder, bytes)?,
    };
    Ok(Decoded {
        image,
        orientation,
        _room: room,
    })
}

/// What is known of a file before its pixels are.
struct Undecoded<'a> {
    path: &'a Path,
    format: ImageFormat,
    max_pixels: u64,
}

impl Undecoded<'_> {
    /// Reads the header and checks the size.
    fn open(&self, bytes: &[u8]) -> Result<impl ImageDecoder, ImageError> {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), self.format);
        reader.limits(header_limits());
        let decoder = reader
            .into_decoder()
            .map_err(|source| self.broken(source))?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        let has_larger = match self.format {
            ImageFormat::WebP => webp::most_pixels(bytes) > pixels,
            ImageFormat::Tiff => tiff::has_larger_jpeg(bytes, pixels),
            _ => false,
        };
        if has_larger {
            let hint = ImageFormatHint::Exact(self.format);
            let larger = DecodingError::new(hint, "a part of it is larger than the picture");
            return Err(self.broken(image::ImageError::Decoding(larger)));
        }
        let path = || self.path.to_path_buf();
        match pixels {
            0 => Err(ImageError::NoPixels {
                path: path(),
                width,
                height,
            }),
            pixels if pixels > self.max_pixels => Err(ImageError::Large {
                path: path(),
                width,
                height,
                max_pixels: self.max_pixels,
            }),
            _ => Ok(decoder),
        }
    }

    /// The upright image, and how it was turned.
    fn pixels(
        &self,
        mut decoder: impl ImageDecoder,
        bytes: &[u8],
    ) -> Result<(DynamicImage, Orientation), ImageError> {
        let broken = |source| self.broken(source);
        // Twice, as the decoder of TIFF files holds four colours where the image has three.
        let most = decoder.total_bytes().saturating_mul(2);
        // A GIF's frame may state any size, whatever that of the picture; there are no metadata to read.
        let beside = match self.format {
            ImageFormat::Gif => GIF_FRAME,
            _ => MOST_METADATA,
        };
        decoder
            .set_limits(limits(most.saturating_add(beside)))
            .map_err(broken)?;
        let orientation = kinds::orientation(&mut decoder, bytes, self.format);
        let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
        image.apply_orientation(orientation);
        Ok((image, orientation))
    }

    /// A JPEG file without the mark at its end. The decoder silently fills up what is missing, so different endings
    /// are tried: if they change the picture, something was missing.
    fn unmarked_jpeg(&self, bytes: &[u8]) -> Result<(DynamicImage, Orientation), ImageError> {
        let mut endings = jpeg::endings(bytes).into_iter();
        let mut next = || {
            let bytes = endings.next()?;
            Some(
                self.open(&bytes)
                    .and_then(|decoder| self.pixels(decoder, &bytes)),
            )
        };
        let truncated = || ImageError::Truncated(self.path.to_path_buf());
        let first = next().ok_or_else(truncated)??;
        while let Some(other) = next() {
            if !other.is_ok_and(|other| other.0 == first.0) {
                return Err(truncated());
            }
        }
        Ok(first)
    }

    fn broken(&self, source: image::ImageError) -> ImageError {
        let path = self.path.to_path_buf();
        if kinds::says_cut(&source) {
            ImageError::Truncated(path)
        } else {
            ImageError::Decode { path, source }
        }
    }
}

/// For reading a file's header.
pub(crate) fn header_limits() -> Limits {
    limits(MOST_METADATA)
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(bytes);
    limits
}

#[cfg(test)]
mod tests;
