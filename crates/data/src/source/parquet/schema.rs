//! The columns that a file's footer lists. The library would make room for as many as it states, and follow them to any depth.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::basic::{Repetition, Type as Physical};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};

use super::MAGIC;
use super::thrift::{Kind, Reader};

/// The length of the footer and the magic number.
const TAIL: u64 = 8;
/// Columns and their groups.
const MOST_ELEMENTS: usize = 10_000;
/// Groups around a column.
const DEPTH: usize = 16;
/// Bytes of a column's name.
const MOST_NAME: usize = 256;

/// An element of the list that a schema is stored as: groups before what is in them.
#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    kind: Option<i64>,
    length: Option<i64>,
    repetition: Option<i64>,
    children: usize,
}

/// Reads the columns of a file of `size` bytes.
///
/// # Errors
/// A file that can't be read, is no Parquet, or states what can't be.
pub fn read(file: &mut File, size: u64) -> Result<SchemaDescPtr, String> {
    let unreadable = |error: std::io::Error| format!("cannot read it: {error}");
    let damaged = || "the file is damaged: its footer makes no sense".to_string();
    let mut tail = [0; TAIL as usize];
    let start = size.checked_sub(TAIL).ok_or_else(damaged)?;
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    file.read_exact(&mut tail).map_err(unreadable)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != MAGIC {
        return Err("the file is damaged: it does not end as Parquet does".to_string());
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = start.checked_sub(length).ok_or_else(damaged)?;
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let mut footer_reader = file.take(length);
    footer_reader.read_to_end(&mut footer).map_err(unreadable)?;
    let elements = elements(Reader(&footer)).ok_or_else(damaged)?;
    tree(&elements)
        .map(|root| Arc::new(SchemaDescriptor::new(root)))
        .ok_or_else(damaged)
}

/// The list in the footer's second field.
fn elements(mut footer: Reader<'_>) -> Option<Vec<Element<'_>>> {
    let mut id = 0;
    while let Some(kind) = footer.field(&mut id)? {
        if (id, kind) != (2, Kind::List) {
            footer.skip(kind)?;
            continue;
        }
        let (kind, count) = footer.list()?;
        if kind != Kind::Struct || count > MOST_ELEMENTS {
            return None;
        }
        return (0..count).map(|_| element(&mut footer)).collect();
    }
    None
}

fn element<'a>(footer: &mut Reader<'a>) -> Option<Element<'a>> {
    let mut element = Element::default();
    let mut id = 0;
    while let Some(kind) = footer.field(&mut id)? {
        match (id, kind) {
            (1, Kind::Whole) => element.kind = Some(footer.whole()?),
            (2, Kind::Whole) => element.length = Some(footer.whole()?),
            (3, Kind::Whole) => element.repetition = Some(footer.whole()?),
            (4, Kind::Bytes) => element.name = std::str::from_utf8(footer.bytes()?).ok()?,
            (5, Kind::Whole) => element.children = usize::try_from(footer.whole()?).ok()?,
            (_, other) => footer.skip(other)?,
        }
    }
    (element.name.len() <= MOST_NAME).then_some(element)
}

/// The root of the tree that the elements stand for, if they stand for one.
fn tree(elements: &[Element<'_>]) -> Option<TypePtr> {
    let (root, rest) = elements.split_first()?;
    let mut rest = rest.iter();
    let fields = fields(root.children, &mut rest, DEPTH)?;
    let group = Type::group_type_builder(root.name).with_fields(fields);
    let root = group.build().ok()?;
    rest.next().is_none().then(|| Arc::new(root))
}

fn fields<'a>(
    count: usize,
    rest: &mut std::slice::Iter<'a, Element<'a>>,
    depth: usize,
) -> Option<Vec<TypePtr>> {
    let depth = depth.checked_sub(1)?;
    let field = |_| {
        let element = rest.next()?;
        let repetition = match element.repetition? {
            0 => Repetition::REQUIRED,
            1 => Repetition::OPTIONAL,
            2 => Repetition::REPEATED,
            _ => return None,
        };
        // Only a column has a type. Some writers state that it has no children, others leave that out.
        let field = match element.kind {
            Some(kind) if element.children == 0 => {
                Type::primitive_type_builder(element.name, physical(kind)?)
                    .with_repetition(repetition)
                    .with_length(i32::try_from(element.length.unwrap_or(-1)).ok()?)
                    .build()
            }
            _ => Type::group_type_builder(element.name)
                .with_repetition(repetition)
                .with_fields(fields(element.children, rest, depth)?)
                .build(),
        };
        field.ok().map(Arc::new)
    };
    // Ends at the first that is missing, whatever the count.
    (0..count).map(field).collect()
}

fn physical(code: i64) -> Option<Physical> {
    Some(match code {
        0 => Physical::BOOLEAN,
        1 => Physical::INT32,
        2 => Physical::INT64,
        3 => Physical::INT96,
        4 => Physical::FLOAT,
        5 => Physical::DOUBLE,
        6 => Physical::BYTE_ARRAY,
        7 => Physical::FIXED_LEN_BYTE_ARRAY,
        _ => return None,
    })
}
