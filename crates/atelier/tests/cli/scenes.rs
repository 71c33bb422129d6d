//! Scenes of several digits: writing them, training on them, evaluating them.

use super::support::*;

#[test]
fn scenes_are_written_learned_from_and_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let detector = TINY_DETECTOR
        .replace("validation = 52000", "source = \"scenes\"\nvalidation = 8")
        .replace("[training]", "[data.scenes]\ntrain-images = 64\ntest-images = 12\nsize = 64\ndigits = [0, 3]\n[training]");
    std::fs::write(at.join("scenes.toml"), detector).expect("written");
    let options = [
        "--images",
        "40",
        "--test-images",
        "12",
        "--size",
        "64",
        "--digits",
        "0-3",
    ];
    for out in ["one", "two"] {
        success(
            at,
            &[&["data", "scenes", "--out", out][..], &options].concat(),
        );
    }
    for file in [
        "train.json",
        "test.json",
        "train/000039.png",
        "test/000011.png",
    ] {
        let bytes = |out: &str| std::fs::read(at.join(out).join(file)).expect("written");
        assert!(bytes("one") == bytes("two"), "{file} differs");
    }
    let text = error(at, &["data", "scenes", "--out", "one"], 1);
    assert!(text.contains("one: the folder is not empty"), "{text}");
    let text = error(
        at,
        &["data", "scenes", "--out", "three", "--side", "30-300"],
        2,
    );
    assert!(
        text.contains("--side must be") && !at.join("three").exists(),
        "{text}"
    );

    // Composed while training, and from the folder: the same test scenes, judged the same way.
    let made = json(at, &["train", "scenes.toml", "--json"]);
    assert!(made["map"].is_number() && made["found"].is_number() && made.get("accuracy").is_none());
    assert_eq!(
        (&made["images"], &made["recipe"]),
        (&12.into(), &"scenes".into())
    );
    let run = at.join("runs/scenes");
    for file in ["detections.json", "report.html", "evaluation.json"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    let again = json(at, &["evaluate", "scenes", "--json"]);
    let folder = json(at, &["evaluate", "scenes", "--data", "one", "--json"]);
    let figures = [
        "coco-eval",
        "one/test.json",
        "runs/scenes/detections.json",
        "--json",
    ];
    let figures = json(at, &figures);
    for figure in ["map", "map_50", "mar_100"] {
        assert_eq!(made[figure], again[figure], "{figure}");
        assert_eq!(made[figure], folder[figure], "{figure}, from the folder");
        assert_eq!(made[figure], figures[figure], "{figure}, by coco-eval");
    }
    success(
        at,
        &[
            "train",
            "scenes.toml",
            "--data",
            "one",
            "--set",
            "data.validation=4",
        ],
    );
    assert!(
        String::from_utf8(success(at, &["runs"]))
            .expect("text")
            .contains("scenes-2")
    );
    let compared = json(at, &["compare", "--runs", "scenes", "scenes-2", "--json"]);
    assert!(compared.get("verdict").is_none());

    // Detections belong to their run as predictions do.
    let detections = run.join("detections.json");
    let before = std::fs::read(&detections).expect("read");
    let others = std::fs::read(at.join("runs/scenes-2/detections.json")).expect("read");
    for others in [Some(others), None] {
        std::fs::remove_file(&detections).expect("removed");
        if let Some(others) = others {
            std::fs::write(&detections, others).expect("written");
        }
        for command in ["report", "evaluate"] {
            let text = error(at, &[command, "scenes"], 1);
            assert!(text.contains("scenes/detections.json"), "{text}");
        }
    }
    std::fs::write(&detections, before).expect("restored");

    let text = error(at, &["train", "lab-cnn", "--data", "one"], 1);
    assert!(
        text.contains("classifier") && text.contains("faster-rcnn"),
        "{text}"
    );
    let anchors = json(at, &["data", "anchors", "scenes.toml", "--json"]);
    assert!(anchors["suggestion"]["mean_iou"].as_f64() > anchors["fit"]["mean_iou"].as_f64());
    let text = error(at, &["data", "anchors", "lab-cnn"], 2);
    assert!(text.contains("no anchors"), "{text}");
}
