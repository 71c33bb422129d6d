//! Small files that state more than they hold. A reader that believes them would ask for gigabytes, or overflow its stack.

use super::*;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::schema::types::SchemaDescriptor;

const PLAIN: i64 = 0;
const RLE: i64 = 3;
const LENGTHS_FIRST: i64 = 6;
const PREFIXES: i64 = 7;
const DICTIONARY: i64 = 8;

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Fields of whole numbers, with ids from 1 on, and the end of their structure.
fn numbers(numbers: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers {
        bytes.push(0x15);
        bytes.extend(varint((number << 1 ^ number >> 63) as u64));
    }
    bytes.push(0);
    bytes
}

/// A page: its kind with the field that holds the rest of the header, the numbers in there, and the content.
fn page((kind, field): (i64, u8), inner: &[i64], content: &[u8]) -> Vec<u8> {
    let size = content.len() as i64;
    let mut bytes = numbers(&[kind, size, size]);
    bytes.pop();
    bytes.push((field - 3) << 4 | 12);
    [&bytes, &numbers(inner)[..], &[0], content].concat()
}

const FIRST: (i64, u8) = (0, 5);
const WORDS: (i64, u8) = (2, 7);
const SECOND: (i64, u8) = (3, 8);

/// Columns of pictures and labels in as many groups of rows, which all have the same bytes.
fn file(pictures: &[u8], compression: Compression, groups: usize) -> Vec<u8> {
    let text = "message m { required binary img; required binary label; }";
    let schema = Arc::new(parse_message_type(text).unwrap());
    let schema = Arc::new(SchemaDescriptor::new(schema));
    let labels = page(FIRST, &[1, PLAIN, RLE, RLE], b"\x01\0\0\0a");
    let mut bytes = MAGIC.to_vec();
    let mut columns = Vec::new();
    for (column, content) in schema.columns().iter().zip([pictures, &labels]) {
        let chunk = ColumnChunkMetaData::builder(Arc::clone(column))
            .set_data_page_offset(bytes.len() as i64)
            .set_total_compressed_size(content.len() as i64);
        let is_picture = columns.is_empty();
        let compression = Some(compression).filter(|_| is_picture);
        let chunk = chunk.set_compression(compression.unwrap_or(Compression::UNCOMPRESSED));
        columns.push(chunk.build().unwrap());
        bytes.extend(content);
    }
    let group = RowGroupMetaData::builder(Arc::clone(&schema)).set_column_metadata(columns);
    let about = FileMetaData::new(1, 0, None, None, schema, None);
    let metadata = ParquetMetaData::new(about, vec![group.build().unwrap(); groups]);
    let writer = ParquetMetaDataWriter::new(&mut bytes, &metadata);
    writer.finish().unwrap();
    bytes
}

fn outcome(bytes: &[u8]) -> Result<Listing, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, bytes);
    load(&path).map_err(|error| error.to_string())
}

#[test]
fn pages_that_state_too_much_are_refused() {
    use Compression::{SNAPPY, UNCOMPRESSED};
    const MANY: i64 = i32::MAX as i64;
    let one = b"\x04\0\0\0abcd";
    let bomb = [&varint(1 << 30), &b"\xfe\x01\0"[..]].concat();
    let lengths = [varint(128), varint(4), varint(1 << 40), vec![0; 8]].concat();
    let dictionary = |values: i64| page(WORDS, &[values, PLAIN], one);
    let cut = |mut page: Vec<u8>| {
        page.pop();
        page
    };
    #[rustfmt::skip]
    let cases = [
        ("nothing wrong", page(FIRST, &[1, PLAIN, RLE, RLE], one), UNCOMPRESSED, ""),
        ("nothing wrong in the second version", page(SECOND, &[1, 0, 1, PLAIN, 0, 0], one), UNCOMPRESSED, ""),
        ("many values", page(FIRST, &[MANY, PLAIN, RLE, RLE], one), UNCOMPRESSED, "more values than there can be"),
        ("a negative number", page(FIRST, &[-1, PLAIN, RLE, RLE], one), UNCOMPRESSED, "lacks a number"),
        ("many in the second version", page(SECOND, &[MANY, 0, MANY, PLAIN, 0, 0], one), UNCOMPRESSED, "more values than there can be"),
        ("long levels", page(SECOND, &[1, 0, 1, PLAIN, 0, MANY], one), UNCOMPRESSED, "too short for its levels"),
        ("a large dictionary", dictionary(1 << 28), UNCOMPRESSED, "a dictionary states more values than it has"),
        ("many of a dictionary", [dictionary(1), page(FIRST, &[MANY, DICTIONARY, RLE, RLE], b"\0\xfe\xff\xff\xff\x0f")].concat(), UNCOMPRESSED, "more values than there can be"),
        ("no dictionary", page(FIRST, &[1, DICTIONARY, RLE, RLE], b"\0\x02"), UNCOMPRESSED, "the file is damaged"),
        ("a large result", page(FIRST, &[1, PLAIN, RLE, RLE], &bomb), SNAPPY, "the file is damaged: Parquet error: snappy"),
        ("many lengths", page(FIRST, &[1, LENGTHS_FIRST, RLE, RLE], &lengths), UNCOMPRESSED, "other lengths than values"),
        ("prefixes", page(FIRST, &[1, PREFIXES, RLE, RLE], &lengths), UNCOMPRESSED, "encoding 7, which can't be read. Rewrite it in Python"),
        ("unknown levels", page(FIRST, &[1, PLAIN, 0, RLE], one), UNCOMPRESSED, "no known encoding"),
        ("a long page", cut(page(FIRST, &[1, PLAIN, RLE, RLE], one)), UNCOMPRESSED, "longer than its column"),
        ("no header", vec![0x15; 9], UNCOMPRESSED, "the header of a page makes no sense"),
    ];
    for (name, pictures, compression, expected) in cases {
        match outcome(&file(&pictures, compression, 1)) {
            Ok(listing) => {
                assert_eq!(expected, "", "{name}");
                assert_eq!(listing.train.len(), 1, "{name}");
            }
            Err(error) => assert!(
                !expected.is_empty() && error.contains(expected),
                "{name}: {error}"
            ),
        }
    }
}

#[test]
fn columns_are_read_once() {
    let picture = [&1000u32.to_le_bytes()[..], &[7; 1000]].concat();
    let pictures = page(FIRST, &[1, PLAIN, RLE, RLE], &picture);
    assert!(outcome(&file(&pictures, Compression::UNCOMPRESSED, 1)).is_ok());
    let error = outcome(&file(&pictures, Compression::UNCOMPRESSED, 9)).unwrap_err();
    assert!(error.contains("not where the file says"), "{error}");
}

/// A file with nothing but the list of its columns: each a name with the number of what is in it, or `None` for a column.
fn schema_only(elements: &[(&[u8], Option<i64>)]) -> Vec<u8> {
    // The version, then the list.
    let mut footer = vec![0x15, 2, 0x19, 0xfc];
    footer.extend(varint(elements.len() as u64));
    for (name, children) in elements {
        if children.is_none() {
            footer.extend([0x15, 12, 0x25, 0, 0x18]);
        } else {
            footer.extend([0x35, 0, 0x18]);
        }
        footer.extend(varint(name.len() as u64));
        footer.extend(*name);
        match children {
            Some(children) => footer.extend([&[0x15], &numbers(&[*children])[1..]].concat()),
            None => footer.push(0),
        }
    }
    footer.push(0);
    let length = (footer.len() as u32).to_le_bytes();
    [MAGIC, &footer, &length, MAGIC].concat()
}

#[test]
fn schemas_that_state_too_much_are_refused() {
    let senseless = "its footer makes no sense";
    let long = [b'a'; 300];
    #[rustfmt::skip]
    #[allow(clippy::type_complexity, reason = "a table of cases")]
    let cases: [(&str, Vec<(&[u8], Option<i64>)>, &str); 8] = [
        // What follows is missing, which the library says.
        ("nothing wrong", vec![(b"m", Some(1)), (b"img", None)], "Required field"),
        ("many columns", vec![(b"m", Some(i32::MAX.into())), (b"img", None)], senseless),
        ("many in a group", vec![(b"m", Some(1)), (b"g", Some(i32::MAX.into())), (b"img", None)], senseless),
        ("fewer than none", vec![(b"m", Some(-1)), (b"img", None)], senseless),
        ("some left", vec![(b"m", Some(1)), (b"img", None), (b"label", None)], senseless),
        ("deep", vec![(b"g", Some(1)); 5_000], senseless),
        ("a long name", vec![(b"m", Some(1)), (&long, None)], senseless),
        ("too many", vec![(b"m", Some(1)); 20_000], senseless),
    ];
    for (name, elements, expected) in cases {
        let error = outcome(&schema_only(&elements)).unwrap_err();
        assert!(error.contains(expected), "{name}: {error}");
    }
    let mut bytes = schema_only(&[(b"m", Some(1)), (b"img", None)]);
    let length = bytes.len() - 8;
    bytes[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = outcome(&bytes).unwrap_err();
    assert!(error.contains(senseless), "{error}");
}

#[test]
fn what_a_dictionary_repeats_is_kept_once() {
    let schema = "message m { required binary img; required binary label (UTF8); }";
    let long = "x".repeat(2000);
    let columns = [
        Data::Bytes(&["same", "other", "same"], &[], &[]),
        Data::Bytes(&["a", &long, "a"], &[], &[]),
    ];
    let bytes = parquet(schema, None, Compression::UNCOMPRESSED, &[&columns]);
    let listing = outcome(&bytes).unwrap();
    let [Picture::Bytes(first), Picture::Bytes(last)] =
        [0, 1].map(|entry| listing.train[entry].picture.clone())
    else {
        panic!();
    };
    assert!(Arc::ptr_eq(&first, &last));
    assert_eq!(
        listing.problems[0].to_string(),
        "a.parquet: row 1: there is no label"
    );
}
