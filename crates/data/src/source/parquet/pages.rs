//! The pages of a column, with their sizes and counts checked.
//!
//! The library has a reader of pages, too, but makes room for whatever the headers state: a file of a few hundred bytes could
//! ask it for gigabytes. It gets its pages from here instead.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::{Kind, Reader};

/// Bytes that a byte of Snappy can become, at most: a copy of 64 bytes takes three.
const MOST_EXPANSION: usize = 22;
/// Bytes of a value in a dictionary, at least.
const LEAST_VALUE: usize = 4;
/// Bytes that are read to find a header's end, at first. Statistics can make it longer.
const USUAL_HEADER: u64 = 1 << 12;

/// What the columns of a file may still hold, all together.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of pages: columns do not overlap, so that there are not more than the file has.
    pub bytes: u64,
    /// Values. Repeated ones take hardly any space; but a row has a picture, which takes more bytes than it has values.
    pub values: u64,
}

impl Budget {
    /// That of a file of this size.
    pub fn of(file_size: u64) -> Self {
        Self {
            bytes: file_size,
            values: file_size,
        }
    }
}

/// Reads the pages of a column one after another.
#[derive(Debug)]
pub struct Pages {
    file: File,
    /// Where the next page is.
    at: u64,
    /// Bytes from there to the column's end.
    left: u64,
    /// Values that the pages may still have.
    values: u64,
    compressed: bool,
    /// The greatest repetition and definition level.
    levels: [i16; 2],
    next: Option<Header>,
}

/// The header of a page, which its content follows.
#[derive(Debug)]
struct Header {
    /// Bytes of the content, as stored.
    size: usize,
    form: Form,
    /// Numbers of the header of this form, by their fields' ids.
    numbers: [Option<i64>; 9],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    First,
    Second,
    Dictionary,
    Other,
}

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_string())
}

impl Pages {
    /// The pages of a column, whose bytes are taken from the budget. The caller takes the values when they are read.
    ///
    /// # Errors
    /// A column that is not in the file, or would be read twice.
    pub fn new(file: &File, column: &ColumnChunkMetaData, budget: &mut Budget) -> Result<Self> {
        let start = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let place = u64::try_from(start).ok();
        let size = u64::try_from(column.compressed_size()).ok();
        let left = size.and_then(|size| budget.bytes.checked_sub(size));
        let (Some(at), Some(size), Some(left)) = (place, size, left) else {
            return Err(damaged("a column is not where the file says"));
        };
        budget.bytes = left;
        let description = column.column_descr();
        Ok(Self {
            file: file.try_clone()?,
            at,
            left: size,
            values: budget.values,
            compressed: column.compression() == Compression::SNAPPY,
            levels: [description.max_rep_level(), description.max_def_level()],
            next: None,
        })
    }

    fn read(&mut self, at: u64, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(at))?;
        (&mut self.file).take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the header of the next page, unless that was done before; whether there is one.
    fn find(&mut self) -> Result<bool> {
        while self.next.is_none() {
            if self.left == 0 {
                return Ok(false);
            }
            let mut size = self.left.min(USUAL_HEADER);
            let (header, length) = loop {
                let bytes = self.read(self.at, size)?;
                let mut reader = Reader(&bytes);
                if let Some(header) = Header::read(&mut reader) {
                    break (header, (bytes.len() - reader.0.len()) as u64);
                }
                if size == self.left {
                    return Err(damaged("the header of a page makes no sense"));
                }
                size = self.left.min(8 * size);
            };
            self.at += length;
            self.left -= length;
            if header.size as u64 > self.left {
                return Err(damaged("a page is longer than its column"));
            }
            if header.form == Form::Other {
                self.at += header.size as u64;
                self.left -= header.size as u64;
            } else {
                self.next = Some(header);
            }
        }
        Ok(true)
    }

    /// The content of the next page, if there is one.
    fn content(&mut self) -> Result<Option<(Header, Vec<u8>)>> {
        self.find()?;
        let Some(header) = self.next.take() else {
            return Ok(None);
        };
        let content = self.read(self.at, header.size as u64)?;
        if content.len() != header.size {
            return Err(damaged("the file ends within a page"));
        }
        self.at += header.size as u64;
        self.left -= header.size as u64;
        Ok(Some((header, content)))
    }

    fn unpacked(&self, content: Vec<u8>) -> Result<Vec<u8>> {
        if !self.compressed || content.is_empty() {
            return Ok(content);
        }
        let unpack = || {
            let size = snap::raw::decompress_len(&content)?;
            if size > content.len().saturating_mul(MOST_EXPANSION) {
                return Err(snap::Error::TooBig {
                    given: size as u64,
                    max: (content.len() * MOST_EXPANSION) as u64,
                });
            }
            snap::raw::Decoder::new().decompress_vec(&content)
        };
        unpack().map_err(|error| ParquetError::General(error.to_string()))
    }

    /// A page of values in the first version of the format, or in the second.
    fn data(&mut self, header: &Header, content: Vec<u8>) -> Result<Page> {
        let num_values = header.count(1)?;
        let left = self.values.checked_sub(u64::from(num_values));
        self.values =
            left.ok_or_else(|| damaged("a column states more values than there can be"))?;
        if header.form == Form::First {
            let content = self.unpacked(content)?;
            let page = Page::DataPage {
                num_values,
                encoding: encoding(header.count(2)?)?,
                def_level_encoding: level_encoding(header.count(3)?)?,
                rep_level_encoding: level_encoding(header.count(4)?)?,
                statistics: None,
                buf: content.into(),
            };
            self.check_lengths(&page, self.after_levels(page.buffer()))?;
            return Ok(page);
        }
        let definitions = header.count(5)?;
        let repetitions = header.count(6)?;
        let levels = (definitions as usize).saturating_add(repetitions as usize);
        if levels > content.len() {
            return Err(damaged("a page is too short for its levels"));
        }
        // Only the values are compressed, and they only if nothing says otherwise.
        let is_compressed = header.numbers[7] != Some(0);
        let content = if is_compressed {
            let values = self.unpacked(content[levels..].to_vec())?;
            [&content[..levels], &values].concat()
        } else {
            content
        };
        let page = Page::DataPageV2 {
            num_values,
            encoding: encoding(header.count(4)?)?,
            num_nulls: header.count(2)?,
            num_rows: header.count(3)?,
            def_levels_byte_len: definitions,
            rep_levels_byte_len: repetitions,
            is_compressed,
            statistics: None,
            buf: content.into(),
        };
        self.check_lengths(&page, page.buffer().get(levels..))?;
        Ok(page)
    }

    /// The values of a page of the first version: what follows the levels, which begin with their lengths.
    fn after_levels<'a>(&self, mut content: &'a [u8]) -> Option<&'a [u8]> {
        for _ in self.levels.iter().filter(|level| **level > 0) {
            let (length, rest) = content.split_at_checked(4)?;
            let length = u32::from_le_bytes(length.try_into().ok()?);
            content = rest.get(usize::try_from(length).ok()?..)?;
        }
        Some(content)
    }

    /// Whether a page whose values begin with a list of their lengths has not more lengths than values: the library makes
    /// room for as many as the list states.
    fn check_lengths(&self, page: &Page, values: Option<&[u8]>) -> Result<()> {
        if page.encoding() != Encoding::DELTA_LENGTH_BYTE_ARRAY {
            return Ok(());
        }
        let stated = values.and_then(|values| {
            let mut reader = Reader(values);
            // The size of a block, the number of its parts, and how many lengths there are.
            reader.varint()?;
            reader.varint()?;
            reader.varint()
        });
        if stated.is_none_or(|stated| stated > u64::from(page.num_values())) {
            return Err(damaged("a page has other lengths than values"));
        }
        Ok(())
    }
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut form = None;
        let mut size = None;
        let mut numbers = [None; 9];
        let mut id = 0;
        while let Some(kind) = reader.field(&mut id)? {
            match (id, kind) {
                (1, Kind::Whole) => {
                    form = Some(match reader.whole()? {
                        0 => Form::First,
                        2 => Form::Dictionary,
                        3 => Form::Second,
                        _ => Form::Other,
                    });
                }
                (3, Kind::Whole) => size = usize::try_from(reader.whole()?).ok(),
                // The three kinds of pages; only one of them is there.
                (5 | 7 | 8, Kind::Struct) => numbers = reader.numbers()?,
                (_, other) => reader.skip(other)?,
            }
        }
        Some(Self {
            size: size?,
            form: form?,
            numbers,
        })
    }

    /// The number in one of the fields.
    fn count(&self, field: usize) -> Result<u32> {
        self.numbers[field]
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| damaged("the header of a page lacks a number"))
    }
}

fn encoding(code: u32) -> Result<Encoding> {
    Ok(match code {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        // Among others DELTA_BYTE_ARRAY, in which each value may repeat all of the one before: so little becomes too much.
        _ => {
            return Err(ParquetError::NYI(format!(
                "its values are in Parquet's encoding {code}, which can't be read. Rewrite it in Python: \
                 import pyarrow.parquet as pq; pq.write_table(pq.read_table(PATH), PATH, compression=\"snappy\")"
            )));
        }
    })
}

fn level_encoding(code: u32) -> Result<Encoding> {
    match code {
        3 => Ok(Encoding::RLE),
        // Old writers state it where there are no levels.
        #[expect(deprecated)]
        4 => Ok(Encoding::BIT_PACKED),
        _ => Err(damaged("the levels of a page are in no known encoding")),
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some((header, content)) = self.content()? else {
            return Ok(None);
        };
        if header.form != Form::Dictionary {
            return self.data(&header, content).map(Some);
        }
        let content = self.unpacked(content)?;
        let num_values = header.count(1)?;
        if num_values as usize > content.len() / LEAST_VALUE {
            return Err(damaged("a dictionary states more values than it has"));
        }
        Ok(Some(Page::DictionaryPage {
            num_values,
            encoding: encoding(header.count(2)?)?,
            is_sorted: header.numbers[3] == Some(1),
            buf: content.into(),
        }))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.find()?;
        let Some(header) = &self.next else {
            return Ok(None);
        };
        let number = |field| header.count(field).map(|count| count as usize);
        let is_dict = header.form == Form::Dictionary;
        Ok(Some(PageMetadata {
            num_rows: match header.form {
                Form::Second => Some(number(3)?),
                _ => None,
            },
            num_levels: if is_dict { None } else { Some(number(1)?) },
            is_dict,
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.content().map(drop)
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
