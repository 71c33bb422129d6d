//! What a TIFF file's first directory states, looked at before the decoder makes room for it.

/// Bytes of a value by its type: one of 1 to 18, with gaps.
const SIZES: [u64; 19] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/// Tags: how pixels are compressed, and the sides of tiles.
const COMPRESSION: u64 = 259;
const TILE: [u64; 2] = [322, 323];
/// Compressions whose strips and tiles are JPEG files.
const JPEG: [u64; 2] = [6, 7];

/// Whether the directory states more values of some kind than the file has bytes for. The decoder would ask for memory for
/// all of them, up to 256 MiB, before it finds that they are not there.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    let size = bytes.len() as u64;
    let is_beyond = |entry: &Entry| entry.count.saturating_mul(entry.size()) > size;
    entries(bytes).unwrap_or_default().iter().any(is_beyond)
}

/// Whether a strip or tile is a JPEG file that says it is larger than the picture of `pixels` pixels and its tiles. The
/// decoder would make room for what it says.
pub(super) fn has_larger_jpeg(bytes: &[u8], pixels: u64) -> bool {
    let entries = entries(bytes).unwrap_or_default();
    let value = |tag: u64| {
        let entry = entries.iter().find(|entry| entry.tag == tag);
        entry.map(|entry| entry.value)
    };
    if !value(COMPRESSION).is_some_and(|compression| JPEG.contains(&compression)) {
        return false;
    }
    let [width, height] = TILE.map(|tag| value(tag).unwrap_or(0));
    let most = pixels.max(width.saturating_mul(height));
    // The start of a frame: mark, length, bits, rows, columns, components of three bytes each.
    bytes.windows(10).any(|start| {
        let [0xff, 0xc0..=0xc2, 0, length, 8 | 12, rows @ .., components] = start else {
            return false;
        };
        let side = |at: usize| u64::from(rows[at]) << 8 | u64::from(rows[at + 1]);
        usize::from(*length) == 8 + 3 * usize::from(*components) && side(0) * side(2) > most
    })
}

/// An entry of a directory.
struct Entry {
    tag: u64,
    kind: u64,
    count: u64,
    /// Where it is one number that fits into the entry.
    value: u64,
}

impl Entry {
    /// Bytes of each of its values.
    fn size(&self) -> u64 {
        SIZES.get(self.kind as usize).copied().unwrap_or(0)
    }
}

/// The entries of the first directory, as far as the file has them.
fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let big_endian = bytes.first() == Some(&b'M');
    let number = |at: u64, size: usize| {
        let at = usize::try_from(at).ok()?;
        let bytes = bytes.get(at..at.checked_add(size)?)?;
        let shift = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
        Some(if big_endian {
            bytes.iter().fold(0, shift)
        } else {
            bytes.iter().rev().fold(0, shift)
        })
    };
    let is_bigtiff = number(2, 2)? == 43;
    let (start, count_size, entry_size, value_count_size) = if is_bigtiff {
        (number(8, 8)?, 8, 20, 8)
    } else {
        (number(4, 4)?, 2, 12, 4)
    };
    let first = start.checked_add(count_size)?;
    let entry = |index: u64| {
        let at = first.checked_add(index.checked_mul(entry_size)?)?;
        let mut entry = Entry {
            tag: number(at, 2)?,
            kind: number(at.checked_add(2)?, 2)?,
            count: number(at.checked_add(4)?, value_count_size)?,
            value: 0,
        };
        let place = at.checked_add(4 + value_count_size as u64)?;
        let size = entry.size().min(value_count_size as u64);
        entry.value = number(place, size as usize).unwrap_or(0);
        Some(entry)
    };
    Some(
        (0..number(start, count_size as usize)?)
            .map_while(entry)
            .collect(),
    )
}
