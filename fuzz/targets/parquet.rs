//! Parquet files as they are.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| Folder::new("parquet"));
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    FOLDER.with(|folder| {
        let path = folder.write("train.parquet", input);
        bounded(input.len(), || {
            let _ = data::source::parquet::read(&path, &settings(false));
        });
    });
});
