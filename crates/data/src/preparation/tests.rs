//! Tests of mosaics, and of images that are drawn several times in an epoch.

use super::*;
use crate::listing::Pixels;
use crate::sampling::balanced;
use crate::{Annotated, Images, Samples};

const SIDE: usize = 32;
const COUNT: usize = 6;

/// Image i shows a rectangle of the grey level 40 (i + 1), of class i, on black.
fn dataset(samples: impl Fn(Images, Vec<Vec<Object>>) -> Samples) -> Dataset {
    let mut values = vec![0; COUNT * SIDE * SIDE];
    let mut objects = Vec::new();
    for (class, pixels) in values.chunks_exact_mut(SIDE * SIDE).enumerate() {
        let [x, y, width, height] = [4 + class, 12 - class, 12, 10 + class];
        for row in pixels.chunks_exact_mut(SIDE).skip(y).take(height) {
            row[x..x + width].fill(40 * (class as u8 + 1));
        }
        let bounds = [x, y, x + width, y + height].map(|place| place as f32);
        objects.push(vec![Object {
            bounds: bounds.into(),
            class,
            area: (width * height) as f64,
            crowd: false,
        }]);
    }
    let images = Images::new(Pixels {
        values,
        count: COUNT,
        channels: 1,
        height: SIDE,
        width: SIDE,
    });
    Dataset {
        count: COUNT,
        channels: 1,
        height: SIDE,
        width: SIDE,
        classes: (0..COUNT).map(|class| class.to_string()).collect(),
        preparation: recipe::Image::default(),
        samples: samples(images, objects),
    }
}

fn annotated() -> Dataset {
    dataset(|images, objects| {
        Samples::Annotated(Annotated {
            images,
            objects,
            mappings: Vec::new(),
            image_ids: (0..COUNT as i64).collect(),
            category_ids: (0..COUNT as i64).collect(),
        })
    })
}

fn ink() -> Dataset {
    dataset(|images, _| Samples::Labelled {
        images,
        labels: (0..COUNT as u32).collect(),
        ink: true,
    })
}

fn with(augment: Augment) -> Preparation {
    Preparation {
        augment: Some((augment, 5)),
    }
}

fn mosaics(share: f64) -> Preparation {
    with(Augment {
        mosaic: share,
        ..Augment::default()
    })
}

fn seen<'a>(preparation: &Preparation, data: &'a Dataset, index: usize, epoch: usize) -> Seen<'a> {
    preparation.seen(data, data.sample(image_of(index), epoch), index, epoch)
}

#[test]
fn boxes_of_mosaics_follow_their_objects() {
    for (name, data) in [("annotated", annotated()), ("ink", ink())] {
        let mut partners = [0; COUNT];
        let mut objects = 0;
        for epoch in 1..=50 {
            let Seen { pixels, truths, .. } = seen(&mosaics(1.0), &data, 2, epoch);
            assert_eq!(pixels.len(), SIDE * SIDE);
            for Truth { bounds, class } in truths {
                partners[class] += 1;
                objects += 1;
                let [x1, y1, x2, y2] = <[f32; 4]>::from(bounds);
                assert!(x1 >= 0.0 && y1 >= 0.0 && x2 <= 32.0 && y2 <= 32.0);
                let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
                let pixel = pixels[y as usize * SIDE + x as usize];
                let level = 40 * (class as u8 + 1);
                assert!(pixel.abs_diff(level) < 20, "{name}: {bounds:?} of {class}");
            }
        }
        assert!(objects > 75, "{name}: {objects}");
        // The image itself is always one of the four; all others take part.
        assert!(
            partners.iter().all(|&count| count > 3),
            "{name}: {partners:?}"
        );
        assert!(partners[2] >= 25, "{name}: {partners:?}");
    }
}

#[test]
fn mosaics_depend_on_the_key_alone() {
    let data = annotated();
    let drawn = |index, epoch| {
        let seen = seen(&mosaics(1.0), &data, index, epoch);
        (seen.pixels.into_owned(), seen.truths)
    };
    assert_eq!(drawn(1, 1), drawn(1, 1));
    assert_ne!(drawn(1, 1), drawn(1, 2));
    assert_ne!(drawn(1, 1), drawn(4, 1));
}

#[test]
fn some_images_are_left_alone() {
    let data = annotated();
    let alone = |epoch: &usize| *seen(&mosaics(0.3), &data, 1, *epoch).pixels == *data.image(1);
    let count = (1..=400).filter(alone).count();
    // 280, with a standard deviation of 9.
    assert!(count.abs_diff(280) < 46, "{count}");
    let Seen { label, truths, .. } = seen(&mosaics(1e-9), &data, 1, 1);
    assert_eq!((label, truths.len()), (Some(1), 1));
}

/// The other random changes are what they are without mosaics, and are made of the mosaic.
#[test]
fn other_changes_come_after_the_mosaic() {
    let data = annotated();
    let flipped = with(Augment {
        mosaic: 1.0,
        flip: 1.0,
        ..Augment::default()
    });
    let plain = seen(&mosaics(1.0), &data, 3, 1);
    let flipped = seen(&flipped, &data, 3, 1);
    let rows = plain.pixels.chunks_exact(SIDE);
    let mirrored: Vec<u8> = rows.flat_map(|row| row.iter().rev().copied()).collect();
    assert_eq!(*flipped.pixels, mirrored);
    let boxes = |seen: &Seen<'_>| {
        let truths = seen.truths.iter();
        truths.map(|truth| <[f32; 4]>::from(truth.bounds)).collect()
    };
    let (plain, flipped): (Vec<[f32; 4]>, Vec<[f32; 4]>) = (boxes(&plain), boxes(&flipped));
    assert_eq!(plain.len(), flipped.len());
    for ([x1, y1, x2, y2], found) in plain.into_iter().zip(flipped) {
        let expected = [32.0 - x2, y1, 32.0 - x1, y2];
        let near = |(a, b): (f32, f32)| (a - b).abs() < 1e-3;
        assert!(
            expected.into_iter().zip(found).all(near),
            "{expected:?}, {found:?}"
        );
    }
}

#[test]
fn images_that_are_drawn_again_change_in_another_way() {
    let data = annotated();
    let noisy = with(Augment {
        noise: 0.5,
        ..Augment::default()
    });
    let drawn = balanced(0, 0, &[0, 0, 0, 0, 0, 1]);
    let rare: Vec<usize> = drawn.into_iter().filter(|&it| image_of(it) == 5).collect();
    assert_eq!(rare.len(), 3);
    let image = |number: usize, preparation: &Preparation| {
        let mut values = vec![0.0; SIDE * SIDE];
        let (label, _) = preparation.image(&data, number, 1, &mut values);
        assert_eq!(label, Some(5));
        values
    };
    let plain = Preparation::WITHOUT_AUGMENTATION;
    assert_eq!(image(rare[0], &plain), image(rare[1], &plain));
    assert_ne!(image(rare[0], &noisy), image(rare[1], &noisy));
    assert_ne!(image(rare[1], &noisy), image(rare[2], &noisy));
}

/// torch 2.15: interpolate(x, (4, 2), mode="bilinear", align_corners=False) of [[0, 100, 40], [200, 60, 255]].
#[test]
fn pixels_are_interpolated_as_torch_does() {
    let resized = Resized {
        from: [2, 3],
        to: [4, 2],
    };
    let image = recipe::Image {
        std: recipe::PerChannel::Same(1.0 / 255.0),
        ..recipe::Image::default()
    };
    let values = resize_and_normalize(&resized, &image, &[0, 100, 40, 200, 60, 255]);
    let expected = [25.0, 55.0, 60.0, 92.8125, 130.0, 168.4375, 165.0, 206.25];
    for (found, expected) in values.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-3, "{values:?}");
    }
    let mut padded = [0.0; 15];
    crate::resized::pad(&values, [4, 2], [5, 3], &mut padded);
    assert_eq!([padded[2], padded[4], padded[12]], [0.0, values[3], 0.0]);
}
