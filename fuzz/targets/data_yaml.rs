//! YOLO's `data.yaml`, beside two pictures with labels.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| {
        let folder = Folder::new("data_yaml");
        for part in ["train", "val"] {
            folder.write(&format!("{part}/images/a.png"), b"");
            folder.write(&format!("{part}/labels/a.txt"), b"0 .5 .5 .1 .1");
            folder.write(&format!("{part}.txt"), format!("{part}/images/a.png").as_bytes());
        }
        folder
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    FOLDER.with(|folder| {
        let path = folder.write("data.yaml", input);
        bounded(input.len(), || {
            let _ = data::source::yolo::recognises(folder.path());
            let _ = data::source::yolo::read(&path, &settings(false));
        });
    });
});
