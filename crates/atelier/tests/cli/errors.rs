//! Errors say what is wrong, where, and what to do.

use super::support::*;

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = folder_with_recipes();
    let at = folder.path();
    std::fs::write(at.join("no-image.png"), "not a picture").expect("written");
    std::fs::create_dir(at.join("empty")).expect("created");
    std::fs::write(
        at.join("bad.toml"),
        TINY_CNN.replace("epochs = 1", "epoch = 1"),
    )
    .expect("written");
    struct Case {
        name: &'static str,
        arguments: &'static [&'static str],
        code: i32,
        says: &'static [&'static str],
    }
    let cases = [
        Case {
            name: "nothing asked",
            arguments: &[],
            code: 2,
            says: &["Usage: atelier", "compare --quick"],
        },
        Case {
            name: "unknown recipe",
            arguments: &["train", "lab-cn"],
            code: 2,
            says: &["lab-cn", "lab-cnn"],
        },
        Case {
            name: "misspelt key",
            arguments: &["train", "bad.toml"],
            code: 2,
            says: &["bad.toml", "epoch", "epochs"],
        },
        Case {
            name: "misspelt override",
            arguments: &["train", "lab-cnn", "--set", "training.epoch=1"],
            code: 2,
            says: &["training.epoch", "training.epochs"],
        },
        Case {
            name: "shapes that do not fit",
            arguments: &["train", "lab-cnn", "--set", "model.layers[0].kernel=31"],
            code: 1,
            says: &["model.layers[0]", "31"],
        },
        Case {
            name: "no such run",
            arguments: &["evaluate", "nothing"],
            code: 1,
            says: &["nothing", "atelier runs"],
        },
        Case {
            name: "one recipe",
            arguments: &["compare", "lab-cnn"],
            code: 2,
            says: &["two", "atelier train lab-cnn"],
        },
        Case {
            name: "no such data",
            arguments: &["train", "lab-cnn", "--data", "nowhere"],
            code: 1,
            says: &["nowhere"],
        },
        Case {
            name: "empty data folder",
            arguments: &["train", "lab-cnn", "--data", "empty"],
            code: 1,
            says: &["empty", "train-images-idx3-ubyte"],
        },
        Case {
            name: "two outputs",
            arguments: &["bench", "lab-cnn", "--markdown", "--json"],
            code: 2,
            says: &["--markdown", "--json"],
        },
        Case {
            name: "more seeds than memory",
            arguments: &["compare", "lab-cnn", "fast-cnn", "--seeds", "4294967295"],
            code: 2,
            says: &["--seeds", "1000"],
        },
        Case {
            name: "more scenes than memory",
            arguments: &[
                "data",
                "scenes",
                "--out",
                "x",
                "--images",
                "2000000000000000000",
            ],
            code: 2,
            says: &["--images"],
        },
        Case {
            name: "more weights than memory",
            arguments: &[
                "train",
                "lab-cnn",
                "--set",
                "model.layers=[\"flatten\",{linear=1048576},{linear=1048576},{linear=10}]",
            ],
            code: 1,
            says: &["16.0 TiB", "`linear 1048576` alone", "help: use fewer"],
        },
        Case {
            name: "larger maps than memory",
            arguments: &[
                "train",
                "lab-cnn",
                "--set",
                "model.layers=[{conv=64,kernel=1,padding=4096},\"global-avg-pool\",{linear=10}]",
                "--set",
                "training.batch-size=2000",
            ],
            code: 1,
            says: &[
                "TiB",
                "`conv 64, 1x1, padding 4096`",
                "batch-size than 2000",
            ],
        },
        Case {
            name: "a wider head than memory",
            arguments: &[
                "train",
                "scenes-faster-rcnn",
                "--set",
                "model.roi.hidden=[1048576, 1048576]",
            ],
            code: 1,
            says: &["TiB", "`roi: linear 1048576, relu`"],
        },
        Case {
            name: "more training scenes than anyone needs",
            arguments: &[
                "train",
                "scenes-faster-rcnn",
                "--set",
                "data.scenes.train-images=2000000000000000000",
            ],
            code: 2,
            says: &["from 1 to 100000000", "EiB"],
        },
        Case {
            name: "more test scenes than memory",
            arguments: &[
                "train",
                "scenes-faster-rcnn",
                "--set",
                "data.scenes.test-images=100000000",
            ],
            code: 1,
            says: &["data.scenes.test-images = 100000000", "1.5 TiB"],
        },
        Case {
            name: "unknown device",
            arguments: &["train", "lab-cnn", "--device", "tpu"],
            code: 2,
            says: &["tpu", "cpu"],
        },
    ];
    for Case {
        name,
        arguments,
        code,
        says,
    } in cases
    {
        let text = error(at, arguments, code);
        for part in says {
            assert!(text.contains(part), "{name}: '{part}' is not in:\n{text}");
        }
    }
    assert!(
        !at.join("runs").exists(),
        "nothing is made before all is checked"
    );
}
