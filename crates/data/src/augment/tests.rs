//! Changed images against obvious loops, and their boxes against their ink.

mod photographs;

use kernels::boxes::tight_box;
use proptest::prelude::*;

use super::*;
use crate::random::Purpose;

const NONE: Augment = Augment {
    shift: 0,
    rotate: 0.0,
    scale: 0.0,
    shear: 0.0,
    flip: 0.0,
    elastic: 0.0,
    elastic_sigma: 4.0,
    contrast: 0.0,
    brightness: 0.0,
    invert: 0.0,
    noise: 0.0,
    erase: 0.0,
    erase_area: [0.02, 0.33],
    flip_vertical: 0.0,
    crop: 0.0,
    crop_area: [0.08, 1.0],
    crop_ratio: [0.75, 1.333],
    saturation: 0.0,
    hue: 0.0,
    mosaic: 0.0,
};

fn key(index: u64) -> Key {
    Key {
        seed: 5,
        purpose: Purpose::Augment,
        epoch: 3,
        index,
    }
}

fn draw(augment: &Augment, shape: [usize; 3], index: u64) -> Change {
    Change::draw(augment, shape, key(index))
}

fn changed(augment: &Augment, shape: [usize; 3], index: u64, pixels: &[u8]) -> Vec<u8> {
    let change = draw(augment, shape, index);
    let mut pixels = change.moved(pixels.into()).into_owned();
    change.shade(&mut pixels);
    pixels
}

fn picture(shape: [usize; 3], index: u64) -> Vec<u8> {
    let mut stream = Key {
        purpose: Purpose::Scene,
        ..key(index)
    }
    .stream();
    let pixels = shape.iter().product();
    (0..pixels).map(|_| stream.below(256) as u8).collect()
}

/// Shift, rotation and scale as they were before there was anything else: old recipes must go on giving these bytes.
fn as_it_was(
    pixels: &[u8],
    [channels, height, width]: [usize; 3],
    augment: &Augment,
    key: Key,
) -> Vec<u8> {
    let mut stream = key.stream();
    let draws: [f64; 4] = std::array::from_fn(|_| stream.uniform(-1.0, 1.0));
    let angle = draws[0] * augment.rotate.to_radians();
    let scale = 1.0 + draws[1] * augment.scale;
    let shift = augment.shift as f64;
    let (shift_x, shift_y) = ((draws[2] * shift).round(), (draws[3] * shift).round());
    let (centre_x, centre_y) = (width as f64 / 2.0, height as f64 / 2.0);
    let (sin, cos) = (angle.sin() / scale, angle.cos() / scale);
    let mut changed = vec![0; pixels.len()];
    for channel in 0..channels {
        let plane = &pixels[channel * height * width..][..height * width];
        let pixel = |column: f64, row: f64| {
            let inside =
                column >= 0.0 && row >= 0.0 && column < width as f64 && row < height as f64;
            match inside {
                true => f64::from(plane[row as usize * width + column as usize]),
                false => 0.0,
            }
        };
        for y in 0..height {
            for x in 0..width {
                let dx = x as f64 + 0.5 - centre_x - shift_x;
                let dy = y as f64 + 0.5 - centre_y - shift_y;
                let from_x = cos * dx + sin * dy + centre_x - 0.5;
                let from_y = cos * dy - sin * dx + centre_y - 0.5;
                let (left, top) = (from_x.floor(), from_y.floor());
                let (right_share, bottom_share) = (from_x - left, from_y - top);
                let above =
                    pixel(left, top) * (1.0 - right_share) + pixel(left + 1.0, top) * right_share;
                let below = pixel(left, top + 1.0) * (1.0 - right_share)
                    + pixel(left + 1.0, top + 1.0) * right_share;
                let value = above * (1.0 - bottom_share) + below * bottom_share;
                changed[(channel * height + y) * width + x] = value.round() as u8;
            }
        }
    }
    changed
}

proptest! {
    #[test]
    fn shift_rotation_and_scale_stay_as_they_were(
        shape in [1..3usize, 1..30usize, 1..30usize],
        shift in 0..40usize,
        rotate in prop_oneof![Just(0.0), 0.0..180.0],
        scale in prop_oneof![Just(0.0), 0.0..0.99],
        index in 0..1000u64,
    ) {
        let augment = Augment { shift, rotate, scale, ..NONE };
        let pixels = picture(shape, index);
        let expected = as_it_was(&pixels, shape, &augment, key(index));
        prop_assert_eq!(changed(&augment, shape, index, &pixels), expected);
    }

    #[test]
    fn nothing_on_changes_nothing(shape in [1..4usize, 1..20usize, 1..20usize], index in 0..9u64) {
        let pixels = picture(shape, index);
        let change = draw(&NONE, shape, index);
        prop_assert!(!change.shades());
        prop_assert_eq!(&*change.moved(pixels[..].into()), &pixels[..]);
        prop_assert_eq!(&changed(&NONE, shape, index, &pixels), &pixels);
        let bounds = Xyxy::new(0.0, 0.0, shape[2] as f32, shape[1] as f32);
        prop_assert_eq!(change.bounds(bounds), Some(bounds));
    }

    #[test]
    fn a_shift_alone_is_exact(shape in [1..3usize, 1..20usize, 1..20usize], index in 0..99u64) {
        let augment = Augment { shift: 9, ..NONE };
        let [channels, height, width] = shape;
        let pixels = picture(shape, index);
        let mut stream = key(index).stream();
        let draws: [f64; 4] = std::array::from_fn(|_| stream.uniform(-1.0, 1.0));
        let [right, down] = [draws[2], draws[3]].map(|draw| (draw * 9.0).round() as i64);
        let mut expected = vec![0; pixels.len()];
        for (at, pixel) in expected.iter_mut().enumerate() {
            let (x, y) = ((at % width) as i64 - right, (at / width % height) as i64 - down);
            if (0..width as i64).contains(&x) && (0..height as i64).contains(&y) {
                let plane = at / width / height;
                *pixel = pixels[(plane * height + y as usize) * width + x as usize];
            }
        }
        prop_assert!(channels * height * width == expected.len());
        prop_assert_eq!(changed(&augment, shape, index, &pixels), expected);
    }

    /// A solid rectangle: what is at least half of its ink lies in the box within a pixel, and the box fits.
    #[test]
    fn boxes_follow_their_ink(
        rotate in prop_oneof![Just(0.0), 0.0..45.0],
        scale in prop_oneof![Just(0.0), 0.0..0.3],
        shear in prop_oneof![Just(0.0), 0.0..25.0],
        elastic in prop_oneof![Just(0.0), 0.2..2.0],
        flip in 0..2usize,
        shift in 0..12usize,
        index in 0..10_000u64,
    ) {
        const SIDE: usize = 72;
        let augment = Augment {
            shift, rotate, scale, shear, elastic, elastic_sigma: 6.0, flip: flip as f64, ..NONE
        };
        let bounds = Xyxy::new(20.0, 24.0, 50.0, 41.0);
        let pixels: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| {
                let (x, y) = (at % SIDE, at / SIDE);
                if (20..50).contains(&x) && (24..41).contains(&y) { 255 } else { 0 }
            })
            .collect();
        let change = draw(&augment, [1, SIDE, SIDE], index);
        let moved = change.moved(pixels[..].into());
        let half: Vec<bool> = moved.iter().map(|&pixel| pixel >= 128).collect();
        let ink = <[f32; 4]>::from(tight_box(&half, SIDE).expect("ink"));
        let found = <[f32; 4]>::from(change.bounds(bounds).expect("to be seen"));
        // Sides that point inwards are positive.
        let inwards = [0, 1, 2, 3].map(|i| if i < 2 { ink[i] - found[i] } else { found[i] - ink[i] });
        for side in inwards {
            prop_assert!((-1.0..2.5).contains(&side), "box {found:?}, ink {ink:?}");
        }
    }

    /// Without bending, too: the corners of the box come back to where they were.
    #[test]
    fn there_and_back(
        rotate in 0.0..180.0,
        scale in 0.0..0.5,
        shear in 0.0..60.0,
        elastic in 0.0..2.0,
        index in 0..10_000u64,
        place in [5.0..25.0, 5.0..25.0],
    ) {
        let augment = Augment {
            rotate, scale, shear, elastic, elastic_sigma: 8.0, flip: 0.5, shift: 3, flip_vertical: 0.5, crop: 0.5, ..NONE
        };
        let change = draw(&augment, [1, 30, 30], index);
        let there = change.warp.forth(place);
        let back = change.warp.back(there);
        for axis in [0, 1] {
            prop_assert!((back[axis] - place[axis]).abs() < 0.05, "{place:?} {there:?} {back:?}");
        }
    }

    #[test]
    fn no_option_makes_it_panic(
        shape in [1..4usize, 1..12usize, 1..12usize],
        numbers in [0.0..1.0, 0.0..1.0, 0.0..1.0, 0.0..1.0],
        shift in 0..50usize,
        index in 0..1000u64,
    ) {
        let [a, b, c, d] = numbers;
        let augment = Augment {
            shift,
            rotate: 180.0 * a,
            scale: 0.999_999 * b,
            shear: 60.0 * c,
            flip: d,
            elastic: 2.0 * a,
            elastic_sigma: 4.0 + 100.0 * b,
            contrast: c,
            brightness: d,
            invert: a,
            noise: b,
            erase: 1.0,
            erase_area: [c.min(d).max(0.001), c.max(d).max(0.001)],
            flip_vertical: a,
            crop: b,
            crop_area: [a.min(c).max(0.001), a.max(c).max(0.001)],
            crop_ratio: [0.01 + a, 1.01 + 10.0 * d],
            saturation: c,
            hue: d / 2.0,
            mosaic: 0.0,
        };
        let pixels = picture(shape, index);
        prop_assert_eq!(changed(&augment, shape, index, &pixels).len(), pixels.len());
        draw(&augment, shape, index).bounds(Xyxy::new(0.2, 0.3, 0.9, 1.0));
    }
}

#[test]
fn an_option_leaves_the_draws_of_the_others() {
    let shape = [1, 24, 24];
    let pixels = picture(shape, 0);
    let base = Augment {
        rotate: 20.0,
        shift: 3,
        ..NONE
    };
    let more = Augment {
        contrast: 0.5,
        noise: 0.2,
        erase: 1.0,
        saturation: 0.5,
        hue: 0.5,
        ..base
    };
    for index in 0..20 {
        let moved = |augment| {
            draw(augment, shape, index)
                .moved(pixels[..].into())
                .into_owned()
        };
        assert_eq!(moved(&base), moved(&more));
    }
}

#[test]
fn mirroring_is_exact() {
    let shape = [2, 3, 7];
    let (pixels, augment) = (picture(shape, 1), Augment { flip: 1.0, ..NONE });
    let expected: Vec<u8> = pixels
        .chunks_exact(7)
        .flat_map(|row| row.iter().rev())
        .copied()
        .collect();
    assert_eq!(changed(&augment, shape, 1, &pixels), expected);
    let mirrored = draw(&augment, shape, 1).bounds(Xyxy::new(1.0, 0.0, 3.0, 2.0));
    assert_eq!(mirrored, Some(Xyxy::new(4.0, 0.0, 6.0, 2.0)));
    let half = Augment { flip: 0.5, ..NONE };
    let flipped = (0..1000).filter(|&index| changed(&half, shape, index, &pixels) != pixels);
    assert!((400..600).contains(&flipped.count()));
}

#[test]
fn values_change_as_told() {
    let shape = [1, 16, 16];
    let pixels = picture(shape, 2);
    let mean = |pixels: &[u8]| pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / 256.0;
    let spread = |pixels: &[u8]| {
        let mean = mean(pixels);
        let squares = pixels.iter().map(|&p| (f64::from(p) - mean).powi(2));
        (squares.sum::<f64>() / 256.0).sqrt()
    };
    let inverted = changed(
        &Augment {
            invert: 1.0,
            ..NONE
        },
        shape,
        0,
        &pixels,
    );
    assert!(inverted.iter().zip(&pixels).all(|(a, b)| *a == 255 - *b));
    // A half-grey picture: nothing is cut off at black or white.
    let grey: Vec<u8> = pixels.iter().map(|p| 96 + p / 4).collect();
    for index in 0..50 {
        let of = |augment| changed(&augment, shape, index, &grey);
        let contrast = of(Augment {
            contrast: 0.5,
            ..NONE
        });
        assert!((mean(&contrast) - mean(&grey)).abs() < 0.5);
        let ratio = spread(&contrast) / spread(&grey);
        assert!((0.48..1.52).contains(&ratio), "{ratio}");
        let brightness = of(Augment {
            brightness: 0.2,
            ..NONE
        });
        let step = i32::from(brightness[0]) - i32::from(grey[0]);
        assert!(step.abs() <= 51, "{step}");
        let steps = brightness
            .iter()
            .zip(&grey)
            .map(|(a, b)| i32::from(*a) - i32::from(*b));
        assert!(steps.into_iter().all(|other| other == step));
        let noisy = of(Augment { noise: 0.1, ..NONE });
        let added = (spread(&noisy).powi(2) - spread(&grey).powi(2))
            .max(0.0)
            .sqrt();
        assert!(added < 0.13 * 255.0, "{added}");
    }
}

#[test]
fn a_covered_rectangle_is_as_large_as_told_and_hides_objects() {
    let (shape, augment) = (
        [1, 40, 60],
        Augment {
            erase: 1.0,
            erase_area: [0.1, 0.2],
            ..NONE
        },
    );
    let pixels = vec![0; 2400];
    for index in 0..100 {
        let covered = changed(&augment, shape, index, &pixels);
        let bounds = tight_box(&covered, 60).expect("something");
        let share = bounds.area() / 2400.0;
        assert!((0.08..0.22).contains(&share), "{share}");
        let change = draw(&augment, shape, index);
        assert_eq!(change.bounds(bounds), None, "hidden");
        let whole = Xyxy::new(0.0, 0.0, 60.0, 40.0);
        assert_eq!(change.bounds(whole), Some(whole));
    }
}

#[test]
fn objects_of_which_little_is_left_are_dropped() {
    let change = draw(&NONE, [1, 100, 100], 0);
    #[rustfmt::skip]
    let cases = [
        ("inside", [10., 10., 20., 20.], Some([10., 10., 20., 20.])),
        ("over the edge", [-5., 10., 5., 20.], Some([0., 10., 5., 20.])),
        ("a quarter is left", [-15., 10., 5., 20.], Some([0., 10., 5., 20.])),
        ("less than a quarter", [-16., 10., 5., 20.], None),
        ("a corner: half of a half", [90., 90., 110., 110.], Some([90., 90., 100., 100.])),
        ("outside", [-20., 10., -5., 20.], None),
        ("thinner than a pixel", [10., 10., 10.9, 20.], None),
        ("around the image", [-10., -10., 110., 110.], Some([0., 0., 100., 100.])),
    ];
    for (name, bounds, expected) in cases {
        assert_eq!(
            change.bounds(bounds.into()),
            expected.map(Xyxy::from),
            "{name}"
        );
    }
}
