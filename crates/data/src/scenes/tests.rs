//! Scenes are what their options say, and the same wherever they are made.

use super::*;

fn options() -> recipe::Scenes {
    recipe::Scenes {
        train_images: 40,
        test_images: 5,
        ..Default::default()
    }
}

fn key(index: u64) -> Key {
    Key {
        seed: 3,
        purpose: Purpose::Scene,
        epoch: 1,
        index,
    }
}

/// Ten digits, each a filled square of its own grey: a scene shows what it was made of.
fn squares(greys: [u8; 10], options: &recipe::Scenes) -> Composer {
    let images = greys.iter().flat_map(|&grey| vec![grey; 28 * 28]).collect();
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    let digits = Dataset::labelled([28, 28], images, (0..10).collect(), classes);
    Composer::new(digits, options)
}

#[test]
fn boxes_are_tight_in_range_and_apart() {
    let [train, _] = composers(&options()).unwrap();
    let mut counts = [0; 11];
    let mut sides = Vec::new();
    for index in 0..200 {
        let Scene { pixels, objects } = train.scene(key(index));
        counts[objects.len()] += 1;
        for (i, a) in objects.iter().enumerate() {
            assert_eq!(a.bounds.clip([128, 128]), a.bounds, "inside the image");
            assert!(a.class < 10 && a.area == f64::from(a.bounds.area()));
            // Each side of a box touches ink brighter than a tenth of white.
            let corners = <[f32; 4]>::from(a.bounds).map(|side| side as usize);
            let [x1, y1, x2, y2] = corners;
            let bright = |x: usize, y: usize| pixels[y * 128 + x] > 25;
            assert!((x1..x2).any(|x| bright(x, y1)) && (x1..x2).any(|x| bright(x, y2 - 1)));
            assert!((y1..y2).any(|y| bright(x1, y)) && (y1..y2).any(|y| bright(x2 - 1, y)));
            sides.push(a.bounds.width().max(a.bounds.height()));
            for b in &objects[..i] {
                assert!(a.bounds.iou(b.bounds) <= 0.2);
            }
        }
    }
    assert_eq!(counts[0], 0, "one digit at least");
    assert!(counts[1..].iter().all(|&count| count >= 5), "{counts:?}");
    // MNIST's digits fill 20 of 28 pixels.
    assert!(sides.iter().all(|side| (9.0..=34.0).contains(side)));
    assert!(sides.iter().any(|&s| s < 15.0) && sides.iter().any(|&s| s > 30.0));
}

#[test]
fn a_scene_depends_on_its_key_alone() {
    let data = recipe::Data {
        scenes: Some(options()),
        ..recipe::Data::default()
    };
    let load = |seed| load(&data, seed).unwrap();
    let (one, same, other) = (load(1), load(1), load(2));
    let image = |data: &Dataset, index, epoch| data.sample(index, epoch).pixels.into_owned();
    assert_eq!(image(&one.train, 7, 3), image(&same.train, 7, 3));
    for (name, different) in [
        ("index", image(&one.train, 8, 3)),
        ("epoch", image(&one.train, 7, 4)),
        ("seed", image(&other.train, 7, 3)),
    ] {
        assert_ne!(image(&one.train, 7, 3), different, "{name}");
    }
    for index in 0..5 {
        assert_eq!(one.test.image(index), other.test.image(index), "fixed");
        assert_eq!(one.test.objects(index), other.test.objects(index));
    }
    // FNV-1a of a scene: if it changes, so does every result on scenes. Raise the version and say so.
    let hash = image(&one.train, 7, 3)
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    assert_eq!(hash, 0x52f8_654a_a3f6_81fb, "{hash:#x}");
}

#[test]
fn digits_held_out_are_in_no_training_scene() {
    let greys = [100, 110, 120, 130, 140, 150, 160, 170, 180, 190];
    let data = squares(greys, &options()).fresh(0);
    let Samples::Scenes(scenes) = &data.samples else {
        panic!("{data:?}")
    };
    let (train, held) = scenes.hold_out(12, grey(options().size)).unwrap();
    assert_eq!((train.count, held.count), (40, 12));
    let classes = |data: &Dataset| -> std::collections::BTreeSet<usize> {
        let objects = (0..data.count).flat_map(|index| data.objects(index));
        objects.map(|object| object.class).collect()
    };
    // One of ten digits is held out: validation shows it alone, training never.
    let (train, held) = (classes(&train), classes(&held));
    assert_eq!((train.len(), held.len()), (9, 1));
    assert!(train.is_disjoint(&held));
}

#[test]
fn options_do_what_they_say() {
    let greys = [200; 10];
    let scene = |change: fn(&mut recipe::Scenes)| {
        let mut options = options();
        options.digits = [0, 0];
        change(&mut options);
        squares(greys, &options).scene(key(0))
    };
    let empty = scene(|_| {});
    assert!(empty.objects.is_empty() && empty.pixels.iter().all(|&p| p == 0));

    let exact = scene(|o| (o.digits, o.side) = ([3, 3], [20, 20]));
    assert_eq!(exact.objects.len(), 3);
    assert!(
        exact
            .objects
            .iter()
            .all(|o| o.bounds.width() == 20.0 && o.bounds.height() == 20.0)
    );
    assert!(
        exact.pixels.iter().all(|p| [0, 200].contains(p)),
        "the brightest, not the sum"
    );

    let apart = scene(|o| (o.digits, o.overlap) = ([10, 10], 0.0));
    let area: f64 = apart.objects.iter().map(|o| o.area).sum();
    assert_eq!(
        apart.pixels.iter().filter(|&&p| p > 0).count() as f64,
        area,
        "none overlap"
    );

    let crowded = scene(|o| (o.digits, o.side, o.overlap) = ([100, 100], [40, 40], 0.0));
    assert!(
        (3..=9).contains(&crowded.objects.len()),
        "the rest finds no room"
    );

    let clutter = scene(|o| o.clutter = 5);
    assert!(clutter.objects.is_empty() && clutter.pixels.contains(&200));

    let background = scene(|o| o.background = 0.5);
    let brightest = background.pixels.iter().max().copied();
    assert!((60..=128).contains(&brightest.unwrap()), "{brightest:?}");

    let noisy = scene(|o| (o.noise, o.digits, o.side) = (0.1, [1, 1], [128, 128]));
    let values = || noisy.pixels.iter().map(|&p| f64::from(p) - 200.0);
    let mean = values().sum::<f64>() / 16_384.0;
    let deviation = (values().map(|v| v * v).sum::<f64>() / 16_384.0).sqrt();
    // 25.5 and 0; a fifth of one per cent is cut off at white.
    assert!(
        mean.abs() < 1.0 && (deviation - 25.5).abs() < 0.7,
        "{mean} {deviation}"
    );
}
