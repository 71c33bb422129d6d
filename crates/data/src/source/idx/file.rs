//! The IDX format of MNIST's files: two zero bytes, the type of the numbers, how many dimensions, big-endian sizes, the numbers.
//!
//! Either may be gzipped. Source: <http://yann.lecun.com/exdb/mnist/>.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::memory;
use crate::source::array::{Array, Number};

/// What a gzipped file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Rows, columns and channels; more are refused before anything is read.
const MOST_SIDE: u64 = 4096;
/// Dimensions; more are refused.
const MOST_DIMENSIONS: usize = 4;
/// Bytes that a byte of gzip can become, at most (RFC 1951: 258 for two bits).
const MOST_EXPANSION: u64 = 1032;
/// Bytes of numbers; more are refused before anything is read.
const MOST_BYTES: u64 = 8 << 30;
/// Pictures or labels; more are refused before anything is read. A label takes eight bytes in memory.
const MOST_ITEMS: u64 = 100_000_000;

/// Whether a file that begins with these bytes is an IDX file.
pub fn begins(bytes: &[u8]) -> bool {
    let mut header = Vec::new();
    if bytes.starts_with(&GZIP) {
        // An error after the first bytes is reported when all of it is read.
        let _ = MultiGzDecoder::new(bytes).take(4).read_to_end(&mut header);
    } else {
        header.extend(bytes.iter().take(4));
    }
    matches!(header[..], [0, 0, number, dimensions]
        if number_type(number).is_some() && (1..=MOST_DIMENSIONS).contains(&usize::from(dimensions)))
}

/// The array of a file, gzipped or not.
///
/// # Errors
/// Whatever is wrong with the bytes. Memory grows with what is there, never with what the header states alone, and never
/// beyond what the machine has.
pub fn parse(bytes: &[u8]) -> Result<Array, String> {
    if bytes.starts_with(&GZIP) {
        let most = bytes.len() as u64 * MOST_EXPANSION;
        body(MultiGzDecoder::new(bytes), most)
    } else {
        body(bytes, bytes.len() as u64)
    }
}

/// `most` is what the source can hold at most.
fn body(mut source: impl Read, most: u64) -> Result<Array, String> {
    let mut read = |length: u64| {
        let mut bytes = Vec::new();
        source
            .by_ref()
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(corrupt)?;
        Ok::<_, String>(bytes)
    };
    let magic = read(4)?;
    // The magic number first: an unrelated short file should be called that, not 'cut short'.
    let [0, 0, number, dimensions] = magic[..] else {
        return Err(if magic.len() < 4 {
            format!("expected an IDX file, found {} bytes in all", magic.len())
        } else {
            not_idx(&magic)
        });
    };
    let number = number_type(number).ok_or_else(|| not_idx(&magic))?;
    let dimensions = usize::from(dimensions);
    if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
        return Err(format!(
            "expected IDX of 1 to {MOST_DIMENSIONS} dimensions, found {dimensions}"
        ));
    }
    let header = read(4 * dimensions as u64)?;
    if header.len() < 4 * dimensions {
        return Err(format!(
            "expected a header of {} bytes, found {} bytes in all",
            4 + 4 * dimensions,
            4 + header.len()
        ));
    }
    let sizes: Vec<u64> = header
        .chunks_exact(4)
        .map(|size| size.iter().fold(0, |n, &byte| n << 8 | u64::from(byte)))
        .collect();
    let expected = sizes
        .iter()
        .try_fold(number.size() as u64, |n, &size| n.checked_mul(size));
    let sensible = sizes[0] <= MOST_ITEMS && sizes[1..].iter().all(|&side| side <= MOST_SIDE);
    let expected = expected
        .filter(|bytes| sensible && (1..=MOST_BYTES).contains(bytes))
        .ok_or_else(|| {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            format!(
                "the header states {}: each must be at least 1, the first at most {MOST_ITEMS}, the others at most \
                 {MOST_SIDE}, the whole at most {MOST_BYTES} bytes",
                sizes.join(" x ")
            )
        })?;
    memory::check(expected.min(most)).map_err(|error| error.to_string())?;
    // Room for all at once: growing would hold the pixels twice. A false header gets no more than the file can fill,
    // and pages that are never written cost nothing; where even that is refused, the buffer grows as bytes arrive.
    let mut data = Vec::new();
    let _ = data.try_reserve_exact(expected.min(most) as usize);
    // One byte more than stated, to notice trailing data.
    source
        .take(expected + 1)
        .read_to_end(&mut data)
        .map_err(corrupt)?;
    let found = data.len() as u64;
    if found != expected {
        let found = if found < expected {
            format!("only {found}: the file is cut short")
        } else {
            "more: the file does not end there".to_string()
        };
        return Err(format!(
            "the header states {expected} bytes of data, found {found}"
        ));
    }
    data.shrink_to_fit();
    let shape = sizes.iter().map(|&size| size as usize).collect();
    Array::new(number, true, shape, data)
}

fn corrupt(error: std::io::Error) -> String {
    format!("the gzip data is corrupt: {error}")
}

fn number_type(code: u8) -> Option<Number> {
    Some(match code {
        0x08 => Number::U8,
        0x09 => Number::I8,
        0x0b => Number::I16,
        0x0c => Number::I32,
        0x0d => Number::F32,
        0x0e => Number::F64,
        _ => return None,
    })
}

fn not_idx(magic: &[u8]) -> String {
    let found = magic.iter().fold(0, |n, &byte| n << 8 | u32::from(byte));
    let hint = match found {
        0x8950_4e47 => ": this is a PNG image",
        0x504b_0304 => ": this is a ZIP archive, unpack it first",
        _ if found >> 16 == 0xffd8 => ": this is a JPEG image",
        _ if found >> 16 == 0 => ": this is IDX of an unknown type of numbers",
        _ => "",
    };
    format!(
        "expected an IDX file, which begins with two zero bytes and the type of its numbers, found 0x{found:08x}{hint}"
    )
}
