//! TensorBoard's event file of a training, with the figures of `history.jsonl`.
//!
//! The file depends only on when the run started and on its history: rewritten after an interruption, it holds the same
//! records as without one.
//!
//! Sources: the framing of records is TensorFlow's `tensorflow/core/lib/io/record_writer.cc`; the messages are `Event`
//! and `Summary` of `tensorboard/compat/proto/event.proto` and `summary.proto`, in the wire format of Protocol Buffers
//! (protobuf.dev/programming-guides/encoding).

use std::path::{Path, PathBuf};

use crate::files::{FileError, append, write_atomically};
use crate::record::EpochRecord;

/// Name of the file in a run: TensorBoard takes every file with `tfevents` in its name.
pub const EVENTS: &str = "events.out.tfevents";
/// What the first record of a file says.
const VERSION: &str = "brain.Event:2";

/// An event file that grows by an epoch at a time.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    started: f64,
}

impl EventFile {
    /// Writes the events of `history` to `path` in place of what is there. `started` is when the run started, in seconds
    /// since 1970.
    ///
    /// # Errors
    /// [`FileError`] when the file system refuses.
    pub fn create(path: &Path, started: f64, history: &[EpochRecord]) -> Result<Self, FileError> {
        let mut bytes = record(&version(started));
        for epoch in history {
            bytes.extend(record(&event(started, epoch)));
        }
        write_atomically(path, bytes)?;
        Ok(Self {
            path: path.to_path_buf(),
            started,
        })
    }

    /// Adds an epoch. The file is not replaced, so that a running TensorBoard goes on reading it; if the machine stops in
    /// the middle, the checksum shows it, and the next [`EventFile::create`] rewrites the file.
    ///
    /// # Errors
    /// [`FileError`] when the file system refuses.
    pub fn add(&self, epoch: &EpochRecord) -> Result<(), FileError> {
        append(&self.path, record(&event(self.started, epoch)))
    }
}

/// Every figure of an epoch with its name in TensorBoard, which groups names by what stands before the first `/`.
fn figures(epoch: &EpochRecord) -> Vec<(String, f64)> {
    let mut figures = vec![("loss/train".to_string(), Some(epoch.train_loss))];
    let parts = [
        ("train", &epoch.losses),
        ("validation", &epoch.validation_losses),
    ];
    for (split, losses) in parts {
        let losses = losses.iter();
        figures.extend(losses.map(|(part, loss)| (format!("loss/{split}/{part}"), Some(*loss))));
    }
    figures.extend(
        [
            ("loss/validation", epoch.validation_loss),
            ("accuracy/train", epoch.train_accuracy),
            ("accuracy/validation", epoch.validation_accuracy),
            ("average_precision/validation", epoch.validation_map),
            ("training/epoch", Some(epoch.epoch as f64)),
            ("training/learning_rate", Some(epoch.learning_rate)),
            ("training/seconds", Some(epoch.seconds)),
            ("training/images_per_s", Some(epoch.images_per_s)),
            ("training/energy_j", epoch.energy_j),
        ]
        .map(|(name, value)| (name.to_string(), value)),
    );
    let known = figures.into_iter();
    known
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// `Event { double wall_time = 1; string file_version = 3; }`
fn version(started: f64) -> Vec<u8> {
    let mut event = Message::default();
    event.double(1, started);
    event.bytes(3, VERSION.as_bytes());
    event.0
}

/// `Event { double wall_time = 1; int64 step = 2; Summary summary = 5; }` with
/// `Summary { repeated Value value = 1; }` and `Value { string tag = 1; float simple_value = 2; }`.
///
/// Its time is the start of the run and the seconds trained since: TensorBoard's 'relative' axis shows seconds of training
/// even after an interruption.
fn event(started: f64, epoch: &EpochRecord) -> Vec<u8> {
    let mut summary = Message::default();
    for (tag, figure) in figures(epoch) {
        let mut value = Message::default();
        value.bytes(1, tag.as_bytes());
        value.float(2, figure as f32);
        summary.bytes(1, &value.0);
    }
    let mut event = Message::default();
    event.double(1, started + epoch.seconds);
    event.integer(2, epoch.step);
    event.bytes(5, &summary.0);
    event.0
}

/// A message of Protocol Buffers: fields one after the other, each led by its number and wire type.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// Seven bits a byte, the lowest first; all but the last have the high bit.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn field(&mut self, number: u64, wire_type: u64) {
        self.varint(number << 3 | wire_type);
    }

    fn integer(&mut self, number: u64, value: u64) {
        self.field(number, 0);
        self.varint(value);
    }

    fn double(&mut self, number: u64, value: f64) {
        self.field(number, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, number: u64, value: &[u8]) {
        self.field(number, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
    }

    fn float(&mut self, number: u64, value: f32) {
        self.field(number, 5);
        self.0.extend(value.to_le_bytes());
    }
}

/// A record: length (u64), checksum of the length, data, checksum of the data; all little-endian.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(data.len() + 16);
    bytes.extend(length);
    bytes.extend(masked(crc32c(&length)).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked(crc32c(data)).to_le_bytes());
    bytes
}

/// A plain checksum works badly on data that contain checksums: TensorFlow rotates it by 15 bits and adds a constant.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli) of RFC 3720, bit by bit: an epoch has a few hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let mixed = crc ^ u32::from(*byte);
        // The polynomial 0x1edc6f41 with its bits in reverse.
        (0..8).fold(mixed, |crc, _| (crc >> 1) ^ (0x82f6_3b78 * (crc & 1)))
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests;
