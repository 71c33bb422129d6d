//! Digits on any paper, with any pen, in any light.

use image::{DynamicImage, GrayImage, ImageFormat};

use super::*;
use crate::image::tests::{bar, encode};
use crate::random::{Key, Purpose, Stream};

fn decoded(image: &DynamicImage, format: ImageFormat) -> DynamicImage {
    let bytes = encode(image, format);
    let path = std::path::Path::new("x");
    crate::image::decode(path, &bytes).unwrap().image
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

/// Digits as lines in the unit square, drawn by hand.
fn strokes(digit: usize) -> &'static [&'static [[f32; 2]]] {
    match digit {
        1 => &[&[[0.5, 0.05], [0.5, 0.95]]],
        2 => &[&[
            [0.15, 0.25],
            [0.3, 0.08],
            [0.7, 0.08],
            [0.85, 0.3],
            [0.15, 0.92],
            [0.88, 0.92],
        ]],
        3 => &[&[
            [0.15, 0.1],
            [0.8, 0.1],
            [0.45, 0.42],
            [0.8, 0.6],
            [0.75, 0.85],
            [0.45, 0.95],
            [0.15, 0.85],
        ]],
        4 => &[
            &[[0.6, 0.05], [0.15, 0.65], [0.85, 0.65]],
            &[[0.65, 0.4], [0.65, 0.95]],
        ],
        5 => &[&[
            [0.8, 0.08],
            [0.25, 0.08],
            [0.2, 0.45],
            [0.6, 0.4],
            [0.82, 0.6],
            [0.75, 0.85],
            [0.45, 0.95],
            [0.18, 0.85],
        ]],
        _ => &[&[[0.15, 0.08], [0.85, 0.08], [0.4, 0.95]]],
    }
}

const DRAWN: [usize; 6] = [1, 2, 3, 4, 5, 7];

/// A canvas on which pens draw.
#[derive(Clone)]
struct Canvas {
    side: usize,
    levels: Vec<f32>,
}

impl Canvas {
    fn new(side: usize, paper: f32) -> Self {
        Self {
            side,
            levels: vec![paper; side * side],
        }
    }

    /// With the digit's square at `corner`, `size` pixels a side.
    fn draw(mut self, digit: usize, corner: [f32; 2], size: f32, pen: f32, ink: f32) -> Self {
        let place = |[x, y]: [f32; 2]| [corner[0] + size * x, corner[1] + size * y];
        for line in strokes(digit) {
            for pair in line.windows(2) {
                self.line(place(pair[0]), place(pair[1]), pen, ink);
            }
        }
        self
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2], pen: f32, ink: f32) {
        let range = |axis: usize| {
            let [low, high] = [
                from[axis].min(to[axis]) - pen,
                from[axis].max(to[axis]) + pen,
            ];
            low.max(0.0) as usize..(high.max(0.0) as usize + 1).min(self.side)
        };
        let along = [to[0] - from[0], to[1] - from[1]];
        let length = (along[0] * along[0] + along[1] * along[1]).max(1e-9);
        for y in range(1) {
            for x in range(0) {
                let at = [x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]];
                let share = ((at[0] * along[0] + at[1] * along[1]) / length).clamp(0.0, 1.0);
                let off = [at[0] - share * along[0], at[1] - share * along[1]];
                if (off[0] * off[0] + off[1] * off[1]).sqrt() <= pen / 2.0 {
                    self.levels[y * self.side + x] = ink;
                }
            }
        }
    }

    /// Changes each level, by its place as shares of the side.
    fn each(mut self, mut change: impl FnMut(f32, f32, f32) -> f32) -> Self {
        let side = self.side;
        for (at, level) in self.levels.iter_mut().enumerate() {
            let [x, y] = [at % side, at / side].map(|place| place as f32 / side as f32);
            *level = change(*level, x, y);
        }
        self
    }

    fn image(&self) -> DynamicImage {
        let levels = self
            .levels
            .iter()
            .map(|level| level.round().clamp(0.0, 255.0) as u8);
        let side = self.side as u32;
        GrayImage::from_raw(side, side, levels.collect())
            .unwrap()
            .into()
    }
}

/// Digits that judge.
const JUDGED: usize = 10_000;

/// Nearest neighbours among the digits of MNIST.
struct Judge {
    pixels: Vec<u8>,
    labels: Vec<usize>,
}

impl Judge {
    fn new(count: usize) -> Self {
        let data = crate::mnist::built_in(&recipe::Image::default())
            .unwrap()
            .train;
        let labels = data.labels().unwrap();
        Self {
            pixels: (0..count)
                .flat_map(|index| data.image(index).to_vec())
                .collect(),
            labels: labels[..count].to_vec(),
        }
    }

    fn class(&self, pixels: &[u8]) -> usize {
        let images = self.pixels.chunks_exact(784);
        let mut near: Vec<(u32, usize)> = images
            .zip(&self.labels)
            .map(|(image, &label)| {
                let squares = image.iter().zip(pixels).map(|(a, b)| {
                    let difference = u32::from(a.abs_diff(*b));
                    difference * difference
                });
                (squares.sum(), label)
            })
            .collect();
        near.select_nth_unstable(5);
        let mut votes = [0; 10];
        for &(_, label) in &near[..5] {
            votes[label] += 1;
        }
        (0..10).max_by_key(|&label| votes[label]).unwrap()
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
        for pen in [2, 3, 4, 6, 8, 12, 20, 30, 40, 60] {
            if pen * 6 > side {
                continue;
            }
            for (paper, ink) in [(255.0, 0.0), (0.0, 255.0)] {
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
