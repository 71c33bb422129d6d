//! Cleaned lists, read again.

use super::sets::{GOOD, in_parts, plain, save, table, write};
use super::*;

/// Names without folders, with the class or the number of boxes.
fn names(listing: &Listing) -> Vec<String> {
    let parts = [
        Some(&listing.train),
        listing.validation.as_ref(),
        listing.test.as_ref(),
    ];
    let entries = parts.into_iter().enumerate().flat_map(|(part, entries)| {
        entries
            .into_iter()
            .flatten()
            .map(move |entry| (part, entry))
    });
    entries
        .map(|(part, entry)| {
            let name = entry.name.rsplit('/').next().unwrap();
            match &entry.labels {
                Labels::Class(class) => format!("{part} {name} {}", listing.classes[*class].name),
                Labels::Boxes(boxes) => format!("{part} {name} {}", boxes.len()),
            }
        })
        .collect()
}

/// The list of a folder, read again from the same and from another folder.
fn cleaned(folder: &Path) -> Vec<String> {
    let elsewhere = tempfile::tempdir().unwrap();
    let examined = examined(folder);
    let mut found = Vec::new();
    for home in [folder.parent().unwrap(), elsewhere.path()] {
        let cleaned = examined.cleaned(home).unwrap();
        let own = tempfile::Builder::new()
            .prefix("list")
            .suffix(".csv")
            .tempfile_in(home)
            .unwrap();
        fs::write(own.path(), &cleaned.csv).unwrap();
        let listing = source::list(own.path(), &recipe::Data::default()).unwrap();
        assert!(listing.problems.is_empty(), "{:?}", listing.problems);
        let names = names(&listing);
        assert_eq!(names.len(), cleaned.pictures);
        found.push(names);
    }
    assert_eq!(found[0], found[1]);
    found.remove(0)
}

#[test]
fn a_cleaned_list_of_classes_is_read_again() {
    let outer = tempfile::tempdir().unwrap();
    let at = &outer.path().join("pets");
    in_parts(at);
    write(at, "train/cat/broken.png", b"\x89PNG\r\n\x1a\nno more");
    save(at, "train/cat/copy, of a test picture.bmp", &plain(100));
    save(at, "train/dog/copy of 0.png", &plain(10));
    save(at, "train/dog/really a cat.png", &plain(1));
    assert_eq!(
        cleaned(at),
        [
            "0 0.png cat",
            "0 2.png cat",
            "0 0.png dog",
            "0 1.png dog",
            "0 2.png dog",
            "2 0.png cat",
            "2 1.png cat",
            "2 2.png cat",
            "2 0.png dog",
            "2 1.png dog",
            "2 2.png dog",
        ]
    );
}

#[test]
fn a_cleaned_list_of_boxes_is_read_again() {
    let outer = tempfile::tempdir().unwrap();
    let at = &outer.path().join("pets");
    fs::create_dir(at).unwrap();
    save(at, "c.png", &plain(3));
    save(at, "d.png", &plain(4));
    let rows = "a.png,cat,30,30,60,60,,\na.png,cat,9,9,5,5,,\nc.png,,,,,,,\nd.png,cat,50,50,60,60,,\n\
                b.png,dog,9,9,40,40.1,,\n";
    table(at, &format!("{GOOD}{rows}"));
    // Of a: the cut box stays, the bad one goes. Of b: one of two. c shows nothing; of d nothing good is left.
    assert_eq!(cleaned(at), ["0 a.png 2", "0 b.png 1", "0 c.png 0"]);
}
