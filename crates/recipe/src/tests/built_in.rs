//! The built-in recipes and those of the benches: what they describe, and how large their networks are.

use super::*;

#[test]
fn built_in_recipes_fit_mnist_and_survive_a_round_trip() {
    for name in names() {
        let recipe = Recipe::load::<&str>(name, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
        recipe
            .summary([1, 28, 28], 10)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let text = recipe.to_toml().unwrap();
        assert_eq!(
            parse(&text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}")),
            recipe
        );
        assert!(
            built_in(name).unwrap().about().len() > 20,
            "{name} lacks a description"
        );
    }
}

#[test]
fn lab_cnn_matches_the_labs_network() {
    let recipe = Recipe::load::<&str>("lab-cnn", &[]).unwrap();
    let conv = |channels| Layer::Conv {
        channels,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: Groups::default(),
        bias: true,
    };
    let pool = Layer::MaxPool(Pool {
        size: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
    });
    let linear = |features| Layer::Linear {
        features,
        bias: true,
    };
    #[rustfmt::skip]
    let expected = [
        conv(32), Layer::Relu, pool.clone(), conv(64), Layer::Relu, pool, conv(128), Layer::Relu,
        Layer::Flatten, linear(512), Layer::Relu, linear(10),
    ];
    assert_eq!(recipe.model.layers(), expected);
    assert_eq!(recipe.data, Data::default());
    assert_eq!(recipe.training, Training::default());
    let summary = recipe.summary([1, 28, 28], 10).unwrap();
    assert_eq!(summary.parameters, 3_309_578);
    assert_eq!(
        summary.multiply_adds,
        225_792 + 2 * 3_612_672 + 3_211_264 + 5_120
    );
    assert_eq!(summary.stride, [4, 4]);
    // 3x3 at stride 1, pool, 3x3 at 2, pool, 3x3 at 4: 1 + 2 + 1 + 4 + 2 + 8.
    assert_eq!(summary.layers[7].receptive_field, Some([18, 18]));
    assert_eq!(summary.layers[8].output, Shape::Features(128 * 7 * 7));
}

#[test]
fn small_resnet_is_small() {
    let recipe = Recipe::load::<&str>("small-resnet", &[]).unwrap();
    for side in [28, 64] {
        let summary = recipe.summary([1, side, side], 10).unwrap();
        assert_eq!(summary.parameters, 308_074, "{side}");
    }
}

/// Configuration (a) of torchvision's Faster R-CNN on MNIST has 323,157 parameters.
#[test]
fn detector_parameters_match_torchvision() {
    let recipe = parse(
        r#"
        [model]
        kind = "faster-rcnn"
        [model.backbone]
        layers = [
          { conv = 32, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
          { conv = 64, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
          { conv = 64, kernel = 3, padding = 1 }, "relu",
        ]
        "#,
    )
    .unwrap();
    let summary = recipe.summary([1, 28, 28], 10).unwrap();
    assert_eq!(summary.parameters, 323_157);
    // 18 of the backbone, and 3x3 at stride 4.
    assert_eq!(summary.layers[8].name, "rpn: conv 3x3, relu");
    assert_eq!(summary.layers[8].receptive_field, Some([26, 26]));
    // Backbone, proposals, and the head for 16 regions, without RoIAlign's own products: 11.2 M.
    let align = 16 * 64 * 5 * 5 * 16;
    assert_eq!(
        summary.multiply_adds - align,
        5_644_800 + 1_900_416 + 3_651_584
    );
}

/// Two configurations of Faster R-CNN for scenes have as many parameters as torchvision's: the one of the benches, and the
/// pyramid with group norm in the head.
#[test]
fn scene_detectors_match_torchvision() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/recipes");
    for (name, size, parameters, norm, millions) in [
        ("scenes.toml", 128, 589_860, 0, 167),
        ("scenes-fpn.toml", 300, 847_477, 2 * 2 * 256, 1004),
    ] {
        let recipe = Recipe::load::<&str>(&format!("{folder}/{name}"), &[]).unwrap();
        let summary = recipe.summary([1, size, size], 10).unwrap();
        assert_eq!(summary.parameters, parameters + norm, "{name}");
        let found = summary.multiply_adds / 1_000_000;
        assert!(
            found.abs_diff(millions) * 50 < millions,
            "{name}: {found} M"
        );
    }
}

#[test]
fn an_unknown_recipe_lists_the_known_ones() {
    let error = message(Recipe::load::<&str>("lab-cn", &[]));
    assert!(
        error.contains("`lab-cn`; did you mean `lab-cnn`? Built in: lab-cnn")
            && error.contains("fast-faster-rcnn"),
        "{error}"
    );
    let error = message(Recipe::load::<&str>("/nowhere/x.toml", &[]));
    assert!(
        error.starts_with("cannot read the recipe /nowhere/x.toml"),
        "{error}"
    );
}
