//! Pictures brought to a size, and boxes with them.

use super::*;
use proptest::prelude::*;

fn settings(fit: Fit, background: u8) -> Image {
    Image {
        fit: Some(fit),
        background,
        ..Image::default()
    }
}

fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(7 * x + y) as u8, (3 * y + x * x) as u8, (x * y) as u8])
    })
}

/// `[3, H, W]` of `[H, W, 3]`.
fn planes(image: &RgbImage) -> Vec<u8> {
    let channel = |channel: usize| image.as_raw().iter().skip(channel).step_by(3);
    (0..3).flat_map(channel).copied().collect()
}

#[test]
fn what_has_the_size_is_not_touched() {
    let image = photograph(31, 17);
    for fit in [Fit::Letterbox, Fit::Stretch] {
        let fitter = Fitter::new(&settings(fit, 9), Colour::Rgb, [17, 31]);
        let fitted = fitter.fit(&image.clone().into());
        assert_eq!(fitted.pixels, planes(&image), "{fit:?}");
        assert_eq!(fitter.shape(), [3, 17, 31]);
        let bounds = [1.5, 2.0, 30.0, 16.5];
        assert_eq!(fitted.mapping.to_original(bounds), bounds);
        assert_eq!(fitted.mapping.from_original(bounds), bounds);
    }
    let grey = DynamicImage::from(image).into_luma8();
    let fitter = Fitter::new(&settings(Fit::Letterbox, 9), Colour::Grey, [17, 31]);
    assert_eq!(fitter.fit(&grey.clone().into()).pixels, *grey.as_raw());
    let fitter = Fitter::new(&settings(Fit::Letterbox, 9), Colour::Rgb, [17, 31]);
    assert_eq!(
        fitter.fit(&grey.clone().into()).pixels,
        grey.as_raw().repeat(3)
    );
}

#[test]
fn a_letterbox_keeps_proportions() {
    let fitter = Fitter::new(&settings(Fit::Letterbox, 114), Colour::Rgb, [40, 60]);
    let red = RgbImage::from_pixel(100, 100, image::Rgb([200, 10, 20]));
    let fitted = fitter.fit(&red.into());
    let row = |plane: usize, y: usize| &fitted.pixels[(plane * 40 + y) * 60..][..60];
    for y in [0, 20, 39] {
        for (plane, level) in [200, 10, 20].into_iter().enumerate() {
            let expected = [[114; 10].to_vec(), vec![level; 40], [114; 10].to_vec()].concat();
            assert_eq!(row(plane, y), expected);
        }
    }
    let mapping = fitted.mapping;
    assert_eq!(
        mapping.to_original([10.0, 0.0, 50.0, 40.0]),
        [0.0, 0.0, 100.0, 100.0]
    );
    assert_eq!(
        mapping.to_original([0.0, 0.0, 30.0, 20.0]),
        [0.0, 0.0, 50.0, 50.0]
    );
    assert_eq!(
        mapping.from_original([0.0, 0.0, 50.0, 50.0]),
        [10.0, 0.0, 30.0, 20.0]
    );
}

#[test]
fn transparent_pixels_show_the_background() {
    let clear = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 0]));
    for colour in [Colour::Grey, Colour::Rgb] {
        let fitter = Fitter::new(&settings(Fit::Stretch, 50), colour, [4, 4]);
        let fitted = fitter.fit(&clear.clone().into());
        assert_eq!(fitted.pixels, vec![50; 16 * colour.channels()]);
        assert!(fitted.is_blank());
    }
}

/// Sizes and corners that torchvision's `Resize(shorter)` and `CenterCrop(size)` give.
#[test]
fn a_crop_is_torchvisions() {
    #[rustfmt::skip]
    let cases = [
        // from [h, w], size, resize, resized, corner [x, y]
        ([375, 500], 224, None, [256, 341], [-58, -16]),
        ([500, 375], 224, None, [341, 256], [-16, -58]),
        ([400, 500], 224, None, [256, 320], [-48, -16]),
        ([224, 224], 224, None, [256, 256], [-16, -16]),
        ([1, 3], 224, None, [256, 768], [-272, -16]),
        ([333, 500], 224, Some(232), [232, 348], [-62, -4]),
        ([299, 299], 299, None, [342, 342], [-22, -22]),
        // 257 - 224 is 33, and half of it 16.5: to the even 16. 35 gives 17.5, to 18.
        ([100, 100], 224, Some(257), [257, 257], [-16, -16]),
        ([100, 100], 224, Some(259), [259, 259], [-18, -18]),
        ([100, 100], 64, Some(50), [50, 50], [7, 7]),
    ];
    for (from, size, resize, resized, corner) in cases {
        let image = Image {
            fit: Some(Fit::Crop),
            resize,
            ..Image::default()
        };
        let fitter = Fitter::new(&image, Colour::Rgb, [size; 2]);
        assert_eq!(fitter.plan(from), (resized, corner), "{from:?} to {size}");
    }
}

#[test]
fn a_crop_is_cut_from_the_resized_whole() {
    let image = photograph(90, 70);
    let settings = Image {
        fit: Some(Fit::Crop),
        resize: Some(40),
        ..Image::default()
    };
    let fitted = Fitter::new(&settings, Colour::Rgb, [30, 36]).fit(&image.clone().into());
    let whole = Resizer::new([70, 90], [40, 51]).resize_rgb(image.as_raw());
    for (index, &found) in fitted.pixels.iter().enumerate() {
        let (channel, y, x) = (index / 1080, index / 36 % 30, index % 36);
        // 51 - 36 is 15, and half of it rounded to even 8.
        assert_eq!(
            found,
            whole[((y + 5) * 51 + x + 8) * 3 + channel],
            "{x} {y}"
        );
    }
    let found = fitted.mapping.to_original([0.0, 0.0, 36.0, 30.0]);
    for (found, expected) in found.into_iter().zip([14.12, 8.75, 77.65, 61.25]) {
        assert!((found - expected).abs() < 0.01, "{found} {expected}");
    }
    let lost = fitted.mapping.from_original([0.0, 0.0, 14.0, 70.0]);
    assert_eq!(lost[2] - lost[0], 0.0, "cropped away");
}

#[test]
fn extreme_shapes_cost_no_memory() {
    for (width, height) in [(1, 60_000), (200_000, 1)] {
        let image = DynamicImage::from(GrayImage::from_pixel(width, height, image::Luma([77])));
        for fit in [Fit::Letterbox, Fit::Stretch, Fit::Crop] {
            let fitted = Fitter::new(&settings(fit, 77), Colour::Rgb, [64, 64]).fit(&image);
            assert!(fitted.pixels.iter().all(|&pixel| pixel == 77), "{fit:?}");
        }
        assert!(Gray::of(&image).is_blank());
    }
}

#[test]
fn planes_become_an_image() {
    let image = photograph(5, 4);
    let found = from_planes(&planes(&image), [3, 4, 5]).unwrap();
    assert_eq!(found.as_rgb8(), Some(&image));
    assert!(
        from_planes(&[1, 2, 3, 4], [1, 2, 2])
            .unwrap()
            .as_luma8()
            .is_some()
    );
    assert!(from_planes(&[1, 2, 3], [1, 2, 2]).is_none());
    assert!(from_planes(&[1, 2, 3, 4], [2, 1, 2]).is_none());
}

#[test]
fn the_ink_of_the_whole_picture() {
    let gray = Gray::of(&crate::image::tests::bar(200, 100, 0, 255));
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

proptest! {
    #[test]
    fn boxes_come_back(
        from in [1..500usize, 1..500usize],
        size in [1..100usize, 1..100usize],
        fit in prop::sample::select(vec![Fit::Letterbox, Fit::Stretch, Fit::Crop]),
        corners in [0.0..1.0f32, 0.0..1.0f32, 0.0..1.0f32, 0.0..1.0f32],
    ) {
        let image = GrayImage::new(from[1] as u32, from[0] as u32);
        let fitted = Fitter::new(&settings(fit, 0), Colour::Grey, size).fit(&image.into());
        let [w, h] = [from[1] as f32, from[0] as f32];
        let bounds = [corners[0] * w, corners[1] * h, corners[2] * w, corners[3] * h];
        let there = fitted.mapping.from_original(bounds);
        let back = fitted.mapping.to_original(there);
        for index in 0..4 {
            prop_assert!((0.0..=size[1 - index % 2] as f32).contains(&there[index]));
            // Cropped boxes were cut off on the way.
            let seen = fitted.mapping.to_original([0.0, 0.0, size[1] as f32, size[0] as f32]);
            let expected = bounds[index].clamp(seen[index % 2], seen[index % 2 + 2]);
            prop_assert!((back[index] - expected).abs() < 0.01 * w.max(h), "{bounds:?} {there:?} {back:?}");
        }
    }

    #[test]
    fn a_spot_and_its_box_stay_together(
        from in [20..200usize, 20..200usize],
        size in [40..100usize, 40..100usize],
        fit in prop::sample::select(vec![Fit::Letterbox, Fit::Stretch, Fit::Crop]),
        place in [0.3..0.6f32, 0.3..0.6f32],
    ) {
        let [y, x] = [0, 1].map(|axis| (place[axis] * from[axis] as f32) as usize);
        let [rows, columns] = from.map(|side| (side / 5).max(4));
        let image = GrayImage::from_fn(from[1] as u32, from[0] as u32, |i, j| {
            let inside = (x..x + columns).contains(&(i as usize)) && (y..y + rows).contains(&(j as usize));
            image::Luma([if inside { 255 } else { 0 }])
        });
        let fitted = Fitter::new(&settings(fit, 0), Colour::Grey, size).fit(&image.into());
        let bounds = [x, y, x + columns, y + rows].map(|place| place as f32);
        let expected = fitted.mapping.from_original(bounds);
        let [x1, y1, x2, y2] = expected;
        // Little is left of what a crop cuts away.
        prop_assume!(x2 - x1 > 2.0 && y2 - y1 > 2.0);
        let half: Vec<bool> = fitted.pixels.iter().map(|&pixel| pixel > 127).collect();
        let found: [f32; 4] = kernels::boxes::tight_box(&half, size[1]).unwrap().into();
        for index in 0..4 {
            prop_assert!((found[index] - expected[index]).abs() <= 1.0, "{found:?} {expected:?}");
        }
    }
}
