//! Networks of several branches: how they are written, what they cost, and what their errors say.

use super::*;

fn cnn(layers: &str) -> Result<Recipe, RecipeError> {
    parse(&format!("[model]\nkind = \"cnn\"\nlayers = [{layers}]"))
}

/// The backbones with torchvision's heads have torchvision's numbers of parameters, on photographs of 224 x 224 for 1,000
/// classes; multiply-adds as in torchvision's table of weights (`_ops`, GFLOPS).
#[test]
fn known_networks_are_as_large_as_torchvisions() {
    let mobile = |features| {
        format!(
            "{{ linear = {features} }}, \"hard-swish\", {{ dropout = 0.2 }}, {{ linear = 1000 }}"
        )
    };
    let cases = [
        (
            "resnet-18",
            "{ linear = 1000 }".to_string(),
            11_689_512,
            1.814,
            [512, 7, 7],
        ),
        (
            "resnet-34",
            "{ linear = 1000 }".to_string(),
            21_797_672,
            3.664,
            [512, 7, 7],
        ),
        (
            "resnet-50",
            "{ linear = 1000 }".to_string(),
            25_557_032,
            4.089,
            [2048, 7, 7],
        ),
        (
            "mobilenet-v3-large",
            mobile(1280),
            5_483_032,
            0.217,
            [960, 7, 7],
        ),
        (
            "mobilenet-v3-small",
            mobile(1024),
            2_542_856,
            0.057,
            [576, 7, 7],
        ),
    ];
    for (name, head, parameters, billions, last) in cases {
        let text = format!(
            "[model]\nkind = \"cnn\"\nbackbone = \"{name}\"\nlayers = [\"global-avg-pool\", {head}]"
        );
        let recipe = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let summary = recipe.summary([3, 224, 224], 1000).unwrap();
        assert_eq!(summary.parameters, parameters, "{name}");
        let found = summary.multiply_adds as f64 / 1e9;
        assert!(
            (found - billions).abs() < 0.01 * billions.max(0.1),
            "{name}: {found}"
        );
        let [channels, height, width] = last;
        let pooled = summary
            .layers
            .iter()
            .position(|layer| layer.name == "global-avg-pool");
        let map = &summary.layers[pooled.unwrap() - 1];
        assert_eq!(
            map.output,
            Shape::Map {
                channels,
                height,
                width
            },
            "{name}"
        );
        assert_eq!(map.stride, [32, 32], "{name}");
        // Shorthand stands for the same network, and both survive being written.
        let long = recipe.clone().expanded(3);
        let costs = long.summary([3, 224, 224], 1000).unwrap();
        assert_eq!(
            (costs.parameters, costs.multiply_adds, costs.layers.last()),
            (
                summary.parameters,
                summary.multiply_adds,
                summary.layers.last()
            ),
            "{name}"
        );
        for recipe in [recipe, long] {
            let text = recipe.to_toml().unwrap();
            assert_eq!(
                parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")),
                recipe
            );
        }
    }
}

/// ResNet-50 written out: 7x7 and 3x3 with stride 2, and one 3x3 in each of the 16 blocks.
#[test]
fn the_longest_path_counts_for_the_receptive_field() {
    let text = "[model]\nkind = \"cnn\"\nbackbone = \"resnet-50\"\nlayers = [\"global-avg-pool\", { linear = 10 }]";
    let summary = parse(text).unwrap().summary([3, 224, 224], 10).unwrap();
    let sees: Vec<_> = summary.layers[3..8]
        .iter()
        .map(|layer| layer.receptive_field)
        .collect();
    // The pool sees 11. Then 2 * stride pixels for each 3x3; where a block halves the map, its 3x3 still reads the finer one.
    let expected = [
        11,
        11 + 3 * 8,
        35 + 8 + 3 * 16,
        91 + 16 + 5 * 32,
        267 + 32 + 2 * 64,
    ];
    assert_eq!(sees, expected.map(|pixels| Some([pixels, pixels])));
}

#[test]
fn a_backbone_can_be_named_in_a_detector() {
    let text = "[model]\nkind = \"faster-rcnn\"\nbackbone = \"resnet-18\"\n[model.pyramid]\nstrides = [4, 8, 16, 32]";
    let recipe = parse(text).unwrap();
    let Model::FasterRcnn(detector) = &recipe.model else {
        panic!("a detector")
    };
    let stages = stages(detector, [3, 64, 96]).unwrap();
    let found: Vec<_> = stages
        .iter()
        .map(|stage| (stage.end, stage.channels, stage.cells))
        .collect();
    assert_eq!(
        found,
        [
            (5, 64, [16, 24]),
            (6, 128, [8, 12]),
            (7, 256, [4, 6]),
            (8, 512, [2, 3])
        ]
    );
    let shown = recipe.to_toml().unwrap();
    assert_eq!(parse(&shown).unwrap(), recipe, "{shown}");
    assert!(shown.contains("stage = 2"), "{shown}");
}

#[test]
fn blocks_parse_with_their_defaults() {
    let stage = |text: &str| match &cnn(text).unwrap().model.layers()[0] {
        Layer::Stage(stage) => stage.clone(),
        other => panic!("{other}"),
    };
    let basic = stage("{ stage = 3, block = \"basic\", channels = 64 }");
    assert_eq!(
        (basic.blocks, basic.stride, basic.width, basic.groups),
        (3, 1, 64, 1)
    );
    let next = stage(
        "{ stage = 2, block = \"bottleneck\", channels = 256, stride = 2, width = 128, groups = 32 }",
    );
    assert_eq!((next.width, next.groups), (128, 32));
    assert_eq!(
        stage("{ stage = 2, block = \"bottleneck\", channels = 256 }").width,
        64
    );
    let layers = cnn(
        "{ conv = 8, kernel = 3, groups = \"depthwise\" }, { inverted = 8, expand = 16 }, \
         { squeeze-excitation = 4, gate = \"hard-sigmoid\" }, { adaptive-avg-pool = [2, 1] }, \"hard-swish\", \
         { batch-norm = { epsilon = 0 } }",
    );
    let recipe = layers.unwrap();
    let [conv, inverted, squeeze, pool, swish, norm] = recipe.model.layers() else {
        panic!("six layers")
    };
    assert!(matches!(
        conv,
        Layer::Conv {
            groups: Groups::Depthwise,
            ..
        }
    ));
    let Layer::Inverted(inverted) = inverted else {
        panic!("{inverted}")
    };
    let found = (
        inverted.kernel,
        inverted.stride,
        inverted.squeeze,
        inverted.activation,
    );
    assert_eq!(found, (3, 1, None, BlockActivation::Relu));
    assert_eq!(
        squeeze,
        &Layer::SqueezeExcitation {
            features: 4,
            gate: Gate::HardSigmoid
        }
    );
    assert_eq!(pool, &Layer::AdaptiveAvgPool { size: [2, 1] });
    assert_eq!(swish, &Layer::HardSwish);
    assert_eq!(
        norm,
        &Layer::BatchNorm {
            momentum: 0.1,
            epsilon: 0.0
        }
    );
}

#[test]
fn wrong_blocks_are_errors_in_the_text() {
    #[rustfmt::skip]
    let cases = [
        ("{ residual = [] }", "model.layers[0].residual: must be a list of at least one layer"),
        ("{ residual = [\"rellu\"] }", "model.layers[0].residual[0]: unknown name `rellu`"),
        ("{ residual = [\"relu\"], shortcut = [{ linear = 0 }] }", "model.layers[0].shortcut[0].linear: must be from 1"),
        ("{ residual = [\"relu\"], shortcuts = [] }", "model.layers[0].shortcuts: unknown key"),
        ("{ stage = 0, block = \"basic\", channels = 8 }", "model.layers[0].stage: must be from 1 to 100"),
        ("{ stage = 2, channels = 8 }", "model.layers[0]: missing key `block`"),
        ("{ stage = 2, block = \"basik\", channels = 8 }", "model.layers[0].block: unknown name `basik`"),
        ("{ stage = 2, block = \"basic\", channels = 8, groups = 2 }", "model.layers[0].groups: must be 1 in basic blocks"),
        ("{ stage = 2, block = \"bottleneck\", channels = 8, groups = 3 }", "model.layers[0].groups: must be a divisor of the 2"),
        ("{ conv = 8, kernel = 1, groups = 3 }", "model.layers[0].groups: must be a divisor of the 8 channels"),
        ("{ conv = 8, kernel = 1, groups = \"deptwise\" }", "model.layers[0].groups: unknown name `deptwise`"),
        ("{ inverted = 8 }", "model.layers[0]: missing key `expand`"),
        ("{ inverted = 8, expand = 8, kernel = 4 }", "model.layers[0].kernel: must be odd"),
        ("{ inverted = 8, expand = 8, activation = \"swish\" }", "model.layers[0].activation: unknown name `swish`"),
        ("{ squeeze-excitation = 0 }", "model.layers[0].squeeze-excitation: must be from 1"),
        ("{ adaptive-avg-pool = 0 }", "model.layers[0].adaptive-avg-pool: must be from 1"),
    ];
    for (layers, expected) in cases {
        let error = message(cnn(layers));
        assert!(error.contains(expected), "{layers}\n{error}");
    }
    let error = message(parse(
        "[model]\nkind = \"cnn\"\nbackbone = \"resnet-19\"\nlayers = [\"global-avg-pool\"]",
    ));
    assert!(
        error.contains("model.backbone: unknown name `resnet-19`") && error.contains("resnet-18"),
        "{error}"
    );
}

#[test]
fn what_does_not_fit_is_named_by_its_nested_place() {
    let wrong = |layers: &str| match cnn(layers).unwrap().summary([1, 28, 28], 10) {
        Ok(_) => "no error".to_string(),
        Err(error) => error.to_string(),
    };
    let conv = |channels: usize, stride: usize| {
        format!("{{ conv = {channels}, kernel = 3, padding = 1, stride = {stride} }}")
    };
    #[rustfmt::skip]
    let cases = [
        (format!("{}, {{ residual = [{}, \"relu\", {{ linear = 3 }}] }}", conv(8, 1), conv(8, 1)),
            "model.layers[1].residual[2] (linear 3): needs flat features"),
        ("{ residual = [\"relu\"], shortcut = [\"flatten\", { max-pool = 2 }] }".to_string(),
            "model.layers[0].shortcut[1] (max-pool 2x2): needs rows and columns"),
        (format!("{}, {{ residual = [{}] }}", conv(8, 1), conv(16, 2)),
            "model.layers[1] (residual of 1 layer): its layers turn 8 x 28 x 28 into 16 x 14 x 14, which cannot be added to \
             what came in\n  help: add shortcut = [{ conv = 16, kernel = 1, stride = 2, bias = false }, \"batch-norm\"]"),
        (format!("{}, {{ residual = [{}] }}", conv(8, 1), conv(16, 1)),
            "help: add shortcut = [{ conv = 16, kernel = 1, bias = false }, \"batch-norm\"]"),
        ("\"flatten\", { linear = 10 }, { residual = [{ linear = 20 }] }".to_string(),
            "help: add shortcut = [{ linear = 20 }]"),
        ("{ residual = [{ conv = 1, kernel = 3 }] }".to_string(), "padding that keeps the size of the map"),
        (format!("{{ residual = [{}], shortcut = [{}] }}", conv(4, 1), conv(8, 1)),
            "its layers give 4 x 28 x 28, its shortcut 8 x 28 x 28"),
        ("\"flatten\", { stage = 1, block = \"basic\", channels = 8 }".to_string(),
            "model.layers[1] (stage 1, basic 8): needs rows and columns"),
        (format!("{}, {{ conv = 8, kernel = 1, groups = 4 }}", conv(6, 1)),
            "model.layers[1] (conv 8, 1x1, groups 4): its 4 groups do not divide the 6 channels that come in"),
        (format!("{}, {{ conv = 8, kernel = 1, groups = \"depthwise\" }}", conv(6, 1)),
            "its 6 groups do not divide the 8 channels out"),
    ];
    for (layers, expected) in cases {
        let error = wrong(&layers);
        assert!(error.contains(expected), "{layers}\n{error}");
    }
    // The line that an error says to add is the one that was missing.
    let mended = format!(
        "{}, {{ residual = [{}], shortcut = [{{ conv = 16, kernel = 1, stride = 2, bias = false }}, \"batch-norm\"] }}, \
         \"global-avg-pool\", {{ linear = 10 }}",
        conv(8, 1),
        conv(16, 2)
    );
    assert_eq!(wrong(&mended), "no error");
}

#[test]
fn stages_and_residuals_are_lines_of_the_summary() {
    let recipe = cnn(
        "{ conv = 8, kernel = 3, padding = 1 }, { stage = 2, block = \"bottleneck\", channels = 16, stride = 2 }, \
         { residual = [{ inverted = 16, expand = 32, squeeze = 4 }] }, { squeeze-excitation = 4 }, { adaptive-avg-pool = 2 }, \
         \"flatten\", { linear = 10 }",
    );
    let table = recipe
        .unwrap()
        .summary([1, 28, 28], 10)
        .unwrap()
        .to_string();
    let first: Vec<String> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        first,
        [
            "layer output parameters multiply-adds sees",
            "conv 8, 3x3, padding 1 8 x 28 x 28 80 56,448 3x3",
            "stage 2, bottleneck 16, stride 2 16 x 14 x 14 768 144,256 9x9",
            "residual of 1 layer 16 x 14 x 14 1,764 257,408 13x13",
            "squeeze-excitation 4 16 x 14 x 14 148 128 13x13",
            "adaptive-avg-pool 2x2 16 x 2 x 2 0 0 25x25",
            "flatten 64 0 0 all",
            "linear 10 10 650 640 all",
            "total 10 3,410 458,880",
        ]
    );
}
