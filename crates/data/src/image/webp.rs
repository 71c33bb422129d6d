//! The parts of a WebP file, checked before its decoder makes room for what they say.

/// A part of the file: its name and content; `None` where the file ends within it.
type Part<'a> = ([u8; 4], Option<&'a [u8]>);

/// The parts that follow each other in `bytes`, each with its name, its size, and as many bytes, made even.
fn parts(bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk::<4>()?;
        let (size, after) = after.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(*size) as usize;
        rest = after.get(size + size % 2..).unwrap_or_default();
        // Some writers count the byte that makes the size even and don't write it.
        let whole = after
            .get(..size)
            .or((after.len() + 1 == size).then_some(after));
        Some((*name, whole))
    })
}

/// What is behind `RIFF`, the size and `WEBP`, as far as that size goes.
fn content(bytes: &[u8]) -> &[u8] {
    let size = bytes.get(4..).and_then(<[u8]>::first_chunk::<4>);
    let end = size.map_or(0, |size| {
        (u32::from_le_bytes(*size) as usize).saturating_add(8)
    });
    bytes.get(12..end.min(bytes.len())).unwrap_or_default()
}

/// Whether the file is shorter than it, or a part of it, says.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    let Some(size) = bytes.get(4..).and_then(<[u8]>::first_chunk::<4>) else {
        return true;
    };
    let end = (u32::from_le_bytes(*size) as usize).saturating_add(8);
    end > bytes.len() + 1 || parts(content(bytes)).any(|(_, content)| content.is_none())
}

/// Pixels of the largest frame in the file.
pub(super) fn most_pixels(bytes: &[u8]) -> u64 {
    let frame = |(name, content): Part<'_>| -> Vec<u64> {
        let content = content.unwrap_or_default();
        match &name {
            // An animation's frame: sixteen bytes, then parts of its own.
            b"ANMF" => {
                let inside = parts(content.get(16..).unwrap_or_default());
                inside.filter_map(pixels).collect()
            }
            _ => pixels((name, Some(content))).into_iter().collect(),
        }
    };
    parts(content(bytes)).flat_map(frame).max().unwrap_or(0)
}

/// Pixels of a frame, as it says itself (RFC 9649).
fn pixels((name, content): Part<'_>) -> Option<u64> {
    let content = content?;
    let [width, height] = match &name {
        // Three bytes, a mark, and the two sides in 14 bits each, with a scale above.
        b"VP8 " => {
            let side = |at: usize| {
                let two = content.get(at..)?.first_chunk::<2>()?;
                Some(u64::from(u16::from_le_bytes(*two) & 0x3fff))
            };
            [side(6)?, side(8)?]
        }
        // A mark, then both sides less 1 in 14 bits each.
        b"VP8L" => {
            let four = content.get(1..)?.first_chunk::<4>()?;
            let both = u64::from(u32::from_le_bytes(*four));
            [(both & 0x3fff) + 1, (both >> 14 & 0x3fff) + 1]
        }
        _ => return None,
    };
    Some(width * height)
}
