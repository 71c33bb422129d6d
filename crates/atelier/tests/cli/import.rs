//! Weights that were trained elsewhere.

use super::support::{Path, error, json, success};

/// The network of `cnn.pth`, whose last layer has five outputs.
const RECIPE: &str = r#"
[data.image]
colour = "grey"
size = [12, 12]
fit = "stretch"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 3, padding = 1, bias = false }, { max-pool = 2 }, "batch-norm", "relu",
  { conv = 6, kernel = [3, 2], stride = 2 }, "gelu",
  "flatten", { linear = 7 }, "relu", { linear = 2 },
]
"#;

#[test]
fn an_imported_network_is_used_as_a_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("mine.toml"), RECIPE).expect("written");
    std::fs::write(folder.join("names.txt"), "ant\nbee\ncat\ndog\nelk\n").expect("written");
    let picture = image::GrayImage::from_fn(30, 20, |x, y| image::Luma([(x * y % 256) as u8]));
    picture.save(folder.join("p.png")).expect("written");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nets/tests/golden/weights");
    for (number, file) in ["cnn.pth", "legacy.pth"].into_iter().enumerate() {
        let weights = golden.join(file).display().to_string();
        let name = format!("run{number}");
        let import = [
            "import",
            &weights,
            "--recipe",
            "mine.toml",
            "--classes",
            "names.txt",
            "--name",
            &name,
        ];
        let text = String::from_utf8(success(folder, &import)).expect("text");
        assert!(text.contains("5 classes"), "{text}");
    }
    let all = ["run0", "run1"].map(|run| json(folder, &["predict", run, "p.png", "--json"]));
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0][0]["probabilities"].as_array().map(Vec::len), Some(5));
    let class = all[0][0]["class"].as_str().expect("a class");
    assert!(
        ["ant", "bee", "cat", "dog", "elk"].contains(&class),
        "{class}"
    );
    success(
        folder,
        &["export", "run0", "--format", "onnx", "--out", "model.onnx"],
    );
    let same = json(folder, &["predict", "model.onnx", "p.png", "--json"]);
    assert_eq!(same[0]["class"], class);

    let resumed = error(folder, &["train", "--resume", "run0"], 2);
    assert!(resumed.contains("--init run0"), "{resumed}");
    std::fs::write(folder.join("names.txt"), "[\"ant\", \"bee\"]").expect("written");
    let weights = golden.join("cnn.pth").display().to_string();
    let import = [
        "import",
        &weights,
        "--recipe",
        "mine.toml",
        "--classes",
        "names.txt",
    ];
    let few = error(folder, &import, 1);
    assert!(
        few.contains("2 classes are named, but the weights have 5"),
        "{few}"
    );
    let other = error(folder, &["import", &weights, "--recipe", "lab-cnn"], 1);
    assert!(other.contains("no tensor fits"), "{other}");
    assert!(!folder.join("runs/lab-cnn").exists());
}
