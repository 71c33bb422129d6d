//! Files that are images, whole or in part, and files that are not.

mod orientations;
mod stated_sizes;

use super::*;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageBuffer, LumaA, Rgb, RgbImage, Rgba};

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

/// Something of many colours without large even parts.
fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |a: u32, b: u32| ((a * x + b * y) as f32 / 9.0).sin() * 100.0 + 128.0;
        Rgb([
            wave(3, 1) as u8,
            wave(1, 4) as u8,
            (7 * x + 5 * y * x) as u8,
        ])
    })
}

/// More pixels than any picture of these tests has.
pub const MANY: u64 = 100_000_000;

fn decoded(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    decode(Path::new("x"), bytes, MANY).map(|decoded| decoded.image)
}

const FORMATS: [ImageFormat; 7] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Tiff,
    ImageFormat::Pnm,
];

#[test]
fn every_format_is_read_whatever_its_name() {
    let image = photograph(37, 23);
    for format in FORMATS {
        let found = decoded(&encode(&image.clone().into(), format)).unwrap();
        assert_eq!((found.width(), found.height()), (37, 23), "{format:?}");
        let mut difference = 0.0;
        for (a, b) in found.to_rgb8().iter().zip(image.iter()) {
            difference += f32::from(a.abs_diff(*b)) / (3.0 * 37.0 * 23.0);
        }
        let most = match format {
            ImageFormat::Jpeg => 30.0,
            ImageFormat::Gif => 20.0,
            _ => 0.0,
        };
        assert!(difference <= most, "{format:?}: {difference}");
    }
}

/// Whatever is read of a file that was cut off is the whole picture.
#[test]
fn cut_files_are_refused_or_whole() {
    let image = photograph(61, 45);
    let grey = DynamicImage::from(image.clone()).into_luma8();
    for format in FORMATS {
        let grey = (format != ImageFormat::Gif).then(|| grey.clone().into());
        for image in [image.clone().into()].into_iter().chain(grey) {
            let image: DynamicImage = image;
            let bytes = encode(&image, format);
            let whole = decoded(&bytes).unwrap();
            for length in 0..bytes.len() {
                if let Ok(found) = decoded(&bytes[..length]) {
                    assert!(found == whole, "{format:?}, {length} of {}", bytes.len());
                }
            }
            for percent in [40, 70, 90] {
                let cut = &bytes[..bytes.len() * percent / 100];
                let error = decoded(cut).unwrap_err();
                assert!(
                    matches!(error, ImageError::Truncated(_)),
                    "{format:?}, {percent} %: {error}"
                );
                assert!(error.to_string().starts_with("x is cut off"), "{error}");
            }
        }
    }
}

#[test]
fn a_missing_end_mark_is_no_loss() {
    let image = photograph(61, 45);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 95)
        .encode_image(&image)
        .unwrap();
    let whole = decoded(&jpeg).unwrap();
    let end = jpeg.len() - 2;
    assert_eq!(jpeg[end..], [0xff, 0xd9]);
    for (name, ending) in [
        ("none", &[][..]),
        ("half a mark", &[0xff]),
        ("zeros", &[0; 100]),
        ("junk after the mark", &[0xff, 0xd9, 1, 2, 3, 0xff, 0xda, 4]),
        ("fill bytes", &[0xff, 0xff, 0xff, 0xd9]),
    ] {
        let bytes = [&jpeg[..end], ending].concat();
        assert!(decoded(&bytes).unwrap() == whole, "{name}");
    }
    // Half of the pixels, and zeros where the rest was to be.
    let zeros = [&jpeg[..jpeg.len() / 2], &vec![0; jpeg.len() / 2]].concat();
    assert!(matches!(decoded(&zeros), Err(ImageError::Truncated(_))));
}

#[test]
fn kinds_of_jpeg() {
    /// Written by Pillow from one grey picture: `tests/make.py`.
    const GREY: &[u8] = include_bytes!("tests/grey.jpg");
    let grey = decoded(GREY).unwrap().to_luma8();
    for (name, bytes) in [
        ("progressive", &include_bytes!("tests/progressive.jpg")[..]),
        ("cmyk", include_bytes!("tests/cmyk.jpg")),
        ("ycck", include_bytes!("tests/ycck.jpg")),
        ("rgb", include_bytes!("tests/rgb.jpg")),
    ] {
        let found = decoded(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = found.to_luma8();
        assert_eq!(found.dimensions(), grey.dimensions(), "{name}");
        let largest = found
            .iter()
            .zip(grey.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(largest <= Some(24), "{name}: {largest:?}");
        let whole = decoded(bytes).unwrap();
        for length in 0..bytes.len() {
            if let Ok(found) = decoded(&bytes[..length]) {
                assert!(found == whole, "{name}, {length} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn deep_pictures_keep_their_levels() {
    let deep = ImageBuffer::from_fn(40, 40, |x, _| image::Luma([(60 + 8 * x) as u16]));
    let deep = DynamicImage::ImageLuma16(deep);
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
        assert!(
            decoded(&encode(&deep, format)).unwrap() == deep,
            "{format:?}"
        );
    }
}

#[test]
fn transparency_shows_the_background() {
    let half = DynamicImage::from(ImageBuffer::from_pixel(2, 1, Rgba([0u8, 100, 200, 128])));
    let level = |image: &DynamicImage| image.to_rgb8().get_pixel(0, 0).0;
    for (background, expected) in [
        (255, [127, 177, 227]),
        (0, [0, 50, 100]),
        (114, [57, 107, 157]),
    ] {
        for image in [
            half.clone(),
            half.to_rgba16().into(),
            half.to_rgba32f().into(),
        ] {
            let image = opaque(&image, background);
            assert!(!image.color().has_alpha());
            for (found, expected) in level(&image).into_iter().zip(expected) {
                assert!(
                    found.abs_diff(expected) <= 1,
                    "{background}: {found} {expected}"
                );
            }
        }
    }
    let grey = DynamicImage::from(ImageBuffer::from_pixel(2, 1, LumaA([10u8, 0])));
    assert_eq!(
        opaque(&grey, 77).as_luma8().unwrap().get_pixel(0, 0).0,
        [77]
    );
}

#[test]
fn for_ink_transparency_is_paper() {
    let drawn = |luma| {
        let image = ImageBuffer::from_fn(40, 40, |x, y| {
            let ink = (15..25).contains(&x) && (5..35).contains(&y);
            LumaA([luma, if ink { 255u8 } else { 0 }])
        });
        let png = encode(&DynamicImage::ImageLumaA8(image), ImageFormat::Png);
        let image = decoded(&png).unwrap();
        let image = opaque_for_ink(&image);
        let levels = [(20, 20), (0, 0)].map(|(x, y)| image.to_luma8().get_pixel(x, y).0[0]);
        (levels, Gray::of(&image).pixels[20 * 40 + 20])
    };
    assert_eq!(drawn(0), ([0, 255], 255));
    assert_eq!(drawn(255), ([255, 0], 255), "white on nothing");
}

#[test]
fn colour_is_what_differs_from_grey() {
    let grey = photograph(16, 16);
    let grey = DynamicImage::from(DynamicImage::from(grey).into_luma8());
    let clear = ImageBuffer::from_pixel(2, 2, Rgba([200u8, 0, 0, 0]));
    let dull = RgbImage::from_pixel(2, 2, Rgb([100, 108, 103]));
    for (name, image, expected) in [
        ("grey", grey.clone(), false),
        ("grey in three channels", grey.to_rgb8().into(), false),
        (
            "grey in a JPEG file",
            decoded(&encode(&grey.to_rgb8().into(), ImageFormat::Jpeg)).unwrap(),
            false,
        ),
        ("a photograph", photograph(16, 16).into(), true),
        (
            "of 16 bits",
            DynamicImage::from(photograph(16, 16)).into_rgb16().into(),
            true,
        ),
        ("no pixel that is seen", clear.into(), false),
        ("hardly", dull.into(), false),
    ] {
        assert_eq!(has_colour(&image), expected, "{name}");
    }
}

#[test]
fn files_that_are_no_images() {
    let png = encode(&bar(20, 20, 0, 255), ImageFormat::Png);
    let mut wrong_crc = png.clone();
    wrong_crc[20] ^= 1;
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &str); 17] = [
        ("empty", b"", "is not an image of a known format (PNG, JPEG, WebP, BMP, GIF, TIFF, PNM): it is empty; convert it to PNG first"),
        ("text", b"hello", "it looks like text"),
        ("text like BMP", b"BMW builds cars, and bikes", "it looks like text"),
        ("text like PNM", b"P6-P9 are pins", "it looks like text"),
        ("pdf", b"%PDF-1.7", "it is a PDF document"),
        ("heic", b"\0\0\0\x18ftypheic", "it is a HEIC or AVIF image, or a film"),
        ("svg", b"<?xml version='1.0'?><svg xmlns='x'/>", "it is an SVG drawing"),
        ("html", b"<!DOCTYPE html><title>404</title>", "it is an HTML page"),
        ("lfs", b"version https://git-lfs.github.com/spec/v1\noid", "`git lfs pull`"),
        ("appledouble", b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "it only holds what macOS notes"),
        ("zip", b"PK\x03\x04", "it is a ZIP archive"),
        ("gif's start", b"GIF89a\x01\x00", "is cut off"),
        ("cut png", &png[..40], "is cut off"),
        ("wrong checksum", &wrong_crc, "cannot be decoded"),
        ("noise", b"\xff\x00\x01\x02", "is not an image of a known format (PNG, JPEG, WebP, BMP, GIF, TIFF, PNM); convert"),
        ("jpeg's start", b"\xff\xd8\xff\xe0", "is cut off"),
        ("no pixels", b"P5 0 5 255\n", "0 x 5 pixels"),
    ];
    for (name, bytes, expected) in cases {
        let error = decode(Path::new(name), bytes, MANY)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(name), "{error}");
        assert!(error.contains(expected), "{name}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = file(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("is not a regular file"), "{error}");
    let error = file(Path::new("/no/such.png")).unwrap_err().to_string();
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
        let error = file(path).unwrap_err();
        assert!(matches!(error, ImageError::NotRegular(_)), "{error}");
    }
}

/// The bytes with a width and a height of 20,000 pixels in their place, little or big end first.
fn enlarged(mut bytes: Vec<u8>, at: usize, little: bool, size: usize) -> Vec<u8> {
    for side in [0, 1] {
        let value = &mut bytes[at + side * size..][..size];
        value.fill(0);
        if little {
            value[..2].copy_from_slice(&20_000u16.to_le_bytes());
        } else {
            value[size - 2..].copy_from_slice(&20_000u16.to_be_bytes());
        }
    }
    bytes
}

#[test]
fn too_many_pixels_are_refused_before_decoding() {
    let image = bar(20, 20, 0, 255);
    let mut png = enlarged(encode(&image, ImageFormat::Png), 16, false, 4);
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let gif = enlarged(encode(&image, ImageFormat::Gif), 6, true, 2);
    let bmp = enlarged(encode(&image, ImageFormat::Bmp), 18, true, 4);
    let jpeg = encode(&image, ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|mark| mark == [0xff, 0xc0])
        .unwrap();
    let jpeg = enlarged(jpeg, frame + 5, false, 2);
    let pnm = b"P5 20000 20000 255\n\0\0\0".to_vec();
    for (name, bytes) in [
        ("x.png", png),
        ("x.gif", gif),
        ("x.bmp", bmp),
        ("x.jpg", jpeg),
        ("x.pgm", pnm),
    ] {
        let error = decode(Path::new(name), &bytes, 100_000_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{name} has 20000 x 20000 pixels, which is 400,000,000 in all, but the limit is 100,000,000; \
                 shrink it, or raise the limit with --max-pixels (data.max-pixels in a recipe)"
            )
        );
    }
}

#[test]
fn the_limit_on_pixels_is_the_largest_picture() {
    let png = encode(&bar(20, 10, 0, 255), ImageFormat::Png);
    let within = |limit| decode(Path::new("x"), &png, limit);
    assert!(within(200).is_ok());
    assert!(matches!(within(199), Err(ImageError::Large { .. })));
}

#[test]
fn what_does_not_fit_into_memory_is_refused_before_decoding() {
    if crate::memory::available().is_none() {
        return;
    }
    // 2^60 pixels.
    let bytes = b"P5 1073741824 1073741824 255\n\0".to_vec();
    let error = decode(Path::new("x.pgm"), &bytes, u64::MAX).unwrap_err();
    assert!(matches!(error, ImageError::Memory { .. }), "{error}");
}

#[test]
fn only_the_first_frame_is_read() {
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    for level in [10, 200, 90] {
        let frame = ImageBuffer::from_pixel(8, 8, Rgba([level, level, level, 255]));
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let first = decoded(&gif).unwrap();
    assert_eq!((first.width(), first.height()), (8, 8));
    assert!(first.to_luma8().iter().all(|&level| level == 10));
}

#[test]
#[ignore = "a measurement"]
fn how_long_a_photograph_takes() {
    // As smooth as photographs are: 50 to 60 kB.
    let image = RgbImage::from_fn(500, 400, |x, y| {
        let wave = |a: u32, b: u32| ((a * x + b * y) as f32 / 60.0).sin() * 100.0 + 128.0;
        let grain = ((x * x + 7 * y * y + 3 * x * y) % 23) as f32;
        Rgb([wave(3, 1), wave(1, 4), wave(2, 5)].map(|level| (level + grain) as u8))
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85)
        .encode_image(&image)
        .unwrap();
    let fitter = Fitter::new(&recipe::Image::default(), recipe::Colour::Rgb, [64, 64]);
    let crop = recipe::Image {
        fit: Some(recipe::Fit::Crop),
        ..recipe::Image::default()
    };
    let crop = Fitter::new(&crop, recipe::Colour::Rgb, [224, 224]);
    let mut seconds = [f64::INFINITY; 3];
    for _ in 0..200 {
        let start = std::time::Instant::now();
        let image = decoded(&jpeg).unwrap();
        seconds[0] = start.elapsed().as_secs_f64().min(seconds[0]);
        for (fitter, seconds) in [&fitter, &crop].into_iter().zip(&mut seconds[1..]) {
            let start = std::time::Instant::now();
            fitter.fit(&image);
            *seconds = start.elapsed().as_secs_f64().min(*seconds);
        }
    }
    let [decode, small, crop] = seconds.map(|seconds| 1000.0 * seconds);
    let bytes = jpeg.len();
    eprintln!(
        "{bytes} bytes: decode {decode:.2} ms, to 64 x 64 {small:.2} ms, crop 224 {crop:.2} ms"
    );
}

#[test]
fn no_changed_byte_makes_a_decoder_panic() {
    // One byte after the other changed.
    let image = photograph(9, 7);
    for format in FORMATS {
        let bytes = encode(&image.clone().into(), format);
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                let _ = decode(Path::new("x"), &bytes, MANY);
            }
        }
    }
}
