//! Stored entries of a ZIP archive: all that a file of PyTorch's needs, since it compresses nothing.
//!
//! Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).

use std::collections::BTreeMap;

use flate2::Crc;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_SIZE: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: usize = 30;
/// The end record may be followed by a comment of at most this many bytes.
const MOST_COMMENT: usize = u16::MAX as usize;

/// An entry that has not been read yet.
pub(super) struct Entry<'a> {
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
    /// The bytes, checked against their checksum.
    ///
    /// # Errors
    /// What is damaged, or not supported: compression, encryption.
    pub fn read(&self) -> Result<&'a [u8], String> {
        if self.method != 0 || self.stored_size != self.size {
            return Err("is compressed; PyTorch does not compress".to_string());
        }
        if self.flags & 1 != 0 {
            return Err("is encrypted".to_string());
        }
        let bytes = content(self.archive, self.local, self.size).ok_or_else(damaged)?;
        let mut crc = Crc::new();
        crc.update(bytes);
        if crc.sum() as usize != self.checksum {
            return Err("is damaged: its checksum is wrong".to_string());
        }
        Ok(bytes)
    }
}

/// The entries by name.
///
/// # Errors
/// That the archive is damaged, has more than 4 GB, or holds more than itself: entries that overlap.
pub(super) fn entries(archive: &[u8]) -> Result<BTreeMap<String, Entry<'_>>, String> {
    let last = archive.len().checked_sub(END_SIZE).ok_or_else(damaged)?;
    let end = (last.saturating_sub(MOST_COMMENT)..=last)
        .rev()
        .find(|&at| archive[at..].starts_with(END))
        .ok_or_else(damaged)?;
    let count = number(archive, end + 10, 2).ok_or_else(damaged)?;
    let mut at = number(archive, end + 16, 4).ok_or_else(damaged)?;
    if count == 0xffff || at == 0xffff_ffff {
        return Err("an archive of more than 4 GB or 65,534 entries can't be read".to_string());
    }
    let mut entries = BTreeMap::new();
    let mut left = archive.len();
    for _ in 0..count {
        let header = archive
            .get(at..)
            .filter(|rest| rest.len() >= CENTRAL_SIZE && rest.starts_with(CENTRAL))
            .ok_or_else(damaged)?;
        let field = |at, size| number(header, at, size).ok_or_else(damaged);
        let entry = Entry {
            archive,
            flags: field(8, 2)?,
            method: field(10, 2)?,
            checksum: field(16, 4)?,
            stored_size: field(20, 4)?,
            size: field(24, 4)?,
            local: field(42, 4)?,
        };
        left = left.checked_sub(entry.stored_size).ok_or_else(damaged)?;
        let name_size = field(28, 2)?;
        let name = header
            .get(CENTRAL_SIZE..CENTRAL_SIZE + name_size)
            .ok_or_else(damaged)?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| damaged())?;
        entries.insert(name, entry);
        at += CENTRAL_SIZE + name_size + field(30, 2)? + field(32, 2)?;
    }
    Ok(entries)
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
    let bytes = bytes.get(at..at + size)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| n << 8 | usize::from(byte)),
    )
}
