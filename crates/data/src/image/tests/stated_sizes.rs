//! Files whose parts state more than the file holds, or more than its picture has.

use super::*;

#[test]
fn tiff_directories_state_no_more_than_there_is() {
    let whole = encode(&bar(20, 20, 0, 255), ImageFormat::Tiff);
    let start = u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
    for entry in 0..usize::from(whole[start]) {
        let mut bytes = whole.clone();
        bytes[start + 2 + 12 * entry + 4..][..4].copy_from_slice(&5_000_000u32.to_le_bytes());
        let error = decoded(&bytes).unwrap_err();
        assert!(matches!(error, ImageError::Truncated(_)), "{error}");
    }
    // BigTIFF has longer offsets and counts.
    let big = |count: u64| {
        let mut bytes = b"MM\0\x2b\0\x08\0\0".to_vec();
        bytes.extend([16u64, 1].iter().flat_map(|number| number.to_be_bytes()));
        bytes.extend([1, 2, 0, 3]);
        bytes.extend(count.to_be_bytes());
        bytes
    };
    for (count, is_cut) in [(3, false), (1 << 20, true), (u64::MAX, true)] {
        assert_eq!(tiff::is_cut(&big(count)), is_cut, "{count}");
    }
}

#[test]
fn webp_parts_state_no_more_than_there_is() {
    let whole = encode(&bar(20, 20, 0, 255), ImageFormat::WebP);
    assert!(decoded(&whole).is_ok());
    // A part behind the picture: of the size it states, odd with its filler, and of more than there is.
    for (stated, held, is_cut) in [
        (4_u32, 4, false),
        (3, 4, false),
        (5, 4, false),
        (6, 4, true),
        (u32::MAX, 4, true),
    ] {
        let mut bytes = whole.clone();
        bytes.extend(b"EXIF");
        bytes.extend(stated.to_le_bytes());
        bytes.extend(vec![0; held]);
        let size = bytes.len() as u32 - 8;
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
        assert_eq!(webp::is_cut(&bytes), is_cut, "{stated}");
    }
}

#[test]
fn a_frame_that_is_much_larger_than_its_picture_is_refused() {
    let gif = |side: u16| {
        let [low, high] = side.to_le_bytes();
        let mut bytes = b"GIF87a\x0c\0\x09\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        bytes.extend([0x2c, 0, 0, 0, 0, low, high, low, high, 0]);
        bytes.extend(b"\x02\x02\x4c\x01\0;");
        decode(Path::new("x.gif"), &bytes, 100_000_000)
    };
    for side in [3000, u16::MAX] {
        let error = gif(side).unwrap_err();
        assert!(matches!(error, ImageError::Decode { .. }), "{error}");
    }
}

#[test]
fn a_webp_frame_is_not_larger_than_its_picture() {
    let frames: [(&[u8; 4], &[u8]); 2] = [
        (
            b"VP8 ",
            &[0xf0, 3, 0, 0x9d, 1, 0x2a, 0xf2, 0xff, 0xf6, 0xff, 0, 0],
        ),
        (b"VP8L", &[0x2f, 0xff, 0xff, 0xff, 0x0f, 0]),
    ];
    for (name, frame) in frames {
        let part = |name: &[u8; 4], content: &[u8]| {
            let size = (content.len() as u32).to_le_bytes();
            [&name[..], &size, content].concat()
        };
        let canvas = part(b"VP8X", &[0, 0, 0, 0, 11, 0, 0, 8, 0, 0]);
        for frame in [
            part(name, frame),
            part(b"ANMF", &[&[0; 16][..], &part(name, frame)].concat()),
        ] {
            let parts = [b"WEBP".to_vec(), canvas.clone(), frame].concat();
            let bytes = part(b"RIFF", &parts);
            assert!(webp::most_pixels(&bytes) > 200_000_000, "{name:?}");
            let error = decoded(&bytes).unwrap_err();
            assert!(matches!(error, ImageError::Decode { .. }), "{error}");
        }
    }
    let whole = encode(&bar(20, 20, 0, 255), ImageFormat::WebP);
    assert_eq!(webp::most_pixels(&whole), 400);
}

#[test]
fn a_jpeg_in_a_tiff_is_not_larger_than_the_picture() {
    // A picture of 4 x 4 grey pixels with a JPEG in a strip that says it has these sides.
    let tiff = |compression: u16, sides: [u16; 2]| {
        let [rows, columns] = sides.map(u16::to_be_bytes);
        let jpeg = [
            &[0xff, 0xd8, 0xff, 0xc0, 0, 11, 8][..],
            &rows,
            &columns,
            &[1, 1, 0x11, 0],
        ]
        .concat();
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        let entries: [(u16, u16, u32); 7] = [
            (256, 3, 4),
            (257, 3, 4),
            (258, 3, 8),
            (259, 3, u32::from(compression)),
            (262, 3, 1),
            (273, 4, 8 + 2 + 7 * 12 + 4),
            (279, 4, jpeg.len() as u32),
        ];
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(jpeg);
        bytes
    };
    for (compression, sides, expected) in [
        (7, [4, 4], false),
        (7, [9000, 9000], true),
        (7, [1, 17], true),
        (1, [9000, 9000], false),
    ] {
        let bytes = tiff(compression, sides);
        assert_eq!(
            tiff::has_larger_jpeg(&bytes, 16),
            expected,
            "{compression} {sides:?}"
        );
        if expected {
            let error = decoded(&bytes).unwrap_err();
            assert!(matches!(error, ImageError::Decode { .. }), "{error}");
        }
    }
}
