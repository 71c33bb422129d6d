//! Reports of small, telling runs.

mod formats;
mod languages;

use super::*;
use crate::record::{Localisation, LocalisationFigures, Prediction, RunFacts};

/// What a model answered, and what is known of its run.
#[derive(Default)]
struct Run {
    name: &'static str,
    recipe: &'static str,
    evaluation: Evaluation,
    history: Vec<EpochRecord>,
    predictions: Predictions,
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
        environment: Environment::default(),
    }
}

fn page(runs: &[Run]) -> String {
    told(runs, Language::English, Format::Html)
}

fn told(runs: &[Run], language: Language, format: Format) -> String {
    let models: Vec<(&str, &Predictions)> = runs.iter().map(|r| (r.name, &r.predictions)).collect();
    let verdict = Verdict::among(&models, 0).ok();
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
                environment: &run.environment,
            })
            .collect(),
        verdict: verdict.as_ref(),
        seeds: None,
        image: &|index| {
            let truth = Some([0.0, 0.0, 1.0, 1.0]);
            (index != 3).then(|| Image {
                width: 2,
                height: 2,
                pixels: vec![index as u8; 4],
                truth,
            })
        },
        class_names: &classes,
        command: "atelier compare <a> & \"b\"",
        language,
    };
    report.to_text(format)
}

/// What must hold for every report: tags are closed in order, nothing comes from elsewhere, and no
/// number is undefined.
fn assert_sound(name: &str, html: &str) {
    for forbidden in ["NaN", "inf%", ">inf", "http", "<script", "{a}", "undefined"] {
        // The namespace of inline SVG is not needed, so not even that names a server.
        assert!(
            !html.contains(forbidden),
            "{name}: '{forbidden}' in the page"
        );
    }
    const VOID: [&str; 4] = ["meta", "link", "img", "br"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
        let end = tag
            .find('>')
            .unwrap_or_else(|| panic!("{name}: '<{tag}' is not closed"));
        let tag = &tag[..end];
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}: in {open:?}");
        } else if !tag.ends_with('/') {
            let element = tag.split_whitespace().next().unwrap_or_default();
            if !VOID.contains(&element) {
                open.push(element);
            }
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} left open");
    for target in html.split("href=\"#").skip(1) {
        let id = &target[..target.find('"').unwrap()];
        assert!(
            html.contains(&format!("id=\"{id}\"")),
            "{name}: nowhere to go for #{id}"
        );
    }
}

/// Reports of every kind, by name.
fn every_kind() -> Vec<(&'static str, Vec<Run>)> {
    let digits: Vec<String> = (0..40).map(|class| class.to_string()).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    let answers = [(0, 0), (1, 1), (1, 0), (0, 1), (1, 1)];
    let others = [(0, 0), (1, 0), (1, 1), (0, 1), (1, 1)];
    let nothing_known = Run {
        name: "empty",
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
    let mut untaught = run("untaught", &["a", "b"], &answers);
    untaught.history.clear();
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
        ("no history", vec![untaught, detector]),
        ("several objects an image", vec![scenes]),
        ("many classes", vec![run("one", &digits, &many)]),
        (
            "twenty classes",
            vec![run("one", &digits[..20], &[(3, 4), (19, 19)])],
        ),
    ]
}

#[test]
fn every_kind_of_report_is_sound() {
    for (name, runs) in every_kind() {
        for language in [Language::English, Language::French] {
            assert_sound(name, &told(&runs, language, Format::Html));
        }
    }
}

#[test]
fn names_are_text() {
    let html = page(&[
        run("<b>&\"one", &["<i>&\"", "b"], &[(0, 0), (1, 0)]),
        run("</title>", &["<i>&\"", "b"], &[(0, 1), (1, 1)]),
    ]);
    assert_sound("escapes", &html);
    for (what, escaped) in [
        ("model", "&lt;b&gt;&amp;&quot;one"),
        ("title", "<title>&lt;b&gt;&amp;&quot;one or &lt;/title&gt;?"),
        ("class", "<th scope=\"row\">&lt;i&gt;&amp;&quot;</th>"),
        ("command", "atelier compare &lt;a&gt; &amp; &quot;b&quot;"),
    ] {
        assert!(html.contains(escaped), "{what}: no {escaped}");
    }
    assert!(!html.contains("<b>&\""), "a name became a tag");
    assert!(!html.contains("<i>&\""), "a class became a tag");
}

#[test]
fn the_better_figure_is_marked_and_equals_are_not() {
    let two = [
        run("one", &["a", "b"], &[(0, 0), (1, 1), (1, 0), (0, 0)]),
        run("two", &["a", "b"], &[(0, 0), (1, 1), (1, 0), (0, 1)]),
    ];
    let html = page(&two);
    assert!(html.contains("<td class=\"best\">75.00\u{202f}%</td><td>50.00\u{202f}%</td>"));
    // Both trained for the same time.
    assert!(html.contains("<td>1\u{202f}min 15\u{202f}s</td><td>1\u{202f}min 15\u{202f}s</td>"));
    let mut close = two;
    let answers = close[1].evaluation.classification.as_mut().unwrap();
    answers.accuracy = 0.749_999;
    let same = "<td>75.00\u{202f}%</td><td>75.00\u{202f}%</td>";
    assert!(page(&close).contains(same), "rounding hides the difference");
}

#[test]
fn mistakes_go_to_who_made_them() {
    let html = page(&[
        run(
            "one",
            &["a", "b"],
            &[(0, 0), (1, 0), (0, 1), (1, 1), (0, 0)],
        ),
        run(
            "two",
            &["a", "b"],
            &[(0, 1), (1, 0), (0, 0), (1, 0), (0, 0)],
        ),
    ]);
    for group in [
        "Only one is wrong (1)",
        "Only two is wrong (2)",
        "Both are wrong (1)",
    ] {
        assert!(html.contains(group), "no '{group}'");
    }
    assert!(html.contains("no picture"), "image 3 has none");
    let only_one = html
        .split("Only one is wrong")
        .nth(1)
        .unwrap()
        .split("<h3>")
        .next()
        .unwrap();
    assert!(
        only_one.contains("Image 2 of the test set, truth a"),
        "{only_one}"
    );
}
