//! COCO's files: annotations of two parts, and results.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, files, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| {
        let folder = Folder::new("coco");
        for name in ["train/a.png", "train/b.png", "test/a.png", "c d.jpg"] {
            folder.write(name, b"");
        }
        folder
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [train, test] = files(input);
    FOLDER.with(|folder| {
        let path = folder.write("train.json", train);
        folder.write("test.json", test);
        bounded(input.len(), || {
            let _ = data::source::coco::read(folder.path(), &settings(false));
        });
        bounded(input.len(), || {
            let _ = data::coco::file::read_detections(&path);
        });
        bounded(input.len(), || {
            let _ = data::coco::file::read_annotations_with_masks(&path);
        });
        bounded(input.len(), || {
            let _ = data::coco::file::read_detections_with_masks(&path);
        });
    });
});
