//! Parquet files, right and wrong, written here by the library's writer.

use super::*;
use crate::listing::{Fault, Labels, Picture};
use crate::source::support::{classes, described, write};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use std::fs;
use std::sync::Arc;

/// A column with its definition and repetition levels.
enum Data<'a> {
    Bytes(&'a [&'a str], &'a [i16], &'a [i16]),
    Whole(&'a [i64], &'a [i16], &'a [i16]),
    Float(&'a [f32], &'a [i16], &'a [i16]),
    Double(&'a [f64], &'a [i16], &'a [i16]),
}

/// The writer wants none for a column that has no such levels.
fn levels(levels: &[i16]) -> Option<&[i16]> {
    Some(levels).filter(|levels| !levels.is_empty())
}

/// A file of one or several groups of rows.
fn parquet(
    schema: &str,
    note: Option<&str>,
    compression: Compression,
    groups: &[&[Data<'_>]],
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let note = note.map(|note| vec![KeyValue::new(features::KEY.to_string(), note.to_string())]);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_key_value_metadata(note)
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    for columns in groups {
        let mut group = writer.next_row_group().unwrap();
        for data in *columns {
            let mut column = group.next_column().unwrap().unwrap();
            match data {
                Data::Bytes(values, definitions, repetitions) => {
                    let values: Vec<ByteArray> = values.iter().map(|&text| text.into()).collect();
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(&values, levels(definitions), levels(repetitions))
                        .unwrap();
                }
                Data::Whole(values, definitions, repetitions) => {
                    column
                        .typed::<Int64Type>()
                        .write_batch(values, levels(definitions), levels(repetitions))
                        .unwrap();
                }
                Data::Float(values, definitions, repetitions) => {
                    column
                        .typed::<FloatType>()
                        .write_batch(values, levels(definitions), levels(repetitions))
                        .unwrap();
                }
                Data::Double(values, definitions, repetitions) => {
                    column
                        .typed::<DoubleType>()
                        .write_batch(values, levels(definitions), levels(repetitions))
                        .unwrap();
                }
            }
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

const CLASSES: &str = "message m {
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional int64 label; }";
const NOTE: &str = r#"{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}"#;

/// Two pictures.
fn labelled(note: Option<&str>, compression: Compression, labels: &[i64]) -> Vec<u8> {
    let columns = [
        Data::Bytes(&["first", "second"], &[2, 2], &[]),
        Data::Bytes(&["a.png"], &[2, 1], &[]),
        Data::Whole(labels, &[1, 1], &[]),
    ];
    parquet(CLASSES, note, compression, &[&columns])
}

fn load(path: &Path) -> Result<Listing, DataError> {
    read(path, &recipe::Data::default())
}

#[test]
fn pictures_with_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.parquet");
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        write(&path, &labelled(Some(NOTE), compression, &[1, 0]));
        for path in [&path, folder.path()] {
            assert!(recognises(path));
            let listing = load(path).unwrap();
            assert_eq!(classes(&listing), ["cat", "dog"]);
            assert_eq!(
                described(&listing.train),
                ["a.png 1", "train.parquet: row 1 0"]
            );
            assert!(
                matches!(&listing.train[1].picture, Picture::Bytes(bytes) if bytes[..] == *b"second")
            );
            assert!(
                listing.test.is_none() && listing.problems.is_empty() && listing.notes.is_empty()
            );
        }
    }
    write(&path, &labelled(None, Compression::SNAPPY, &[2, 0]));
    assert_eq!(classes(&load(&path).unwrap()), ["0", "1", "2"]);
    write(&path, &labelled(Some(NOTE), Compression::SNAPPY, &[2, 0]));
    let listing = load(&path).unwrap();
    assert_eq!(
        listing.problems[0].to_string(),
        "train.parquet: row 0: the label 2 names no class"
    );
    assert_eq!(described(&listing.train), ["train.parquet: row 1 0"]);
}

#[test]
fn other_schemas_of_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let text = "message m { required binary img; required binary label (UTF8); }";
    let columns = [
        Data::Bytes(&["x", "y"], &[], &[]),
        Data::Bytes(&["zebra", "ant"], &[], &[]),
    ];
    write(
        &path,
        &parquet(text, None, Compression::SNAPPY, &[&columns, &columns]),
    );
    let listing = load(&path).unwrap();
    assert_eq!(classes(&listing), ["ant", "zebra"]);
    assert_eq!(
        described(&listing.train)[2..],
        ["a.parquet: row 2 1", "a.parquet: row 3 0"]
    );
    // A row without a picture, and one without a label.
    let columns = [
        Data::Bytes(&["x", "y"], &[2, 0, 2], &[]),
        Data::Bytes(&[], &[1, 0, 1], &[]),
        Data::Whole(&[0, 1], &[1, 1, 0], &[]),
    ];
    write(
        &path,
        &parquet(CLASSES, None, Compression::SNAPPY, &[&columns]),
    );
    let listing = load(&path).unwrap();
    assert_eq!(described(&listing.train), ["a.parquet: row 0 0"]);
    let mut problems: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
    problems.sort();
    assert_eq!(
        problems,
        [
            "a.parquet: row 1: there is no image file in this row",
            "a.parquet: row 2: there is no label"
        ]
    );
    assert_eq!(listing.problems[0].fault, Fault::MissingPicture);
}

const OBJECTS: &str = "message m {
    optional int64 image_id;
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional int64 width; optional int64 height;
    optional group objects {
        optional group bbox (LIST) { repeated group list { optional group element (LIST) { repeated group list { optional float element; } } } }
        optional group category (LIST) { repeated group list { optional int64 element; } }
        optional group area (LIST) { repeated group list { optional double element; } }
    } }";
const OBJECTS_NOTE: &str = r#"{"info": {"features": {"objects": {"feature": {"bbox": {}, "category": {"names": ["x", "y", "z"]}}, "_type": "Sequence"}}}}"#;

/// Two pictures, the first with two boxes, the second with none.
fn objects(corners: &[f32], note: &str) -> Vec<u8> {
    let columns = [
        Data::Whole(&[17, 18], &[1, 1], &[]),
        Data::Bytes(&["first", "second"], &[2, 2], &[]),
        Data::Bytes(&["a.png"], &[2, 1], &[]),
        Data::Whole(&[20, 20], &[1, 1], &[]),
        Data::Whole(&[10, 10], &[1, 1], &[]),
        Data::Float(
            corners,
            &[6, 6, 6, 6, 6, 6, 6, 6, 2],
            &[0, 2, 2, 2, 1, 2, 2, 2, 0],
        ),
        Data::Whole(&[2, 0], &[4, 4, 2], &[0, 1, 0]),
        Data::Double(&[9.0], &[4, 3, 2], &[0, 1, 0]),
    ];
    parquet(OBJECTS, Some(note), Compression::SNAPPY, &[&columns])
}

#[test]
fn pictures_with_objects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.parquet");
    write(
        &path,
        &objects(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.5], OBJECTS_NOTE),
    );
    let listing = load(&path).unwrap();
    assert_eq!(classes(&listing), ["x", "y", "z"]);
    assert_eq!(
        described(&listing.train),
        [
            "a.png [1.0, 2.0, 4.0, 6.0] 2 [5.0, 6.0, 12.0, 8.5] 0",
            "train.parquet: row 1"
        ]
    );
    let first = &listing.train[0];
    assert_eq!((first.id, first.stated), (Some(17), Some([10, 20])));
    let Labels::Boxes(boxes) = &first.labels else {
        panic!();
    };
    assert_eq!(
        (boxes[0].area, boxes[1].area, boxes[1].place.as_str()),
        (Some(9.0), None, "object 1")
    );
    // Corners, as some sets have them.
    write(
        &path,
        &objects(&[10.0, 2.0, 18.0, 9.0, 15.0, 6.0, 20.0, 10.0], OBJECTS_NOTE),
    );
    let listing = load(&path).unwrap();
    assert_eq!(
        described(&listing.train)[0],
        "a.png [10.0, 2.0, 18.0, 9.0] 2 [15.0, 6.0, 20.0, 10.0] 0"
    );
    assert!(
        listing.notes[0].contains("read as corners"),
        "{:?}",
        listing.notes
    );
    write(
        &path,
        &objects(&[f32::NAN, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.5], OBJECTS_NOTE),
    );
    let listing = load(&path).unwrap();
    assert_eq!(
        listing.problems[0].to_string(),
        "train.parquet: row 0: object 0: expected four numbers"
    );
    assert_eq!(
        described(&listing.train)[0],
        "a.png [5.0, 6.0, 12.0, 8.5] 0"
    );
}

#[test]
fn class_names_in_all_notes() {
    let path = |names: &[&str]| {
        names
            .iter()
            .map(|name| name.to_string())
            .collect::<Vec<_>>()
    };
    #[rustfmt::skip]
    let cases = [
        ("a label", NOTE, path(&["label"]), 2),
        ("a sequence", OBJECTS_NOTE, path(&["objects", "category"]), 3),
        ("a structure of lists", r#"{"info": {"features": {"objects": {"category": {"feature": {"names": ["x"]}}}}}}"#, path(&["objects", "category"]), 1),
        ("a list of structures", r#"{"info": {"features": {"objects": [{"category": {"names": ["x"]}}]}}}"#, path(&["objects", "category"]), 1),
        ("no names", r#"{"info": {"features": {"label": {"dtype": "int64"}}}}"#, path(&["label"]), 0),
        ("no such column", NOTE, path(&["other"]), 0),
        ("no JSON", "{", path(&["label"]), 0),
        ("a number", "3", path(&["label"]), 0),
        ("deep", &"[".repeat(100_000), path(&["label"]), 0),
    ];
    for (name, note, path, count) in cases {
        assert_eq!(features::class_names(note, &path).len(), count, "{name}");
    }
}

#[test]
fn files_in_the_folders_they_are_in() {
    let file = labelled(Some(NOTE), Compression::SNAPPY, &[1, 0]);
    #[rustfmt::skip]
    let cases: [(&str, &[&str], [usize; 3]); 6] = [
        ("the Hub's", &["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-00000-of-00001.parquet"], [4, 0, 2]),
        ("three parts", &["train.parquet", "validation.parquet", "test.parquet"], [2, 2, 2]),
        ("the Hub's own conversion", &["default/train/0000.parquet", "default/test/0000.parquet"], [2, 0, 2]),
        ("folders of parts", &["train/0000.parquet", "train/0001.parquet"], [4, 0, 0]),
        ("no parts", &["0000.parquet", "0001.parquet"], [4, 0, 0]),
        ("others beside", &["train.parquet", "more.parquet"], [2, 0, 0]),
    ];
    for (name, files, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        for file_name in files {
            write(&folder.path().join(file_name), &file);
        }
        assert!(recognises(folder.path()), "{name}");
        let listing = load(folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let count = |part: &Option<Vec<_>>| part.as_ref().map_or(0, Vec::len);
        assert_eq!(
            [
                listing.train.len(),
                count(&listing.validation),
                count(&listing.test)
            ],
            expected,
            "{name}"
        );
        assert_eq!(
            listing.notes.len(),
            usize::from(name == "others beside"),
            "{name}"
        );
    }
}

#[test]
fn parts_without_labels_and_missing_files_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("train-00000-of-00003.parquet"),
        &labelled(None, Compression::SNAPPY, &[1, 0]),
    );
    write(
        &folder.path().join("test.parquet"),
        &labelled(None, Compression::SNAPPY, &[-1, -1]),
    );
    let listing = load(folder.path()).unwrap();
    assert!(listing.test.is_none());
    assert_eq!(
        listing.notes,
        [
            "Only 1 of the 3 files of train are there.",
            "The test pictures are left out: they have no labels."
        ]
    );
}

#[test]
fn what_is_no_data_set_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = path.join("a.parquet");
    let error = |path: &Path| load(path).unwrap_err().to_string();
    assert!(!recognises(path) && !recognises(&file));
    assert!(
        error(path).contains("there is no .parquet file"),
        "{}",
        error(path)
    );
    assert!(
        error(&file).contains("there is no such file or folder"),
        "{}",
        error(&file)
    );
    write(&file, b"no Parquet");
    assert!(!recognises(path));
    assert!(
        error(path).contains("the file is damaged"),
        "{}",
        error(path)
    );
    let other = "message m { required binary text; required int64 label; }";
    let columns = [Data::Bytes(&["x"], &[], &[]), Data::Whole(&[0], &[], &[])];
    write(
        &file,
        &parquet(other, None, Compression::SNAPPY, &[&columns]),
    );
    assert!(error(path).contains("found text, label"), "{}", error(path));
    let numbers = "message m { required int64 image; required int64 label; }";
    let columns = [Data::Whole(&[0], &[], &[]), Data::Whole(&[0], &[], &[])];
    write(
        &file,
        &parquet(numbers, None, Compression::SNAPPY, &[&columns]),
    );
    assert!(
        error(path).contains("image holds numbers; expected image files"),
        "{}",
        error(path)
    );
    fs::remove_file(&file).unwrap();
    let good = labelled(None, Compression::SNAPPY, &[0, 1]);
    write(&path.join("one/train.parquet"), &good);
    write(&path.join("two/train.parquet"), &good);
    assert!(
        error(path).contains("there are several data sets"),
        "{}",
        error(path)
    );
    write(&path.join("cats-train.parquet"), &good);
    write(&path.join("dogs-train.parquet"), &good);
    assert!(
        error(path).contains("there are several data sets"),
        "{}",
        error(path)
    );
}

#[test]
fn other_compressions_say_how_to_rewrite() {
    // The writer has no other codec either: the number of the codec is changed in the file's footer instead.
    let plain = labelled(None, Compression::UNCOMPRESSED, &[0, 1]);
    let snappy = labelled(None, Compression::SNAPPY, &[0, 1]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut found = false;
    for at in 0..snappy.len() {
        // Codecs are zigzag numbers: 0 for none, 2 for Snappy, 4 for gzip, 12 for zstd.
        if snappy[at] != 2 {
            continue;
        }
        let mut bytes = snappy.clone();
        bytes[at] = 12;
        write(&path, &bytes);
        if let Err(error) = load(&path) {
            found |= error
                .to_string()
                .contains("compressed with ZSTD; only Snappy can be read. Rewrite it in Python");
        }
    }
    assert!(found && !plain.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        slips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        with_objects in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut mutated = if with_objects {
            objects(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.5], OBJECTS_NOTE)
        } else {
            labelled(Some(NOTE), Compression::SNAPPY, &[1, 0])
        };
        for (at, value) in slips {
            let at = at.index(mutated.len());
            mutated[at] = value;
        }
        for bytes in [mutated, bytes.clone(), [MAGIC, &bytes, MAGIC].concat()] {
            write(&path, &bytes);
            let _ = load(&path);
        }
    }
}
