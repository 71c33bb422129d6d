//! Tables, right and wrong.

use super::*;
use crate::listing::{Fault, Labels, Picture, Unit};
use crate::source::support::{Files, classes, described, folder, problems};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

fn read(folder: &TempDir) -> Listing {
    assert!(recognises(folder.path()));
    load(folder.path(), false).unwrap()
}

fn error(folder: &TempDir) -> String {
    load(folder.path(), false).unwrap_err().to_string()
}

#[test]
fn pixels_under_the_headers_they_have() {
    #[rustfmt::skip]
    let cases = [
        ("Kaggle's", "label,pixel0,pixel1,pixel2,pixel3\n1,0,1,2,3\n0,4,5,6,255\n"),
        ("rows and columns", "label,1x1,1x2,2x1,2x2\n1,0,1,2,3\n0,4,5,6,255\n"),
        ("numbers", "label,0,1,2,3\n1,0,1,2,3\n0,4,5,6,255\n"),
        ("no header", "1,0,1,2,3\n0,4,5,6,255\n"),
        ("label last", "pixel0,pixel1,pixel2,pixel3,label\n0,1,2,3,1\n4,5,6,255,0\n"),
        ("label of another name", "pixel0,pixel1,pixel2,pixel3,digit\n0,1,2,3,1\n4,5,6,255,0\n"),
        ("pandas' numbers", ",label,pixel0,pixel1,pixel2,pixel3\n0,1,0,1,2,3\n1,0,4,5,6,255\n"),
        ("fractions of none", "label,pixel0,pixel1,pixel2,pixel3\n1.0,0.0,1.0,2.0,3.0\n0.0,4.0,5.0,6.0,255.0\n"),
        ("semicolons", "label;pixel0;pixel1;pixel2;pixel3\n1;0;1;2;3\n0;4;5;6;255\n"),
        ("tabs, Windows", "label\tpixel0\tpixel1\tpixel2\tpixel3\r\n1\t0\t1\t2\t3\r\n0\t4\t5\t6\t255\r\n"),
        ("byte-order mark, quotes", "\u{feff}\"label\",\"pixel0\",\"pixel1\",\"pixel2\",\"pixel3\"\n\"1\",0,1,2,3\n0, 4,5 ,6,255"),
        ("one column", "emotion,pixels\n1,0 1 2 3\n0,4 5 6 255\n"),
    ];
    for (name, text) in cases {
        let listing = read(&folder(&[("train.csv", text)]));
        assert_eq!(problems(&listing), [""; 0], "{name}");
        let Picture::Pixels { all, index } = &listing.train[1].picture else {
            panic!("{name}");
        };
        assert_eq!(
            (all.count, all.channels, all.height, all.width, *index),
            (2, 1, 2, 2, 1),
            "{name}"
        );
        assert_eq!(all.values, [0, 1, 2, 3, 4, 5, 6, 255], "{name}");
        assert_eq!(classes(&listing), ["0", "1"], "{name}");
        assert_eq!(listing.train[0].labels, Labels::Class(1), "{name}");
        assert!(
            listing.train[1].name.starts_with("train.csv: line "),
            "{name}"
        );
    }
    let text = "pixel0,pixel1,pixel2,pixel3,letter\n0,1,2,3,b\n4,5,6,255,a\n";
    assert_eq!(classes(&read(&folder(&[("a.csv", text)]))), ["a", "b"]);
}

#[test]
fn bad_rows_of_pixels_are_problems() {
    let text = "label,pixel0,pixel1,pixel2,pixel3\n\
                0,1,2,3,4\n\
                1,1,2,3\n\
                1,1,2,3,256\n\
                1,1,2,3,0.5\n\
                ,1,2,3,4\n\
                1,5,6,7,8\n\
                -1,5,6,7,8\n";
    let listing = read(&folder(&[("train.csv", text)]));
    assert_eq!(
        described(&listing.train),
        ["train.csv: line 2 0", "train.csv: line 7 1"]
    );
    assert_eq!(
        problems(&listing),
        [
            "train.csv: line 3: a pixel is ``; expected a whole number from 0 to 255",
            "train.csv: line 4: a pixel is `256`; expected a whole number from 0 to 255",
            "train.csv: line 5: a pixel is `0.5`; expected a whole number from 0 to 255",
            "train.csv: line 6: there is no label",
            "train.csv: line 8: the label -1 names no class",
        ]
    );
}

#[test]
fn parts_by_file_and_by_column() {
    let header = "label,pixel0,pixel1,pixel2,pixel3";
    let row = |label| format!("{header}\n{label},0,1,2,3\n");
    let kaggle = folder(&[
        ("train.csv", &row(1)),
        ("test.csv", "pixel0,pixel1,pixel2,pixel3\n0,1,2,3\n"),
        ("sample_submission.csv", "ImageId,Label\n1,0\n"),
    ]);
    let listing = read(&kaggle);
    assert!(listing.test.is_none());
    let notes = listing.notes.join(" ");
    assert!(
        notes.contains("test.csv is left out: it has no labels."),
        "{notes}"
    );
    assert!(
        notes.contains("sample_submission.csv is left out"),
        "{notes}"
    );
    let named = folder(&[
        ("fashion_train.csv", &row(0)),
        ("fashion_test.csv", &row(1)),
        ("fashion_valid.csv", &row(1)),
    ]);
    let listing = read(&named);
    assert_eq!(
        (
            listing.test.unwrap().len(),
            listing.validation.unwrap().len()
        ),
        (1, 1)
    );
    let inner = folder(&[
        ("sign_train/sign_train.csv", &row(0)),
        ("sign_test.csv/sign_test.csv", &row(1)),
    ]);
    assert_eq!(read(&inner).test.unwrap().len(), 1);
    let column = "emotion,pixels,Usage\n0,0 1 2 3,Training\n1,0 1 2 3,PublicTest\n1,0 1 2 3,PrivateTest\n0,0 1 2 3,Other\n";
    let listing = read(&folder(&[("icml.csv", column)]));
    assert_eq!(
        (
            listing.train.len(),
            listing.validation.unwrap().len(),
            listing.test.unwrap().len()
        ),
        (1, 1, 1)
    );
    assert_eq!(
        listing.problems[0].what,
        "the split is `Other`; expected train, validation or test"
    );
}

#[test]
fn emnist_as_tables() {
    let row = "1,0,1,2,3\n2,4,5,6,7\n";
    let files = folder(&[
        ("emnist-letters-train.csv", row),
        ("emnist-letters-test.csv", row),
        ("emnist-letters-mapping.txt", "1 65 97\n2 66 98\n"),
        ("emnist-digits-train.csv", row),
    ]);
    assert!(
        error(&files).contains("there are several tables"),
        "{}",
        error(&files)
    );
    let letters = files.path().join("emnist-letters");
    assert!(recognises(&letters));
    let listing = load(&letters, false).unwrap();
    assert_eq!(classes(&listing), ["A", "B"]);
    assert_eq!(listing.test.unwrap().len(), 2);
    assert!(
        listing
            .notes
            .iter()
            .any(|note| note.contains("data.transposed"))
    );
    let Picture::Pixels { all, .. } = &load(&letters, true).unwrap().train[0].picture else {
        panic!();
    };
    assert_eq!(all.values[..4], [0, 2, 1, 3]);
}

#[test]
fn paths_and_labels_under_the_headers_they_have() {
    #[rustfmt::skip]
    let cases = [
        ("image,label", "image,label\na.png,cat\nb.png,dog\n"),
        ("other names", "File Name,Class\na.png,cat\nb.png,dog\n"),
        ("other order", "category;image_path\ncat;./a.png\ndog;b.png\n"),
        ("a label of any name", "id,breed\na,cat\nb,dog\n"),
        ("both number and name", "image,class_id,class_name\na.png,7,cat\nb.png,9,dog\n"),
        ("with numbers of rows", ",path,target\n0,a.png,cat\n1,b.png,dog\n"),
        ("no header", "a.png,cat\nb.png,dog\n"),
        ("quotes", "image,label\n\"a.png\",\"cat\"\n\"b.png\",\"dog\""),
        ("paths of another machine", "image,label\nC:\\data\\a.png,cat\n/home/me/b.png,dog\n"),
    ];
    for (name, text) in cases {
        let listing = read(&folder(&[
            ("labels.csv", text),
            ("a.png", ""),
            ("b.png", ""),
        ]));
        assert_eq!(problems(&listing), [""; 0], "{name}");
        assert_eq!(classes(&listing), ["cat", "dog"], "{name}");
        assert_eq!(described(&listing.train), ["a.png 0", "b.png 1"], "{name}");
        assert!(listing.test.is_none(), "{name}");
    }
    let numbers = "image,label\na.png,10\nb.png,9\n";
    let listing = read(&folder(&[("a.csv", numbers), ("a.png", ""), ("b.png", "")]));
    assert_eq!(
        (classes(&listing)[10], described(&listing.train)[0].as_str()),
        ("10", "a.png 10")
    );
}

#[test]
fn bad_rows_of_paths_are_problems() {
    let text = "image,label,split\n\
                train/a.png,cat,train\n\
                train/c.png,cat,train\n\
                b.png,,test\n\
                ,dog,test\n\
                b.png,dog,test\n\
                b.png,dog,test\n\
                b.png,cat,test\n";
    let files = folder(&[
        ("all.csv", text),
        ("train/a.png", ""),
        ("test/b.png", ""),
        ("test/c.png", ""),
    ]);
    let listing = read(&files);
    assert_eq!(described(&listing.train), ["train/a.png 0"]);
    assert_eq!(described(&listing.test.clone().unwrap()), ["test/b.png 1"]);
    let found = problems(&listing);
    assert!(
        found[0].starts_with("all.csv: line 3 (train/c.png): there is no such picture"),
        "{found:?}"
    );
    assert_eq!(found[1], "all.csv: line 4 (b.png): there is no label");
    assert_eq!(found[2], "all.csv: line 5 (): there is no path");
    assert_eq!(
        found[3],
        "all.csv: line 8 (b.png): the label is `cat`, but `dog` in line 6"
    );
    assert_eq!(listing.problems[0].fault, Fault::MissingPicture);
    assert!(
        listing.notes[0].starts_with("1 rows name a picture again"),
        "{:?}",
        listing.notes
    );
}

#[test]
fn boxes_under_the_headers_they_have() {
    #[rustfmt::skip]
    let cases = [
        ("deepforest's", "image_path,xmin,ymin,xmax,ymax,label\na.png,1,2,3,4,Tree\nb.png,0,0,5,6,Tree\na.png,2,2,4.5,4,Bird\n"),
        ("TensorFlow's", "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,9,8,Tree,1,2,3,4\nb.png,9,8,Tree,0,0,5,6\na.png,9,8,Bird,2,2,4.5,4\n"),
        ("RetinaNet's", "a.png,1,2,3,4,Tree\nb.png,0,0,5,6,Tree\na.png,2,2,4.5,4,Bird\n"),
        ("sizes", "label,x,y,width,height,file\nTree,1,2,2,2,a.png\nTree,0,0,5,6,b.png\nBird,2,2,2.5,2,a.png\n"),
        ("makesense's", "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\nTree,1,2,2,2,a.png,9,8\nTree,0,0,5,6,b.png,9,8\nBird,2,2,2.5,2,a.png,9,8\n"),
    ];
    for (name, text) in cases {
        let listing = read(&folder(&[
            ("boxes.csv", text),
            ("images/a.png", ""),
            ("images/b.png", ""),
        ]));
        assert_eq!(problems(&listing), [""; 0], "{name}");
        assert_eq!(classes(&listing), ["Bird", "Tree"], "{name}");
        assert_eq!(
            described(&listing.train),
            [
                "images/a.png [1.0, 2.0, 3.0, 4.0] 1 [2.0, 2.0, 4.5, 4.0] 0",
                "images/b.png [0.0, 0.0, 5.0, 6.0] 1"
            ],
            "{name}"
        );
        let has_size = name == "TensorFlow's" || name == "makesense's";
        assert_eq!(
            listing.train[0].stated,
            has_size.then_some([8, 9]),
            "{name}"
        );
    }
}

#[test]
fn bad_boxes_are_problems_and_empty_ones_are_pictures() {
    let text = "path,x1,y1,x2,y2,class\n\
                a.png,1,2,3,x,Tree\n\
                a.png,1,2,3,4,\n\
                b.png,,,,,\n\
                c.png,0,0,0,0,Tree\n\
                d.png,1,2,nan,4,Tree\n\
                d.png,1,2,3,4,Tree\n\
                e.png,1,2,3,4,Tree\n\
                e.png,2,2,3,4,Tree\n";
    let listing = read(&folder(&[
        ("a.csv", text),
        ("a.png", ""),
        ("b.png", ""),
        ("c.png", ""),
        ("d.png", ""),
    ]));
    assert_eq!(
        described(&listing.train),
        ["b.png", "c.png", "d.png [1.0, 2.0, 3.0, 4.0] 0"]
    );
    assert_eq!(
        problems(&listing),
        [
            "a.csv: line 2 (a.png): the box has `x`; expected four numbers",
            "a.csv: line 3 (a.png): there is no label",
            "a.csv: line 6 (d.png): the box has `nan`; expected four numbers",
            "a.csv: line 8 (e.png): there is no such picture in the folder",
        ]
    );
    let notes = listing.notes.join(" ");
    assert!(notes.contains("1 rows with a box of four zeros"), "{notes}");
}

#[test]
fn fractions_and_tables_without_classes() {
    let text = "ImageID,XMin,XMax,YMin,YMax\na,0.1,0.5,0.2,1\n";
    let listing = read(&folder(&[("a.csv", text), ("a.jpg", "")]));
    assert_eq!(described(&listing.train), ["a.jpg [0.1, 0.2, 0.5, 1.0] 0"]);
    let Labels::Boxes(boxes) = &listing.train[0].labels else {
        panic!();
    };
    assert_eq!(
        (boxes[0].unit, boxes[0].place.as_str()),
        (Unit::Fractions, "line 2")
    );
    assert_eq!(classes(&listing), ["object"]);
    assert_eq!(listing.notes.len(), 2, "{:?}", listing.notes);
}

#[test]
fn parts_in_folders_and_beside_each_other() {
    let row = |name: &str, class: &str| {
        format!("filename,width,height,class,xmin,ymin,xmax,ymax\n{name},9,9,{class},1,2,3,4\n")
    };
    let roboflow = folder(&[
        ("train/_annotations.csv", &row("a.jpg", "x")),
        ("train/a.jpg", ""),
        ("valid/_annotations.csv", &row("a.jpg", "y")),
        ("valid/a.jpg", ""),
        ("test/_annotations.csv", &row("b.jpg", "x")),
        ("test/b.jpg", ""),
    ]);
    let listing = read(&roboflow);
    assert_eq!(
        described(&listing.train),
        ["train/a.jpg [1.0, 2.0, 3.0, 4.0] 0"]
    );
    assert_eq!(
        described(&listing.validation.unwrap()),
        ["valid/a.jpg [1.0, 2.0, 3.0, 4.0] 1"]
    );
    assert_eq!(
        described(&listing.test.unwrap()),
        ["test/b.jpg [1.0, 2.0, 3.0, 4.0] 0"]
    );
    let racoons = folder(&[
        ("data/train_labels.csv", &row("a.jpg", "x")),
        ("data/test_labels.csv", &row("b.jpg", "x")),
        ("images/train/a.jpg", ""),
        ("images/test/b.jpg", ""),
    ]);
    let listing = read(&racoons);
    assert_eq!(listing.train[0].name, "images/train/a.jpg");
    assert_eq!(listing.test.unwrap()[0].name, "images/test/b.jpg");
}

#[test]
fn what_is_no_data_set_says_so() {
    let pixels = "label,pixel0,pixel1,pixel2,pixel3\n1,0,1,2,3\n";
    let paths = "image,label\na.png,cat\n";
    #[rustfmt::skip]
    let cases: [(&str, Files<'_>, &str); 11] = [
        ("no table", &[("a.txt", "image,label")], "there is no .csv or .tsv file"),
        ("empty", &[("a.csv", "\n\n")], "the table is empty"),
        ("other columns", &[("a.csv", "epoch,loss\n1,2\n")], "found the columns epoch, loss"),
        ("no square", &[("a.csv", "label,pixel0,pixel1,pixel2,pixel3,pixel4\n1,2,3,4,5,6\n")], "a square picture"),
        ("no labels", &[("a.csv", "pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n")], "there is no column of labels"),
        ("bytes", &[("a.csv", "a\0b")], "bytes that are not text"),
        ("several", &[("a.csv", paths), ("b.csv", paths)], "there are several tables that may be meant"),
        ("twice", &[("train.csv", paths), ("train_2.csv", paths)], "there are several tables that may be meant"),
        ("only tests", &[("test.csv", paths), ("val.csv", paths)], "there is no table of training pictures"),
        ("no data", &[("a.csv", "epoch,loss\n1,2\n"), ("b.csv", "x\n1\n")], "there is no table with the columns of a data set"),
        ("mixed", &[("train.csv", pixels), ("test.csv", paths)], "train.csv has pixels, but test.csv has paths and labels"),
    ];
    for (name, files, expected) in cases {
        let files = folder(files);
        assert!(
            error(&files).contains(expected),
            "{name}: {}",
            error(&files)
        );
    }
    let wide = folder(&[]);
    fs::write(wide.path().join("a.csv"), b"\xff\xfei\0m\0").unwrap();
    assert!(error(&wide).contains("UTF-16"));
    assert!(!recognises(&wide.path().join("none")));
    assert!(!recognises(
        folder(&[("results.csv", "epoch,loss\n1,2\n")]).path()
    ));
    let missing = load(&wide.path().join("none.csv"), false)
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("there is no such file or folder"),
        "{missing}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_the_reader_panic(
        text in "[a-c0-9,;\"\n.\t -]{0,80}",
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        header in prop::sample::select(vec![
            "", "label,pixel0,pixel1,pixel2,pixel3\n", "path,x1,y1,x2,y2,class,width,height\n",
            "image,label,split\n", "emotion,pixels,usage\n", "file,x,y,w,h\n",
        ]),
    ) {
        let files = folder(&[("b", "")]);
        for body in [text.as_bytes(), &bytes] {
            fs::write(files.path().join("a.csv"), [header.as_bytes(), body].concat()).unwrap();
            let _ = recognises(files.path());
            let _ = load(files.path(), false);
        }
    }
}
