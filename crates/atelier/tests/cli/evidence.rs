//! Comparisons one can trust: several seeds, what the JSON promises, what a model costs, and the list of runs.

use super::support::*;

#[path = "../../../report/tests/support/json_schema.rs"]
mod json_schema;

fn names(list: &Value) -> Vec<String> {
    let runs = list.as_array().expect("a list").iter();
    let name = |run: &Value| {
        let path = Path::new(run["run"].as_str().expect("a path"));
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    runs.map(name).collect()
}

#[test]
fn recipes_are_compared_over_seeds() {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    let asked = [
        "compare",
        "wide.toml",
        "narrow.toml",
        "--seeds",
        "3",
        "--seed",
        "7",
    ];
    let compared = json(at, &[&asked[..], &["--json"]].concat());
    assert_eq!(
        json_schema::faults(&compared, "comparison.schema.json"),
        [""; 0]
    );
    assert!(compared.get("verdict").is_none());
    assert_eq!(
        names(&compared["contestants"]),
        [
            "wide-seed-7",
            "wide-seed-8",
            "wide-seed-9",
            "narrow-seed-7",
            "narrow-seed-8",
            "narrow-seed-9"
        ]
    );
    let seeds = &compared["seeds"];
    let wide = &seeds["recipes"][0];
    assert_eq!(
        (&wide["recipe"], &wide["seeds"]),
        (&"wide".into(), &serde_json::json!([7, 8, 9]))
    );
    for (contestant, value) in wide["values"]
        .as_array()
        .expect("a list")
        .iter()
        .enumerate()
    {
        assert_eq!(compared["contestants"][contestant]["accuracy"], *value);
    }
    assert!(seeds["test"]["p_value"].is_number() && wide["sd"].as_f64() > Some(0.0));
    let words = seeds["sentence"].as_str().expect("a sentence");
    assert!(
        words.contains("3 seeds") && words.contains("wide"),
        "{words}"
    );
    assert!(at.join("runs/wide-vs-narrow-3-seeds/report.html").is_file());

    // The same command takes what is trained, and trains what is missing: one run was stopped, one is gone.
    let unfinished = at.join("runs/wide-seed-8");
    std::fs::remove_file(unfinished.join("evaluation.json")).expect("removed");
    std::fs::remove_dir_all(at.join("runs/narrow-seed-9")).expect("removed");
    let output = atelier(at, &asked);
    let notes = String::from_utf8(output.stderr).expect("text");
    assert_eq!(notes.matches("is already trained").count(), 4, "{notes}");
    assert!(notes.contains("resuming after step"), "{notes}");
    let table = String::from_utf8(output.stdout).expect("text");
    for part in [
        "±",
        "Seed 8",
        "Standard deviation",
        "Time for one image",
        words,
    ] {
        assert!(table.contains(part), "'{part}' is not in:\n{table}");
    }
    // A recipe that changed is not taken for what was trained.
    let changed = [&asked[..], &["--epochs", "2", "--json"]].concat();
    let changed = json(at, &changed);
    assert_eq!(names(&changed["contestants"])[0], "wide-seed-7-2");

    // Finished runs are grouped by what they are, whatever their order.
    let runs = [
        "narrow-seed-8",
        "wide-seed-7",
        "narrow-seed-7",
        "wide-seed-8",
    ];
    let again = json(at, &[&["compare", "--json", "--runs"][..], &runs].concat());
    assert_eq!(
        json_schema::faults(&again, "comparison.schema.json"),
        [""; 0]
    );
    assert_eq!(
        again["seeds"]["recipes"][0]["runs"],
        serde_json::json!(["narrow-seed-7", "narrow-seed-8"])
    );
    let output = atelier(
        at,
        &[
            "compare",
            "--json",
            "--runs",
            "wide-seed-7",
            "wide-seed-8",
            "narrow-seed-7",
        ],
    );
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        notes.contains("compared individually") && notes.contains("wide with 7, 8; narrow with 7"),
        "{notes}"
    );
    let single: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        json_schema::faults(&single, "comparison.schema.json"),
        [""; 0]
    );
    assert_eq!(single["verdict"]["pairs"].as_array().map(Vec::len), Some(3));
    let told = success(
        at,
        &[
            "compare",
            "--runs",
            "wide-seed-7",
            "wide-seed-8",
            "narrow-seed-7",
        ],
    );
    let told = String::from_utf8_lossy(&told);
    let sentence = single["verdict"]["sentence"].as_str().expect("a sentence");
    for part in ["p-values Holm-corrected", sentence] {
        assert!(told.contains(part), "'{part}' is not in:\n{told}");
    }

    // Any other command knows the runs too.
    let text = error(
        at,
        &["compare", "wide.toml", "narrow.toml", "--seeds", "0"],
        2,
    );
    assert!(text.contains("--seeds"), "{text}");
    success(
        at,
        &[
            "report",
            "wide-seed-7",
            "wide-seed-8",
            "narrow-seed-7",
            "narrow-seed-8",
            "--format",
            "json",
        ],
    );
    assert!(at.join("runs/wide-vs-narrow-2-seeds/report.json").is_file());
}

#[test]
fn a_run_says_what_it_costs_and_is_found_again() {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    let trained = json(at, &["train", "wide.toml", "--json"]);
    assert_eq!(
        json_schema::faults(&trained, "evaluation.schema.json"),
        [""; 0]
    );
    let evaluated = json(at, &["evaluate", "wide", "--json"]);
    assert_eq!(
        json_schema::faults(&evaluated, "evaluation.schema.json"),
        [""; 0]
    );
    for figures in [&trained, &evaluated] {
        let speed = &figures["speed"];
        let latency = |quantile: &str| speed["latency_1"][quantile].as_f64().expect("a number");
        assert!(
            0.0 < latency("p50_ms") && latency("p50_ms") <= latency("p99_ms"),
            "{speed}"
        );
        let sizes = speed["throughput"].as_array().expect("a list").iter();
        let sizes: Vec<u64> = sizes.filter_map(|at| at["batch_size"].as_u64()).collect();
        assert_eq!(sizes[0], 1);
        // Measured, or said why not.
        let energy = &figures["energy"];
        assert!(
            energy["meter"].is_null() != energy["unavailable"].is_null(),
            "{energy}"
        );
        assert_eq!(
            energy["infer_j_per_image"].is_null(),
            energy["meter"].is_null(),
            "{energy}"
        );
    }
    assert_eq!(trained["time_to_accuracy"], evaluated["time_to_accuracy"]);

    let detector =
        TINY_DETECTOR.replace("validation = 52000", "source = \"marks\"\nvalidation = 100");
    std::fs::write(at.join("boxes.toml"), detector).expect("written");
    let boxes = json(at, &["train", "boxes.toml", "--seed", "3", "--json"]);
    assert_eq!(
        json_schema::faults(&boxes, "evaluation.schema.json"),
        [""; 0]
    );
    let area = |curve: &str| {
        let heights = boxes["box_precision_recall"][curve]
            .as_array()
            .expect("a curve");
        heights.iter().filter_map(Value::as_f64).sum::<f64>() / 101.0
    };
    for (curve, figure) in [
        ("iou_50", "map_50"),
        ("iou_75", "map_75"),
        ("iou_50_95", "map"),
    ] {
        let difference = area(curve) - boxes[figure].as_f64().expect("a number");
        assert!(difference.abs() < 1e-9, "{curve}: {difference}");
    }
    assert!(boxes["mistakes"]["localisation"]["count"].is_u64());

    success(at, &["train", "narrow.toml", "--seed", "1"]);
    let listed = |flags: &[&str]| names(&json(at, &[&["runs", "--json"], flags].concat()));
    let by_name = ["boxes", "narrow", "wide"];
    assert_eq!(listed(&[]), by_name);
    assert_eq!(listed(&["--recipe", "wide"]), ["wide"]);
    assert_eq!(listed(&["--kind", "faster-rcnn"]), ["boxes"]);
    assert_eq!(listed(&["--since", "2020-01-31"]), by_name);
    assert_eq!(listed(&["--since", "2999-01-31"]), [""; 0]);
    assert_eq!(listed(&["--sort", "ap"])[0], "boxes");
    let accuracies: Vec<f64> = json(at, &["runs", "--json", "--sort", "accuracy"])
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|run| run["evaluation"]["accuracy"].as_f64())
        .collect();
    assert!(
        accuracies.is_sorted_by(|a, b| a >= b) && accuracies.len() == 3,
        "{accuracies:?}"
    );
    let text = error(at, &["runs", "--since", "yesterday"], 2);
    assert!(text.contains("2026-01-31"), "{text}");
    let table = success(at, &["runs", "--recipe", "nothing"]);
    assert!(String::from_utf8_lossy(&table).contains("No run in"));
}

#[test]
fn detectors_of_scenes_are_compared_over_seeds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let detector = TINY_DETECTOR
        .replace("validation = 52000", "source = \"scenes\"")
        .replace("[training]", "[data.scenes]\ntrain-images = 32\ntest-images = 10\nsize = 64\ndigits = [0, 3]\n[training]");
    std::fs::write(at.join("a.toml"), &detector).expect("written");
    std::fs::write(
        at.join("b.toml"),
        detector.replace("hidden = [64]", "hidden = [32]"),
    )
    .expect("written");
    let compared = json(
        at,
        &["compare", "a.toml", "b.toml", "--seeds", "2", "--json"],
    );
    assert_eq!(
        json_schema::faults(&compared, "comparison.schema.json"),
        [""; 0]
    );
    let seeds = &compared["seeds"];
    // Ten test images are too few for larger batches.
    let sizes = compared["contestants"][0]["speed"]["throughput"]
        .as_array()
        .expect("a list")
        .iter();
    assert!(
        sizes
            .filter_map(|at| at["batch_size"].as_u64())
            .all(|size| size <= 8)
    );
    assert_eq!(seeds["figure"], "average-precision");
    assert!(seeds["test"]["images_interval"].is_null());
    assert_eq!(
        seeds["recipes"][1]["values"][1],
        compared["contestants"][3]["map"]
    );
}
