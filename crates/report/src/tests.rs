//! Reports of small, telling runs.

mod formats;
mod goldens;
mod languages;
mod page;

use super::*;
use measure::cost::Latency;
use measure::detection::{Category, DetectionMistakes, MistakeFigures, Truth};
use measure::record::{
    BoxPrecisionRecall, DataIdentity, Energy, InferenceSpeed, Localisation, LocalisationFigures,
    NoEnergy, Outcome, Prediction, RunFacts, SeedRun, SeedRuns, Throughput, TimeToAccuracy,
};

/// A model's predictions, and the records of its run.
#[derive(Default)]
struct Run {
    name: &'static str,
    recipe: &'static str,
    evaluation: Evaluation,
    history: Vec<EpochRecord>,
    predictions: Predictions,
    detections: Vec<Detection>,
    objects: Option<GroundTruth>,
    environment: Environment,
}

/// `answers` are `(label, predicted)`.
fn run(name: &'static str, classes: &[&str], answers: &[(usize, usize)]) -> Run {
    let rows = answers.iter().enumerate();
    let rows = rows.map(|(index, &(label, predicted))| {
        let mut probabilities = vec![0.1 / classes.len() as f32; classes.len()];
        probabilities[predicted] += 0.9;
        Prediction {
            index,
            label,
            predicted,
            score: 0.9,
            probabilities,
            detection: None,
        }
    });
    let predictions = Predictions {
        rows: rows.collect(),
        classes: classes.iter().map(ToString::to_string).collect(),
    };
    let facts = RunFacts {
        recipe: name.into(),
        split: "test".into(),
        train_s: 75.0,
        epochs: 2,
        ..Default::default()
    };
    let epoch = |epoch: usize| EpochRecord {
        epoch,
        train_loss: 0.5 / epoch as f64,
        train_accuracy: Some(1.0 - 0.1 / epoch as f64),
        seconds: 37.5 * epoch as f64,
        ..Default::default()
    };
    Run {
        name,
        recipe: "[training]\nepochs = 2\n",
        evaluation: Evaluation::from_predictions(&predictions, facts).unwrap(),
        history: vec![epoch(1), epoch(2)],
        predictions,
        detections: Vec::new(),
        objects: None,
        environment: Environment {
            recipe: Some(name.into()),
            atelier: "0.1.0".into(),
            device: "CPU".into(),
            threads: 2,
            date: "2026-07-31T12:00:00Z".into(),
            command: ["atelier", "train", name, "--set", "model.layers[0].conv=8"]
                .map(str::to_string)
                .to_vec(),
            data: DataIdentity {
                name: "mnist".into(),
                digest: None,
            },
            ..Environment::default()
        },
    }
}

/// With ordinary spaces.
pub fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// The comparison over seeds of the recipes 'one' and 'two'; a run belongs to the recipe that its name begins with.
fn over_seeds(runs: &[Run]) -> Option<SeedsVerdict> {
    let of = |recipe: &str| -> Vec<SeedRun<'_>> {
        let runs = runs.iter().filter(|run| run.name.starts_with(recipe));
        let runs = runs.map(|run| SeedRun {
            seed: run.evaluation.seed,
            run: run.name,
            outcome: Outcome::Answers(&run.predictions),
        });
        runs.collect()
    };
    let recipes = ["one", "two"].map(|recipe| (recipe, of(recipe)));
    if recipes.iter().any(|(_, runs)| runs.len() < 2) {
        return None;
    }
    let recipes = recipes.each_ref();
    let recipes = recipes.map(|(recipe, runs)| SeedRuns { recipe, runs });
    let images = runs.first()?.predictions.rows.len() as u64;
    SeedsVerdict::among(&recipes, images, 0)
        .ok()
        .map(crate::with_sentence_over_seeds)
}

fn written(runs: &[Run], language: Language, format: Format) -> String {
    let seeds = over_seeds(runs);
    let objects = runs.first().and_then(|run| run.objects.clone());
    let models: Vec<(&str, &Predictions)> = runs.iter().map(|r| (r.name, &r.predictions)).collect();
    let verdict = Verdict::among(&models, 0)
        .ok()
        .filter(|_| seeds.is_none())
        .map(crate::with_sentence);
    let classes = runs
        .first()
        .map(|r| r.predictions.classes.clone())
        .unwrap_or_default();
    let report = Report {
        contestants: runs
            .iter()
            .map(|run| Contestant {
                name: run.name,
                recipe_toml: run.recipe,
                evaluation: &run.evaluation,
                history: &run.history,
                predictions: &run.predictions,
                detections: &run.detections,
                environment: &run.environment,
            })
            .collect(),
        verdict: verdict.as_ref(),
        seeds: seeds.as_ref(),
        image: &|index| {
            let truth = Some([0.0, 0.0, 1.0, 1.0]);
            (index != 3).then(|| Image {
                width: 2,
                height: 2,
                pixels: vec![index as u8; 4],
                frame: None,
                truth,
            })
        },
        objects: objects.as_ref(),
        class_names: &classes,
        command: "atelier compare <a> & \"b\"",
        language,
    };
    report.to_text(format)
}

/// Measured speeds, on a machine without an energy counter.
fn add_speed(run: &mut Run, milliseconds: f64) {
    run.evaluation.speed = Some(InferenceSpeed {
        latency_1: Latency {
            p50_ms: milliseconds,
            p95_ms: 1.5 * milliseconds,
            p99_ms: 2.0 * milliseconds,
            mean_ms: 1.125 * milliseconds,
        },
        singles: 200,
        throughput: [(1, 500.0), (16, 2000.0), (64, 3000.0)]
            .map(|(batch_size, images_per_s)| Throughput {
                batch_size,
                images_per_s,
            })
            .to_vec(),
    });
    run.evaluation.energy = Some(Energy {
        unavailable: Some(NoEnergy::NoCounter),
        ..Energy::default()
    });
}

/// Two images with two objects each and every kind of mistake, in the boxes and in the record.
fn add_several_objects(run: &mut Run) {
    let truth = |image, category, x: f64| Truth {
        image,
        category,
        bounds: [x, 0.0, 10.0, 10.0].into(),
        area: 100.0,
        ..Truth::default()
    };
    let found = |image, category, x: f64, width: f64, score| Detection {
        image,
        category,
        bounds: [x, 0.0, width, 10.0].into(),
        score,
    };
    let name = |(id, name): (usize, &String)| Category {
        id: id as i64,
        name: name.clone(),
    };
    let names = run.predictions.classes.iter().enumerate();
    run.objects = Some(GroundTruth {
        images: vec![7, 9],
        categories: names.map(name).collect(),
        truths: vec![
            truth(7, 0, 0.0),
            truth(7, 1, 20.0),
            truth(9, 0, 0.0),
            truth(9, 1, 20.0),
        ],
    });
    run.detections = vec![
        found(7, 0, 0.0, 10.0, 0.9),
        found(7, 0, 1.0, 10.0, 0.8),  // the same object again
        found(7, 0, 20.0, 10.0, 0.7), // the wrong class
        found(9, 0, 6.0, 10.0, 0.75), // badly placed
        found(9, 1, 60.0, 10.0, 0.6), // nothing there
        found(9, 1, 20.0, 10.0, 0.4), // right, but too weak to be shown: missed
    ];
    let curve = |height: f64| vec![height; measure::detection::RECALLS];
    run.evaluation.box_precision_recall = Some(BoxPrecisionRecall {
        iou_50: curve(0.9),
        iou_75: curve(0.8),
        iou_50_95: curve(0.7),
    });
    let one = MistakeFigures {
        count: 1,
        ap_lost: Some(0.125),
    };
    let boxes = run.evaluation.localisation.get_or_insert_default();
    boxes.mistakes = Some(DetectionMistakes {
        right: 2,
        localisation: one,
        classification: one,
        both: MistakeFigures::default(),
        duplicate: one,
        background: one,
        missed: MistakeFigures {
            count: 3,
            ap_lost: None,
        },
    });
}

/// Reports of every kind, by name.
fn every_kind() -> Vec<(&'static str, Vec<Run>)> {
    let digits: Vec<String> = (0..40).map(|class| class.to_string()).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    let answers = [(0, 0), (1, 1), (1, 0), (0, 1), (1, 1)];
    let others = [(0, 0), (1, 0), (1, 1), (0, 1), (1, 1)];
    let nothing_known = Run {
        name: "empty",
        evaluation: Evaluation::of_run(0, RunFacts::default()),
        ..Run::default()
    };
    let mut undefined = run("unknown", &["a", "b"], &answers);
    let scores = undefined.evaluation.classification.as_mut().unwrap();
    scores.loss = f64::NAN;
    scores.accuracy_interval = [f64::NAN, f64::INFINITY];
    undefined.evaluation.infer_images_per_s = f64::NAN;
    undefined.history[1].train_loss = f64::NAN;
    undefined.history[1].seconds = f64::INFINITY;
    undefined.evaluation.peak_rss_mib = Some(f64::NAN);
    let mut no_history = run("no-history", &["a", "b"], &answers);
    no_history.history.clear();
    let mut detector = run("detector", &["a", "b"], &others);
    for (row, prediction) in detector.predictions.rows.iter_mut().enumerate() {
        let iou = 0.5;
        let bounds = [0.0, 0.0, row as f32, f32::NAN];
        prediction.detection = (row > 0).then_some(Localisation { bounds, iou });
    }
    detector.evaluation.localisation = Some(LocalisationFigures {
        mean_iou: 0.4,
        ..Default::default()
    });
    detector.history[0].losses = [("box".to_string(), 0.25)].into();
    let mut scenes = run("scenes", &["a", "b"], &answers);
    scenes.predictions.rows.clear();
    scenes.evaluation.classification = None;
    scenes.evaluation.localisation = detector.evaluation.localisation;
    add_several_objects(&mut scenes);
    let seeds = ["one-seed-0", "one-seed-1", "two-seed-0", "two-seed-1"]
        .iter()
        .enumerate();
    let seeds = seeds.map(|(place, name)| {
        let answers = if place < 2 { &answers } else { &others };
        let mut run = run(name, &["a", "b"], &answers[..]);
        let seed = place as u64 % 2;
        (run.evaluation.seed, run.environment.seed) = (seed, seed);
        run.environment.recipe = name.split('-').next().map(str::to_string);
        run.evaluation.train_s += place as f64;
        add_speed(&mut run, place as f64 + 0.5);
        // Recipe 'two' reaches the second with one of its seeds.
        let reached = [(0.9, 37.5), (0.95, 75.0)].into_iter();
        let reached = reached.take(if place == 3 { 1 } else { 2 });
        let reached = reached.map(|(accuracy, seconds)| TimeToAccuracy { accuracy, seconds });
        run.evaluation.time_to_accuracy = reached.collect();
        run
    });
    let many: Vec<(usize, usize)> = (0..400)
        .map(|i| (i % 40, if i % 7 == 0 { (i + 3) % 40 } else { i % 40 }))
        .collect();
    vec![
        ("no run", vec![]),
        ("nothing known", vec![nothing_known]),
        ("one", vec![run("one", &["a", "b"], &answers)]),
        (
            "two",
            vec![
                run("one", &["a", "b"], &answers),
                run("two", &["a", "b"], &others),
            ],
        ),
        (
            "twins",
            vec![
                run("one", &["a", "b"], &answers),
                run("two", &["a", "b"], &answers),
            ],
        ),
        (
            "three",
            vec![
                run("one", &["a"], &[(0, 0)]),
                run("two", &["a"], &[(0, 0)]),
                run("three", &["a"], &[(0, 0)]),
            ],
        ),
        (
            "different images",
            vec![
                run("one", &["a", "b"], &answers),
                run("two", &["a", "b"], &answers[..2]),
            ],
        ),
        (
            "undefined figures",
            vec![undefined, run("two", &["a", "b"], &answers)],
        ),
        ("no history", vec![no_history, detector]),
        ("several objects an image", vec![scenes]),
        ("seeds", seeds.collect()),
        ("many classes", vec![run("one", &digits, &many)]),
        (
            "twenty classes",
            vec![run("one", &digits[..20], &[(3, 4), (19, 19)])],
        ),
    ]
}
