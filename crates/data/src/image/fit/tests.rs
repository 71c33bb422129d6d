//! Images of any size and polarity.

use super::*;
use crate::image::tests::{bar, encode};
use image::ImageFormat;

#[test]
fn size_and_polarity_do_not_matter() {
    let cases = [
        ("black on white", 100, 100, 255, 0, ImageFormat::Png),
        ("white on black", 100, 100, 0, 255, ImageFormat::Png),
        ("pencil on grey paper", 100, 100, 180, 90, ImageFormat::Png),
        ("photograph", 1000, 1000, 230, 40, ImageFormat::Jpeg),
        ("chalk, oblong", 500, 500, 30, 200, ImageFormat::Jpeg),
        ("tiny", 10, 10, 255, 0, ImageFormat::Png),
    ];
    for (name, width, height, paper, ink, format) in cases {
        let bytes = encode(&bar(width, height, paper, ink), format);
        let image = crate::image::decode(Path::new(name), &bytes).unwrap();
        let gray = Gray::of(&image);
        assert_eq!(gray.dark_on_light, ink < paper, "{name}");
        let fitted = digit(&gray);
        let [x1, y1, x2, y2] = ink_box(&fitted.pixels, 28, 127).unwrap();
        // 3 times as high as wide, scaled to 20 and put in the middle.
        assert!(
            (y1 - 4.0).abs() <= 1.0 && (y2 - 24.0).abs() <= 1.0,
            "{name}: {y1} {y2}"
        );
        assert!(
            (x2 - x1 - 7.0).abs() <= 1.0 && (x1 - 11.0).abs() <= 1.0,
            "{name}: {x1} {x2}"
        );
        assert!(fitted.pixels[14 * 28 + 14] > 230, "{name}");
        assert_eq!(fitted.pixels[0], 0, "{name}");

        let original = fitted.mapping.to_original([x1, y1, x2, y2]);
        let (w, h) = (width as f32, height as f32);
        let expected = [w * 0.4, h * 0.2, w * 0.6, h * 0.8];
        for (found, expected) in original.into_iter().zip(expected) {
            assert!((found - expected).abs() <= 0.05 * w, "{name}: {original:?}");
        }
    }
}

#[test]
fn mnist_stays_as_it_is() {
    let test = crate::mnist::built_in().unwrap().test;
    let mut changed = 0;
    for index in 0..1000 {
        let pixels = test.image(index).to_vec();
        let image = GrayImage::from_raw(28, 28, pixels.clone()).unwrap();
        let fitted = digit(&Gray::of(&image.into()));
        let stretched = *pixels.iter().max().unwrap() != 255;
        changed += usize::from(fitted.pixels != pixels && !stretched);
    }
    assert!(changed <= 20, "{changed} of 1000 digits were changed");
}

#[test]
fn nothing_drawn_gives_nothing() {
    let gray = Gray::of(&bar(50, 30, 200, 200));
    let fitted = digit(&gray);
    assert!(fitted.pixels.iter().all(|&pixel| pixel == 0));
    assert_eq!(
        fitted.mapping.to_original([0.0, 0.0, 28.0, 28.0]),
        [0.0, 0.0, 50.0, 30.0]
    );
}

#[test]
fn the_whole_image_keeps_its_proportions() {
    let gray = Gray::of(&bar(200, 100, 0, 255));
    let fitted = whole(&gray, 28, 28);
    assert_eq!(
        (fitted.height, fitted.width, fitted.pixels.len()),
        (28, 28, 784)
    );
    let all = fitted.mapping.to_original([0.0, 7.0, 28.0, 21.0]);
    assert_eq!(all, [0.0, 0.0, 200.0, 100.0]);
    assert!(fitted.pixels[14 * 28 + 14] > 230 && fitted.pixels[3 * 28 + 14] == 0);
    assert_eq!(whole(&gray, 100, 200).pixels, gray.pixels);
}
