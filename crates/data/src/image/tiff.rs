//! What a TIFF file's first directory states, looked at before the decoder makes room for it.

/// Bytes of a value by its type: one of 1 to 18, with gaps.
const SIZES: [u64; 19] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/// Whether the directory states more values of some kind than the file has bytes for. The decoder would ask for memory for
/// all of them, up to 256 MiB, before it finds that they are not there.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    beyond(bytes).unwrap_or(false)
}

fn beyond(bytes: &[u8]) -> Option<bool> {
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
    let entries = start.checked_add(count_size)?;
    for index in 0..number(start, count_size as usize)? {
        let entry = entries.checked_add(index.checked_mul(entry_size)?)?;
        let kind = number(entry.checked_add(2)?, 2)?;
        let count = number(entry.checked_add(4)?, value_count_size)?;
        let size = SIZES.get(kind as usize).copied().unwrap_or(0);
        if count.saturating_mul(size) > bytes.len() as u64 {
            return Some(true);
        }
    }
    Some(false)
}
