//! IDX files: pictures, labels, and the names of classes.

#![no_main]

use std::cell::LazyCell;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use support::{Folder, bounded, files, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| Folder::new("idx"));
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [images, labels, names] = files(input);
    FOLDER.with(|folder| {
        folder.write("train-images-idx3-ubyte", images);
        folder.write("train-labels-idx1-ubyte", labels);
        folder.write("mapping.txt", names);
        let size = input.len() + unpacked(images) + unpacked(labels);
        bounded(size, || {
            let _ = data::source::idx::read(folder.path(), &settings(input.len() % 2 == 1));
        });
    });
});

/// How much a gzipped file holds.
fn unpacked(bytes: &[u8]) -> usize {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut part = [0; 1 << 12];
    let mut size = 0;
    while let Ok(count @ 1..) = decoder.read(&mut part) {
        size += count;
    }
    size
}
