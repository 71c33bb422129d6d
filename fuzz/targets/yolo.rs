//! YOLO's folders without `data.yaml`: labels of two pictures, the list of classes, and a list of pictures.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, files, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| {
        let folder = Folder::new("yolo");
        for name in ["images/a.png", "images/b.png"] {
            folder.write(name, b"");
        }
        folder
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [first, second, classes, list] = files(input);
    FOLDER.with(|folder| {
        folder.write("labels/a.txt", first);
        folder.write("labels/b.txt", second);
        folder.write("classes.txt", classes);
        folder.write("train.txt", list);
        bounded(input.len(), || {
            let _ = data::source::yolo::read(folder.path(), &settings(false));
        });
    });
});
