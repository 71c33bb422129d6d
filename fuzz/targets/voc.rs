//! Pascal VOC's folders: two annotations and a list of a part.

#![no_main]

use std::cell::LazyCell;

use support::{Folder, bounded, files, settings};

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(|| {
        let folder = Folder::new("voc");
        for name in ["JPEGImages/a.jpg", "JPEGImages/b.jpg"] {
            folder.write(name, b"");
        }
        // The first file tells what kind of data it is.
        folder.write("Annotations/0.xml", b"<annotation></annotation>");
        folder
    });
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [first, second, list] = files(input);
    FOLDER.with(|folder| {
        folder.write("Annotations/a.xml", first);
        folder.write("Annotations/b.xml", second);
        folder.write("ImageSets/Main/train.txt", list);
        bounded(input.len(), || {
            let _ = data::source::voc::read(folder.path(), &settings(false));
        });
    });
});
