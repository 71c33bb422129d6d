//! NumPy's `.npy` format: a magic word, a version, a header that is a Python dictionary, then the numbers.
//!
//! Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::borrow::Cow;

use crate::source::array::{Array, Number};

/// What a file begins with.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The array of a file.
///
/// # Errors
/// Damaged bytes, or a type that is not a number.
pub fn parse(bytes: Cow<'_, [u8]>) -> Result<Array, String> {
    let damaged = || "the header is damaged or not whole".to_string();
    if !bytes.starts_with(MAGIC) {
        return Err("expected a NumPy array".to_string());
    }
    let version = *bytes.get(MAGIC.len()).ok_or_else(damaged)?;
    let size_bytes = match version {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(format!("version {version} of NumPy's format is not known")),
    };
    let start = MAGIC.len() + 2;
    let size = bytes.get(start..start + size_bytes).ok_or_else(damaged)?;
    let size = size
        .iter()
        .rev()
        .fold(0, |n, &byte| n << 8 | usize::from(byte));
    let body = start + size_bytes + size;
    let header = bytes.get(start + size_bytes..body).ok_or_else(damaged)?;
    let header = std::str::from_utf8(header).map_err(|_| damaged())?;
    let (number, big_endian) = number_type(value(header, "descr").ok_or_else(damaged)?)?;
    let columns_first = value(header, "fortran_order")
        .ok_or_else(damaged)?
        .starts_with("True");
    let shape = shape(value(header, "shape").ok_or_else(damaged)?).ok_or_else(damaged)?;
    let mut bytes = bytes.into_owned();
    bytes.drain(..body);
    if columns_first && shape.len() > 1 {
        // First as it is stored: the first index runs fastest.
        let stored = shape.iter().rev().copied().collect();
        let stored = Array::new(number, big_endian, stored, bytes)?;
        Ok(stored.reversed())
    } else {
        Array::new(number, big_endian, shape, bytes)
    }
}

/// What follows a key of the dictionary.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{key}{quote}"));
    let (_, rest) = quoted
        .iter()
        .find_map(|key| header.split_once(key.as_str()))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// The type of numbers, and whether their big end is first.
fn number_type(text: &str) -> Result<(Number, bool), String> {
    let unquoted = text
        .strip_prefix(['\'', '"'])
        .and_then(|text| text.split(['\'', '"']).next());
    let Some(name) = unquoted else {
        return Err("expected an array of numbers, found one of records".to_string());
    };
    let number = match name.trim_start_matches(['<', '>', '|', '=']) {
        "b1" | "?" => Number::Bool,
        "u1" => Number::U8,
        "i1" => Number::I8,
        "u2" => Number::U16,
        "i2" => Number::I16,
        "u4" => Number::U32,
        "i4" => Number::I32,
        "u8" => Number::U64,
        "i8" => Number::I64,
        "f4" => Number::F32,
        "f8" => Number::F64,
        other => {
            let what = match other.as_bytes().first() {
                Some(b'O') => "Python objects. Save numbers, as with array.astype('uint8')",
                Some(b'U' | b'S') => "text. Save the labels as numbers from 0",
                Some(b'f') => "numbers of this type. Save them as uint8 or float32",
                _ => "values of this type. Save numbers",
            };
            return Err(format!("the array is of type '{name}': it holds {what}"));
        }
    };
    Ok((number, name.starts_with('>')))
}

/// A tuple of sizes. Python 2 wrote `60000L`.
fn shape(text: &str) -> Option<Vec<usize>> {
    let inner = text.strip_prefix('(')?.split_once(')')?.0;
    inner
        .split(',')
        .map(|size| size.trim().trim_end_matches('L'))
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().ok())
        .collect()
}
