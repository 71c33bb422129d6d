//! Small data sets in temporary folders, each with one thing wrong or odd.

mod lists;
mod sets;

use std::fs;
use std::path::Path;

use image::imageops::FilterType;
use image::{GrayImage, Luma, Rgba, RgbaImage};
use tempfile::TempDir;

use self::sets::{
    GOOD, cats_and_dogs, in_parts, jpeg, light_and_dark, light_and_dark_boxes, picture, plain,
    save, table, turned_jpeg, write,
};
use super::*;

fn examined(folder: &Path) -> Examination {
    let data = recipe::Data {
        source: folder.display().to_string(),
        ..recipe::Data::default()
    };
    examine(list(&data).unwrap(), &data, LabelErrors::Find, &|_, _| {})
}

fn folder(fill: impl Fn(&Path)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    folder
}

type Fill = fn(&Path);

/// What is done to a folder, which finding that gives, and its count.
const CASES: [(&str, Fill, Kind, usize); 26] = [
    (
        "a picture that is not there",
        |at| table(at, &format!("{GOOD}c.png,cat,1,1,9,9,,\n")),
        Kind::MissingPictures,
        1,
    ),
    (
        "half a file",
        |at| {
            cats_and_dogs(at);
            let file = fs::read(at.join("cat/0.png")).unwrap();
            write(at, "cat/0.png", &file[..file.len() / 2]);
        },
        Kind::DamagedPictures,
        1,
    ),
    (
        "another size than stated",
        |at| table(at, "a.png,cat,4,4,30,30,48,48\nb.png,dog,9,9,40,40,99,48\n"),
        Kind::OtherSizes,
        1,
    ),
    (
        "a width as x2",
        |at| table(at, &format!("{GOOD}a.png,cat,30,30,20,20,,\n")),
        Kind::BadBoxes,
        1,
    ),
    (
        "a box far outside",
        |at| table(at, &format!("{GOOD}a.png,cat,80,80,99,99,,\n")),
        Kind::BadBoxes,
        1,
    ),
    (
        "a box beyond the edge",
        |at| table(at, &format!("{GOOD}a.png,cat,30,30,60,60,,\n")),
        Kind::BoxesBeyondEdge,
        1,
    ),
    (
        "no label",
        |at| table(at, &format!("{GOOD}a.png,,1,1,20,20,,\n")),
        Kind::BadLabels,
        1,
    ),
    (
        "saved again without loss in the test",
        |at| {
            in_parts(at);
            save(at, "test/cat/copy.bmp", &plain(0));
        },
        Kind::SamePictureAcrossSplit,
        1,
    ),
    (
        "a cat that is a dog",
        |at| {
            cats_and_dogs(at);
            save(at, "dog/copy.png", &plain(0));
        },
        Kind::ConflictingDuplicates,
        1,
    ),
    (
        "two copies",
        |at| {
            cats_and_dogs(at);
            save(at, "cat/copy.png", &plain(0));
            save(at, "cat/copy.tiff", &plain(0));
        },
        Kind::ExactDuplicates,
        2,
    ),
    (
        "compressed, smaller and darker",
        |at| {
            cats_and_dogs(at);
            write(at, "cat/copy.jpg", &jpeg(&plain(0), 40));
            save(
                at,
                "dog/copy.png",
                &plain(10).resize(40, 40, FilterType::Triangle),
            );
            save(at, "cat/dark.png", &plain(2).brighten(-4));
        },
        Kind::NearDuplicates,
        3,
    ),
    (
        "compressed, in the test",
        |at| {
            in_parts(at);
            write(at, "test/cat/copy.jpg", &jpeg(&plain(0), 40));
        },
        Kind::NearDuplicatesAcrossSplit,
        1,
    ),
    (
        "thin boxes",
        |at| {
            table(
                at,
                &format!("{GOOD}a.png,cat,5,5,40,8,,\nb.png,cat,5,5,7,7,,\n"),
            )
        },
        Kind::TinyBoxes,
        2,
    ),
    (
        "one object twice",
        |at| {
            table(
                at,
                &format!("{GOOD}a.png,cat,4,4,30,30.4,,\na.png,dog,4,4,30,30,,\n"),
            )
        },
        Kind::DoubledBoxes,
        1,
    ),
    (
        "an empty picture",
        |at| table(at, "a.png,cat,4,4,30,30,,\nb.png,,,,,,,\n"),
        Kind::NoObjects,
        1,
    ),
    (
        "a class of the test only",
        |at| {
            save(at, "a.png", &plain(1));
            save(at, "b.png", &plain(2));
            let table = "path,label,split\na.png,cat,train\nb.png,owl,test\n";
            write(at, "pets.csv", table.as_bytes());
        },
        Kind::EmptyClasses,
        1,
    ),
    ("few pictures", cats_and_dogs, Kind::SmallClasses, 2),
    (
        "many cats",
        |at| {
            cats_and_dogs(at);
            for number in 20..50 {
                save(at, &format!("cat/{number}.png"), &plain(number));
            }
        },
        Kind::ClassImbalance,
        1,
    ),
    (
        "two sizes",
        |at| {
            cats_and_dogs(at);
            save(at, "cat/large.png", &picture(30, [64, 50]));
        },
        Kind::SeveralSizes,
        2,
    ),
    (
        "a strip",
        |at| {
            cats_and_dogs(at);
            save(at, "cat/strip.png", &picture(30, [250, 50]));
        },
        Kind::ExtremeShapes,
        1,
    ),
    (
        "grey and colour",
        |at| {
            cats_and_dogs(at);
            save(at, "cat/grey.png", &plain(30).grayscale());
        },
        Kind::MixedColours,
        2,
    ),
    (
        "a camera on its side",
        |at| {
            cats_and_dogs(at);
            write(at, "cat/side.jpg", &turned_jpeg(&plain(30)));
        },
        Kind::ExifTurned,
        1,
    ),
    (
        "a hole",
        |at| {
            cats_and_dogs(at);
            let mut image: RgbaImage = plain(30).to_rgba8();
            image.put_pixel(3, 3, Rgba([0; 4]));
            save(at, "cat/hole.png", &image.into());
        },
        Kind::Transparent,
        1,
    ),
    (
        "a lid on the lens",
        |at| {
            cats_and_dogs(at);
            save(
                at,
                "cat/dark.png",
                &GrayImage::from_pixel(48, 48, Luma([9])).into(),
            );
        },
        Kind::BlankPictures,
        1,
    ),
    (
        "three of 120 in the wrong folder",
        |at| light_and_dark(at, &[7, 50, 90]),
        Kind::LikelyLabelErrors,
        3,
    ),
    (
        "boxes of the wrong class",
        light_and_dark_boxes,
        Kind::LikelyLabelErrors,
        2,
    ),
];

#[test]
fn every_kind_is_found() {
    for (name, fill, kind, count) in CASES {
        let folder = folder(fill);
        let examined = examined(folder.path());
        let checkup = examined.checkup();
        let finding = checkup.findings.iter().find(|it| it.kind == kind);
        let Some(finding) = finding else {
            panic!("{name}: found {:#?}", checkup.findings);
        };
        assert_eq!(finding.count, count, "{name}: {finding:#?}");
        let must_fix = checkup
            .findings
            .iter()
            .filter(|it| it.severity == Severity::MustFix);
        assert_eq!(checkup.must_fix, must_fix.count(), "{name}");
        // Nothing else that must be fixed.
        for other in checkup
            .findings
            .iter()
            .filter(|it| it.severity == Severity::MustFix)
        {
            assert_eq!(other.kind, kind, "{name}: {other:#?}");
        }
        for shown in finding.examples.iter().flat_map(|it| &it.pictures) {
            let thumbnail = examined.thumbnail(shown, 16);
            let is_readable = kind != Kind::DamagedPictures;
            assert_eq!(thumbnail.is_some(), is_readable, "{name}");
            let is_small = thumbnail.is_none_or(|it| {
                it.width.max(it.height) <= 16 && it.pixels.len() == 3 * it.width * it.height
            });
            assert!(is_small, "{name}");
        }
    }
}

#[test]
fn a_good_set_has_nothing_to_fix() {
    let folder = folder(in_parts);
    let examined = examined(folder.path());
    let checkup = examined.checkup();
    let kinds: Vec<Kind> = checkup.findings.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::SmallClasses], "{:#?}", checkup.findings);
    assert_eq!(
        (checkup.must_fix, checkup.pictures, checkup.unusable),
        (0, 12, 0)
    );
    let json = serde_json::to_value(checkup).unwrap();
    assert_eq!(json["findings"][0]["kind"], "small-classes");
    assert_eq!(json["findings"][0]["severity"], "look");
    assert_eq!(json["parts"][1]["part"], "test");
}

#[test]
fn the_digits_have_nothing_to_fix() {
    let data = recipe::Data::default();
    let mut listing = list(&data).unwrap();
    // Enough for every class; all of them are for a quicker machine than a test's.
    listing.train.truncate(600);
    listing.test.as_mut().unwrap().truncate(200);
    let examined = examine(listing, &data, LabelErrors::Find, &|_, _| {});
    let checkup = examined.checkup();
    assert_eq!(checkup.must_fix, 0, "{:#?}", checkup.findings);
    let model = checkup.quick_model.as_ref().unwrap();
    assert!(model.trusted && model.accuracy > 0.75, "{}", model.accuracy);
    assert!(examined.cleaned(Path::new(".")).is_err(), "no files");
}
