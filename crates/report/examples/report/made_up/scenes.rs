//! Made-up detectors on scenes of several digits.

use std::error::Error;

use measure::detection::{self, Category, Detection, GroundTruth, Options, Truth, Xywh, matches};
use measure::record::{
    BoxPrecisionRecall, Energy, EpochRecord, Evaluation, LocalisationFigures, ModelKind, NoEnergy,
    Predictions, RunFacts,
};
use report::Image;

use super::lab::{environment, speed};
use super::{Random, Run, SIDE};

const WIDTH: usize = 128;
const SCENES: usize = 200;
/// Cells of a scene, along each side, that hold a digit or not.
const CELLS: usize = 4;

/// Scenes of one to ten digits, each in a cell of its own, on faint noise.
pub fn compose(digits: &[Image], labels: &[u8]) -> (GroundTruth, Vec<Image>) {
    let mut random = Random(5);
    let mut truths = Vec::new();
    let mut pictures = Vec::new();
    for image in 0..SCENES {
        let noise = (0..WIDTH * WIDTH).map(|_| (random.next() * 40.0) as u8);
        let mut pixels: Vec<u8> = noise.collect();
        let share = 0.1 + 0.5 * random.next();
        for cell in 0..CELLS * CELLS {
            if random.next() > share {
                continue;
            }
            let source = (random.next() * digits.len() as f64) as usize;
            let reach = (WIDTH / CELLS - SIDE) as f64 * 2.0;
            let mut place = |cell: usize| {
                let free = (cell * WIDTH / CELLS) as f64 + (random.next() - 0.25) * reach;
                free.clamp(0.0, (WIDTH - SIDE) as f64) as usize
            };
            let (left, top) = (place(cell % CELLS), place(cell / CELLS));
            for (at, ink) in digits[source].pixels.iter().enumerate() {
                let target = &mut pixels[(top + at / SIDE) * WIDTH + left + at % SIDE];
                *target = (*target).max(*ink);
            }
            let ink = digits[source].truth.unwrap_or_default().map(f64::from);
            let [x1, y1, x2, y2] = ink;
            let bounds = Xywh::from_corners([
                x1 + left as f64,
                y1 + top as f64,
                x2 + left as f64,
                y2 + top as f64,
            ]);
            truths.push(Truth {
                image: image as i64,
                category: i64::from(labels[source]),
                id: truths.len() as i64 + 1,
                bounds,
                area: bounds.area(),
                crowd: false,
            });
        }
        pictures.push(Image {
            width: WIDTH,
            height: WIDTH,
            pixels,
            frame: None,
            truth: None,
        });
    }
    let category = |digit: i64| Category {
        id: digit,
        name: digit.to_string(),
    };
    let truths = GroundTruth {
        images: (0..SCENES as i64).collect(),
        categories: (0..10).map(category).collect(),
        truths,
    };
    (truths, pictures)
}

/// A detector that finds about `skill` of the objects.
pub fn made_up(name: &str, skill: f64, truths: &GroundTruth) -> Result<Run, Box<dyn Error>> {
    let mut random = Random((1000.0 * skill) as u64);
    let mut detections: Vec<Detection> = Vec::new();
    for truth in &truths.truths {
        let mut add = |category: i64, shift: f64, score: f64| {
            let mut jitter = |edge: f64| edge + (random.next() - 0.5) * shift;
            let Xywh {
                x,
                y,
                width,
                height,
            } = truth.bounds;
            detections.push(Detection {
                image: truth.image,
                category,
                bounds: [jitter(x), jitter(y), width.max(2.0), height].into(),
                score,
            });
            random.next()
        };
        let luck = add(truth.category, 2.0, 0.02);
        if luck > skill {
            continue;
        }
        let sure = add(truth.category, 2.5, 0.9 + 0.09 * luck);
        if sure > skill {
            add((truth.category + 4) % 10, 2.0, 0.3 + 0.6 * luck);
            let last = detections.len() - 2;
            if luck > 0.5 {
                detections.remove(last);
            }
        } else if sure < 0.03 {
            add(truth.category, 26.0, 0.5 + luck / 2.0);
        }
    }
    for image in 0..SCENES as i64 {
        for _ in 0..3 {
            let side = 14.0 + 12.0 * random.next();
            let mut place = || random.next() * (WIDTH as f64 - side);
            let bounds = [place(), place(), side, side].into();
            detections.push(Detection {
                image,
                category: (random.next() * 10.0) as i64,
                bounds,
                score: random.next().powi(6),
            });
        }
    }
    let report = detection::evaluate(truths, &detections, &Options::default())?;
    let pairs = matches(&truths.truths, &detections, 0.5);
    let right = pairs
        .iter()
        .filter(|pair| truths.truths[pair.truth].category == detections[pair.detection].category);
    let objects = truths.truths.len() as f64;
    let fpn = name == "scenes-fpn";
    let facts = RunFacts {
        recipe: name.into(),
        kind: ModelKind::FasterRcnn,
        split: "test".into(),
        train_s: if fpn { 3_904.0 } else { 2_210.0 },
        infer_images_per_s: if fpn { 141.0 } else { 208.0 },
        parameters: if fpn { 2_218_400 } else { 1_482_310 },
        multiply_adds: if fpn { 604_000_000 } else { 391_000_000 },
        model_bytes: if fpn { 8_880_000 } else { 5_931_000 },
        peak_rss_mib: Some(691.0),
        epochs: 4,
        device: "CPU".into(),
        threads: 2,
        ..RunFacts::default()
    };
    let train_s = facts.train_s;
    let evaluation = Evaluation {
        localisation: Some(LocalisationFigures {
            mean_iou: pairs.iter().map(|pair| pair.iou).sum::<f64>() / objects,
            found: Some(pairs.len() as f64 / objects),
            found_accuracy: Some(right.count() as f64 / pairs.len() as f64),
            map: report.figures.ap,
            map_50: report.figures.ap_50,
            map_75: report.figures.ap_75,
            mar_1: report.figures.ar_low,
            mar_100: report.figures.ar_high,
            mistakes: Some(detection::mistakes(truths, &detections)?),
            ..LocalisationFigures::default()
        }),
        box_precision_recall: BoxPrecisionRecall::of(&report),
        speed: Some(speed(if fpn { 9.1 } else { 6.2 })),
        energy: Some(Energy {
            unavailable: Some(NoEnergy::NoCounter),
            ..Energy::default()
        }),
        ..Evaluation::of_run(SCENES, facts)
    };
    let epoch = |number: usize| EpochRecord {
        epoch: number,
        step: 625 * number as u64,
        train_loss: 1.6 / number as f64,
        validation_loss: Some(1.5 / number as f64 + 0.08),
        validation_map: report.figures.ap.map(|ap| ap * (1.0 - 0.4 / number as f64)),
        learning_rate: 0.002,
        seconds: train_s * number as f64 / 4.0,
        images_per_s: 40_000.0 / train_s,
        ..EpochRecord::default()
    };
    Ok(Run {
        recipe: format!(
            "[model]\nkind = \"faster-rcnn\"\n\n[data]\nsource = \"scenes\"\n# {name}\n"
        ),
        predictions: Predictions::default(),
        detections,
        evaluation,
        history: (1..=4).map(epoch).collect(),
        environment: environment(name, 0),
    })
}
