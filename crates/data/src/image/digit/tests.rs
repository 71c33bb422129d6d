//! Digits on any paper, with any pen, in any light.

mod drawing;
mod judge;

use drawing::{Canvas, DRAWN};
use image::{DynamicImage, GrayImage, ImageFormat};
use judge::{JUDGED, Judge};

use super::*;
use crate::image::tests::{MANY, bar, encode};
use crate::random::{Key, Purpose, Stream};

fn decoded(image: &DynamicImage, format: ImageFormat) -> DynamicImage {
    let bytes = encode(image, format);
    let path = std::path::Path::new("x");
    crate::image::decode(path, &bytes, MANY).unwrap().image
}

fn shown(fitted: &Fitted) -> String {
    let rows = fitted.pixels.chunks_exact(fitted.width);
    rows.map(|row| {
        let marks = row
            .iter()
            .map(|&p| [" ", ".", "+", "#"][usize::from(p) / 64]);
        marks.collect::<String>() + "\n"
    })
    .collect()
}

#[test]
fn size_and_polarity_do_not_matter() {
    let cases = [
        ("black on white", 100, 100, 255, 0, ImageFormat::Png),
        ("white on black", 100, 100, 0, 255, ImageFormat::Png),
        ("pencil on grey paper", 100, 100, 180, 90, ImageFormat::Png),
        ("photograph", 1000, 1000, 230, 40, ImageFormat::Jpeg),
        ("large", 3000, 3000, 230, 40, ImageFormat::Jpeg),
        ("chalk, oblong", 500, 500, 30, 200, ImageFormat::Jpeg),
        ("tiny", 10, 10, 255, 0, ImageFormat::Png),
    ];
    for (name, width, height, paper, ink, format) in cases {
        let gray = Gray::of(&decoded(&bar(width, height, paper, ink), format));
        assert_eq!(gray.dark_on_light, ink < paper, "{name}");
        let fitted = digit(&gray);
        let levels: Vec<f32> = fitted
            .pixels
            .iter()
            .map(|&p| f32::from(p) / 255.0)
            .collect();
        let [x1, y1, x2, y2] = ink_box(&levels, 28, 0.5).unwrap();
        // 3 times as high as wide, scaled to 20 and put in the middle.
        assert!(
            (y1 - 4.0).abs() <= 1.0 && (y2 - 24.0).abs() <= 1.0,
            "{name}: {y1} {y2}"
        );
        assert!(
            (x2 - x1 - 7.0).abs() <= 1.0 && (x1 - 11.0).abs() <= 1.0,
            "{name}: {x1} {x2}"
        );
        assert!(fitted.pixels[14 * 28 + 14] > 230, "{name}");
        assert_eq!(fitted.pixels[0], 0, "{name}");

        let original = fitted.mapping.to_original([x1, y1, x2, y2]);
        let (w, h) = (width as f32, height as f32);
        let expected = [w * 0.4, h * 0.2, w * 0.6, h * 0.8];
        for (found, expected) in original.into_iter().zip(expected) {
            assert!((found - expected).abs() <= 0.05 * w, "{name}: {original:?}");
        }
    }
}

#[test]
fn all_of_mnist_stays_as_it_is() {
    let split = crate::mnist::built_in(&recipe::Image::default()).unwrap();
    for data in [split.train, split.test] {
        for index in 0..data.count {
            let pixels = data.image(index).to_vec();
            let image = GrayImage::from_raw(28, 28, pixels.clone()).unwrap();
            let fitted = digit(&Gray::of(&image.into()));
            assert!(fitted.pixels == pixels, "{index}\n{}", shown(&fitted));
            assert_eq!(fitted.mapping.scale, [1.0; 2]);
        }
    }
}

#[test]
fn mnist_on_paper_is_only_turned_round() {
    let data = crate::mnist::built_in(&recipe::Image::default())
        .unwrap()
        .test;
    for index in 0..1000 {
        let pixels = data.image(index).to_vec();
        let brightest = pixels.iter().copied().max().unwrap();
        let dark = pixels.iter().map(|pixel| 255 - pixel).collect();
        let image = GrayImage::from_raw(28, 28, dark).unwrap();
        let fitted = digit(&Gray::of(&image.into()));
        let stretched: Vec<u8> = pixels
            .iter()
            .map(|&p| (f32::from(p) * 255.0 / f32::from(brightest)).round() as u8)
            .collect();
        assert!(fitted.pixels == stretched, "{index}\n{}", shown(&fitted));
    }
}

#[test]
fn nothing_drawn_gives_nothing() {
    let noise = GrayImage::from_fn(200, 200, |x, y| {
        image::Luma([200 + ((x * 7 + y * 13) % 5) as u8])
    });
    for (name, image) in [
        ("white", bar(50, 30, 255, 255)),
        ("grey", bar(50, 30, 200, 200)),
        ("hardly", bar(50, 30, 200, 192)),
        ("one pixel", bar(1, 1, 9, 9)),
        ("noise", noise.into()),
    ] {
        let gray = Gray::of(&image);
        assert!(gray.is_blank(), "{name}");
        let fitted = digit(&gray);
        assert!(fitted.pixels.iter().all(|&pixel| pixel == 0), "{name}");
        assert_eq!(
            fitted.mapping.to_original([0.0, 0.0, 28.0, 28.0]),
            [0.0, 0.0, image.width() as f32, image.height() as f32]
        );
    }
}

fn stream(index: u64) -> Stream {
    Key {
        seed: 3,
        purpose: Purpose::Scene,
        epoch: 0,
        index,
    }
    .stream()
}

/// How many of the six digits are recognised on canvases made by `canvas`; the pictures of the others. Neighbours are poor
/// judges: five of six will do where nothing is as in MNIST.
fn recognised(judge: &Judge, canvas: impl Fn(usize) -> DynamicImage) -> (usize, String) {
    let mut right = 0;
    let mut wrong = String::new();
    for number in DRAWN {
        let fitted = digit(&Gray::of(&canvas(number)));
        let class = judge.class(&fitted.pixels);
        if class == number {
            right += 1;
        } else {
            wrong += &format!("{number} as {class}\n{}", shown(&fitted));
        }
    }
    (right, wrong)
}

fn plain(number: usize, side: usize, pen: f32, paper: f32, ink: f32) -> Canvas {
    let margin = 0.1 * side as f32;
    Canvas::new(side, paper).draw(number, [margin; 2], 0.8 * side as f32, pen, ink)
}

#[test]
fn any_pen_on_any_canvas() {
    let judge = Judge::new(JUDGED);
    let mut report = String::new();
    for side in [100, 280, 1000, 2000] {
        for pen in [2, 4, 8, 20, 60] {
            if pen * 6 > side {
                continue;
            }
            let dark = (255.0, 0.0);
            let light = (side == 280).then_some((0.0, 255.0));
            for (paper, ink) in [dark].into_iter().chain(light) {
                let (right, wrong) = recognised(&judge, |number| {
                    plain(number, side, pen as f32, paper, ink).image()
                });
                if right < 6 {
                    report +=
                        &format!("canvas {side}, pen {pen}, paper {paper}: {right} of 6\n{wrong}");
                }
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn frames_desks_and_lines() {
    let judge = Judge::new(JUDGED);
    let of = |number: usize, change: &dyn Fn(f32, f32, f32) -> f32| {
        plain(number, 280, 20.0, 255.0, 0.0).each(change).image()
    };
    let edge = |x: f32, y: f32| x.min(y).min(1.0 - x).min(1.0 - y);
    let rulers = |y: f32| (y * 280.0) as usize % 28 < 2;
    type Change = Box<dyn Fn(f32, f32, f32) -> f32>;
    let cases: Vec<(&str, Change)> = vec![
        (
            "frame of 1",
            Box::new(move |p, x, y| if edge(x, y) < 0.003 { 0.0 } else { p }),
        ),
        (
            "frame of 2",
            Box::new(move |p, x, y| if edge(x, y) < 0.007 { 0.0 } else { p }),
        ),
        (
            "grey frame",
            Box::new(move |p, x, y| if edge(x, y) < 0.003 { 96.0 } else { p }),
        ),
        (
            "frame further in",
            Box::new(move |p, x, y| {
                if (0.02..0.03).contains(&edge(x, y)) {
                    0.0
                } else {
                    p
                }
            }),
        ),
        (
            "desk",
            Box::new(move |p, x, y| if edge(x, y) < 0.08 { 60.0 } else { p }),
        ),
        (
            "dark strip",
            Box::new(move |p, x, _| if x < 0.05 { 20.0 } else { p }),
        ),
        (
            "ruled",
            Box::new(move |p, _, y| if rulers(y) { p.min(190.0) } else { p }),
        ),
        (
            "squared, dark lines",
            Box::new(move |p, x, y| {
                if rulers(x) || rulers(y) {
                    p.min(110.0)
                } else {
                    p
                }
            }),
        ),
        (
            "ruled askew",
            Box::new(move |p, x, y| {
                if ((y + 0.02 * x) * 280.0) as usize % 28 < 1 {
                    p.min(130.0)
                } else {
                    p
                }
            }),
        ),
        (
            "frame with an open side",
            Box::new(move |p, x, y| {
                if x.min(y).min(1.0 - x) < 0.007 {
                    0.0
                } else {
                    p
                }
            }),
        ),
        (
            "a line below",
            Box::new(move |p, _, y| if (0.97..0.98).contains(&y) { 0.0 } else { p }),
        ),
    ];
    let mut report = String::new();
    for (name, change) in cases {
        let (right, wrong) = recognised(&judge, |number| of(number, &*change));
        if right < 6 {
            report += &format!("{name}: {right} of 6\n{wrong}");
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn uneven_light_and_noise() {
    let judge = Judge::new(JUDGED);
    type Change = Box<dyn Fn(f32, f32, f32, &mut Stream) -> f32>;
    let shade =
        |least: f32| -> Change { Box::new(move |p, x, _, _| p * (1.0 - (1.0 - least) * x)) };
    let noise = |deviation: f64| -> Change {
        Box::new(move |p, _, _, stream| p + (deviation * stream.normal()) as f32)
    };
    let cases: Vec<(&str, Change)> = vec![
        ("shadow of 5 %", shade(0.95)),
        ("shadow of 20 %", shade(0.8)),
        ("shadow of 45 %", shade(0.55)),
        ("shadow of 70 %", shade(0.3)),
        (
            "dark corners",
            Box::new(|p, x, y, _| p * (1.0 - 0.8 * ((x - 0.5).powi(2) + (y - 0.5).powi(2)))),
        ),
        (
            "lamp",
            Box::new(|p, x, y, _| p * (0.4 + 0.6 * (-3.0 * (x * x + y * y)).exp())),
        ),
        (
            "shadow with an edge",
            Box::new(|p, x, y, _| p * (0.5 + 0.5 / (1.0 + (40.0 * (x + 0.4 * y - 0.8)).exp()))),
        ),
        ("noise of 2", noise(2.0)),
        ("noise of 8", noise(8.0)),
        ("noise of 16", noise(16.0)),
        (
            "shadow and noise",
            Box::new(|p, x, _, stream| p * (1.0 - 0.45 * x) + (4.0 * stream.normal()) as f32),
        ),
    ];
    let mut report = String::new();
    for (name, change) in cases {
        for pen in [8.0, 26.0] {
            let (right, wrong) = recognised(&judge, |number| {
                let mut stream = stream(number as u64);
                let canvas = Canvas::new(400, 230.0).draw(number, [100.0; 2], 200.0, pen, 40.0);
                let canvas = canvas.each(|p, x, y| change(p, x, y, &mut stream));
                decoded(&canvas.image(), ImageFormat::Jpeg)
            });
            if right < 5 {
                report += &format!("{name}, pen {pen}: {right} of 6\n{wrong}");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn enlarged_digits_of_mnist_stay_recognisable() {
    let judge = Judge::new(JUDGED);
    let data = crate::mnist::built_in(&recipe::Image::default())
        .unwrap()
        .test;
    let labels = data.labels().unwrap();
    let larger = Resizer::new([28, 28], [280, 280]);
    let mut right = 0;
    let mut own = 0;
    let mut difference = 0.0;
    const COUNT: usize = 300;
    for (index, &label) in labels.iter().enumerate().take(COUNT) {
        let pixels = data.image(index);
        own += usize::from(judge.class(&pixels) == label);
        let image = GrayImage::from_raw(280, 280, larger.resize(&pixels)).unwrap();
        let fitted = digit(&Gray::of(&image.into()));
        right += usize::from(judge.class(&fitted.pixels) == label);
        for (a, b) in fitted.pixels.iter().zip(pixels.iter()) {
            difference += f32::from(a.abs_diff(*b)) / (784.0 * COUNT as f32);
        }
    }
    eprintln!("{right} of {COUNT} right, {own} as they are; mean difference {difference}");
    assert!(
        right + COUNT / 30 >= own,
        "{right} of {COUNT} right, {own} as they are"
    );
}

#[test]
fn narrow_ranges_of_16_bits_are_seen() {
    let image = plain(5, 120, 10.0, 255.0, 0.0);
    let narrow = image
        .levels
        .iter()
        .map(|level| 60 + 8 * *level as u16)
        .collect();
    let narrow = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(120, 120, narrow).unwrap();
    let narrow = digit(&Gray::of(&DynamicImage::ImageLuma16(narrow)));
    let wide = digit(&Gray::of(&image.image()));
    assert_eq!(narrow.pixels, wide.pixels, "{}", shown(&narrow));
}

#[test]
fn two_digits_are_counted() {
    for (numbers, expected) in [
        (&[4, 2][..], 2),
        (&[1, 7], 2),
        (&[3, 5, 1], 3),
        (&[5], 1),
        (&[4], 1),
    ] {
        let mut canvas = Canvas::new(600, 255.0);
        for (index, &number) in numbers.iter().enumerate() {
            canvas = canvas.draw(
                number,
                [200.0 * index as f32 + 10.0, 200.0],
                180.0,
                14.0,
                0.0,
            );
        }
        assert_eq!(Gray::of(&canvas.image()).abreast, expected, "{numbers:?}");
    }
    assert_eq!(Gray::of(&bar(50, 30, 200, 200)).abreast, 0);
}

#[test]
fn specks_do_not_count() {
    let judge = Judge::new(JUDGED);
    let (right, wrong) = recognised(&judge, |number| {
        let mut canvas = plain(number, 280, 20.0, 255.0, 0.0);
        for at in [0, 279, 5 * 280 + 3, 270 * 280 + 12] {
            canvas.levels[at] = 0.0;
        }
        canvas.line([262.0, 20.0], [264.0, 24.0], 5.0, 0.0);
        canvas.image()
    });
    assert_eq!(right, 6, "{wrong}");
}

#[test]
fn a_digit_that_reaches_the_edge_is_kept() {
    for number in DRAWN {
        let tight = Canvas::new(200, 255.0).draw(number, [-10.0; 2], 220.0, 24.0, 0.0);
        let gray = Gray::of(&tight.image());
        let inked = tight.levels.iter().filter(|level| **level == 0.0).count();
        let found = gray.pixels.iter().filter(|pixel| **pixel == 255).count();
        assert_eq!(found, inked, "{number}");
        assert!(gray.dark_on_light);
    }
}

#[test]
fn other_sizes_are_in_proportion() {
    let image = plain(5, 280, 24.0, 255.0, 0.0).image();
    let gray = Gray::of(&image);
    for (size, longer) in [
        ([56, 56], 40),
        ([32, 32], 22),
        ([28, 40], 20),
        ([64, 48], 34),
    ] {
        let fitted = digit_of(&gray, size);
        assert_eq!([fitted.height, fitted.width], size);
        let levels: Vec<f32> = fitted
            .pixels
            .iter()
            .map(|&p| f32::from(p) / 255.0)
            .collect();
        let [_, y1, _, y2] = ink_box(&levels, size[1], 0.0).unwrap();
        assert_eq!((y2 - y1) as usize, longer, "{size:?}");
        // Taken in again, it stays as it is.
        let [height, width] = size.map(|side| side as u32);
        let again = GrayImage::from_raw(width, height, fitted.pixels.clone()).unwrap();
        assert_eq!(
            digit_of(&Gray::of(&again.into()), size).pixels,
            fitted.pixels
        );
    }
}
