//! The built-in MNIST, and what is held out.

use super::*;
use kernels::boxes::tight_box;
use proptest::prelude::*;
use std::path::Path;

fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// FNV-1a of the content behind each header, taken from files whose MD5 was checked (see NOTICE).
#[test]
fn the_built_in_mnist_is_the_original() {
    let Split { train, test, .. } = mnist::built_in(&recipe::Image::default()).unwrap();
    let labels = |data: &Dataset| {
        let labels = data.labels().unwrap();
        labels.iter().map(|&l| l as u8).collect::<Vec<_>>()
    };
    let pixels_of = |data: &Dataset| -> Vec<u8> {
        (0..data.count)
            .flat_map(|index| data.image(index).into_owned())
            .collect()
    };
    for (name, data, count, pixels, digits, first) in [
        (
            "train",
            &train,
            60_000,
            0xb6e6_1966_0867_1562,
            0xe3a3_5dee_6624_74a5,
            [5, 0, 4, 1],
        ),
        (
            "test",
            &test,
            10_000,
            0x8614_c3e5_5764_d65f,
            0xfca1_a11d_31bd_96bb,
            [7, 2, 1, 0],
        ),
    ] {
        assert_eq!(
            (data.count, data.channels, data.height, data.width),
            (count, 1, 28, 28)
        );
        assert_eq!(pixels_of(data).len(), count * 784, "{name}");
        assert_eq!(fnv(pixels_of(data).into_iter()), pixels, "{name}");
        assert_eq!(fnv(labels(data).into_iter()), digits, "{name}");
        assert_eq!(data.labels().unwrap()[..4], first, "{name}");
        assert_eq!(data.classes.len(), 10);
    }
    // A digit's box is as high or as wide as the 20 pixels it was scaled to, or a little less.
    let boxes = (0..test.count).map(|i| tight_box(&test.image(i), 28).map(<[f32; 4]>::from));
    for [x1, y1, x2, y2] in boxes.map(|ink| ink.unwrap()) {
        let longer = (x2 - x1).max(y2 - y1);
        assert!((15.0..=20.0).contains(&longer), "{longer}");
    }
}

#[test]
fn held_out_images_are_apart_and_depend_on_the_seed_alone() {
    let (kept, held) = hold_out(100, 30, 1).unwrap();
    assert_eq!((kept.len(), held.len()), (70, 30));
    let mut all = [kept, held.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_eq!(hold_out(100, 30, 1).unwrap().1, held);
    assert_ne!(hold_out(100, 30, 2).unwrap().1, held);
    assert_eq!(hold_out(3, 0, 0).unwrap().0, [0, 1, 2]);
    assert!(hold_out(3, 3, 0).is_err());
}

#[test]
fn a_subset_keeps_the_order_asked_for() {
    let data = Dataset::labelled([2, 2], (0..12).collect(), vec![5, 6, 7], vec![]);
    let part = data.subset(&[2, 0]);
    assert_eq!((part.count, part.height), (2, 2));
    assert_eq!(part.image(0)[..], [8, 9, 10, 11]);
    assert_eq!(part.image(1)[..], [0, 1, 2, 3]);
    assert_eq!(part.labels().unwrap(), [7, 5]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = image::decode(Path::new("x"), &bytes, 1 << 20);
    }
}
