//! Tables of two parts, and the names of classes beside them.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, files, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| {
        let folder = Folder::new("csv");
        for name in ["a.png", "train/b.png", "test/b.png"] {
            folder.write(name, b"");
        }
        folder
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [train, test, names] = files(input);
    FOLDER.with(|folder| {
        folder.write("train.csv", train);
        folder.write("test.csv", test);
        folder.write("mapping.txt", names);
        bounded(input.len(), || {
            let _ = data::source::csv::recognises(folder.path());
            let _ = data::source::csv::read(folder.path(), &settings(input.len() % 2 == 1));
        });
    });
});
