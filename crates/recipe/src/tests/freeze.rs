//! Parts of a network that training leaves as they are.

use super::*;

const RESNET: &str = r#"[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, padding = 1, bias = false }, "batch-norm", "relu",
  { stage = 2, block = "basic", channels = 8 },
  { stage = 2, block = "basic", channels = 16, stride = 2 },
  "global-avg-pool", { linear = 10 },
]
"#;

fn with(freeze: &str) -> Result<Recipe, RecipeError> {
    parse(&format!("{RESNET}[training]\nfreeze = {freeze}"))
}

#[test]
fn parts_stand_for_layers() {
    for (freeze, expected) in [
        ("[]", [0, 0, 0, 0, 0, 0, 0]),
        ("[\"stem\"]", [1, 1, 1, 0, 0, 0, 0]),
        ("[\"backbone.stage-2\"]", [0, 0, 0, 0, 1, 0, 0]),
        ("[\"stem\", \"stage-1\"]", [1, 1, 1, 1, 0, 0, 0]),
        ("[\"backbone\"]", [1, 1, 1, 1, 1, 0, 0]),
        ("[\"layers[0..2]\"]", [1, 1, 0, 0, 0, 0, 0]),
        ("[\"layers[6]\"]", [0, 0, 0, 0, 0, 0, 1]),
    ] {
        let recipe = with(freeze).unwrap_or_else(|error| panic!("{freeze}: {error}"));
        let frozen = recipe.frozen_layers().into_iter().map(u8::from);
        assert_eq!(frozen.collect::<Vec<_>>(), expected, "{freeze}");
        let text = recipe.to_toml().expect("TOML");
        assert_eq!(parse(&text).expect("reads back"), recipe, "{freeze}");
    }
}

#[test]
fn other_names_are_refused() {
    for (freeze, parts) in [
        (
            "[\"stem\", \"stage-3\"]",
            &[
                "training.freeze[1]: no part of the network is called `stage-3`",
                "stem, stage-1, stage-2, backbone, layers[0..7]",
            ][..],
        ),
        ("[\"layers[4..9]\"]", &["the network has layers[0..7]"]),
        (
            "[\"backbone\", \"layers[6]\"]",
            &["training.freeze: leaves no layer to train"],
        ),
        ("[3]", &["training.freeze[0]"]),
    ] {
        let error = message(with(freeze));
        for part in parts {
            assert!(error.contains(part), "{freeze}: {part} in:\n{error}");
        }
    }
}

#[test]
fn rates_of_parts() {
    for (rates, expected) in [
        ("{}", [1.0; 7]),
        ("{ backbone = 0.1 }", [0.1, 0.1, 0.1, 0.1, 0.1, 1.0, 1.0]),
        // The smaller part counts, whatever their order.
        (
            "{ backbone = 0.1, stage-2 = 0.5, stem = 0.01 }",
            [0.01, 0.01, 0.01, 0.1, 0.5, 1.0, 1.0],
        ),
        (
            "{ \"layers[6]\" = 10 }",
            [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 10.0],
        ),
    ] {
        let recipe = parse(&format!("{RESNET}[training]\nlearning-rates = {rates}"));
        let recipe = recipe.unwrap_or_else(|error| panic!("{rates}: {error}"));
        assert_eq!(recipe.layer_rates(), expected, "{rates}");
        let text = recipe.to_toml().expect("TOML");
        assert_eq!(parse(&text).expect("reads back"), recipe, "{rates}");
    }
    for (rates, part) in [
        (
            "{ stage-3 = 0.1 }",
            "no part of the network is called `stage-3`",
        ),
        ("{ stem = 0 }", "training.learning-rates.stem"),
        ("{ stem = -1.0 }", "training.learning-rates.stem"),
        (
            "{ \"layers[0..4]\" = 0.1, \"layers[3..5]\" = 0.2 }",
            "shares layers with `layers[0..4]`",
        ),
        (
            "{ stage-1 = 0.1, \"layers[3]\" = 0.2 }",
            "shares layers with",
        ),
    ] {
        let error = message(parse(&format!(
            "{RESNET}[training]\nlearning-rates = {rates}"
        )));
        assert!(error.contains(part), "{rates}: {part} in:\n{error}");
    }
}

/// The parts are those of the whole network, and stay the same layers where it is written out.
#[test]
fn parts_of_named_backbones_and_of_networks_written_out() {
    let text = "[model]\nkind = \"cnn\"\nbackbone = \"resnet-18\"\n\
                layers = [\"global-avg-pool\", { linear = 10 }]\n[training]\n";
    for (options, expected) in [
        ("freeze = [\"stem\", \"stage-1\"]", "1111100000"),
        ("freeze = [\"backbone\"]", "1111111100"),
        ("freeze = [\"layers[8..10]\"]", "0000000011"),
        ("freeze = [\"stage-4\"]", "0000000100"),
    ] {
        let recipe = parse(&format!("{text}{options}"));
        let recipe = recipe.unwrap_or_else(|error| panic!("{options}: {error}"));
        let frozen = recipe.frozen_layers();
        assert_eq!(frozen.len(), expected.len());
        for (frozen, expected) in frozen.iter().zip(expected.chars()) {
            assert!(*frozen == (expected == '1'), "{options}: {frozen:?}");
        }
    }
    let rates = parse(&format!(
        "{text}learning-rates = {{ backbone = 0.1, stage-4 = 0.5 }}"
    ));
    let rates = rates.expect("a recipe").layer_rates();
    assert_eq!(rates, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 1.0, 1.0]);
    let error = message(parse(&format!("{text}freeze = [\"stage-5\"]")));
    assert!(error.contains("stem, stage-1"), "{error}");

    let recipe = with("[\"stem\", \"stage-2\"]")
        .expect("a recipe")
        .expanded(1);
    let frozen = recipe.frozen_layers().into_iter().map(u8::from);
    let frozen: Vec<u8> = frozen.collect();
    assert_eq!(frozen, [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0]);
    let rates = parse(&format!(
        "{RESNET}[training]\nlearning-rates = {{ stage-1 = 0.5 }}"
    ));
    let rates = rates.expect("a recipe").expanded(1).layer_rates();
    assert_eq!(rates[2..8], [1.0, 0.5, 0.5, 0.5, 0.5, 1.0]);
    for name in ["resnet-50-fpn", "mobilenet-fpn"] {
        let recipe = Recipe::load::<&str>(name, &[])
            .expect("built in")
            .expanded(3);
        let text = recipe.to_toml().expect("TOML");
        assert_eq!(parse(&text).expect("reads back"), recipe, "{name}");
        assert!(recipe.frozen_layers().contains(&true), "{name}");
    }
}
