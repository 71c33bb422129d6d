//! Entries of a ZIP archive, stored or deflated: NumPy's `.npz` files and PyTorch's `.pth` files are such archives.
//!
//! Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end, also of
//! archives of more than 4 GB), 4.5.3 (sizes of more than 4 GB).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::memory;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_SIZE: usize = 20;
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_SIZE: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: usize = 30;
/// The end record may be followed by a comment of at most this many bytes.
const MOST_COMMENT: usize = u16::MAX as usize;
/// The kind of an extra field that holds sizes of more than 4 GB.
const SIZES_64: usize = 1;
/// A size that stands in such a field.
const ELSEWHERE: usize = u32::MAX as usize;
const STORED: usize = 0;
const DEFLATED: usize = 8;

/// An entry that has not been read yet.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    archive: &'a [u8],
    /// Where its local header begins.
    local: usize,
    size: usize,
    stored_size: usize,
    method: usize,
    flags: usize,
    checksum: usize,
}

impl<'a> Entry<'a> {
    /// Whether its bytes are compressed.
    pub fn is_compressed(&self) -> bool {
        self.method != STORED
    }

    /// The bytes, checked against their checksum; borrowed from the archive if they are stored there as they are.
    ///
    /// # Errors
    /// What is damaged, or not supported: encryption, other compressions than deflate.
    pub fn read(&self) -> Result<Cow<'a, [u8]>, String> {
        if self.flags & 1 != 0 {
            return Err("is encrypted".to_string());
        }
        let stored = content(self.archive, self.local, self.stored_size).ok_or_else(damaged)?;
        let bytes = match self.method {
            STORED if self.stored_size == self.size => Cow::Borrowed(stored),
            STORED => return Err(damaged()),
            DEFLATED => Cow::Owned(self.inflate(stored)?),
            method => {
                return Err(format!(
                    "is compressed by method {method}; only deflate can be read"
                ));
            }
        };
        let mut crc = Crc::new();
        crc.update(&bytes);
        if crc.sum() as usize != self.checksum {
            return Err("is damaged: its checksum is wrong".to_string());
        }
        Ok(bytes)
    }

    fn inflate(&self, stored: &[u8]) -> Result<Vec<u8>, String> {
        memory::check(self.size as u64).map_err(|error| error.to_string())?;
        // The buffer grows as bytes arrive, for the stated size may be false. One byte more, to notice what is too long.
        let mut bytes = Vec::new();
        DeflateDecoder::new(stored)
            .take((self.size as u64).saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| format!("is damaged: {error}"))?;
        if bytes.len() == self.size {
            Ok(bytes)
        } else {
            Err("is damaged: its size is not what the archive states".to_string())
        }
    }
}

/// The entries by name.
///
/// # Errors
/// That the archive is damaged, or holds more than itself: entries that overlap.
pub fn entries(archive: &[u8]) -> Result<BTreeMap<String, Entry<'_>>, String> {
    let (count, start) = directory(archive).ok_or_else(damaged)?;
    let mut at = start;
    let mut entries = BTreeMap::new();
    let mut left = archive.len();
    for _ in 0..count {
        let (name, entry, next) = central(archive, at).ok_or_else(damaged)?;
        left = left.checked_sub(entry.stored_size).ok_or_else(damaged)?;
        entries.insert(name, entry);
        at = next;
    }
    Ok(entries)
}

/// How many entries the central directory has, and where it begins.
fn directory(archive: &[u8]) -> Option<(usize, usize)> {
    let last = archive.len().checked_sub(END_SIZE)?;
    let end = (last.saturating_sub(MOST_COMMENT)..=last)
        .rev()
        .find(|&at| archive[at..].starts_with(END))?;
    let count = number(archive, end + 10, 2)?;
    let start = number(archive, end + 16, 4)?;
    if count != 0xffff && start != ELSEWHERE {
        return Some((count, start));
    }
    let locator = archive.get(end.checked_sub(LOCATOR_64_SIZE)?..end)?;
    if !locator.starts_with(LOCATOR_64) {
        // Exactly as many entries as stated.
        return Some((count, start));
    }
    let end = number(locator, 8, 8)?;
    if !archive.get(end..)?.starts_with(END_64) {
        return None;
    }
    Some((
        number(archive, end.checked_add(32)?, 8)?,
        number(archive, end.checked_add(48)?, 8)?,
    ))
}

/// The entry whose header in the central directory is at `at`, its name, and where the next header is.
fn central(archive: &[u8], at: usize) -> Option<(String, Entry<'_>, usize)> {
    let header = archive.get(at..)?;
    if !header.starts_with(CENTRAL) {
        return None;
    }
    let field = |at, size| number(header, at, size);
    let mut entry = Entry {
        archive,
        flags: field(8, 2)?,
        method: field(10, 2)?,
        checksum: field(16, 4)?,
        stored_size: field(20, 4)?,
        size: field(24, 4)?,
        local: field(42, 4)?,
    };
    let name_end = CENTRAL_SIZE + field(28, 2)?;
    let extra_end = name_end + field(30, 2)?;
    let name = String::from_utf8_lossy(header.get(CENTRAL_SIZE..name_end)?).into_owned();
    let mut long = long_sizes(header.get(name_end..extra_end)?);
    for size in [&mut entry.size, &mut entry.stored_size, &mut entry.local] {
        if *size == ELSEWHERE {
            *size = number(long, 0, 8)?;
            long = &long[8..];
        }
    }
    let next = at + extra_end + field(32, 2)?;
    Some((name, entry, next))
}

/// The sizes of more than 4 GB that an entry's extra fields hold.
fn long_sizes(mut fields: &[u8]) -> &[u8] {
    while let (Some(kind), Some(size)) = (number(fields, 0, 2), number(fields, 2, 2)) {
        let Some(field) = fields.get(4..4 + size) else {
            break;
        };
        if kind == SIZES_64 {
            return field;
        }
        fields = &fields[4 + size..];
    }
    &[]
}

fn damaged() -> String {
    "the archive is damaged or not whole".to_string()
}

/// The bytes behind the local header at `at`, whose name and extra field have lengths of their own.
fn content(archive: &[u8], at: usize, size: usize) -> Option<&[u8]> {
    let header = archive.get(at..)?;
    if !header.starts_with(LOCAL) {
        return None;
    }
    let start = LOCAL_SIZE + number(header, 26, 2)? + number(header, 28, 2)?;
    header.get(start..start.checked_add(size)?)
}

/// An unsigned number of `size` bytes, little end first.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let number = bytes
        .iter()
        .rev()
        .fold(0, |n, &byte| n << 8 | u64::from(byte));
    usize::try_from(number).ok()
}

#[cfg(test)]
pub(crate) mod tests;
