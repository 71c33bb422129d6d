//! Made-up trainings of the lab's two models.

use std::collections::BTreeMap;

use measure::cost::Latency;
use measure::detection::{DetectionMistakes, MistakeFigures, recall_grid};
use measure::digest::blake3;
use measure::record::{
    BoxPrecisionRecall, DataIdentity, Energy, EnergyMeter, Environment, EpochRecord, Evaluation,
    InferenceSpeed, Localisation, LocalisationFigures, Machine, ModelKind, Prediction, Predictions,
    RunFacts, Throughput, TimeToAccuracy,
};
use report::Image;

use super::{Random, Run};

const CNN: &str = include_str!("../../../../recipe/recipes/lab-cnn.toml");
const FASTER_RCNN: &str = include_str!("../../../../recipe/recipes/lab-faster-rcnn.toml");

/// A training of one of the lab's two models with a seed.
pub fn made_up(images: &[Image], labels: &[u8], kind: ModelKind, seed: u64) -> Run {
    let detects = kind == ModelKind::FasterRcnn;
    let mut random = Random(1_000 * seed + if detects { 7 } else { 1 });
    let mut shared = Random(99);
    let rows = images
        .iter()
        .zip(labels)
        .enumerate()
        .map(|(index, (image, label))| {
            let label = usize::from(*label);
            // Both models find the same images hard.
            let hardness = shared.next();
            let rate = if detects { 0.0035 } else { 0.0050 };
            let wrong = hardness < 0.004 || random.next() < rate;
            let confusable = [6, 7, 3, 5, 9, 3, 0, 1, 3, 4][label];
            let predicted = match wrong {
                true if random.next() < 0.7 => confusable,
                true => (label + 1 + (random.next() * 9.0) as usize) % 10,
                false => label,
            };
            // A few look like another digit to both: their labels may be wrong.
            let mislabelled = hardness < 0.0006;
            let predicted = if mislabelled { confusable } else { predicted };
            let doubt = if mislabelled {
                0.004 * random.next()
            } else if wrong {
                random.next() * 0.6
            } else {
                random.next().powi(24) * 0.7
            };
            let mut probabilities = vec![doubt as f32 / 9.0; 10];
            probabilities[predicted] = 1.0 - doubt as f32;
            let mut jitter = |edge: f32| edge + (random.next() as f32 - 0.5) * 1.4;
            let detection = detects.then(|| {
                let truth = image.truth.unwrap_or_default();
                let bounds = truth.map(&mut jitter);
                Localisation {
                    bounds,
                    iou: iou(truth, bounds),
                }
            });
            Prediction {
                index,
                label,
                predicted,
                score: probabilities[predicted],
                probabilities,
                detection,
            }
        });
    let predictions = Predictions {
        rows: rows.collect(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
    };
    let facts = RunFacts {
        recipe: match seed {
            0 => recipe(detects).to_string(),
            seed => format!("{}-{}", recipe(detects), seed + 1),
        },
        kind,
        split: "test".into(),
        train_s: if detects { 438.4 } else { 187.2 } + 3.5 * seed as f64,
        infer_images_per_s: if detects { 812.0 } else { 5_930.0 },
        parameters: if detects { 1_482_310 } else { 3_311_050 },
        multiply_adds: if detects { 31_420_000 } else { 18_870_000 },
        model_bytes: if detects { 5_931_000 } else { 13_245_000 },
        peak_rss_mib: Some(if detects { 691.0 } else { 402.0 }),
        epochs: 5,
        seed,
        device: "CPU".into(),
        threads: 2,
    };
    let train_s = facts.train_s;
    let mut evaluation = Evaluation::from_predictions(&predictions, facts).unwrap_or_default();
    if let Some(mean_iou) = predictions.mean_iou() {
        evaluation.localisation = Some(LocalisationFigures {
            mean_iou,
            map: Some(0.871),
            map_50: Some(0.992),
            map_75: Some(0.981),
            mar_1: Some(0.894),
            mar_100: Some(0.897),
            mistakes: Some(mistakes()),
            ..Default::default()
        });
        evaluation.box_precision_recall = Some(box_curves());
    }
    evaluation.speed = Some(speed(if detects { 0.78 } else { 0.39 }));
    evaluation.energy = Some(Energy {
        train_j: Some(if detects { 21_430.0 } else { 9_120.0 } + 160.0 * seed as f64),
        infer_j_per_image: Some(if detects { 0.0128 } else { 0.0056 }),
        meter: Some(EnergyMeter::Rapl),
        unavailable: None,
    });
    evaluation.model_digest = Some(blake3([recipe(detects).as_bytes(), &seed.to_le_bytes()]));
    let history = history(detects, train_s);
    evaluation.time_to_accuracy = TimeToAccuracy::of(&history);
    Run {
        recipe: if detects { FASTER_RCNN } else { CNN }.into(),
        predictions,
        detections: Vec::new(),
        evaluation,
        history,
        environment: environment(recipe(detects), seed),
    }
}

fn recipe(detects: bool) -> &'static str {
    if detects {
        "lab-faster-rcnn"
    } else {
        "lab-cnn"
    }
}

/// Speeds around the time for one image.
pub fn speed(milliseconds: f64) -> InferenceSpeed {
    let rate = |batch_size: usize| {
        let full = 3.2 / milliseconds * 1e3;
        Throughput {
            batch_size,
            images_per_s: full / (1.0 + 2.2 / (batch_size as f64).powf(0.8)),
        }
    };
    InferenceSpeed {
        latency_1: Latency {
            p50_ms: milliseconds,
            p95_ms: 1.13 * milliseconds,
            p99_ms: 1.42 * milliseconds,
            mean_ms: 1.03 * milliseconds,
        },
        singles: 500,
        throughput: [1, 4, 16, 64, 256, 1024].map(rate).to_vec(),
    }
}

fn mistakes() -> DetectionMistakes {
    let figures = |count, ap_lost| MistakeFigures {
        count,
        ap_lost: Some(ap_lost),
    };
    DetectionMistakes {
        right: 9_989,
        localisation: figures(64, 0.0003),
        classification: figures(611, 0.0061),
        both: figures(19, 0.0),
        duplicate: figures(0, 0.0),
        background: figures(231, 0.0002),
        missed: figures(2, 0.0002),
    }
}

fn box_curves() -> BoxPrecisionRecall {
    let curve = |least: f64| {
        let height = |recall: f64| 1.0 - (1.0 - least) * recall.powi(12);
        recall_grid().map(height).to_vec()
    };
    BoxPrecisionRecall {
        iou_50: curve(0.88),
        iou_75: curve(0.8),
        iou_50_95: curve(0.2),
    }
}

fn history(detects: bool, train_s: f64) -> Vec<EpochRecord> {
    let losses = if detects {
        [0.914, 0.243, 0.171, 0.132, 0.108]
    } else {
        [0.1521, 0.0432, 0.0291, 0.0213, 0.0162]
    };
    let wrong = if detects {
        [0.161, 0.031, 0.021, 0.0155, 0.0122]
    } else {
        [0.0471, 0.0132, 0.0091, 0.0066, 0.0049]
    };
    let validation = if detects {
        [0.0312, 0.0181, 0.0142, 0.0118, 0.0101]
    } else {
        [0.0164, 0.0121, 0.0112, 0.0094, 0.0098]
    };
    let epoch = |index: usize| {
        let loss = losses[index];
        let parts = [
            ("objectness", 0.18),
            ("rpn_box", 0.22),
            ("class", 0.34),
            ("box", 0.26),
        ];
        let parts = parts.iter().enumerate().map(|(part, (name, share))| {
            (
                name.to_string(),
                loss * share * (1.0 + 0.1 * (part as f64 - 1.5) * index as f64),
            )
        });
        EpochRecord {
            epoch: index + 1,
            step: 938 * (index as u64 + 1),
            train_loss: loss,
            losses: if detects {
                parts.collect()
            } else {
                BTreeMap::new()
            },
            train_accuracy: Some(1.0 - wrong[index]),
            validation_loss: Some(3.1 * validation[index]),
            validation_accuracy: Some(1.0 - validation[index]),
            learning_rate: 0.001,
            seconds: train_s * (index + 1) as f64 / 5.0,
            images_per_s: 60_000.0 / (train_s / 5.0),
            ..Default::default()
        }
    };
    (0..5).map(epoch).collect()
}

/// As of a machine that is none.
pub fn environment(recipe: &str, seed: u64) -> Environment {
    let seed_text = seed.to_string();
    Environment {
        recipe: Some(recipe.into()),
        atelier: "0.1.0".into(),
        commit: Some("3f9c2ab".into()),
        device: "CPU".into(),
        threads: 2,
        machine: Machine {
            cpu: Some("Example CPU @ 2.60GHz".into()),
            cores: Some(2),
            memory_mib: Some(8_192),
            os: "Debian GNU/Linux 12 (bookworm), x86_64".into(),
        },
        date: "2026-01-31T12:00:00Z".into(),
        command: ["atelier", "train", recipe, "--seed", &seed_text]
            .map(String::from)
            .into(),
        seed,
        data: DataIdentity {
            name: "mnist".into(),
            digest: Some("blake3:0f1e2d3c4b5a69788796a5b4c3d2e1f0".into()),
        },
    }
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let side = |low: f32, high: f32| (high - low).max(0.0);
    let area = |c: [f32; 4]| side(c[0], c[2]) * side(c[1], c[3]);
    let both = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    both / (area(a) + area(b) - both)
}
