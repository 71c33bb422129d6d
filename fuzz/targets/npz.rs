//! NumPy's files: an archive, or two arrays, whose bytes no checksum guards against mutations.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, files, settings};

thread_local! {
    static ARCHIVE: LazyCell<Folder> = LazyCell::new(|| Folder::new("npz"));
    static ARRAYS: LazyCell<Folder> = LazyCell::new(|| Folder::new("npy"));
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let settings = settings(input.len() % 2 == 1);
    if input.starts_with(b"PK") {
        let entries = data::zip::entries(input).unwrap_or_default();
        let contents = entries.values().filter_map(|entry| entry.read().ok());
        let size = input.len() + contents.map(|content| content.len()).sum::<usize>();
        ARCHIVE.with(|folder| {
            folder.write("data.npz", input);
            bounded(size, || {
                let _ = data::source::npz::read(folder.path(), &settings);
            });
        });
        return;
    }
    let [images, labels] = files(input);
    ARRAYS.with(|folder| {
        folder.write("x_train.npy", images);
        folder.write("y_train.npy", labels);
        bounded(input.len(), || {
            let _ = data::source::npz::read(folder.path(), &settings);
        });
    });
});
