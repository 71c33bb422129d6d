//! Every kind of source: what `predict` says of the files of a test set is what `evaluate` says.

use crate::own_images::{CLASSES, CNN, assert_same, class_folders, evaluated, picture, predicted};
use crate::support::*;
use image::{Rgb, RgbImage};
use std::fmt::Write;
use std::sync::Arc;

#[test]
fn other_data_is_judged_as_a_whole_and_by_class_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    std::fs::write(at.join("own.toml"), CNN).expect("written");
    success(at, &["train", "own.toml", "--plain"]);
    let own = json(at, &["evaluate", "own", "--json"]);
    let on = |source: &str| json(at, &["evaluate", "own", "--data", source, "--json"]);
    // The same pictures without their parts, as a part alone, and with one of the classes.
    std::fs::create_dir_all(at.join("part")).expect("created");
    let copy = |from: &str, to: &str| {
        let status = std::process::Command::new("cp")
            .args(["-r", from, to])
            .current_dir(at)
            .status();
        assert!(status.expect("started").success());
    };
    copy("pictures/test", "whole");
    copy("pictures/test", "part/test");
    for source in ["whole", "part"] {
        let other = on(source);
        assert_eq!(other["images"], 12, "{source}");
        assert_eq!(other["confusion"], own["confusion"], "{source}");
    }
    let list = "path,label,split\npictures/test/stripes/0.png,stripes,test\n";
    std::fs::write(at.join("one.csv"), list).expect("written");
    assert_eq!(on("one.csv")["images"], 1);
    // A class that the network doesn't know.
    copy("pictures/test/plate", "whole/bowl");
    let text = error(at, &["evaluate", "own", "--data", "whole"], 1);
    assert!(
        text.contains("\"bowl\"") && text.contains("\"plate\""),
        "{text}"
    );
    // Nothing can be learned from a test part alone.
    let text = error(at, &["train", "own.toml", "--data", "part", "--plain"], 1);
    assert!(text.contains("training"), "{text}");
    assert!(!at.join("runs/part").exists());
}

/// Trains on a source and compares; the test set's pictures are also in the folder `pngs`, in the order of their names.
fn train_and_compare(at: &Path, name: &str, source: &str, data: &str) {
    let recipe = CNN.replace(
        "source = \"pictures\"",
        &format!("source = {source:?}\n{data}"),
    );
    std::fs::write(at.join(format!("{name}.toml")), recipe).expect("written");
    success(at, &["train", &format!("{name}.toml"), "--plain"]);
    assert_same(name, &evaluated(at, name), &predicted(at, name, "pngs"));
}

/// The test pictures as files in `pngs`: 12 pictures, the classes in turns.
fn test_files(at: &Path, picture: impl Fn(usize, u32) -> RgbImage) {
    std::fs::create_dir(at.join("pngs")).expect("created");
    for index in 0..12 {
        let path = at.join(format!("pngs/{index:02}.png"));
        picture(index % 2, index as u32)
            .save(path)
            .expect("written");
    }
}

/// A picture of 28 x 24 pixels.
fn small(class: usize, index: u32) -> RgbImage {
    let picture = picture(class, index);
    image::imageops::crop_imm(
        &picture,
        picture.width() / 2 - 12,
        picture.height() / 2 - 14,
        24,
        28,
    )
    .to_image()
}

#[test]
fn lists_of_paths_predict_as_they_were_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    test_files(at, picture);
    let mut list = "path,label,split\n".to_string();
    for (class, name) in CLASSES.iter().enumerate() {
        for index in (0..16).step_by(6) {
            writeln!(list, "pictures/train/{name}/{index}.png,{name},train").expect("written");
        }
        for index in (class..12).step_by(2) {
            writeln!(list, "pngs/{index:02}.png,{name},test").expect("written");
        }
    }
    // In the order of the files' names.
    let mut lines: Vec<&str> = list.lines().collect();
    lines[1..].sort_unstable();
    std::fs::write(at.join("list.csv"), lines.join("\n")).expect("written");
    train_and_compare(
        at,
        "list",
        "list.csv",
        "image = { size = [32, 32], mean = \"dataset\" }",
    );
}

#[test]
fn columns_of_pixels_predict_as_they_were_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let grey = |class, index| {
        let grey = image::DynamicImage::from(small(class, index)).to_luma8();
        image::DynamicImage::from(grey).to_rgb8()
    };
    let square =
        |class, index| image::imageops::crop_imm(&grey(class, index), 0, 2, 24, 24).to_image();
    test_files(at, square);
    std::fs::create_dir(at.join("kaggle")).expect("created");
    for (part, count) in [("train", 32), ("test", 12)] {
        let columns: Vec<String> = (0..24 * 24).map(|pixel| format!("pixel{pixel}")).collect();
        let mut text = format!("label,{}\n", columns.join(","));
        for index in 0..count {
            let class = index % 2;
            let pixels = square(class, index as u32);
            let values: Vec<String> = pixels
                .pixels()
                .map(|pixel| pixel.0[0].to_string())
                .collect();
            writeln!(text, "{class},{}", values.join(",")).expect("written");
        }
        std::fs::write(at.join(format!("kaggle/{part}.csv")), text).expect("written");
    }
    train_and_compare(
        at,
        "kaggle",
        "kaggle",
        "image = { mean = \"dataset\", std = \"dataset\" }",
    );
}

#[test]
fn parquet_files_predict_as_they_were_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    test_files(at, picture);
    std::fs::create_dir_all(at.join("hub/data")).expect("created");
    for (part, count) in [("train", 32), ("test", 12)] {
        let bytes = parquet_file(count);
        let path = at.join(format!("hub/data/{part}-00000-of-00001.parquet"));
        std::fs::write(path, bytes).expect("written");
    }
    train_and_compare(
        at,
        "hub",
        "hub",
        "image = { size = [30, 30], fit = \"crop\" }",
    );
}

/// Pictures with classes as on the Hugging Face hub.
fn parquet_file(count: usize) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    let schema = "message pictures { required group image { required binary bytes; } required int64 label; }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let pictures = (0..count).map(|index| {
        let mut png = std::io::Cursor::new(Vec::new());
        let picture = picture(index % 2, index as u32);
        picture
            .write_to(&mut png, image::ImageFormat::Png)
            .expect("encoded");
        ByteArray::from(png.into_inner())
    });
    let pictures: Vec<ByteArray> = pictures.collect();
    let mut column = group.next_column().expect("a column").expect("of pictures");
    let written = column
        .typed::<ByteArrayType>()
        .write_batch(&pictures, None, None);
    written.expect("written");
    column.close().expect("closed");
    let labels: Vec<i64> = (0..count as i64).map(|index| index % 2).collect();
    let mut column = group.next_column().expect("a column").expect("of labels");
    let written = column.typed::<Int64Type>().write_batch(&labels, None, None);
    written.expect("written");
    column.close().expect("closed");
    group.close().expect("closed");
    writer.close().expect("closed");
    bytes
}

/// An object: its corners and its class.
type Rectangle = ([u32; 4], usize);

/// A picture with a rectangle of each class, on paper of another size each time.
fn rectangles(index: u32) -> (RgbImage, [Rectangle; 2]) {
    let (width, height) = (60 + index % 4 * 9, 54 + index % 3 * 13);
    let [x, y] = [3 + index % 5 * 2, 4 + index % 4 * 3];
    let [w, h] = [15 + index % 6, 14 + index % 7];
    let class = index as usize % 2;
    let all = [
        ([x, y, x + w, y + h], class),
        ([x + 27, y + 20, x + 27 + w, y + 20 + h], 1 - class),
    ];
    let picture = RgbImage::from_fn(width, height, |px, py| {
        let at = all
            .iter()
            .find(|([x1, y1, x2, y2], _)| (*x1..*x2).contains(&px) && (*y1..*y2).contains(&py));
        Rgb(at.map_or([90 + (px * py % 7) as u8; 3], |(_, class)| {
            [[250, 80, 20], [30, 60, 240]][*class]
        }))
    });
    (picture, all)
}

/// The same pictures with boxes as COCO, YOLO and Pascal VOC have them.
pub fn annotated(at: &Path, format: &str) {
    let root = at.join(format);
    let write = |path: String, text: String| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    for (part, count) in [("train", 16_u32), ("test", 6)] {
        let pictures = match format {
            "coco" => root.join(part),
            "yolo" => root.join("images").join(part),
            _ => root.join("JPEGImages"),
        };
        std::fs::create_dir_all(&pictures).expect("created");
        let [mut images, mut boxes, mut names] = [const { Vec::new() }; 3];
        for index in 0..count {
            let (picture, all) = rectangles(index + count);
            let name = format!("{part}{index:02}");
            let [width, height] = [picture.width(), picture.height()];
            picture
                .save(pictures.join(format!("{name}.png")))
                .expect("written");
            images.push(format!(
                r#"{{"id":{index},"file_name":"{name}.png","width":{width},"height":{height}}}"#
            ));
            let [mut lines, mut objects] = [String::new(), String::new()];
            for ([x1, y1, x2, y2], class) in all {
                let [w, h] = [x2 - x1, y2 - y1];
                let id = boxes.len();
                boxes.push(format!(
                    r#"{{"id":{id},"image_id":{index},"category_id":{class},"bbox":[{x1},{y1},{w},{h}],"area":{},"iscrowd":0}}"#,
                    w * h
                ));
                let across = |value: u32| f64::from(value) / f64::from(width);
                let down = |value: u32| f64::from(value) / f64::from(height);
                let middle = [across(x1 + x2) / 2.0, down(y1 + y2) / 2.0];
                writeln!(
                    lines,
                    "{class} {} {} {} {}",
                    middle[0],
                    middle[1],
                    across(w),
                    down(h)
                )
                .expect("written");
                let corners = format!(
                    "<xmin>{}</xmin><ymin>{}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>",
                    x1 + 1,
                    y1 + 1
                );
                objects += &format!(
                    "<object><name>{}</name><bndbox>{corners}</bndbox></object>",
                    CLASSES[class]
                );
            }
            match format {
                "yolo" => write(format!("labels/{part}/{name}.txt"), lines),
                "voc" => write(
                    format!("Annotations/{name}.xml"),
                    format!("<annotation><filename>{name}.png</filename>{objects}</annotation>"),
                ),
                _ => {}
            }
            names.push(name);
        }
        match format {
            "coco" => {
                let categories = r#"[{"id":0,"name":"plate"},{"id":1,"name":"stripes"}]"#;
                let [images, boxes] = [images.join(","), boxes.join(",")];
                write(
                    format!("{part}.json"),
                    format!(
                        r#"{{"images":[{images}],"annotations":[{boxes}],"categories":{categories}}}"#
                    ),
                );
            }
            "voc" => write(format!("ImageSets/Main/{part}.txt"), names.join("\n")),
            _ => write(
                "data.yaml".to_string(),
                "path: .\ntrain: images/train\ntest: images/test\nnames: [plate, stripes]\n"
                    .to_string(),
            ),
        }
    }
}

/// Detections as `[picture, x1, y1, x2, y2, class, score]`.
type Detections = Vec<(usize, [f64; 4], String, f64)>;

#[test]
fn detectors_predict_as_they_were_trained_on_every_format() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let mut all: Vec<(&str, Detections)> = Vec::new();
    for format in ["coco", "yolo", "voc"] {
        annotated(at, format);
        let data =
            format!("source = {format:?}\nimage = {{ size = [64, 72], mean = \"dataset\" }}");
        let recipe = TINY_DETECTOR
            .replace("validation = 52000", &data)
            .replace("batch-size = 32", "batch-size = 4");
        std::fs::write(at.join(format!("{format}.toml")), recipe).expect("written");
        success(
            at,
            &[
                "train",
                &format!("{format}.toml"),
                "--epochs",
                "12",
                "--plain",
            ],
        );
        let pictures = match format {
            "coco" => "coco/test",
            "yolo" => "yolo/images/test",
            _ => "coco/test",
        };
        let predicted = detections(&json(at, &["predict", format, pictures, "--json"]));
        let evaluated = recorded(at, format);
        let kept: Detections = predicted.into_iter().filter(|it| it.3 > 0.1).collect();
        let recorded: Detections = evaluated.into_iter().filter(|it| it.3 > 0.1).collect();
        assert!(kept.len() >= 6, "{format}: {kept:?}");
        assert_alike(format, &kept, &recorded);
        all.push((format, recorded));
    }
    // The same pictures and boxes give the same network, whatever the format.
    for (format, detections) in &all[1..] {
        assert_alike(format, detections, &all[0].1);
    }
}

fn detections(predictions: &Value) -> Detections {
    let pictures = predictions.as_array().expect("a list").iter().enumerate();
    let all = pictures.flat_map(|(picture, answer)| {
        let list = answer["detections"].as_array().expect("a list");
        list.iter().map(move |it| {
            let corners = std::array::from_fn(|at| it["box"][at].as_f64().expect("a number"));
            let class = it["class"].as_str().expect("a name").to_string();
            (
                picture,
                corners,
                class,
                it["score"].as_f64().expect("a number"),
            )
        })
    });
    all.collect()
}

/// What the run's evaluation found in the test pictures, in the order of their names.
fn recorded(at: &Path, run: &str) -> Detections {
    let text = std::fs::read_to_string(at.join("runs").join(run).join("detections.json"));
    let all: Value = serde_json::from_str(&text.expect("written")).expect("JSON");
    let all = all.as_array().expect("a list");
    let number = |it: &Value| it.as_i64().expect("a number");
    let mut ids: Vec<i64> = all.iter().map(|it| number(&it["image_id"])).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut classes: Vec<i64> = all.iter().map(|it| number(&it["category_id"])).collect();
    classes.sort_unstable();
    classes.dedup();
    assert_eq!(
        [ids.len(), classes.len()],
        [6, 2],
        "{run}: every picture has detections of both classes"
    );
    let all = all.iter().map(|it| {
        let [x, y, w, h] = std::array::from_fn(|at| it["bbox"][at].as_f64().expect("a number"));
        let place = ids.binary_search(&number(&it["image_id"])).expect("there");
        let class = classes
            .binary_search(&number(&it["category_id"]))
            .expect("there");
        (
            place,
            [x, y, x + w, y + h],
            CLASSES[class].to_string(),
            it["score"].as_f64().expect("a number"),
        )
    });
    all.collect()
}

#[track_caller]
fn assert_alike(name: &str, some: &Detections, others: &Detections) {
    assert_eq!(some.len(), others.len(), "{name}");
    let sorted = |all: &Detections| {
        let mut all = all.clone();
        all.sort_by(|a, b| (a.0, b.3).partial_cmp(&(b.0, a.3)).expect("numbers"));
        all
    };
    for (a, b) in sorted(some).iter().zip(&sorted(others)) {
        let near = a.1.iter().zip(&b.1).all(|(a, b)| (a - b).abs() < 1e-2);
        assert!(
            a.0 == b.0 && a.2 == b.2 && near && (a.3 - b.3).abs() < 1e-5,
            "{name}: {a:?} {b:?}"
        );
    }
}
