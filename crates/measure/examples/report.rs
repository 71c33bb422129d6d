//! Writes a report to look at, of two made-up runs on MNIST's real test images or of stored runs; the
//! name of the file says in which format:
//! `cargo run --release -p atelier-measure --example report -- report.html [en|fr] [RUN_FOLDER...]`
//!
//! The made-up answers are drawn at random with plausible rates of mistakes: no model is behind them.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use measure::files::write_atomically;
use measure::record::{
    self, DataIdentity, Environment, EpochRecord, Evaluation, Localisation, LocalisationFigures,
    Machine, ModelKind, Prediction, Predictions, RunFacts, Verdict,
};
use measure::report::{Contestant, Format, Image, Language, Report};

const SIDE: usize = 28;
const CNN: &str = include_str!("../../../recipes/lab-cnn.toml");
const FASTER_RCNN: &str = include_str!("../../../recipes/lab-faster-rcnn.toml");

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("report.html".into());
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let pixels = content(&data.join("t10k-images-idx3-ubyte.gz"), 16)?;
    let labels = content(&data.join("t10k-labels-idx1-ubyte.gz"), 8)?;
    let images: Vec<Image> = pixels.chunks(SIDE * SIDE).map(image).collect();

    let language: Language = std::env::args().nth(2).unwrap_or("en".into()).parse()?;
    let folders: Vec<String> = std::env::args().skip(3).collect();
    let mut runs = folders
        .iter()
        .map(|folder| stored(Path::new(folder)))
        .collect::<Result<Vec<Run>, _>>()?;
    if runs.is_empty() {
        runs.push(made_up(&images, &labels, ModelKind::Cnn));
        runs.push(made_up(&images, &labels, ModelKind::FasterRcnn));
    }
    let models: Vec<(&str, &Predictions)> = runs
        .iter()
        .map(|run| (run.evaluation.recipe.as_str(), &run.predictions))
        .collect();
    // A single run has none.
    let verdict = Verdict::among(&models, 0).ok();
    let classes: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let report = Report {
        contestants: runs.iter().map(Run::contestant).collect(),
        verdict: verdict.as_ref(),
        seeds: None,
        image: &|index| images.get(index).cloned(),
        class_names: &classes,
        command: "atelier compare lab-cnn lab-faster-rcnn --seed 0",
        language,
    };
    let format: Format = Path::new(&path)
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("html")
        .parse()?;
    write_atomically(&path, report.to_text(format))?;
    eprintln!("wrote {path}");
    Ok(())
}

/// A run of `atelier train`.
fn stored(folder: &Path) -> Result<Run, Box<dyn Error>> {
    Ok(Run {
        recipe: std::fs::read_to_string(folder.join(record::RECIPE))?,
        predictions: Predictions::read(folder.join(record::PREDICTIONS))?,
        evaluation: record::read_json(folder.join(record::EVALUATION))?,
        history: record::read_history(folder.join(record::HISTORY))?,
        environment: record::read_json(folder.join(record::ENVIRONMENT))?,
    })
}

struct Run {
    recipe: String,
    predictions: Predictions,
    evaluation: Evaluation,
    history: Vec<EpochRecord>,
    environment: Environment,
}

impl Run {
    fn contestant(&self) -> Contestant<'_> {
        Contestant {
            name: &self.evaluation.recipe,
            recipe_toml: &self.recipe,
            evaluation: &self.evaluation,
            history: &self.history,
            predictions: &self.predictions,
            environment: &self.environment,
        }
    }
}

fn made_up(images: &[Image], labels: &[u8], kind: ModelKind) -> Run {
    let detects = kind == ModelKind::FasterRcnn;
    let mut random = Random(if detects { 7 } else { 1 });
    let mut shared = Random(99);
    let rows = images
        .iter()
        .zip(labels)
        .enumerate()
        .map(|(index, (image, label))| {
            let label = usize::from(*label);
            // Both models find the same images hard.
            let hardness = shared.next();
            let wrong = hardness < 0.004 || random.next() < 0.006;
            let confusable = [6, 7, 3, 5, 9, 3, 0, 1, 3, 4][label];
            let predicted = match wrong {
                true if random.next() < 0.7 => confusable,
                true => (label + 1 + (random.next() * 9.0) as usize) % 10,
                false => label,
            };
            let doubt = if wrong {
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
        recipe: if detects {
            "lab-faster-rcnn"
        } else {
            "lab-cnn"
        }
        .into(),
        kind,
        split: "test".into(),
        train_s: if detects { 1_238.4 } else { 287.2 },
        infer_images_per_s: if detects { 812.0 } else { 5_930.0 },
        parameters: if detects { 1_482_310 } else { 3_311_050 },
        multiply_adds: if detects { 31_420_000 } else { 18_870_000 },
        model_bytes: if detects { 5_931_000 } else { 13_245_000 },
        peak_rss_mib: Some(if detects { 691.0 } else { 402.0 }),
        epochs: 5,
        seed: 0,
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
            ..Default::default()
        });
    }
    Run {
        recipe: if detects { FASTER_RCNN } else { CNN }.into(),
        predictions,
        evaluation,
        history: history(detects, train_s),
        environment: environment(detects),
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

fn environment(detects: bool) -> Environment {
    let recipe = if detects {
        "lab-faster-rcnn"
    } else {
        "lab-cnn"
    };
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
        command: ["atelier", "train", recipe, "--seed", "0"]
            .map(String::from)
            .into(),
        seed: 0,
        data: DataIdentity {
            name: "mnist".into(),
            digest: Some("sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f0".into()),
        },
    }
}

/// What follows the header of a gzipped IDX file.
fn content(path: &Path, header: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes.split_off(header.min(bytes.len())))
}

fn image(pixels: &[u8]) -> Image {
    let ink = || (0..pixels.len()).filter(|place| pixels[*place] > 0);
    let (x1, x2) = (
        ink().map(|p| p % SIDE).min(),
        ink().map(|p| p % SIDE + 1).max(),
    );
    let (y1, y2) = (
        ink().map(|p| p / SIDE).min(),
        ink().map(|p| p / SIDE + 1).max(),
    );
    let truth = [x1, y1, x2, y2].map(|edge| edge.unwrap_or(0) as f32);
    Image {
        width: SIDE,
        height: SIDE,
        pixels: pixels.to_vec(),
        truth: Some(truth),
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

/// SplitMix64.
struct Random(u64);

impl Random {
    /// Uniform in 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
