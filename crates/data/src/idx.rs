//! The IDX format of MNIST's files: a magic number, big-endian sizes, then bytes.
//!
//! Images: `0x00000803`, count, height, width, then pixels row by row. Labels: `0x00000801`,
//! count, then labels. Either may be gzipped. Source: <http://yann.lecun.com/exdb/mnist/>.

use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::memory::{self, NotEnoughMemory};

/// MNIST's four files: training images and labels, test images and labels; each may end in `.gz`.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
/// Rows and columns; more are refused before anything is read.
const MOST_SIDE: u64 = 4096;
/// Bytes that a byte of gzip can become, at most (RFC 1951: 258 for two bits).
const MOST_EXPANSION: u64 = 1032;
/// Bytes of pixels or labels; more are refused before anything is read.
const MOST_BYTES: u64 = 8 << 30;
/// Images or labels; more are refused before anything is read. A label takes four bytes in memory.
const MOST_IMAGES: u64 = 100_000_000;

/// Why a file is not the IDX file it should be.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", .path.display())]
pub struct IdxError {
    /// The file.
    pub path: PathBuf,
    /// What was expected and what was found.
    pub what: IdxFault,
}

/// What is wrong with an IDX file.
#[derive(Debug, thiserror::Error)]
pub enum IdxFault {
    /// The first four bytes belong to no IDX file, or to one of the other kind.
    #[error("expected IDX {kind} (magic number 0x{expected:08x}), found 0x{found:08x}{hint}")]
    Magic {
        /// `images` or `labels`.
        kind: &'static str,
        /// The magic number of this kind.
        expected: u32,
        /// What the file begins with.
        found: u32,
        /// What the file seems to be instead.
        hint: &'static str,
    },
    /// The file ends within its header.
    #[error("expected a header of {expected} bytes, found {found} bytes in all")]
    Header {
        /// Bytes of the header.
        expected: usize,
        /// Bytes of the file.
        found: usize,
    },
    /// A size in the header is zero or beyond any sensible image.
    #[error(
        "the header states {count} x {height} x {width}: each must be at least 1, the first at most {MOST_IMAGES}, sides at most {MOST_SIDE}, the whole at most {MOST_BYTES} bytes"
    )]
    Size {
        /// Images or labels.
        count: u64,
        /// Rows of an image; 1 for labels.
        height: u64,
        /// Columns of an image; 1 for labels.
        width: u64,
    },
    /// More bytes than fit into memory.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
    /// Fewer bytes than the header states.
    #[error(
        "the header states {expected} bytes of data, found only {found}: the file is cut short"
    )]
    Truncated {
        /// By the header.
        expected: u64,
        /// In the file.
        found: u64,
    },
    /// More bytes than the header states.
    #[error("the header states {expected} bytes of data, found more: the file does not end there")]
    Trailing {
        /// By the header.
        expected: u64,
    },
    /// The gzip stream does not decompress.
    #[error("the gzip data is corrupt: {0}")]
    Gzip(std::io::Error),
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Read(std::io::Error),
}

/// Images as the file holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxImages {
    /// `[N, H, W]`, 0 paper to 255 ink in MNIST.
    pub pixels: Vec<u8>,
    /// N.
    pub count: usize,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
}

/// Reads the images of `bytes`, gzipped or not; `path` is for messages.
///
/// # Errors
/// Whatever is wrong with the bytes. Memory grows with what is there, never with what the header
/// states alone, and never beyond what the machine has.
pub fn images(path: &Path, bytes: &[u8]) -> Result<IdxImages, IdxError> {
    let read = || {
        let ([count, height, width], pixels) = read::<3>("images", IMAGES_MAGIC, bytes)?;
        Ok(IdxImages {
            pixels,
            count,
            height,
            width,
        })
    };
    read().map_err(|what| IdxError {
        path: path.to_path_buf(),
        what,
    })
}

/// Reads the labels of `bytes`, gzipped or not; `path` is for messages.
///
/// # Errors
/// As for [`images`].
pub fn labels(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    match read::<1>("labels", LABELS_MAGIC, bytes) {
        Ok((_, labels)) => Ok(labels),
        Err(what) => Err(IdxError {
            path: path.to_path_buf(),
            what,
        }),
    }
}

fn read<const SIZES: usize>(
    kind: &'static str,
    magic: u32,
    bytes: &[u8],
) -> Result<([usize; SIZES], Vec<u8>), IdxFault> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let most = bytes.len() as u64 * MOST_EXPANSION;
        body(kind, magic, MultiGzDecoder::new(bytes), most).map_err(|fault| match fault {
            IdxFault::Read(error) => IdxFault::Gzip(error),
            other => other,
        })
    } else {
        body(kind, magic, bytes, bytes.len() as u64)
    }
}

/// `most` is what the source can hold at most.
fn body<const SIZES: usize>(
    kind: &'static str,
    magic: u32,
    mut source: impl Read,
    most: u64,
) -> Result<([usize; SIZES], Vec<u8>), IdxFault> {
    let length = 4 + 4 * SIZES;
    let mut header = Vec::with_capacity(length);
    source
        .by_ref()
        .take(length as u64)
        .read_to_end(&mut header)
        .map_err(IdxFault::Read)?;
    let word = |index: usize| {
        let bytes = header.get(4 * index..4 * index + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    // The magic number first: an unrelated short file should be called that, not 'cut short'.
    if let Some(found) = word(0)
        && found != magic
    {
        return Err(IdxFault::Magic {
            kind,
            expected: magic,
            found,
            hint: hint(found),
        });
    }
    let mut sizes = [1u64; 3];
    let mut small = [0; SIZES];
    for index in 0..SIZES {
        let Some(size) = word(index + 1) else {
            return Err(IdxFault::Header {
                expected: length,
                found: header.len(),
            });
        };
        sizes[index] = u64::from(size);
        small[index] = size as usize;
    }
    let [count, height, width] = sizes;
    let expected = count.checked_mul(height).and_then(|n| n.checked_mul(width));
    let sensible = count <= MOST_IMAGES && height <= MOST_SIDE && width <= MOST_SIDE;
    let expected = match expected {
        Some(bytes) if sensible && (1..=MOST_BYTES).contains(&bytes) => bytes,
        _ => {
            return Err(IdxFault::Size {
                count,
                height,
                width,
            });
        }
    };
    memory::check(expected.min(most))?;
    // Room for all at once: growing would hold the pixels twice. A false header gets no more than the file can fill,
    // and pages that are never written cost nothing; where even that is refused, the buffer grows as bytes arrive.
    let mut data = Vec::new();
    let _ = data.try_reserve_exact(expected.min(most) as usize);
    // One byte more than stated, to notice trailing data.
    source
        .take(expected + 1)
        .read_to_end(&mut data)
        .map_err(IdxFault::Read)?;
    let found = data.len() as u64;
    if found < expected {
        return Err(IdxFault::Truncated { expected, found });
    }
    if found > expected {
        return Err(IdxFault::Trailing { expected });
    }
    data.shrink_to_fit();
    Ok((small, data))
}

fn hint(found: u32) -> &'static str {
    match found {
        LABELS_MAGIC => ": this file holds labels",
        IMAGES_MAGIC => ": this file holds images",
        0x8950_4e47 => ": this is a PNG image",
        0x504b_0304 => ": this is a ZIP archive, unpack it first",
        _ if found >> 16 == 0xffd8 => ": this is a JPEG image",
        _ if found >> 16 == 0 => ": this is IDX of another type or number of dimensions",
        _ => "",
    }
}
