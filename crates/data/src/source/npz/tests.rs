//! NumPy's files, right and wrong.

use super::*;
use crate::listing::{Labels, Picture, Pixels};
use crate::zip::tests::{Options, archive};
use proptest::prelude::*;

/// An array's file.
fn npy(version: u8, descr: &str, columns_first: bool, shape: &str, body: &[u8]) -> Vec<u8> {
    let order = if columns_first { "True" } else { "False" };
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut bytes = npy::MAGIC.to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend((header.len() as u16).to_le_bytes());
    } else {
        bytes.extend((header.len() as u32).to_le_bytes());
    }
    [&bytes, header.as_bytes(), body].concat()
}

/// Pictures of 1 x 2 pixels with running numbers.
fn pictures(count: u8) -> Vec<u8> {
    let values: Vec<u8> = (0..2 * count).collect();
    npy(1, "'|u1'", false, &format!("({count}, 1, 2)"), &values)
}

fn labels(values: &[u8]) -> Vec<u8> {
    npy(1, "'|u1'", false, &format!("({},)", values.len()), values)
}

fn keras(names: [&str; 4], options: Options) -> Vec<u8> {
    let files = [
        pictures(3),
        labels(&[0, 2, 1]),
        pictures(2),
        labels(&[1, 0]),
    ];
    let names = names.map(|name| format!("{name}.npy"));
    let entries: Vec<(&str, &[u8])> = names
        .iter()
        .map(String::as_str)
        .zip(files.iter().map(Vec::as_slice))
        .collect();
    archive(&entries, options)
}

fn pixels(listing: &Listing) -> &Pixels {
    match &listing.train[0].picture {
        Picture::Pixels { all, .. } => all,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keras_files_under_the_names_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mnist.npz");
    for names in [
        ["x_train", "y_train", "x_test", "y_test"],
        ["X_train", "Y_train", "X_test", "Y_test"],
        ["train_images", "train_labels", "test_images", "test_labels"],
        [
            "training_images",
            "training_labels",
            "test_images",
            "test_labels",
        ],
    ] {
        for (compressed, long) in [(false, false), (true, false), (false, true), (true, true)] {
            fs::write(&path, keras(names, Options { compressed, long })).unwrap();
            for path in [&path, folder.path()] {
                assert!(recognises(path), "{names:?}");
                let listing = load(path, false).unwrap();
                assert_eq!((pixels(&listing).height, pixels(&listing).width), (1, 2));
                assert_eq!(pixels(&listing).values, [0, 1, 2, 3, 4, 5]);
                assert_eq!(listing.classes.len(), 3);
                assert_eq!(listing.train[1].labels, Labels::Class(2));
                assert_eq!(listing.train[1].name, format!("{}[1]", names[0]));
                assert_eq!(listing.test.unwrap().len(), 2);
                assert!(listing.validation.is_none());
            }
        }
    }
}

#[test]
fn files_of_one_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let alone = |content: &[u8]| archive(&[("arr_0.npy", content)], Options::default());
    fs::write(path.join("kmnist-train-imgs.npz"), alone(&pictures(3))).unwrap();
    fs::write(
        path.join("kmnist-train-labels.npz"),
        alone(&labels(&[0, 1, 1])),
    )
    .unwrap();
    assert!(recognises(path));
    let listing = load(path, false).unwrap();
    assert_eq!((listing.train.len(), listing.test.is_none()), (3, true));
    fs::write(path.join("mnist_train.npz"), alone(&pictures(3))).unwrap();
    let error = load(path, false).unwrap_err().to_string();
    assert!(error.contains("there are several data sets"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("x_train.npy"), pictures(3)).unwrap();
    fs::write(path.join("y_train.npy"), labels(&[0, 1, 1])).unwrap();
    fs::write(path.join("mean.npy"), labels(&[1])).unwrap();
    assert!(recognises(path));
    assert_eq!(load(path, false).unwrap().train.len(), 3);
    // MedMNIST's three parts; its labels are a column.
    let medical = path.join("medical.npz");
    let column = npy(1, "'|u1'", false, "(2, 1)", &[1, 0]);
    let entries = ["train", "val", "test"].map(|part| {
        [
            (format!("{part}_images.npy"), pictures(2)),
            (format!("{part}_labels.npy"), column.clone()),
        ]
    });
    let entries: Vec<(&str, &[u8])> = entries
        .iter()
        .flatten()
        .map(|(name, file)| (name.as_str(), &file[..]))
        .collect();
    fs::write(&medical, archive(&entries, Options::default())).unwrap();
    let listing = load(&medical, false).unwrap();
    assert_eq!(
        (listing.train.len(), listing.validation.unwrap().len()),
        (2, 2)
    );
    // One part alone.
    let entries: [(&str, &[u8]); 2] = [
        ("images.npy", &pictures(2)),
        ("labels.npy", &labels(&[0, 1])),
    ];
    fs::write(&medical, archive(&entries, Options::default())).unwrap();
    assert!(load(&medical, false).unwrap().test.is_none());
}

#[test]
fn arrays_of_all_kinds() {
    let wide: Vec<u8> = [0i64, 1, 2, 3]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let floats: Vec<u8> = [0.0f32, 0.2, 0.4, 1.0]
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    #[rustfmt::skip]
    let cases = [
        ("version 1", npy(1, "'|u1'", false, "(2, 1, 2)", &[0, 1, 2, 3]), 1, vec![0, 1, 2, 3]),
        ("version 2", npy(2, "\"u1\"", false, "(2, 1, 2)", &[0, 1, 2, 3]), 1, vec![0, 1, 2, 3]),
        ("version 3", npy(3, "'<u1'", false, "(2, 1, 2)", &[0, 1, 2, 3]), 1, vec![0, 1, 2, 3]),
        ("Python 2", npy(1, "'|u1'", false, "(2L, 1L, 2L)", &[0, 1, 2, 3]), 1, vec![0, 1, 2, 3]),
        ("columns first", npy(1, "'|u1'", true, "(2, 1, 2)", &[0, 2, 1, 3]), 1, vec![0, 1, 2, 3]),
        ("64 bits", npy(1, "'<i8'", false, "(2, 1, 2)", &wide), 1, vec![0, 1, 2, 3]),
        ("big end first", npy(1, "'>f4'", false, "(2, 1, 2)", &floats), 1, vec![0, 51, 102, 255]),
        ("truths", npy(1, "'|b1'", false, "(2, 1, 2)", &[0, 1, 1, 0]), 1, vec![0, 255, 255, 0]),
        ("colour", npy(1, "'|u1'", false, "(2, 1, 1, 3)", &[0, 1, 2, 3, 4, 5]), 3, vec![0, 1, 2, 3, 4, 5]),
        ("one channel", npy(1, "'|u1'", false, "(2, 1, 2, 1)", &[0, 1, 2, 3]), 1, vec![0, 1, 2, 3]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    for (name, images, channels, expected) in cases {
        let entries: [(&str, &[u8]); 2] =
            [("x_train.npy", &images), ("y_train.npy", &labels(&[0, 1]))];
        fs::write(&path, archive(&entries, Options::default())).unwrap();
        let listing = load(&path, false).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (pixels(&listing).channels, &pixels(&listing).values),
            (channels, &expected),
            "{name}"
        );
    }
}

#[test]
fn bad_files_say_what_is_wrong() {
    let two: [(&str, &[u8]); 2] = [
        ("x_train.npy", &pictures(2)),
        ("y_train.npy", &labels(&[0, 1])),
    ];
    let with = |index: usize, name: &'static str, content: Vec<u8>| {
        let mut entries = two.map(|(name, content)| (name, content.to_vec()));
        entries[index] = (name, content);
        let entries: Vec<(&str, &[u8])> = entries
            .iter()
            .map(|(name, content)| (*name, &content[..]))
            .collect();
        archive(&entries, Options::default())
    };
    let array = |descr: &str, shape: &str, body: &[u8]| npy(1, descr, false, shape, body);
    #[rustfmt::skip]
    let cases = [
        ("no archive", b"hello".to_vec(), "expected NumPy's .npz: the archive is damaged"),
        ("other names", with(0, "a.npy", pictures(2)), "the training pictures or their labels are missing"),
        ("listed", with(0, "a.npy", pictures(2)), "found a, y_train"),
        ("twice", with(1, "train_images.npy", pictures(2)), "train_images and x_train may both be meant"),
        ("a mean image", with(1, "x_train_mean.npy", pictures(2)), "found x_train, x_train_mean"),
        ("fewer labels", with(1, "y_train.npy", labels(&[0])), "x_train: there are 2 pictures, but 1 labels in y_train"),
        ("objects", with(1, "y_train.npy", array("'|O'", "(2,)", b"pickle")), "y_train: the array is of type '|O': it holds Python objects"),
        ("text", with(1, "y_train.npy", array("'<U5'", "(2,)", &[0; 40])), "it holds text. Save the labels as numbers"),
        ("half floats", with(0, "x_train.npy", array("'<f2'", "(2, 1, 1)", &[0; 4])), "Save them as uint8 or float32"),
        ("complex", with(0, "x_train.npy", array("'<c8'", "(2, 1, 1)", &[0; 16])), "it holds values of this type"),
        ("records", with(0, "x_train.npy", array("[('r', '|u1')]", "(2, 1, 1)", &[0; 2])), "found one of records"),
        ("too short", with(0, "x_train.npy", array("'|u1'", "(2, 1, 2)", &[0; 3])), "can't have 3 bytes"),
        ("endless", with(0, "x_train.npy", array("'|u1'", "(18446744073709551615, 2, 2)", &[0; 3])), "can't have 3 bytes"),
        ("no header", with(0, "x_train.npy", b"\x93NUMPY\x01\x00\xff\xff{".to_vec()), "the header is damaged"),
        ("version 9", with(0, "x_train.npy", b"\x93NUMPY\x09\x00\xff\xff{".to_vec()), "version 9"),
        ("no NumPy", with(0, "x_train.npy", b"hello".to_vec()), "x_train: expected a NumPy array"),
        ("half a label", with(1, "y_train.npy", array("'<f4'", "(2,)", &[0, 0, 0, 63, 0, 0, 0, 0])), "label 0 is 0.5"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    for (name, bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let error = load(&path, false).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
    assert!(!recognises(&folder.path().join("b.npz")));
    assert!(load(&folder.path().join("b.npz"), false).is_err());
    let empty = tempfile::tempdir().unwrap();
    assert!(!recognises(empty.path()));
    let error = load(empty.path(), false).unwrap_err().to_string();
    assert!(error.contains("there is no .npz file"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        slips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        columns_first in any::<bool>(),
    ) {
        let mut mutated = npy(1, "'<i2'", columns_first, "(2, 1, 2)", &[1, 0, 2, 0, 3, 0, 4, 0]);
        for (at, value) in slips {
            let at = at.index(mutated.len());
            mutated[at] = value;
        }
        for bytes in [mutated, bytes.clone(), [npy::MAGIC, &bytes].concat()] {
            if let Ok(array) = npy::parse(Cow::Borrowed(&bytes)) {
                let _ = array.labels(false);
                let _ = array.pixels(true);
            }
        }
    }
}
