//! IDX files right and wrong, under all the names they have.

use super::*;
use crate::listing::{Fault, Labels, Picture};
use crate::source::array::{Array, Number};
use crate::source::support::{self, classes};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fs;
use std::io::Write;

fn idx(magic: u32, sizes: &[u32], body: &[u8]) -> Vec<u8> {
    let words = [&[magic], sizes].concat();
    let header = words.iter().flat_map(|word| word.to_be_bytes());
    header.chain(body.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As many pictures of 2 x 3 pixels as labels, of running numbers.
fn pictures(labels: &[u8]) -> Vec<u8> {
    let count = labels.len() as u32;
    idx(
        0x803,
        &[count, 2, 3],
        &(0..6 * count).map(|n| n as u8).collect::<Vec<u8>>(),
    )
}

fn labels_file(labels: &[u8]) -> Vec<u8> {
    idx(0x801, &[labels.len() as u32], labels)
}

/// Files, where a name with `images` gets pictures and others labels.
fn write(folder: &Path, files: &[&str], labels: &[u8]) {
    for name in files {
        let bytes = if name
            .to_lowercase()
            .rsplit('/')
            .next()
            .unwrap()
            .contains("images")
        {
            pictures(labels)
        } else {
            labels_file(labels)
        };
        write_file(&folder.join(name), &bytes);
    }
}

fn write_file(path: &Path, bytes: &[u8]) {
    if path.extension().is_some_and(|ending| ending == "gz") {
        support::write(path, &gzip(bytes));
    } else {
        support::write(path, bytes);
    }
}

fn shown(listing: &Listing) -> Vec<usize> {
    let class = |labels: &Labels| match labels {
        Labels::Class(class) => *class,
        other => panic!("{other:?}"),
    };
    listing
        .train
        .iter()
        .map(|entry| class(&entry.labels))
        .collect()
}

#[test]
fn good_files_plain_and_gzipped() {
    let pixels: Vec<u8> = (0..12).collect();
    let file = idx(0x803, &[2, 3, 2], &pixels);
    for bytes in [
        file.clone(),
        gzip(&file),
        [gzip(&file[..7]), gzip(&file[7..])].concat(),
    ] {
        assert!(file::begins(&bytes));
        let expected = Array::new(Number::U8, true, vec![2, 3, 2], pixels.clone());
        assert_eq!(parse(&bytes), expected);
    }
    let file = idx(0xc02, &[1, 2], &[0, 0, 0, 7, 0, 0, 1, 0]);
    assert_eq!(parse(&file).unwrap().labels(true), Ok(vec![7]));
}

#[test]
fn bad_files_say_what_is_wrong() {
    let image = idx(0x803, &[1, 2, 2], &[1, 2, 3, 4]);
    let mut corrupt = gzip(&image);
    // The checksum, four bytes before the length that ends a gzip file.
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 0xff;
    let cut = |bytes: &[u8], n: usize| bytes[..n].to_vec();
    let most = u32::MAX;
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, &str); 16] = [
        ("empty", vec![], "expected an IDX file, found 0 bytes in all"),
        ("half a header", cut(&image, 9), "expected a header of 16 bytes, found 9 bytes in all"),
        ("PNG", b"\x89PNG\r\n".to_vec(), "this is a PNG image"),
        ("text", b"hello, world".to_vec(), "found 0x68656c6c"),
        ("unknown type", idx(0xa03, &[1, 1, 1], &[1]), "IDX of an unknown type of numbers"),
        ("five dimensions", idx(0x805, &[1, 1, 1], &[1]), "expected IDX of 1 to 4 dimensions, found 5"),
        ("truncated", cut(&image, 19), "the header states 4 bytes of data, found only 3"),
        ("trailing", [&image[..], &[0]].concat(), "the header states 4 bytes of data, found more"),
        ("overflow", idx(0x803, &[most, most, most], &[0; 9]), "the header states 4294967295 x 4294967295"),
        ("terabytes", idx(0x803, &[most, 4096, 4096], &[]), "each must be at least 1"),
        ("gigabytes that are not there", idx(0x803, &[100, 4096, 4096], &[1]), "found only 1"),
        ("no images", idx(0x803, &[0, 28, 28], &[]), "the header states 0 x 28 x 28"),
        ("corrupt gzip", corrupt, "the gzip data is corrupt"),
        ("gzip cut short", cut(&gzip(&image), 20), "the gzip data is corrupt"),
        ("gzip of a short file", gzip(&cut(&image, 19)), "found only 3"),
        ("a billion labels that are not there", gzip(&idx(0x801, &[1_500_000_000], &[0; 1000])), "the header states 1500000000"),
    ];
    for (name, bytes, expected) in cases {
        let error = parse(&bytes).unwrap_err();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn sets_are_found_under_the_names_they_have() {
    #[rustfmt::skip]
    let cases: [(&str, &str, [&str; 4]); 11] = [
        ("MNIST's own", "", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]),
        ("gzipped", "", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]),
        ("dots", "", ["train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"]),
        ("EMNIST's", "", ["emnist-digits-train-images-idx3-ubyte", "emnist-digits-train-labels-idx1-ubyte", "emnist-digits-test-images-idx3-ubyte.gz", "emnist-digits-test-labels-idx1-ubyte"]),
        ("upper case, underscores", "", ["TRAIN_IMAGES_IDX3_UBYTE", "TRAIN_LABELS_IDX1_UBYTE", "TEST_IMAGES_IDX3_UBYTE", "TEST_LABELS_IDX1_UBYTE"]),
        ("an ending", "", ["train-images.idx", "train-labels.idx", "test-images.idx", "test-labels.idx"]),
        ("no ending", "", ["train_images", "train_labels", "test_images", "test_labels.gz"]),
        ("Kaggle's folders", "", ["train-images-idx3-ubyte/train-images-idx3-ubyte", "train-labels.idx1-ubyte/train-labels-idx1-ubyte", "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte"]),
        ("torchvision's", "", ["MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte", "MNIST/raw/t10k-images-idx3-ubyte", "MNIST/raw/t10k-labels-idx1-ubyte"]),
        ("torchvision's inner folder", "MNIST", ["MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte", "MNIST/raw/t10k-images-idx3-ubyte", "MNIST/raw/t10k-labels-idx1-ubyte"]),
        ("one file", "train-images-idx3-ubyte", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]),
    ];
    for (name, path, files) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files, &[0, 1, 2]);
        // Other files are in the way of nobody.
        fs::write(folder.path().join("train-labels.csv"), "a").unwrap();
        fs::write(folder.path().join("images"), "a").unwrap();
        let path = folder.path().join(path);
        assert!(recognises(&path), "{name}");
        let listing = load(&path, false).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(classes(&listing), ["0", "1", "2"], "{name}");
        assert_eq!(listing.train.len(), 3, "{name}");
        assert_eq!(listing.test.map(|test| test.len()), Some(3), "{name}");
        assert!(listing.validation.is_none(), "{name}");
        let Picture::Pixels { all, index } = &listing.train[2].picture else {
            panic!("{name}");
        };
        assert_eq!(
            (all.count, all.channels, all.height, all.width, *index),
            (3, 1, 2, 3, 2)
        );
        assert_eq!(all.values[..3], [0, 1, 2]);
    }
}

#[test]
fn one_of_several_sets_is_chosen_by_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for set in ["emnist-letters", "emnist-balanced", "emnist-balanced-more"] {
        let kinds = ["images-idx3-ubyte", "labels-idx1-ubyte"];
        let labels = if set == "emnist-letters" {
            [1, 2]
        } else {
            [0, 1]
        };
        write(
            path,
            &kinds
                .map(|kind| format!("{set}-train-{kind}"))
                .each_ref()
                .map(String::as_str),
            &labels,
        );
    }
    assert!(recognises(path));
    let error = load(path, false).unwrap_err().to_string();
    assert!(error.contains("there are several data sets"), "{error}");
    assert!(
        error.contains(path.join("emnist-letters").to_str().unwrap()),
        "{error}"
    );
    for choice in [
        "emnist-letters",
        "EMNIST_Letters",
        "emnist-letters-train-images-idx3-ubyte",
    ] {
        assert!(recognises(&path.join(choice)), "{choice}");
        let listing = load(&path.join(choice), false).unwrap();
        assert_eq!(classes(&listing), ["1", "2"], "{choice}");
        assert!(listing.test.is_none());
        let notes = listing.notes.join(" ");
        assert!(
            notes.contains("data.transposed") && notes.contains("no class 0"),
            "{notes}"
        );
    }
    assert_eq!(
        classes(&load(&path.join("emnist-balanced"), false).unwrap()),
        ["0", "1"]
    );
    assert!(!recognises(&path.join("emnist-digits")));
    let error = load(&path.join("emnist-digits"), false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("there is no such file or folder"), "{error}");
    let mut files = ["MNIST/raw", "FashionMNIST/raw"].map(|raw| {
        ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|kind| format!("{raw}/train-{kind}"))
    });
    let both = tempfile::tempdir().unwrap();
    for set in &mut files {
        write(both.path(), &set.each_ref().map(String::as_str), &[0, 1]);
    }
    let error = load(both.path(), false).unwrap_err().to_string();
    assert!(error.contains("FashionMNIST/raw, "), "{error}");
    assert!(load(&both.path().join("FashionMNIST"), false).is_ok());
}

#[test]
fn a_set_beside_an_unnamed_one_is_given_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = ["images-idx3-ubyte", "labels-idx1-ubyte"];
    for set in ["train-", "fashion-train-"] {
        write(
            folder.path(),
            &kinds
                .map(|kind| format!("{set}{kind}"))
                .each_ref()
                .map(String::as_str),
            &[0, 1],
        );
    }
    let error = load(folder.path(), false).unwrap_err().to_string();
    let file = folder.path().join("train-images-idx3-ubyte");
    assert!(error.contains(file.to_str().unwrap()), "{error}");
    assert!(load(&file, false).is_ok());
}

#[test]
fn classes_are_counted() {
    type Case<'a> = (
        &'a str,
        &'a [u8],
        Option<&'a str>,
        &'a [&'a str],
        &'a [usize],
    );
    #[rustfmt::skip]
    let cases: [Case<'_>; 6] = [
        ("two", &[1, 0, 1], None, &["0", "1"], &[1, 0, 1]),
        ("from 1", &[2, 1, 3], None, &["1", "2", "3"], &[1, 0, 2]),
        ("a gap", &[0, 3, 0], None, &["0", "1", "2", "3"], &[0, 3, 0]),
        ("mapping", &[0, 1, 1], Some("0 48\n1 65\n"), &["0", "A"], &[0, 1, 1]),
        ("mapping from 1", &[2, 1, 2], Some("1 65 97\n2 66 98\n\n"), &["A", "B"], &[1, 0, 1]),
        ("mapping of more", &[0, 1, 1], Some("0 48\n1 49\n2 50"), &["0", "1", "2"], &[0, 1, 1]),
    ];
    for (name, labels, mapping, expected, indices) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
            labels,
        );
        if let Some(mapping) = mapping {
            fs::write(folder.path().join("mapping.txt"), mapping).unwrap();
        }
        let listing = load(folder.path(), false).unwrap();
        assert_eq!(classes(&listing), expected, "{name}");
        assert_eq!(shown(&listing), indices, "{name}");
        assert!(listing.problems.is_empty(), "{name}");
    }
}

#[test]
fn labels_without_a_class_are_problems() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["train-images-idx3-ubyte"], &[0; 3]);
    write_file(
        &folder.path().join("train-labels-idx1-ubyte"),
        &idx(0x901, &[3], &[0, 0xff, 1]),
    );
    let listing = load(folder.path(), false).unwrap();
    assert_eq!(
        (listing.train.len(), classes(&listing)),
        (2, vec!["0", "1"])
    );
    assert_eq!(listing.train[1].name, "train-images-idx3-ubyte[2]");
    let problem = &listing.problems[0];
    assert_eq!(problem.fault, Fault::BadLabel);
    assert_eq!(
        problem.to_string(),
        "train-images-idx3-ubyte[1]: the label -1 names no class"
    );
    write(folder.path(), &["train-labels-idx1-ubyte"], &[0, 1, 2]);
    fs::write(folder.path().join("mapping.txt"), "0 48\n1 49").unwrap();
    assert_eq!(load(folder.path(), false).unwrap().problems.len(), 1);
    fs::write(folder.path().join("mapping.txt"), "0 48\none 49").unwrap();
    let error = load(folder.path(), false).unwrap_err().to_string();
    assert!(
        error.contains("mapping.txt: line 2: expected a label"),
        "{error}"
    );
}

#[test]
fn qmnist_floats_and_channels() {
    let rows = [[7u32, 4, 0], [3, 4, 1]].concat();
    let words: Vec<u8> = rows.iter().flat_map(|word| word.to_be_bytes()).collect();
    let floats: Vec<u8> = [0.0f32, 0.5, 1.0, 0.0]
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    #[rustfmt::skip]
    let cases = [
        ("QMNIST", idx(0x803, &[2, 1, 2], &[0, 9, 8, 7]), idx(0xc02, &[2, 3], &words), 1, vec![0, 9, 8, 7]),
        ("32 bits", idx(0x803, &[2, 1, 2], &[0, 9, 8, 7]), idx(0xc01, &[2], &[0, 0, 0, 7, 0, 0, 0, 3]), 1, vec![0, 9, 8, 7]),
        ("16 bits", idx(0x803, &[2, 1, 2], &[0, 9, 8, 7]), idx(0xb01, &[2], &[0, 7, 0, 3]), 1, vec![0, 9, 8, 7]),
        ("floats", idx(0xd03, &[2, 1, 2], &floats), labels_file(&[7, 3]), 1, vec![0, 128, 255, 0]),
        ("four dimensions", idx(0x804, &[2, 1, 1, 2], &[0, 9, 8, 7]), labels_file(&[7, 3]), 1, vec![0, 9, 8, 7]),
        ("colour", idx(0x804, &[2, 1, 1, 3], &[0, 9, 8, 7, 6, 5]), labels_file(&[7, 3]), 3, vec![0, 9, 8, 7, 6, 5]),
    ];
    for (name, images, labels, channels, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write_file(
            &folder.path().join("qmnist-train-images-idx3-ubyte.gz"),
            &images,
        );
        write_file(
            &folder.path().join("qmnist-train-labels-idx2-int.gz"),
            &labels,
        );
        // Labels without pictures are another set, which is left alone.
        write(folder.path(), &["extra-train-labels-idx1-ubyte"], &[0]);
        let listing = load(folder.path(), false).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(shown(&listing), [7, 3], "{name}");
        let Picture::Pixels { all, .. } = &listing.train[0].picture else {
            panic!("{name}");
        };
        assert_eq!((all.channels, &all.values), (channels, &expected), "{name}");
    }
}

#[test]
fn transposed_pictures_are_turned() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            "emnist-train-images-idx3-ubyte",
            "emnist-train-labels-idx1-ubyte",
        ],
        &[0, 1],
    );
    let listing = load(folder.path(), true).unwrap();
    let Picture::Pixels { all, .. } = &listing.train[0].picture else {
        panic!();
    };
    assert_eq!((all.height, all.width), (3, 2));
    assert_eq!(all.values[..6], [0, 3, 1, 4, 2, 5]);
    assert!(listing.notes.is_empty(), "{:?}", listing.notes);
}

#[test]
fn incomplete_sets_say_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let error = |expected: &str| {
        let error = load(path, false).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    assert!(!recognises(path));
    error("expected IDX files, such as train-images-idx3-ubyte");
    write(
        path,
        &["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
        &[0, 1],
    );
    assert!(!recognises(path));
    error("the training pictures or their labels are missing");
    write(path, &["train-images-idx3-ubyte"], &[0, 1]);
    assert!(recognises(path));
    error("found t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, train-images-idx3-ubyte");
    write(path, &["train-labels-idx1-ubyte"], &[0, 1, 1]);
    error("train-images-idx3-ubyte: there are 2 pictures, but 3 labels in train-labels-idx1-ubyte");
    write(path, &["train-labels-idx1-ubyte"], &[0, 1]);
    fs::remove_file(path.join("t10k-labels-idx1-ubyte")).unwrap();
    let notes = load(path, false).unwrap().notes;
    assert_eq!(
        notes,
        ["t10k-images-idx3-ubyte is left out: it has no labels."]
    );
    fs::write(path.join("train-labels-idx1-ubyte"), "abc").unwrap();
    error("train-labels-idx1-ubyte: expected an IDX file, found 3 bytes");
    fs::write(path.join("train-labels-idx1-ubyte"), pictures(&[0, 1])).unwrap();
    error(
        "train-labels-idx1-ubyte: expected a label for each picture, found an array of shape [2, 2, 3]",
    );
    let lone = path.join("digits.idx");
    fs::write(&lone, pictures(&[0])).unwrap();
    assert!(recognises(&lone));
    let error = load(&lone, false).unwrap_err().to_string();
    assert!(
        error.contains("the name says neither images nor labels"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is accepted is exactly as long as its header says, and no bytes make the reader panic.
    #[test]
    fn what_is_read_is_whole(
        magic in prop::sample::select(vec![0x801, 0x803, 0x804, 0xb01, 0xc02, 0xd03, 0xe01]),
        sizes in prop::array::uniform3(0..4u32),
        body in prop::collection::vec(any::<u8>(), 0..30),
        slip in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        gzipped in any::<bool>(),
    ) {
        let mut bytes = idx(magic, &sizes, &body);
        if gzipped {
            bytes = gzip(&bytes);
        }
        if let Some((at, new)) = slip {
            let at = at.index(bytes.len());
            bytes[at] = new;
        }
        let stated = sizes.iter().product::<u32>() as usize;
        match parse(&bytes) {
            Ok(array) => {
                if magic == 0x803 && slip.is_none() {
                    prop_assert_eq!(stated, body.len());
                }
                let _ = array.labels(true);
                let _ = array.labels(false);
                if let Ok((pixels, _)) = array.pixels(false) {
                    let expected = pixels.count * pixels.channels * pixels.height * pixels.width;
                    prop_assert_eq!(pixels.values.len(), expected);
                }
            }
            Err(_) if slip.is_some() || magic != 0x803 => {}
            Err(_) => prop_assert!(stated == 0 || stated != body.len()),
        }
        let _ = parse(&body);
        let _ = parse(&[&[0x1f, 0x8b, 8], &body[..]].concat());
        let _ = mapping(&String::from_utf8_lossy(&body));
    }
}
