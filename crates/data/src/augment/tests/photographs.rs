//! Cropping, mirroring top and bottom, colours and mosaics.

use super::*;
use crate::truth::Truth;

#[test]
fn mirroring_top_and_bottom_is_exact() {
    let shape = [3, 4, 7];
    let pixels = picture(shape, 1);
    let augment = Augment {
        flip_vertical: 1.0,
        ..NONE
    };
    let expected: Vec<u8> = pixels
        .chunks_exact(28)
        .flat_map(|plane| plane.chunks_exact(7).rev().flatten())
        .copied()
        .collect();
    assert_eq!(changed(&augment, shape, 1, &pixels), expected);
    let mirrored = draw(&augment, shape, 1).bounds(Xyxy::new(1.0, 0.0, 3.0, 1.0));
    assert_eq!(mirrored, Some(Xyxy::new(1.0, 3.0, 3.0, 4.0)));
}

/// The rectangle that the options cut out.
fn part(augment: &Augment, [_, height, width]: [usize; 3], index: u64) -> [f64; 4] {
    let photograph = Photograph::draw(augment, [height, width], key(index));
    photograph.crop.expect("always").map(|place| place as f64)
}

proptest! {
    #[test]
    fn a_crop_is_enlarged(shape in [1..4usize, 1..30usize, 1..30usize], index in 0..1000u64) {
        let augment = Augment { crop: 1.0, crop_area: [0.2, 0.9], ..NONE };
        let [_, height, width] = shape;
        let pixels = picture(shape, index);
        let [x1, y1, x2, y2] = part(&augment, shape, index);
        let result = changed(&augment, shape, index, &pixels);
        for (at, found) in result.into_iter().enumerate() {
            let (plane, y, x) = (at / (height * width), at / width % height, at % width);
            let from_x = x1 + (x as f64 + 0.5) * (x2 - x1) / width as f64 - 0.5;
            let from_y = y1 + (y as f64 + 0.5) * (y2 - y1) / height as f64 - 0.5;
            let pixel = |x: f64, y: f64| {
                if x < 0.0 || y < 0.0 || x >= width as f64 || y >= height as f64 {
                    return 0.0;
                }
                f64::from(pixels[(plane * height + y as usize) * width + x as usize])
            };
            let (left, top) = (from_x.floor(), from_y.floor());
            let (right, down) = (from_x - left, from_y - top);
            let above = pixel(left, top) * (1.0 - right) + pixel(left + 1.0, top) * right;
            let below = pixel(left, top + 1.0) * (1.0 - right) + pixel(left + 1.0, top + 1.0) * right;
            let expected = above * (1.0 - down) + below * down;
            prop_assert!((f64::from(found) - expected).abs() <= 0.5 + 1e-6, "{at}: {found} {expected}");
        }
        // What was cut out is the whole; what lies outside of it is gone.
        let change = draw(&augment, shape, index);
        let near = |found: Xyxy, expected: [f32; 4]| {
            let found: [f32; 4] = found.into();
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3)
        };
        let all = change.bounds([x1, y1, x2, y2].map(|place| place as f32).into()).unwrap();
        prop_assert!(near(all, [0.0, 0.0, width as f32, height as f32]));
        if x1 > 0.0 {
            prop_assert_eq!(change.bounds(Xyxy::new(0.0, 0.0, x1 as f32, height as f32)), None);
        }
    }

    #[test]
    fn a_crop_has_the_area_and_ratio_asked_for(index in 0..1000u64) {
        let augment = Augment { crop: 1.0, crop_area: [0.25, 0.5], crop_ratio: [0.5, 2.0], ..NONE };
        let [x1, y1, x2, y2] = part(&augment, [1, 200, 200], index);
        let (width, height) = (x2 - x1, y2 - y1);
        prop_assert!((0.24..0.51).contains(&(width * height / 40_000.0)));
        prop_assert!((0.49..2.05).contains(&(width / height)));
        prop_assert!(x1 >= 0.0 && y1 >= 0.0 && x2 <= 200.0 && y2 <= 200.0);
    }
}

#[test]
fn crops_come_as_often_as_asked_for_and_everywhere() {
    let augment = Augment {
        crop: 0.3,
        crop_area: [0.1, 0.1],
        ..NONE
    };
    let drawn = |index| Photograph::draw(&augment, [100, 100], key(index)).crop;
    let parts: Vec<[usize; 4]> = (0..1000).filter_map(drawn).collect();
    assert!((250..350).contains(&parts.len()), "{}", parts.len());
    for axis in [0, 1] {
        let mean = parts.iter().map(|part| part[axis]).sum::<usize>() / parts.len();
        assert!((25..45).contains(&mean), "{mean}");
    }
}

/// HSV as textbooks have it: hue in degrees, saturation and value from 0 to 1.
fn hsv([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let most = red.max(green).max(blue);
    let range = most - red.min(green).min(blue);
    let hue = match (range, most) {
        (0.0, _) => 0.0,
        (_, most) if most == red => 60.0 * ((green - blue) / range).rem_euclid(6.0),
        (_, most) if most == green => 60.0 * ((blue - red) / range + 2.0),
        _ => 60.0 * ((red - green) / range + 4.0),
    };
    let saturation = if most == 0.0 { 0.0 } else { range / most };
    [hue, saturation, most / 255.0]
}

fn rgb([hue, saturation, value]: [f64; 3]) -> [f64; 3] {
    let chroma = value * saturation;
    let between = chroma * (1.0 - ((hue / 60.0).rem_euclid(2.0) - 1.0).abs());
    let colours = match (hue / 60.0) as usize {
        0 => [chroma, between, 0.0],
        1 => [between, chroma, 0.0],
        2 => [0.0, chroma, between],
        3 => [0.0, between, chroma],
        4 => [between, 0.0, chroma],
        _ => [chroma, 0.0, between],
    };
    colours.map(|colour| 255.0 * (colour + value - chroma))
}

#[test]
fn hues_are_turned_as_in_hsv() {
    let shape = [3, 8, 8];
    let augment = Augment { hue: 0.5, ..NONE };
    for index in 0..50 {
        let pixels = picture(shape, index);
        let turn = f64::from(Photograph::draw(&augment, [8, 8], key(index)).colours.hue);
        let found = changed(&augment, shape, index, &pixels);
        for at in 0..64 {
            let [hue, saturation, value] =
                hsv([0, 1, 2].map(|channel| f64::from(pixels[64 * channel + at])));
            let expected = rgb([(hue + 360.0 * turn).rem_euclid(360.0), saturation, value]);
            for (channel, expected) in expected.into_iter().enumerate() {
                let found = f64::from(found[64 * channel + at]);
                assert!(
                    (found - expected).abs() < 0.51,
                    "{index}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn saturation_goes_to_and_from_grey() {
    let shape = [3, 8, 8];
    let augment = Augment {
        saturation: 1.0,
        ..NONE
    };
    for index in 0..50 {
        let pixels = picture(shape, index);
        let drawn = Photograph::draw(&augment, [8, 8], key(index));
        let factor = f64::from(drawn.colours.saturation);
        let found = changed(&augment, shape, index, &pixels);
        for at in 0..64 {
            let [red, green, blue] = [0, 1, 2].map(|c| f64::from(pixels[64 * c + at]));
            let grey = 0.2989 * red + 0.587 * green + 0.114 * blue;
            for (channel, value) in [red, green, blue].into_iter().enumerate() {
                let expected = (grey * (1.0 - factor) + value * factor).clamp(0.0, 255.0);
                let found = f64::from(found[64 * channel + at]);
                assert!(
                    (found - expected).abs() < 0.51,
                    "{index}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn grey_pictures_have_no_colours_to_change() {
    let augment = Augment {
        saturation: 1.0,
        hue: 0.5,
        ..NONE
    };
    let pixels = picture([1, 9, 9], 0);
    assert_eq!(changed(&augment, [1, 9, 9], 0, &pixels), pixels);
    // And grey stays grey in three channels.
    let grey = pixels.repeat(3);
    assert_eq!(changed(&augment, [3, 9, 9], 0, &grey), grey);
}

#[test]
fn every_option_treats_all_channels_alike() {
    let plane = picture([1, 16, 20], 3);
    let options = [
        ("shift", Augment { shift: 5, ..NONE }),
        (
            "rotate",
            Augment {
                rotate: 40.0,
                ..NONE
            },
        ),
        (
            "elastic",
            Augment {
                elastic: 1.5,
                ..NONE
            },
        ),
        ("crop", Augment { crop: 1.0, ..NONE }),
        (
            "levels",
            Augment {
                contrast: 0.5,
                brightness: 0.3,
                invert: 0.5,
                ..NONE
            },
        ),
    ];
    for (name, augment) in options {
        for index in 0..10 {
            let one = changed(&augment, [1, 16, 20], index, &plane);
            let three = changed(&augment, [3, 16, 20], index, &plane.repeat(3));
            assert_eq!(three, one.repeat(3), "{name}");
        }
    }
}

#[test]
fn four_images_meet() {
    let shape = [3, 40, 60];
    let images: Vec<Vec<u8>> = [50, 100, 150, 200].map(|level| vec![level; 7200]).into();
    // The whole of each image, and its four corners.
    let boxes = [
        [0., 0., 60., 40.],
        [0., 0., 12., 8.],
        [48., 0., 60., 8.],
        [0., 32., 12., 40.],
        [48., 32., 60., 40.],
    ];
    let truths: Vec<Vec<Truth>> = (0..4)
        .map(|class| {
            boxes
                .map(|bounds| Truth {
                    bounds: bounds.into(),
                    class,
                })
                .into()
        })
        .collect();
    let parts = || [0, 1, 2, 3].map(|index| (&images[index][..], &truths[index][..]));
    for index in 0..100 {
        let key = Key {
            purpose: Purpose::Mosaic,
            ..key(index)
        };
        let (pixels, found) = mosaic(parts(), shape, key);
        assert_eq!((pixels.clone(), found.clone()), mosaic(parts(), shape, key));
        let at = |y: usize, x: usize| pixels[y * 60 + x];
        assert_eq!(
            [at(0, 0), at(0, 59), at(39, 0), at(39, 59)],
            [50, 100, 150, 200]
        );
        let middle = [
            (0..60).filter(|&x| at(0, x) == 50).count() as f32,
            (0..40).filter(|&y| at(y, 0) == 50).count() as f32,
        ];
        assert!((15.0..=45.0).contains(&middle[0]) && (10.0..=30.0).contains(&middle[1]));
        // Nothing is left black, and every pixel is of the image of its part.
        for (at, &pixel) in pixels.iter().enumerate() {
            let (y, x) = (at / 60 % 40, at % 60);
            let part = usize::from(x as f32 >= middle[0]) + 2 * usize::from(y as f32 >= middle[1]);
            assert_eq!(usize::from(pixel), 50 * (part + 1), "{index} {x} {y}");
        }
        for (class, part) in [
            [0.0, 0.0, middle[0], middle[1]],
            [middle[0], 0.0, 60.0, middle[1]],
            [0.0, middle[1], middle[0], 40.0],
            [middle[0], middle[1], 60.0, 40.0],
        ]
        .into_iter()
        .enumerate()
        {
            let of_class: Vec<[f32; 4]> = found
                .iter()
                .filter(|truth| truth.class == class)
                .map(|truth| truth.bounds.into())
                .collect();
            // The corner at the middle is always seen whole; no box leaves its part.
            let corner = 4 - class;
            assert!(!of_class.is_empty(), "{index} {class}");
            let touches = |bounds: &[f32; 4]| match corner {
                4 => (bounds[2] - middle[0]).abs() + (bounds[3] - middle[1]).abs() < 1e-3,
                3 => (bounds[0] - middle[0]).abs() + (bounds[3] - middle[1]).abs() < 1e-3,
                2 => (bounds[2] - middle[0]).abs() + (bounds[1] - middle[1]).abs() < 1e-3,
                _ => (bounds[0] - middle[0]).abs() + (bounds[1] - middle[1]).abs() < 1e-3,
            };
            assert!(
                of_class.iter().any(touches),
                "{index} {class} {of_class:?} {middle:?}"
            );
            for bounds in of_class {
                assert!(bounds[0] >= part[0] && bounds[1] >= part[1], "{bounds:?}");
                assert!(bounds[2] <= part[2] && bounds[3] <= part[3], "{bounds:?}");
            }
        }
    }
}

#[test]
fn boxes_of_a_mosaic_lie_where_their_ink_is() {
    // Each image shows one bright rectangle on black.
    let shape = [1, 48, 48];
    for index in 0..100 {
        let mut stream = Key {
            purpose: Purpose::Scene,
            ..key(index)
        }
        .stream();
        let drawn: Vec<(Vec<u8>, Vec<Truth>)> = (0..4)
            .map(|class| {
                let [x, y] = [0, 1].map(|_| stream.below(28));
                let [w, h] = [0, 1].map(|_| 8 + stream.below(12));
                let mut pixels = vec![0; 48 * 48];
                for row in pixels.chunks_exact_mut(48).skip(y).take(h) {
                    row[x..x + w].fill(60 * (class as u8 + 1));
                }
                let bounds = [x, y, x + w, y + h].map(|place| place as f32).into();
                (pixels, vec![Truth { bounds, class }])
            })
            .collect();
        let parts = [0, 1, 2, 3].map(|index| (&drawn[index].0[..], &drawn[index].1[..]));
        let key = Key {
            purpose: Purpose::Mosaic,
            ..key(index)
        };
        let (pixels, truths) = mosaic(parts, shape, key);
        for Truth { bounds, class } in truths {
            let level = 60 * (class as u8 + 1);
            let [x1, y1, x2, y2] = <[f32; 4]>::from(bounds);
            let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
            let pixel = pixels[y as usize * 48 + x as usize];
            assert!(
                pixel.abs_diff(level) <= 8,
                "{index} {class} {bounds:?}: {pixel}"
            );
        }
    }
}
