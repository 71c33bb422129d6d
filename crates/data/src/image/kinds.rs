//! Formats by their first bytes, and what each keeps in a place of its own: orientation, and signs of a missing end.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};

/// The format of an image that can be read.
pub(super) fn format(bytes: &[u8]) -> Option<ImageFormat> {
    // BigTIFF, for files of more than 4 GiB, which are written for smaller ones too.
    if let [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] = bytes {
        return Some(ImageFormat::Tiff);
    }
    let format = image::guess_format(bytes).ok()?;
    let known = match format {
        // Two letters at the start prove little: text may start like that, too.
        ImageFormat::Bmp => matches!(
            bytes.get(14..18),
            Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
        ),
        ImageFormat::Pnm => bytes.get(2).is_some_and(u8::is_ascii_whitespace),
        _ => matches!(
            format,
            ImageFormat::Png
                | ImageFormat::Jpeg
                | ImageFormat::WebP
                | ImageFormat::Gif
                | ImageFormat::Tiff
        ),
    };
    known.then_some(format)
}

/// What a file of another format seems to be, for a message.
pub(super) fn resemblance(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => ": it is empty",
        [b'%', b'P', b'D', b'F', ..] => ": it is a PDF document",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => ": it is a HEIC or AVIF image, or a film",
        [b'P', b'K', 3, 4, ..] => ": it is a ZIP archive",
        [0x1f, 0x8b, ..] => ": it is gzipped",
        [b'8', b'B', b'P', b'S', ..] => ": it is a Photoshop document",
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => ": it is a JPEG XL image",
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => ": it is a JPEG 2000 image",
        [0, 0, 1, 0, ..] => ": it is an icon file",
        [0, 5, 0x16, 7, ..] => ": it only holds what macOS notes about another file",
        _ => text(bytes),
    }
}

fn text(bytes: &[u8]) -> &'static str {
    let start = &bytes[..bytes.len().min(512)];
    let start = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A letter of several bytes may be cut at the end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return "",
    };
    if start.contains('\0') {
        return "";
    }
    let lower = start.to_ascii_lowercase();
    if lower.contains("<svg") {
        ": it is an SVG drawing"
    } else if lower.contains("<html") || lower.contains("<!doctype html") {
        ": it is an HTML page, perhaps the message of a failed download"
    } else if start.starts_with("version https://git-lfs") {
        ": it is a pointer of Git LFS; fetch the file itself with `git lfs pull`"
    } else {
        ": it looks like text"
    }
}

/// Whether a decoder's error says that the file ends too early.
pub(super) fn says_cut(error: &image::ImageError) -> bool {
    if let image::ImageError::IoError(error) = error
        && error.kind() == std::io::ErrorKind::UnexpectedEof
    {
        return true;
    }
    // The decoders' own kinds of errors can only be distinguished by their messages.
    let words = error.to_string().to_ascii_lowercase();
    ["unexpected end of file", "unexpected eof", "truncated"]
        .iter()
        .any(|cut| words.contains(cut))
}

/// How the image must be turned. An unreadable note about that is no reason to fail.
pub(super) fn orientation(
    decoder: &mut impl ImageDecoder,
    bytes: &[u8],
    format: ImageFormat,
) -> Orientation {
    let found = match format {
        ImageFormat::Tiff => decoder.orientation().ok(),
        ImageFormat::Png => png_exif(bytes).and_then(from_exif),
        ImageFormat::Jpeg | ImageFormat::WebP => {
            let exif = decoder.exif_metadata().ok().flatten();
            exif.as_deref().and_then(from_exif)
        }
        _ => None,
    };
    found.unwrap_or(Orientation::NoTransforms)
}

/// Some programs write JPEG's name of the note before it in other formats, too.
fn from_exif(note: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(note.strip_prefix(b"Exif\0\0").unwrap_or(note))
}

/// The chunk `eXIf`, which may stand before or after the pixels; the decoder only sees those before.
fn png_exif(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let kind = rest.get(4..8)?;
        let body = rest.get(8..)?.get(..length)?;
        match kind {
            b"eXIf" => return Some(body),
            b"IEND" => return None,
            _ => rest = rest.get(12 + length..)?,
        }
    }
}
