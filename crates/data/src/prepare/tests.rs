//! Pictures and boxes, right and wrong, become images.

use super::*;
use crate::listing::{LabelledBox, Unit};
use crate::truth::Object;
use ::image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use recipe::Data;

fn class(name: &str, class: usize, picture: Picture) -> Entry {
    Entry {
        name: name.to_string(),
        id: None,
        picture,
        stated: None,
        labels: Labels::Class(class),
    }
}

fn png(width: u32, height: u32, colour: [u8; 3]) -> Picture {
    let image = RgbImage::from_pixel(width, height, Rgb(colour));
    let mut bytes = Vec::new();
    ::image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&image, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    Picture::Bytes(bytes.into())
}

fn listing(entries: Vec<Entry>) -> Listing {
    Listing {
        classes: vec![Class::named("cat"), Class::named("dog")],
        test: Some(entries.clone()),
        train: entries,
        ..Listing::default()
    }
}

fn prepared(listing: Listing, settings: &Data) -> Result<Split, DataError> {
    prepare(listing, settings, &|_, _| {})
}

fn on_picture(corners: [f64; 4], unit: Unit, stated: Option<[usize; 2]>) -> Entry {
    Entry {
        stated,
        labels: Labels::Boxes(vec![LabelledBox {
            corners,
            unit,
            class: 1,
            area: None,
            crowd: false,
            place: "annotations[0]".to_string(),
        }]),
        ..class("a.png", 0, png(40, 20, [10, 20, 30]))
    }
}

#[test]
fn colour_size_and_scale_come_from_the_pictures() {
    let entries = vec![
        class("a", 0, png(4, 4, [255, 0, 0])),
        class("b", 1, png(4, 4, [255, 0, 255])),
    ];
    let mut settings = Data::default();
    settings.image.mean = PerChannel::Dataset;
    settings.image.std = PerChannel::Dataset;
    let split = prepared(listing(entries), &settings).unwrap();
    let data = &split.train;
    assert_eq!(data.image_shape(), [3, 4, 4]);
    assert_eq!(data.labels().unwrap(), [0, 1]);
    assert_eq!(data.preparation.colour, Some(Colour::Rgb));
    assert_eq!(
        data.preparation.size,
        Some(recipe::InputSize::Fixed([4, 4]))
    );
    // Red is always 1 (its spread is taken as 1), green 0, blue half of each.
    assert_eq!(data.preparation.mean, PerChannel::Rgb([1.0, 0.0, 0.5]));
    assert_eq!(data.preparation.std, PerChannel::Rgb([1.0, 1.0, 0.5]));
    assert_eq!(split.test.preparation, data.preparation);
}

#[test]
fn boxes_follow_the_picture() {
    let whole = [0.0, 0.0, 32.0, 16.0];
    for (name, entry, expected) in [
        (
            "pixels",
            on_picture([0.0, 0.0, 40.0, 20.0], Unit::Pixels, None),
            whole,
        ),
        (
            "fractions",
            on_picture([0.0, 0.0, 1.0, 1.0], Unit::Fractions, None),
            whole,
        ),
        (
            "a pixel too far is rounding",
            on_picture([-0.5, 0.0, 40.9, 20.0], Unit::Pixels, Some([20, 40])),
            whole,
        ),
        (
            "a part",
            on_picture([10.0, 5.0, 20.0, 10.0], Unit::Pixels, None),
            [8.0, 4.0, 16.0, 8.0],
        ),
    ] {
        let mut settings = Data::default();
        settings.image.size = Some(recipe::InputSize::Fixed([32, 32]));
        let split = prepared(listing(vec![entry]), &settings).unwrap();
        let [x1, y1, x2, y2] = expected;
        // Eight rows of background above.
        let object = split.train.objects(0)[0];
        assert_eq!(object.bounds, [x1, y1 + 8.0, x2, y2 + 8.0].into(), "{name}");
        let original = split.train.to_original(0, object.bounds);
        let area = f64::from(original.area());
        assert!((area - object.area).abs() < 1e-3, "{name}");
    }
}

#[test]
fn what_is_wrong_stops_or_is_skipped() {
    let broken = || {
        class(
            "broken.png",
            0,
            Picture::Bytes(vec![0x89, b'P', b'N', b'G'].into()),
        )
    };
    let good = || class("good.png", 1, png(4, 4, [1, 2, 3]));
    for (name, entry, says, left) in [
        ("a damaged picture", broken(), "damaged pictures: 2", 1),
        (
            "a missing picture",
            class("gone.png", 0, Picture::File("/no/such.png".into())),
            "missing pictures: 2",
            1,
        ),
    ] {
        let entries = vec![entry, good()];
        let error = prepared(listing(entries.clone()), &Data::default()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(says) && text.contains("on-error"),
            "{name}: {text}"
        );
        let settings = Data {
            on_error: OnError::Skip,
            ..Data::default()
        };
        let split = prepared(listing(entries), &settings).unwrap();
        assert_eq!(
            (split.train.count, split.problems.len()),
            (left, 2),
            "{name}"
        );
        assert_eq!(split.train.labels().unwrap(), [1], "{name}");
    }
    for (name, corners, stated, says) in [
        ("no width", [5.0, 5.0, 5.0, 9.0], None, "bad boxes: 2"),
        ("turned round", [9.0, 5.0, 5.0, 9.0], None, "bad boxes: 2"),
        (
            "not a number",
            [f64::NAN, 5.0, 5.0, 9.0],
            None,
            "bad boxes: 2",
        ),
        ("elsewhere", [50.0, 5.0, 55.0, 9.0], None, "bad boxes: 2"),
        (
            "beyond",
            [5.0, 5.0, 55.0, 9.0],
            None,
            "boxes beyond the edge: 2",
        ),
        (
            "another size",
            [5.0, 5.0, 9.0, 9.0],
            Some([21, 40]),
            "stated as 40 x 21",
        ),
    ] {
        let entry = on_picture(corners, Unit::Pixels, stated);
        let error = prepared(listing(vec![entry.clone()]), &Data::default());
        let text = error.unwrap_err().to_string();
        assert!(text.contains(says), "{name}: {text}");
        let settings = Data {
            on_error: OnError::Skip,
            ..Data::default()
        };
        let entries = vec![entry, on_picture([0.0, 0.0, 9.0, 9.0], Unit::Pixels, None)];
        let split = prepared(listing(entries), &settings).unwrap();
        let objects: Vec<Vec<Object>> = (0..split.train.count)
            .map(|i| split.train.objects(i))
            .collect();
        let kept = match name {
            "another size" => vec![1],
            "beyond" => vec![1, 1],
            _ => vec![0, 1],
        };
        assert_eq!(
            objects.iter().map(Vec::len).collect::<Vec<_>>(),
            kept,
            "{name}"
        );
    }
}

#[test]
fn crops_are_images_of_their_own() {
    let mut image = RgbImage::from_pixel(8, 8, Rgb([0; 3]));
    for (x, y) in [(4, 4), (5, 4), (4, 5), (5, 5)] {
        image.put_pixel(x, y, Rgb([200; 3]));
    }
    let mut bytes = Vec::new();
    ::image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&image, 8, 8, ExtendedColorType::Rgb8)
        .unwrap();
    let mut entry = on_picture([4.0, 4.0, 6.0, 6.0], Unit::Pixels, None);
    entry.picture = Picture::Bytes(bytes.into());
    let mut settings = Data {
        crops: true,
        ..Data::default()
    };
    settings.image.size = Some(recipe::InputSize::Fixed([2, 2]));
    settings.image.colour = Some(Colour::Grey);
    let split = prepared(listing(vec![entry]), &settings).unwrap();
    assert_eq!(split.train.labels().unwrap(), [1]);
    assert_eq!(split.train.image(0)[..], [200; 4]);
}

#[test]
fn a_file_of_prepared_pictures_is_found_again_until_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.png");
    let write = |colour| {
        RgbImage::from_pixel(4, 4, Rgb(colour))
            .save(&picture)
            .unwrap();
    };
    write([1, 2, 3]);
    let load = || {
        let mut settings = Data::default();
        settings.cache.memory = 0;
        settings.cache.folder = Some(folder.path().join("cache").display().to_string());
        let entries = vec![class("a.png", 0, Picture::File(picture.clone()))];
        prepared(listing(entries), &settings)
            .unwrap()
            .train
            .image(0)
            .into_owned()
    };
    let first = load();
    assert_eq!(first[0], 1);
    let files = || folder.path().join("cache").read_dir().unwrap().count();
    assert_eq!((load(), files()), (first, 2));
    // As long as before; only the date is newer.
    std::thread::sleep(std::time::Duration::from_millis(20));
    write([4, 2, 3]);
    assert_eq!((load()[0], files()), (4, 4));
}

#[test]
fn a_test_split_is_made_of_each_class_alike() {
    let entries = (0..50)
        .map(|i| class(&i.to_string(), usize::from(i >= 40), png(2, 2, [i; 3])))
        .collect();
    let mut all = listing(entries);
    all.test = None;
    let split = prepared(all, &Data::default()).unwrap();
    let count = |data: &Dataset, class| {
        let labels = data.labels().unwrap();
        labels.iter().filter(|label| **label == class).count()
    };
    assert_eq!((count(&split.test, 0), count(&split.test, 1)), (8, 2));
    assert_eq!((count(&split.train, 0), count(&split.train, 1)), (32, 8));
    assert!(
        split.notes[0].contains("no test split"),
        "{:?}",
        split.notes
    );
}
