//! Writes the seeds that are no text: `cargo run --bin seeds`, in this folder.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::Crc;
use flate2::write::{DeflateEncoder, GzEncoder};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use support::BETWEEN;
use support::pages::{Kind, NOTE, SCHEMAS};

fn main() {
    arrays();
    tables();
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new("seeds").join(target);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a file");
}

/// IDX, NumPy's arrays, and archives.
fn arrays() {
    let idx = |number: u8, sizes: &[u32], content: &[u8]| {
        let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_be_bytes()).collect();
        let dimensions = sizes.len() as u8 / 4;
        [&[0, 0, number, dimensions], &sizes[..], content].concat()
    };
    let pictures = idx(8, &[2, 2, 2], &[0, 255, 3, 4, 5, 6, 7, 8]);
    let labels = idx(8, &[2], &[0, 1]);
    let names = b"0 65 97\n1 66\n";
    write(
        "idx",
        "plain",
        &[&pictures, BETWEEN, &labels, BETWEEN, names].concat(),
    );
    let gzipped = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Level::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    write(
        "idx",
        "gzipped",
        &[&gzipped(&pictures), BETWEEN, &gzipped(&labels)].concat(),
    );
    let colour = idx(8, &[1, 2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    let rows = idx(12, &[1, 2], &[0, 0, 0, 1, 0, 0, 0, 2]);
    write("idx", "colour", &[&colour, BETWEEN, &rows].concat());
    let halves = idx(13, &[1, 1, 2], &[0x3f, 0, 0, 0, 0, 0, 0, 0]);
    write(
        "idx",
        "floats",
        &[&halves, BETWEEN, &idx(8, &[1], &[3])].concat(),
    );

    let npy = |kind: &str, columns: bool, shape: &str, content: &[u8]| {
        let order = if columns { "True" } else { "False" };
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), content].concat()
    };
    let pictures = npy("|u1", false, "(2, 2, 2)", &[0, 255, 3, 4, 5, 6, 7, 8]);
    let labels = npy(
        "<i8",
        false,
        "(2,)",
        &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    );
    write("npz", "bytes", &[&pictures, BETWEEN, &labels].concat());
    let floats = npy("<f4", true, "(1, 1, 2, 3)", &[0; 24]);
    let hot = npy("|b1", false, "(1, 2)", &[0, 1]);
    write("npz", "by_columns", &[&floats, BETWEEN, &hot].concat());
    for (name, deflated) in [("stored", false), ("deflated", true)] {
        let archive = archive(
            &[("x_train.npy", &pictures), ("y_train.npy", &labels)],
            deflated,
        );
        write("npz", name, &archive);
        write("zip", name, &archive);
    }
}

/// A ZIP archive.
fn archive(entries: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let start = bytes.len() as u32;
        let mut encoder = DeflateEncoder::new(Vec::new(), Level::default());
        encoder.write_all(content).expect("memory");
        let stored = if deflated {
            encoder.finish().expect("memory")
        } else {
            content.to_vec()
        };
        let mut crc = Crc::new();
        crc.update(content);
        let method = if deflated { 8 } else { 0 };
        let mut common: Vec<u8> = [20u16, 0, method, 0, 0]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        for size in [
            crc.sum(),
            stored.len() as u32,
            content.len() as u32,
            name.len() as u32,
        ] {
            common.extend(size.to_le_bytes());
        }
        bytes.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &stored].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\0",
                &common[..],
                &[0; 10],
                &start.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    let count = (entries.len() as u16).to_le_bytes();
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// Parquet files in the ways that writers store them, and their columns alone.
fn tables() {
    for schema in 0..SCHEMAS.len() {
        for way in ["plain", "dictionary", "snappy", "second_version"] {
            table(schema, way);
        }
    }
}

fn table(schema: usize, way: &str) {
    let parsed = Arc::new(parse_message_type(SCHEMAS[schema]).expect("a schema"));
    let descriptor = SchemaDescriptor::new(Arc::clone(&parsed));
    let second = way == "second_version";
    let compressed = second || way == "snappy";
    let dictionary = !second && way != "plain";
    let mut properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_compression(if compressed {
            Compression::SNAPPY
        } else {
            Compression::UNCOMPRESSED
        })
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "huggingface".to_string(),
            NOTE.to_string(),
        )]));
    if second {
        properties = properties.set_writer_version(WriterVersion::PARQUET_2_0);
        let texts = descriptor.columns().iter();
        for column in texts.filter(|column| column.physical_type() == Type::BYTE_ARRAY) {
            let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
            properties = properties.set_column_encoding(column.path().clone(), encoding);
        }
    }
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, parsed, Arc::new(properties.build()))
        .expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    for column in descriptor.columns() {
        let mut writer = group.next_column().expect("a column").expect("a column");
        fill(writer.untyped(), column);
        writer.close().expect("a column");
    }
    group.close().expect("a group");
    writer.close().expect("a file");
    write("parquet", &format!("{way}_{schema}"), &bytes);

    let reader = SerializedFileReader::new(Bytes::from(bytes.clone())).expect("our own file");
    let kind = Kind {
        schema,
        compressed,
        dictionary,
        twice: false,
    };
    let chunks = reader.metadata().row_group(0).columns().iter();
    let contents = chunks.map(|chunk| {
        let (start, length) = chunk.byte_range();
        &bytes[start as usize..][..length as usize]
    });
    let contents = contents.collect::<Vec<_>>().join(BETWEEN);
    let input = [&[kind.byte()], &contents[..]].concat();
    write("parquet_pages", &format!("{way}_{schema}"), &input);
}

/// Two rows; of lists the first has two elements (each of four numbers, if it is one of lists), the second none.
fn fill(writer: &mut ColumnWriter<'_>, column: &ColumnDescriptor) {
    let whole = column.max_def_level();
    let lists = column.max_rep_level();
    let (definitions, repetitions): (Vec<i16>, &[i16]) = match lists {
        0 => (vec![whole; 2], &[]),
        1 => (vec![whole, whole, 1], &[0, 1, 0]),
        _ => (
            [vec![whole; 8], vec![1]].concat(),
            &[0, 2, 2, 2, 1, 2, 2, 2, 0],
        ),
    };
    let count = definitions.iter().filter(|level| **level == whole).count();
    let definitions = Some(&definitions[..]).filter(|_| whole > 0);
    let repetitions = Some(repetitions).filter(|_| lists > 0);
    match writer {
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values = [ByteArray::from("first"), ByteArray::from("second")];
            writer.write_batch(&values, definitions, repetitions)
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            writer.write_batch(&[1, 0][..count], definitions, repetitions)
        }
        ColumnWriter::Int32ColumnWriter(writer) => {
            writer.write_batch(&[20, 30][..count], definitions, repetitions)
        }
        ColumnWriter::FloatColumnWriter(writer) => {
            let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.5];
            writer.write_batch(&values[..count], definitions, repetitions)
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            writer.write_batch(&[9.0, 1.5][..count], definitions, repetitions)
        }
        ColumnWriter::BoolColumnWriter(writer) => {
            writer.write_batch(&[false, true][..count], definitions, repetitions)
        }
        _ => Ok(0),
    }
    .expect("values fit their column");
}
