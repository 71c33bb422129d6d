use proptest::prelude::*;

use super::*;
use crate::source::support::{Files, boxes, folder, names, problems};

/// An object with this name and these corners.
fn object(name: &str, corners: [&str; 4]) -> String {
    let [x1, y1, x2, y2] = corners;
    format!(
        "<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
    )
}

fn xml(file_name: &str, objects: &str) -> String {
    format!(
        "<annotation>\n<folder>x</folder><filename>{file_name}</filename>\
         <size><width>64</width><height>48</height><depth>3</depth></size>{objects}</annotation>"
    )
}

/// An annotation of one cat, whose box begins at 1.
fn cat(file_name: &str) -> String {
    xml(file_name, &object("cat", ["1", "2", "10", "20"]))
}

fn load(files: Files) -> Listing {
    let dir = folder(files);
    assert!(recognises(dir.path()), "{files:?}");
    read(dir.path(), &recipe::Data::default()).unwrap()
}

#[test]
fn layouts() {
    let [a, b, c] = ["a.jpg", "b.jpg", "c.jpg"].map(cat);
    let classic = |folder: &str| {
        ["a", "b", "c"].map(|name| {
            let text = cat(&format!("{name}.jpg"));
            [
                (format!("{folder}Annotations/{name}.xml"), text),
                (format!("{folder}JPEGImages/{name}.jpg"), String::new()),
            ]
        })
    };
    let lists = |folder: &str| {
        [
            ("train", "a\n"),
            ("val", "b\r\n"),
            ("trainval", "a\nb\n"),
            ("test", "c \n"),
            ("cat_train", "c 1\n"),
        ]
        .map(|(name, text)| {
            (
                format!("{folder}ImageSets/Main/{name}.txt"),
                text.to_string(),
            )
        })
    };
    let owned = |files: Vec<(String, String)>| files;
    let parts = |within: fn(&str, &str, &str) -> String| {
        [("train", "a", &a), ("valid", "b", &b), ("test", "c", &c)]
            .into_iter()
            .flat_map(|(part, name, text)| {
                [
                    (within(part, name, "xml"), text.clone()),
                    (within(part, name, "jpg"), String::new()),
                ]
            })
            .collect::<Vec<_>>()
    };
    let cases: Vec<(&str, Vec<(String, String)>)> = vec![
        (
            "VOC",
            owned(classic("").into_iter().flatten().chain(lists("")).collect()),
        ),
        (
            "VOC, wrapped",
            owned(
                classic("VOCdevkit/VOC2007/")
                    .into_iter()
                    .flatten()
                    .chain(lists("VOCdevkit/VOC2007/"))
                    .collect(),
            ),
        ),
        (
            "Roboflow",
            parts(|part, name, ending| format!("{part}/{name}.{ending}")),
        ),
        (
            "folders within",
            parts(|part, name, ending| {
                let folder = if ending == "xml" {
                    "Annotations"
                } else {
                    "images"
                };
                format!("{folder}/{part}/{name}.{ending}")
            }),
        ),
        (
            "folders outside",
            parts(|part, name, ending| {
                let folder = if ending == "xml" {
                    "annotations"
                } else {
                    "images"
                };
                format!("{part}/{folder}/{name}.{ending}")
            }),
        ),
    ];
    for (case, files) in cases {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let listing = load(&files);
        let last = |entries: &[Entry]| {
            entries
                .iter()
                .map(|entry| entry.name.rsplit('/').next().unwrap().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(last(&listing.train), ["a.jpg"], "{case}");
        assert_eq!(
            last(listing.validation.as_ref().unwrap()),
            ["b.jpg"],
            "{case}"
        );
        assert_eq!(last(listing.test.as_ref().unwrap()), ["c.jpg"], "{case}");
        assert_eq!(listing.classes, [Class::named("cat")], "{case}");
        assert_eq!(listing.train[0].stated, Some([48, 64]), "{case}");
        assert_eq!(
            boxes(&listing.train[0])[0].corners,
            [0.0, 1.0, 10.0, 20.0],
            "{case}"
        );
        assert_eq!(problems(&listing), Vec::<String>::new(), "{case}");
        assert_eq!(
            listing.notes,
            [
                "Boxes are counted from 1, as VOC does, because none begins at 0; 1 is subtracted from xmin and ymin."
            ],
            "{case}"
        );
    }
}

#[test]
fn a_corner_at_0_in_any_file_means_that_all_count_from_0() {
    let zero = xml("b.jpg", &object("dog", ["5", "0", "6", "7.5"]));
    let listing = load(&[
        ("a.jpg", ""),
        ("a.xml", &cat("a.jpg")),
        ("b.jpg", ""),
        ("b.xml", &zero),
    ]);
    assert_eq!(boxes(&listing.train[0])[0].corners, [1.0, 2.0, 10.0, 20.0]);
    assert_eq!(boxes(&listing.train[1])[0].corners, [5.0, 0.0, 6.0, 7.5]);
    assert_eq!(
        listing.notes,
        ["Boxes are counted from 0, because some begin there; x and y are taken as they are."]
    );
}

#[test]
fn the_picture_of_a_file() {
    let cases: &[(&str, &str, &[&str], &str)] = &[
        ("as named", "a.jpg", &["a.jpg"], "a.jpg"),
        ("as named, of two", "a.tif", &["a.png", "a.tif"], "a.tif"),
        ("another ending", "a.tif", &["a.png"], "a.png"),
        ("no ending", "a", &["a.png"], "a.png"),
        ("another name, missing", "old.jpg", &["a.jpg"], "a.jpg"),
        (
            "another name, which is another picture",
            "b.jpg",
            &["a.jpg", "b.jpg"],
            "a.jpg",
        ),
        (
            "another name, which is the only one",
            "frame 1.jpg",
            &["frame 1.jpg"],
            "frame 1.jpg",
        ),
        (
            "a path of another machine",
            "C:\\me\\a.jpg",
            &["a.jpg"],
            "a.jpg",
        ),
        (
            "a folder",
            "images/a.jpg",
            &["images/a.jpg", "copies/a.jpg"],
            "images/a.jpg",
        ),
    ];
    for (case, file_name, pictures, expected) in cases {
        let text = cat(file_name);
        let mut files: Vec<(&str, &str)> = pictures.iter().map(|name| (*name, "")).collect();
        files.push(("a.xml", &text));
        let listing = load(&files);
        assert_eq!(
            names(&listing.train),
            [*expected],
            "{case}: {:?}",
            listing.problems
        );
    }
}

#[test]
fn wrong_entries() {
    let no_box = "<object><name>cat</name></object>";
    let polygon = "<object><name>cat</name><polygon><x1>1</x1></polygon></object>";
    let no_name = "<object><name> </name><bndbox/></object>";
    let objects = [
        object("cat", ["1", "1", "2", "2"]).as_str(),
        no_box,
        polygon,
        no_name,
        &object("cat", ["1", "x", "2", "2"]),
        &object("cat", ["1", "NaN", "2", "2"]),
        &object("cat", ["1", "", "2", "2"]),
    ]
    .concat();
    let dtd = format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", cat("e.jpg"));
    let listing = load(&[
        ("Annotations/a.xml", &xml("a.jpg", &objects)),
        ("Annotations/b.xml", &cat("b.jpg")),
        ("Annotations/c.xml", "<annotation><object>"),
        ("Annotations/d.xml", "<other/>"),
        ("Annotations/e.xml", &dtd),
        ("Annotations/f.xml", &cat("a.jpg")),
        ("JPEGImages/a.jpg", ""),
        ("JPEGImages/e.jpg", ""),
        ("ImageSets/Main/train.txt", "a\nb\nc\nd\ne\nf\ngone\n"),
    ]);
    let problems = problems(&listing);
    let expected = [
        "ImageSets/Main/train.txt: there is no annotation file gone.xml",
        "Annotations/b.xml: b.jpg: there is no such picture in the folder",
        "Annotations/c.xml: not valid XML: ",
        "Annotations/e.xml: not valid XML: ",
        "Annotations/f.xml: its picture JPEGImages/a.jpg already belongs to Annotations/a.xml",
        "Annotations/a.xml: object 2: it has no <bndbox>",
        "Annotations/a.xml: object 3: it has a polygon instead of <bndbox>; export boxes",
        "Annotations/a.xml: object 4: it has no <name>",
        "Annotations/a.xml: object 5: <ymin> is `x`, which is not a number",
        "Annotations/a.xml: object 6: <ymin> is `NaN`, which is not a number",
        "Annotations/a.xml: object 7: its box has no <ymin>",
    ];
    let mut found = problems.clone();
    found.sort();
    let mut wanted = expected;
    wanted.sort();
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}\n{wanted}");
    }
    assert_eq!(names(&listing.train), ["JPEGImages/a.jpg"]);
    assert_eq!(boxes(&listing.train[0]).len(), 1);
    assert!(
        listing
            .notes
            .contains(&"1 XML files are left out: they are not annotations.".to_string())
    );
}

#[test]
fn the_other_part_is_not_searched() {
    let listing = load(&[
        ("train/a.xml", &cat("a.jpg")),
        ("train/b.xml", &cat("b.jpg")),
        ("train/b.jpg", ""),
        ("test/a.jpg", ""),
        ("test/a.xml", &cat("a.jpg")),
    ]);
    assert_eq!(names(&listing.train), ["train/b.jpg"]);
    assert_eq!(names(listing.test.as_ref().unwrap()), ["test/a.jpg"]);
    assert_eq!(listing.problems.len(), 1);
}

#[test]
fn small_print() {
    let difficult = "<object><name> Cat\n</name><difficult>1</difficult><part><name>head</name><bndbox><xmin>0</xmin></bndbox></part>\
                     <bndbox><xmin>1.5</xmin><ymin>1</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>";
    let text = format!(
        "\u{feff}<?xml version=\"1.0\"?>\n<annotation><size><width>0</width><height>0</height></size>{difficult}</annotation>"
    );
    let listing = load(&[
        ("a.xml", &text),
        ("a.jpg", ""),
        ("b.xml", &cat("b.jpg")),
        ("b.jpg", ""),
        ("c.xml", &xml("c.jpg", "")),
        ("c.jpg", ""),
        ("d.jpg", ""),
    ]);
    assert_eq!(listing.classes, [Class::named("Cat"), Class::named("cat")]);
    assert_eq!(listing.train[0].stated, None);
    let object = &boxes(&listing.train[0])[0];
    assert_eq!(
        (object.corners, object.crowd, object.place.as_str()),
        ([0.5, 0.0, 3.0, 4.0], true, "object 1")
    );
    assert!(boxes(&listing.train[2]).is_empty());
    assert_eq!(
        listing.notes[1..],
        [
            "1 objects are marked as difficult; as in VOC's evaluation they count neither as found nor as missed.",
            "1 pictures are left out: no annotation file that is read belongs to them.",
        ]
    );
    assert_eq!(problems(&listing), Vec::<String>::new());
}

#[test]
fn recognised_or_not() {
    let annotation = cat("a.jpg");
    let cases: &[(&str, Files, bool)] = &[
        ("beside", &[("a.jpg", ""), ("a.xml", &annotation)], true),
        (
            "in images",
            &[("images/a.jpg", ""), ("images/a.xml", &annotation)],
            true,
        ),
        ("other XML", &[("a.jpg", ""), ("a.xml", "<feed/>")], false),
        (
            "class folders",
            &[("cat/1.png", ""), ("dog/1.png", "")],
            false,
        ),
        (
            "COCO",
            &[
                ("annotations/instances_train.json", "{}"),
                ("train/a.png", ""),
            ],
            false,
        ),
        ("YOLO", &[("images/a.png", ""), ("labels/a.txt", "")], false),
    ];
    for (case, files, expected) in cases {
        assert_eq!(recognises(folder(files).path()), *expected, "{case}");
    }
}

#[test]
fn refused_with_a_reason() {
    let annotation = cat("a.jpg");
    let cases: &[(Files, &str)] = &[
        (
            &[],
            "this is not a Pascal VOC data set. Expected a folder `Annotations`",
        ),
        (
            &[
                ("a.jpg", ""),
                ("a.xml", &annotation),
                ("ImageSets/Main/train.txt", "\n"),
                ("ImageSets/Main/val.txt", "a"),
            ],
            "there are no annotation files for training",
        ),
    ];
    for (files, expected) in cases {
        let error = read(folder(files).path(), &recipe::Data::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn bombs_are_harmless() {
    let namespaces: String = (0..60_000).map(|n| format!("<a xmlns:b{n}='c'>")).collect();
    let attributes: String = (0..60_000).map(|n| format!(" a{n}=''")).collect();
    for (text, expected) in [
        (
            format!("<annotation>{namespaces}"),
            "more than 50 namespaces, which no annotation has",
        ),
        (
            format!("<annotation{attributes}/>"),
            "more than 1000 attributes, which no annotation has",
        ),
    ] {
        assert_eq!(
            annotation::parse(text.as_bytes()),
            Err(expected.to_string())
        );
    }
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = format!("<annotation>{}", "<a>".repeat(1_000_000));
    assert!(annotation::parse(deep.as_bytes()).is_err());
    let closed = format!(
        "<annotation>{}{}</annotation>",
        "<a>".repeat(200_000),
        "</a>".repeat(200_000)
    );
    assert_eq!(
        annotation::parse(closed.as_bytes()),
        Ok(Some(Annotation::default()))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_file_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3, prop::sample::select(b"\0 \n<>/&;!?[]\"'=1a-\xff".to_vec())), 0..6),
        random in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let text = format!("<?xml version='1.0'?><!-- x -->{}<![CDATA[y]]>", cat("a.jpg"));
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in changes {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes.insert(place, byte),
                1 => bytes[place] = byte,
                _ => drop(bytes.remove(place)),
            }
        }
        for bytes in [bytes, random] {
            drop(annotation::parse(&bytes));
        }
    }
}
