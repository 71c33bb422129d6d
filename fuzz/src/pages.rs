//! Parquet files made of the bytes of their columns.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::SchemaDescriptor;

use crate::BETWEEN;

/// Pictures with labels, without any level, with objects.
pub const SCHEMAS: [&str; 3] = [
    "message m {
        optional group image { optional binary bytes; optional binary path (UTF8); }
        optional int64 label; }",
    "message m { required binary img; required binary label (UTF8); }",
    "message m {
        optional int64 image_id;
        optional group image { optional binary bytes; optional binary path (UTF8); }
        optional int64 width; optional int32 height;
        optional group objects {
            optional group bbox (LIST) { repeated group list { optional group element (LIST) { repeated group list { optional float element; } } } }
            optional group category (LIST) { repeated group list { optional int64 element; } }
            optional group area (LIST) { repeated group list { optional double element; } }
            optional group iscrowd (LIST) { repeated group list { optional boolean element; } }
        } }",
];
/// What `datasets` notes about the classes.
pub const NOTE: &str = r#"{"info": {"features": {"label": {"names": ["cat", "dog"]}, "objects": {"feature": {"category": {"names": ["x", "y"]}}}}}}"#;

/// What the first byte of an input says.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Which of [`SCHEMAS`].
    pub schema: usize,
    /// Snappy or nothing.
    pub compressed: bool,
    /// Whether columns begin with a dictionary.
    pub dictionary: bool,
    /// Whether there is a second group of rows, of the same bytes.
    pub twice: bool,
}

impl Kind {
    fn of(byte: u8) -> Self {
        Self {
            schema: usize::from(byte & 3).min(SCHEMAS.len() - 1),
            compressed: byte & 4 != 0,
            dictionary: byte & 8 != 0,
            twice: byte & 16 != 0,
        }
    }

    /// The first byte.
    pub fn byte(self) -> u8 {
        let flags = [self.compressed, self.dictionary, self.twice];
        let bits = flags.iter().enumerate();
        bits.fold(self.schema as u8, |byte, (bit, &flag)| {
            byte | u8::from(flag) << (bit + 2)
        })
    }
}

/// The file of an input: a byte for its [`Kind`], then the bytes of each column.
pub fn file(input: &[u8]) -> Option<Vec<u8>> {
    let (&first, mut rest) = input.split_first()?;
    let kind = Kind::of(first);
    let schema = parse_message_type(SCHEMAS[kind.schema]).ok()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
    let mut bytes = b"PAR1".to_vec();
    let mut columns = Vec::new();
    for column in schema.columns() {
        let end = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN);
        let content = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[], |end| &rest[end + BETWEEN.len()..]);
        let start = bytes.len() as i64;
        let chunk = ColumnChunkMetaData::builder(Arc::clone(column))
            .set_compression(if kind.compressed {
                Compression::SNAPPY
            } else {
                Compression::UNCOMPRESSED
            })
            .set_data_page_offset(start)
            .set_dictionary_page_offset(kind.dictionary.then_some(start))
            .set_total_compressed_size(content.len() as i64);
        columns.push(chunk.build().ok()?);
        bytes.extend(content);
    }
    let group = RowGroupMetaData::builder(Arc::clone(&schema)).set_column_metadata(columns);
    let groups = vec![group.build().ok()?; if kind.twice { 2 } else { 1 }];
    let note = KeyValue::new("huggingface".to_string(), NOTE.to_string());
    let about = FileMetaData::new(1, 0, None, Some(vec![note]), schema, None);
    let metadata = ParquetMetaData::new(about, groups);
    ParquetMetaDataWriter::new(&mut bytes, &metadata)
        .finish()
        .ok()?;
    Some(bytes)
}
