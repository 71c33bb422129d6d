//! Decodes the picture of an entry, and says what is known about it then.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::image::{Decoded, ImageError, Mapping, decode, file, from_planes};
use crate::listing::{Entry, Fault, Picture, Pixels, Problem};

/// What is known of a picture once it is decoded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    /// `[height, width]`, upright.
    pub size: [usize; 2],
    /// `[height, width]` as the file stores it.
    pub stored: [usize; 2],
    /// EXIF's number of how the file's pixels were turned.
    pub orientation: u8,
    /// Where the prepared pixels come from.
    pub mapping: Mapping,
}

impl Facts {
    /// Of a decoded picture that is not fitted yet.
    pub fn of(decoded: &Decoded) -> Self {
        let size = [decoded.image.height(), decoded.image.width()].map(|side| side as usize);
        Self {
            size,
            stored: decoded.stored_size(),
            orientation: decoded.orientation.to_exif(),
            mapping: Mapping::identity(size),
        }
    }
}

/// Decodes the picture of an entry, of at most `max_pixels`.
///
/// # Errors
/// The problem with it.
pub(crate) fn open(entry: &Entry, max_pixels: u64) -> Result<Decoded, Problem> {
    open_seen(entry, max_pixels, |_| {})
}

/// The same; `see` gets the bytes of the file before they are decoded.
///
/// # Errors
/// As for [`open`].
pub(crate) fn open_seen(
    entry: &Entry,
    max_pixels: u64,
    see: impl FnOnce(&[u8]),
) -> Result<Decoded, Problem> {
    let damaged = |what: String| Problem {
        fault: Fault::DamagedPicture,
        place: entry.name.clone(),
        what,
    };
    let decoded = match &entry.picture {
        Picture::File(path) => file(path).and_then(|bytes| {
            see(&bytes);
            decode(path, &bytes, max_pixels)
        }),
        Picture::Bytes(bytes) => {
            see(bytes);
            decode(Path::new(&entry.name), bytes, max_pixels)
        }
        Picture::Pixels { all, index } => {
            let Pixels {
                channels,
                height,
                width,
                ..
            } = **all;
            let length = channels * height * width;
            let pixels = all.values.get(index * length..(index + 1) * length);
            let image = pixels.and_then(|pixels| from_planes(pixels, [channels, height, width]));
            return image
                .map(Decoded::upright)
                .ok_or_else(|| damaged("its pixels are missing".to_string()));
        }
    };
    decoded.map_err(|error| match error {
        ImageError::Read { source, .. } if source.kind() == ErrorKind::NotFound => Problem {
            fault: Fault::MissingPicture,
            place: entry.name.clone(),
            what: "there is no such file".to_string(),
        },
        other => damaged(other.to_string()),
    })
}
