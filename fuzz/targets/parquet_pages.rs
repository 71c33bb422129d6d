//! Parquet files of any pages below a footer that fits them: mutations of a whole file rarely get past its footer, which
//! says where everything is.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, pages, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| Folder::new("parquet_pages"));
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(file) = pages::file(input) else {
        return;
    };
    FOLDER.with(|folder| {
        let path = folder.write("train.parquet", &file);
        bounded(file.len(), || {
            let _ = data::source::parquet::read(&path, &settings(false));
        });
    });
});
