//! Files that are images, and files that are not.

use super::*;
use image::{ImageEncoder, ImageFormat, LumaA, Rgb};

pub fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn bar(width: u32, height: u32, paper: u8, ink: u8) -> DynamicImage {
    // A bar from 2/5 to 3/5 of the width and 1/5 to 4/5 of the height.
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let inside = (width * 2 / 5..width * 3 / 5).contains(&x)
            && (height / 5..height * 4 / 5).contains(&y);
        Rgb([if inside { ink } else { paper }; 3])
    }))
}

#[test]
fn transparency_is_paper() {
    let drawn = |luma| {
        let image = image::ImageBuffer::from_fn(40, 40, |x, y| {
            let ink = (15..25).contains(&x) && (5..35).contains(&y);
            LumaA([luma, if ink { 255u8 } else { 0 }])
        });
        let png = encode(&DynamicImage::ImageLumaA8(image), ImageFormat::Png);
        let image = decode(Path::new("x"), &png).unwrap();
        let levels = [(20, 20), (0, 0)].map(|(x, y)| image.to_luma8().get_pixel(x, y).0[0]);
        (levels, Gray::of(&image).pixels[20 * 40 + 20])
    };
    assert_eq!(drawn(0), ([0, 255], 255));
    assert_eq!(drawn(255), ([255, 0], 255), "white on nothing");
}

#[test]
fn files_that_are_no_images() {
    let png = encode(&bar(20, 20, 0, 255), ImageFormat::Png);
    let cases: [(&str, &[u8], &str); 6] = [
        (
            "empty",
            b"",
            "is not a PNG or JPEG image: it is empty; convert it to PNG first",
        ),
        ("text", b"hello", "it looks like text"),
        ("pdf", b"%PDF-1.7", "it is a PDF document"),
        ("gif", b"GIF89a\x01\x00", "it is a GIF image"),
        ("cut png", &png[..40], "cannot be decoded"),
        (
            "noise",
            b"\xff\x00\x01\x02",
            "is not a PNG or JPEG image; convert",
        ),
    ];
    for (name, bytes, expected) in cases {
        let error = decode(Path::new(name), bytes).unwrap_err().to_string();
        assert!(error.starts_with(name) || error.contains(name), "{error}");
        assert!(error.contains(expected), "{name}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("is not a regular file"), "{error}");
    let error = read(Path::new("/no/such.png")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /no/such.png"), "{error}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("x.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [&pipe, Path::new("/dev/zero")] {
        let error = read(path).unwrap_err();
        assert!(matches!(error, ImageError::NotRegular(_)), "{error}");
    }
}

#[test]
fn images_stand_as_their_exif_note_says() {
    let image = RgbImage::from_fn(3, 1, |x, _| Rgb([x as u8; 3]));
    let mut png = Cursor::new(Vec::new());
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    // One entry: orientation (0x0112), a short, 6: turned by 90 degrees.
    let note = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    encoder.set_exif_metadata(note.to_vec()).unwrap();
    image.write_with_encoder(encoder).unwrap();
    let upright = decode(Path::new("x"), png.get_ref()).unwrap();
    assert_eq!((upright.width(), upright.height()), (1, 3));
}

#[test]
fn too_many_pixels_are_refused_before_decoding() {
    let mut png = encode(&bar(20, 20, 0, 255), ImageFormat::Png);
    // The sides in the header, and its checksum.
    png[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let error = decode(Path::new("x.png"), &png).unwrap_err().to_string();
    assert_eq!(
        error,
        "x.png has 20000 x 20000 pixels, more than the 100 million that are allowed; shrink it first"
    );
}
