//! Columns of a Parquet file, with their nested lists put together.
//!
//! A column stores a value or its absence with two levels: the 'repetition level' says which list goes on (0: a new row), the
//! 'definition level' how much of the path to the value is there.

use parquet::basic::{Compression, Repetition};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::{SchemaDescriptor, Type};

/// Rows that are decoded at a time.
const BATCH: usize = 1024;
/// Names that the format gives to the inside of lists.
const LISTS: [&str; 6] = ["list", "element", "item", "array", "bag", "array_element"];

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its place among all columns.
    pub index: usize,
    /// Its names from the outside in, without the names of lists.
    pub path: Vec<String>,
    /// For each list around the values, the least definition level at which it has an element.
    pub lists: Vec<i16>,
}

/// The elements of one row: lists of lists, where shallower columns have one of each.
pub type Cell<T> = Vec<Vec<Option<T>>>;

/// The values of a column, row by row.
#[derive(Debug)]
pub enum Values {
    /// Text or other bytes.
    Bytes(Vec<Cell<ByteArray>>),
    /// Numbers of any type.
    Numbers(Vec<Cell<f64>>),
}

/// All columns of a schema.
pub fn columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let mut found = Vec::new();
    for field in schema.root_schema().get_fields() {
        walk(field, Vec::new(), 0, Vec::new(), &mut found);
    }
    found
}

fn walk(
    kind: &Type,
    mut path: Vec<String>,
    mut level: i16,
    mut lists: Vec<i16>,
    found: &mut Vec<Column>,
) {
    let info = kind.get_basic_info();
    let repetition = if info.has_repetition() {
        info.repetition()
    } else {
        Repetition::REQUIRED
    };
    if repetition != Repetition::REQUIRED {
        level += 1;
    }
    if repetition == Repetition::REPEATED {
        lists.push(level);
    }
    if path.is_empty() || !LISTS.contains(&kind.name()) {
        path.push(kind.name().to_string());
    }
    if kind.is_group() {
        for field in kind.get_fields() {
            walk(field, path.clone(), level, lists.clone(), found);
        }
    } else {
        let index = found.len();
        found.push(Column { index, path, lists });
    }
}

/// The values of a group of rows.
///
/// # Errors
/// A damaged file, a compression or a type that can't be read.
pub fn read(group: &dyn RowGroupReader, column: &Column, file_size: u64) -> Result<Values> {
    let metadata = group.metadata();
    let Some(chunk) = metadata.columns().get(column.index) else {
        return Err(ParquetError::General("a column is missing".to_string()));
    };
    let codec = chunk.compression();
    if !matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY) {
        let name = codec.to_string();
        let name = name.split('(').next().unwrap_or_default();
        return Err(ParquetError::NYI(format!(
            "the file is compressed with {name}; only Snappy can be read. Rewrite it in Python: \
             import pyarrow.parquet as pq; pq.write_table(pq.read_table(PATH), PATH, compression=\"snappy\")"
        )));
    }
    // The library trusts these numbers.
    let start = chunk
        .dictionary_page_offset()
        .unwrap_or(chunk.data_page_offset());
    let end = start.checked_add(chunk.compressed_size());
    let inside = start >= 0
        && chunk.compressed_size() >= 0
        && end.is_some_and(|end| end as u64 <= file_size);
    if !inside || chunk.column_descr().physical_type() != chunk.column_type() {
        return Err(ParquetError::General(
            "a column is not where the file says".to_string(),
        ));
    }
    let lists = &column.lists[..];
    let whole = chunk.column_descr().max_def_level();
    Ok(match group.get_column_reader(column.index)? {
        ColumnReader::ByteArrayColumnReader(reader) => {
            Values::Bytes(cells(reader, lists, whole, |bytes| bytes)?)
        }
        ColumnReader::BoolColumnReader(reader) => {
            Values::Numbers(cells(reader, lists, whole, f64::from)?)
        }
        ColumnReader::Int32ColumnReader(reader) => {
            Values::Numbers(cells(reader, lists, whole, f64::from)?)
        }
        ColumnReader::Int64ColumnReader(reader) => {
            Values::Numbers(cells(reader, lists, whole, |value| value as f64)?)
        }
        ColumnReader::FloatColumnReader(reader) => {
            Values::Numbers(cells(reader, lists, whole, f64::from)?)
        }
        ColumnReader::DoubleColumnReader(reader) => {
            Values::Numbers(cells(reader, lists, whole, |value| value)?)
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Err(ParquetError::NYI(format!(
                "the column {} is of a type that can't be read",
                column.path.join(".")
            )));
        }
    })
}

fn cells<D: DataType, T>(
    mut reader: ColumnReaderImpl<D>,
    lists: &[i16],
    whole: i16,
    convert: impl Fn(D::T) -> T,
) -> Result<Vec<Cell<T>>> {
    let mut rows: Vec<Cell<T>> = Vec::new();
    loop {
        let mut definitions = Vec::new();
        let mut repetitions = Vec::new();
        let mut values = Vec::new();
        let (records, _, levels) = reader.read_records(
            BATCH,
            Some(&mut definitions),
            Some(&mut repetitions),
            &mut values,
        )?;
        if records == 0 && levels == 0 {
            return Ok(rows);
        }
        let mut values = values.into_iter().map(&convert);
        for index in 0..levels {
            let definition = definitions.get(index).copied().unwrap_or(whole);
            let repetition = repetitions.get(index).copied().unwrap_or(0);
            if repetition == 0 || rows.is_empty() {
                rows.push(Vec::new());
            }
            let Some(row) = rows.last_mut() else {
                continue;
            };
            let has_element =
                |list: usize| lists.get(list).is_none_or(|&level| definition >= level);
            if has_element(0) && (repetition <= 1 || row.is_empty()) {
                row.push(Vec::new());
            }
            if has_element(0) && has_element(1) {
                let value = if definition == whole {
                    values.next()
                } else {
                    None
                };
                if let Some(list) = row.last_mut() {
                    list.push(value);
                }
            }
        }
    }
}
