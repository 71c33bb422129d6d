//! Images whose files say that they are turned.

use super::*;

/// A note with one entry: orientation (0x0112), one short.
fn note(orientation: u8) -> Vec<u8> {
    let mut note = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    note[18] = orientation;
    note
}

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(body);
    [
        &(body.len() as u32).to_be_bytes()[..],
        kind,
        body,
        &crc.sum().to_be_bytes(),
    ]
    .concat()
}

fn png(pixels: &RgbImage, note: &[u8], before: bool) -> Vec<u8> {
    let png = encode(&pixels.clone().into(), ImageFormat::Png);
    let at = if before { 33 } else { png.len() - 12 };
    [&png[..at], &chunk(b"eXIf", note), &png[at..]].concat()
}

fn jpeg(pixels: &RgbImage, note: &[u8]) -> Vec<u8> {
    let jpeg = encode(&pixels.clone().into(), ImageFormat::Jpeg);
    let length = (note.len() as u16 + 8).to_be_bytes();
    let segment = [&[0xff, 0xe1][..], &length, b"Exif\0\0", note].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

fn webp(pixels: &RgbImage, note: &[u8]) -> Vec<u8> {
    let webp = encode(&pixels.clone().into(), ImageFormat::WebP);
    let even = |body: &[u8]| [body, &vec![0; body.len() % 2]].concat();
    let mut file = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0".to_vec();
    for side in [pixels.width(), pixels.height()] {
        file.extend(&(side - 1).to_le_bytes()[..3]);
    }
    file.extend(&webp[12..]);
    file.extend(b"EXIF");
    file.extend((note.len() as u32).to_le_bytes());
    file.extend(even(note));
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

/// Uncompressed, in one strip.
fn tiff(pixels: &RgbImage, orientation: u8) -> Vec<u8> {
    let (width, height) = pixels.dimensions();
    let entries = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 2),
        (273, 8),
        (274, u32::from(orientation)),
        (277, 3),
        (278, height),
        (279, 3 * width * height),
    ];
    let mut file = b"II*\0".to_vec();
    file.extend((8 + 3 * width * height).to_le_bytes());
    file.extend(pixels.as_raw());
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        // Shorts of one value fit into the four bytes, too.
        file.extend((tag as u16).to_le_bytes());
        file.extend([4, 0, 1, 0, 0, 0]);
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn all_eight_in_every_format() {
    // Bright blocks of 8 x 8 of decreasing brightness, so that JPEG keeps them apart: 0 1 2 / 3 4 5.
    let stored = RgbImage::from_fn(24, 16, |x, y| {
        Rgb([250 - 40 * (x / 8 + 3 * (y / 8)) as u8; 3])
    });
    #[rustfmt::skip]
    let expected: [(u8, &[&[u32]]); 8] = [
        (1, &[&[0, 1, 2], &[3, 4, 5]]),
        (2, &[&[2, 1, 0], &[5, 4, 3]]),
        (3, &[&[5, 4, 3], &[2, 1, 0]]),
        (4, &[&[3, 4, 5], &[0, 1, 2]]),
        (5, &[&[0, 3], &[1, 4], &[2, 5]]),
        (6, &[&[3, 0], &[4, 1], &[5, 2]]),
        (7, &[&[5, 2], &[4, 1], &[3, 0]]),
        (8, &[&[2, 5], &[1, 4], &[0, 3]]),
    ];
    for (orientation, blocks) in expected {
        let note = note(orientation);
        let named = [b"Exif\0\0", &note[..]].concat();
        for (name, bytes) in [
            ("jpeg", jpeg(&stored, &note)),
            ("png", png(&stored, &note, true)),
            ("png, after the pixels", png(&stored, &note, false)),
            ("webp", webp(&stored, &note)),
            ("webp, named as in JPEG", webp(&stored, &named)),
            ("tiff", tiff(&stored, orientation)),
        ] {
            let decoded = decode(Path::new(name), &bytes, MANY)
                .unwrap_or_else(|error| panic!("{orientation}: {error}"));
            assert_eq!(decoded.orientation.to_exif(), orientation, "{name}");
            assert_eq!(decoded.stored_size(), [16, 24], "{name}, {orientation}");
            let image = decoded.image.to_luma8();
            let found: Vec<Vec<u32>> = (0..image.height() / 8)
                .map(|row| {
                    (0..image.width() / 8)
                        .map(|column| {
                            let level = image.get_pixel(8 * column + 4, 8 * row + 4).0[0];
                            (u32::from(250 - level.min(250)) + 20) / 40
                        })
                        .collect()
                })
                .collect();
            assert_eq!(found, blocks, "{name}, {orientation}");
        }
    }
}

#[test]
fn a_wrong_note_changes_nothing() {
    let image = photograph(24, 16);
    let mut cut = note(6);
    cut.truncate(15);
    for note in [&note(0)[..], &note(9), &cut, b"", b"Exif"] {
        for bytes in [
            jpeg(&image, note),
            png(&image, note, true),
            webp(&image, note),
        ] {
            let decoded = decode(Path::new("x"), &bytes, MANY).unwrap();
            assert_eq!(decoded.orientation, Orientation::NoTransforms);
            assert_eq!((decoded.image.width(), decoded.image.height()), (24, 16));
        }
    }
}
