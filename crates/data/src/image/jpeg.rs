//! Whether a JPEG file is whole. The decoder fills up what is missing with grey and says nothing.

/// What the markers say about the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is a mark at the end of the picture. What follows it does not matter.
    Marked,
    /// The mark is missing, and perhaps a part of the picture.
    Unmarked,
    /// The file ends inside a header, or whole passes over the picture are missing.
    Missing,
}

/// Walks from marker to marker up to the end of the picture.
pub(super) fn end(bytes: &[u8]) -> End {
    let mut passes = Passes::default();
    let mut at = 2;
    loop {
        // Between two markers there are only the coded pixels, where 255 is followed by 0.
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(mark) = rest.iter().position(|&byte| byte == 0xff) else {
            return passes.end();
        };
        at += mark;
        at += bytes[at..].iter().take_while(|&&byte| byte == 0xff).count();
        let Some(&code) = bytes.get(at) else {
            return passes.end();
        };
        at += 1;
        match code {
            // A byte 255 of the pixels, marks to restart at, and others without content.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            0xd9 => return End::Marked,
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else {
                    return End::Missing;
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                let Some(body) = bytes.get(at + 2..at + length.max(2)) else {
                    return End::Missing;
                };
                match code {
                    0xc0..=0xcf if !matches!(code, 0xc4 | 0xc8 | 0xcc) => passes.frame(body),
                    0xda => passes.scan(body),
                    _ => {}
                }
                at += length.max(2);
            }
        }
    }
}

/// What is known of the 64 coefficients of each colour; a progressive file refines them pass by pass.
#[derive(Default)]
struct Passes {
    /// By a colour's name: how many of the low bits are unknown yet, 255 for all.
    unknown: Vec<(u8, [u8; 64])>,
}

impl Passes {
    fn frame(&mut self, body: &[u8]) {
        let colours = body.get(6..).unwrap_or_default();
        self.unknown = colours
            .chunks_exact(3)
            .map(|colour| (colour[0], [255; 64]))
            .collect();
    }

    fn scan(&mut self, body: &[u8]) {
        let Some((&count, rest)) = body.split_first() else {
            return;
        };
        let count = usize::from(count);
        let (Some(colours), Some(&[first, last, bits])) =
            (rest.get(..2 * count), rest.get(2 * count..2 * count + 3))
        else {
            return;
        };
        for (name, unknown) in &mut self.unknown {
            if colours.chunks_exact(2).any(|colour| colour[0] == *name) {
                let range = usize::from(first.min(63))..=usize::from(last.min(63));
                if let Some(unknown) = unknown.get_mut(range) {
                    unknown.fill(bits & 15);
                }
            }
        }
    }

    /// For a file without a mark at its end.
    fn end(&self) -> End {
        let is_known = |(_, unknown): &(u8, [u8; 64])| unknown.iter().all(|&bits| bits == 0);
        if !self.unknown.is_empty() && self.unknown.iter().all(is_known) {
            End::Unmarked
        } else {
            End::Missing
        }
    }
}

/// The file with three different endings. If all show the same picture, nothing of it was missing.
pub(super) fn endings(bytes: &[u8]) -> Vec<Vec<u8>> {
    // A copy that was broken off may be filled up with zeros. The last byte of a picture is never 0, except after 255.
    let zeros = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
    let mut whole = &bytes[..bytes.len() - zeros];
    if let Some(before) = whole.strip_suffix(&[0xff]) {
        whole = if zeros == 0 {
            before
        } else {
            &bytes[..=whole.len()]
        };
    }
    const LENGTH: usize = 256;
    [0, LENGTH, LENGTH]
        .iter()
        .enumerate()
        .map(|(seed, &length)| {
            let noise = (0..length).map(|at| ((at * 167 + seed * 91) % 251) as u8);
            let mut file = whole.to_vec();
            file.extend(noise);
            file.extend([0xff, 0xd9]);
            file
        })
        .collect()
}
