//! Recipes as users write them, right and wrong.

use super::*;
use proptest::prelude::*;

const SMALL: &str = r#"
[model]
kind = "cnn"
layers = ["flatten", { linear = 10 }]

[training]
epochs = 3
"#;

fn parse(text: &str) -> Result<Recipe, RecipeError> {
    Recipe::parse::<&str>(text, "test.toml", &[])
}

fn set(sets: &[&str]) -> Result<Recipe, RecipeError> {
    Recipe::parse(SMALL, "test.toml", sets)
}

fn message(result: Result<Recipe, RecipeError>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn built_in_recipes_parse_fit_mnist_and_come_back() {
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
            "{name} says what it is"
        );
    }
}

#[test]
fn lab_cnn_is_the_labs_network() {
    let recipe = Recipe::load::<&str>("lab-cnn", &[]).unwrap();
    let conv = |channels| Layer::Conv {
        channels,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
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

/// Configuration (a) of torchvision's Faster R-CNN on MNIST has 323,157 parameters.
#[test]
fn a_detectors_parameters_are_counted_as_torchvision_counts_them() {
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

/// Two configurations of Faster R-CNN on scenes, as torchvision counts them: that of the benches, and the pyramid with
/// group-norm in the head.
#[test]
fn detectors_of_scenes_have_the_parameters_of_torchvisions() {
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
fn every_way_to_write_a_layer() {
    let pool = |size, stride, padding| Pool {
        size,
        stride,
        padding,
    };
    let conv = |kernel, stride, padding, dilation, bias| Layer::Conv {
        channels: 8,
        kernel,
        stride,
        padding,
        dilation,
        bias,
    };
    let one = [1, 1];
    #[rustfmt::skip]
    let cases = [
        ("{ conv = 8, kernel = 3 }", conv([3, 3], one, [0, 0], one, true)),
        ("{ kernel = [1, 5], conv = 8, padding = [0, 2] }", conv([1, 5], one, [0, 2], one, true)),
        ("{ conv = 8, kernel = 3, stride = 2, dilation = [2, 1], bias = false }",
            conv([3, 3], [2, 2], [0, 0], [2, 1], false)),
        ("{ max-pool = 2 }", Layer::MaxPool(pool([2, 2], [2, 2], [0, 0]))),
        ("{ max-pool = 3, stride = 2, padding = 1 }", Layer::MaxPool(pool([3, 3], [2, 2], one))),
        ("{ avg-pool = [2, 1] }", Layer::AvgPool(pool([2, 1], [2, 1], [0, 0]))),
        ("\"global-avg-pool\"", Layer::GlobalAvgPool),
        ("\"batch-norm\"", Layer::BatchNorm { momentum: 0.1, epsilon: 1e-5 }),
        ("{ batch-norm = { momentum = 0.4 } }", Layer::BatchNorm { momentum: 0.4, epsilon: 1e-5 }),
        ("\"relu\"", Layer::Relu),
        ("\"gelu\"", Layer::Gelu),
        ("\"silu\"", Layer::Silu),
        ("\"leaky-relu\"", Layer::LeakyRelu { slope: 0.01 }),
        ("{ leaky-relu = 0.2 }", Layer::LeakyRelu { slope: 0.2 }),
        ("\"dropout\"", Layer::Dropout { rate: 0.5 }),
        ("{ dropout = 0 }", Layer::Dropout { rate: 0.0 }),
        ("\"flatten\"", Layer::Flatten),
        ("{ linear = 10, bias = false }", Layer::Linear { features: 10, bias: false }),
    ];
    for (text, expected) in cases {
        let recipe = parse(&format!("[model]\nkind = \"cnn\"\nlayers = [{text}]")).unwrap();
        assert_eq!(recipe.model.layers(), [expected], "{text}");
        assert_eq!(parse(&recipe.to_toml().unwrap()).unwrap(), recipe, "{text}");
    }
}

#[test]
fn errors_point_at_the_line() {
    let error = message(parse(
        "[model]\nkind = \"cnn\"\nlayers = [\n  \"relu\", \"rellu\",\n]\n",
    ));
    assert_eq!(
        error,
        "model.layers[1]: unknown name `rellu`
  --> test.toml, line 4, column 11
 4 |   \"relu\", \"rellu\",
   |           ^^^^^^^
  help: did you mean `relu`? Valid names: conv, max-pool, avg-pool, global-avg-pool, batch-norm, \
relu, gelu, silu, leaky-relu, dropout, flatten, linear"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let cnn = |layer: &str| format!("[model]\nkind = \"cnn\"\nlayers = [{layer}]");
    let detector = |lines: &str| {
        format!("[model]\nkind = \"faster-rcnn\"\nbackbone = {{ layers = [\"relu\"] }}\n{lines}")
    };
    let training = |line: &str| format!("{}\n[training]\n{line}", cnn("\"flatten\""));
    #[rustfmt::skip]
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["missing key `model`", "line 1, column 1"]),
        ("[model".into(), &["line 1"]),
        ("é = [1,\n\n".into(), &["test.toml, line"]),
        ("[model]".into(), &["model: missing key `kind`", "cnn, faster-rcnn"]),
        ("model = \"cnn\"".into(), &["a table with `kind = \"cnn\"`"]),
        ("[model]\nkind = \"rcnn\"".into(), &["model.kind", "unknown name `rcnn`", "line 2, column 8", "did you mean"]),
        ("[model]\nkind = 3".into(), &["expected a name in quotes, found the number 3"]),
        ("[model]\nkind = \"cnn\"".into(), &["model: missing key `layers`"]),
        ("[model]\nkind = \"cnn\"\nlayer = []".into(), &["unknown key `layer`", "line 3, column 1", "`layers`"]),
        ("[model]\nkind = \"faster-rcnn\"\nlayers = []".into(), &["unknown key `layers`", "backbone, pyramid, anchors"]),
        (cnn(""), &["model.layers: must be a list of at least one layer"]),
        (cnn("3"), &["model.layers[0]: expected a name in quotes, found the number 3"]),
        (cnn("{ cnov = 3, kernel = 2 }"), &["no layer is called `cnov`", "did you mean `conv`?", "column 13"]),
        (cnn("{ kernel = 2 }"), &["no key of this table names a layer"]),
        (cnn("{ conv = 3, linear = 2 }"), &["one layer with two names"]),
        (cnn("{ conv = 3 }"), &["model.layers[0]: missing key `kernel`"]),
        (cnn("\"conv\""), &["missing key `conv`", "{ conv = ... }"]),
        (cnn("{ conv = 3, kernel = 2, strid = 1 }"), &["model.layers[0].strid: unknown key", "did you mean `stride`?"]),
        (cnn("{ conv = 3, kernel = \"3\" }"), &["model.layers[0].kernel: expected a whole number or a pair", "column 32"]),
        (cnn("{ conv = 3, kernel = [3, -1] }"), &["model.layers[0].kernel[1]: expected a whole number of at least 0"]),
        (cnn("{ conv = 3, kernel = [3, 3, 3] }"), &["expected two numbers"]),
        (cnn("{ conv = 3, kernel = 0 }"), &["model.layers[0].kernel: must be from 1 to 4096, found 0"]),
        (cnn("{ conv = 10000000000, kernel = 1 }"), &["model.layers[0].conv: must be from 1 to"]),
        (cnn("{ relu = 1 }"), &["`relu` has no options", "write \"relu\" alone"]),
        (cnn("{ dropout = 1.0 }"), &["model.layers[0].dropout: must be at least 0 and less than 1, found 1"]),
        (cnn("{ max-pool = 2, padding = 2 }"), &["model.layers[0].padding: must be at most half the window"]),
        (cnn("{ batch-norm = { momentm = 1 } }"), &["model.layers[0].batch-norm.momentm: unknown key", "`momentum`"]),
        (detector("[model.anchors]\nsizes = [[8], [16]]"), &["model.anchors.sizes: must be one list of numbers, or 1 lists", "found 2 lists"]),
        (detector("[model.anchors]\nsizes = [8, [16]]"), &["model.anchors.sizes: numbers and lists are mixed"]),
        (detector("[model.anchors]\nsizes = [8, \"x\"]"), &["model.anchors.sizes[1]: expected a number or a list of numbers"]),
        (detector("[model.anchors]\nsizes = []"), &["model.anchors.sizes: must be a list of at least one number"]),
        (detector("[model.pyramid]\nstrides = [1, 2]\n[model.anchors]\nsizes = [[8], [16, 20]]"), &["model.anchors.sizes[1]: must be as long as the first level's"]),
        (detector("[model.pyramid]\nstrides = [2, 1]"), &["model.pyramid.strides: must be a list of at least one stride, ascending"]),
        (detector("[model.pyramid]\nstrides = [1, 4]"), &["model.pyramid.strides: must be each twice the one before"]),
        (detector("[model.pyramid]\nstrides = [3]"), &["model.pyramid.strides[0]: must be a power of 2"]),
        (detector("[model.pyramid]\ncanonical-size = 0"), &["model.pyramid.canonical-size: must be greater than 0"]),
        (detector("[model.pyramid]\nchanels = 3"), &["model.pyramid.chanels: unknown key", "`channels`"]),
        (detector("[model.roi]\nbox-loss = \"iou\""), &["model.roi.box-loss: unknown name `iou`", "smooth-l1, giou"]),
        (detector("[model.roi]\nbox-loss-weight = -1"), &["model.roi.box-loss-weight: must be at least 0"]),
        (detector("[model.roi]\nbox-regression = \"agnostic\""), &["model.roi.box-regression: unknown name", "class-specific, class-agnostic"]),
        (detector("[model.roi]\nsample = 1"), &["model.roi.positive-fraction: must be at least 1 / sample, 1: no object would be drawn, found 0.5"]),
        (detector("[model.rpn]\npositive-fraction = 0.001"), &["model.rpn.positive-fraction: must be at least 1 / sample, 0.015625"]),
        (detector("[model.roi]\nconvolutions = [0]"), &["model.roi.convolutions[0]: must be from 1 to"]),
        (training("epoch = 3"), &["training.epoch: unknown key `epoch`", "line 5, column 1", "did you mean `epochs`?"]),
        (training("epochs = 0"), &["training.epochs: must be from 1 to 1000000, found 0", "line 5, column 10"]),
        (training("epochs = 1.5"), &["training.epochs: expected a whole number, found the number 1.5"]),
        (training("batch_size = 5"), &["did you mean `batch-size`?"]),
        (training("seed = -1"), &["training.seed: expected a whole number of at least 0"]),
        (training("clip-norm = \"no\""), &["training.clip-norm: expected a number, found the text \"no\""]),
        (training("checkpoints = { every-steps = 0 }"), &["training.checkpoints.every-steps: must be at least 1, found 0"]),
        (training("checkpoints = { every-seconds = 0 }"), &["training.checkpoints.every-seconds: must be greater than 0"]),
        (training("checkpoints = { keep = 0 }"), &["training.checkpoints.keep: must be at least 1"]),
        (training("optimizer = { name = \"adm\" }"), &["training.optimizer.name: unknown name `adm`", "did you mean `adam`?"]),
        (training("optimizer = { momentum = 0.9 }"), &["unknown key `momentum`", "learning-rate, weight-decay, beta-1"]),
        (training("optimizer = { learning-rate = nan }"), &["training.optimizer.learning-rate: must be greater than 0 and finite, found NaN"]),
        (training("optimizer = { learning-rate = 0 }"), &["must be greater than 0"]),
        (training("optimizer = { name = \"sgd\", nesterov = true }"), &["nesterov: must be false without momentum"]),
        (training("schedule = \"one-cycl\""), &["training.schedule: unknown name", "`one-cycle`"]),
        (training("accumulate = 0"), &["training.accumulate: must be from 1 to 1000000, found 0"]),
        (training("mixup = -1"), &["training.mixup: must be at least 0 and finite, found -1"]),
        (detector("[training]\nmixup = 0.2"), &["training.mixup: is for classifiers (model.kind = \"cnn\") only", "line 5, column 9"]),
        (training("ema = 1"), &["training.ema: must be at least 0 and less than 1, found 1"]),
        (training("early-stopping = {}"), &["training.early-stopping: watches held-out images, and data.validation is 0", "hold out some with data.validation"]),
        (training("early-stopping = { metric = \"los\" }"), &["training.early-stopping.metric: unknown name `los`", "did you mean `loss`? Valid names: loss, accuracy, ap"]),
        (training("early-stopping = { patience = 0 }\n[data]\nvalidation = 9"), &["training.early-stopping.patience: must be at least 1, found 0"]),
        (training("early-stopping = 3"), &["training.early-stopping: expected a table of keys"]),
        (training("temperature-scaling = true"), &["training.temperature-scaling: fits held-out images, and data.validation is 0"]),
        (training("optimizer = { name = \"muon\", adam-learning-rate = 0 }"), &["training.optimizer.adam-learning-rate: must be greater than 0"]),
        (format!("{}\ntest-shift = 9", cnn("\"flatten\"")), &["model.test-shift: must be at most 3, found 9"]),
        (training("schedule = { name = \"one-cycle\", rise = 1 }"), &["training.schedule.rise: must be greater than 0 and less than 1"]),
    ];
    for (text, parts) in cases {
        let error = message(parse(&text));
        for part in parts {
            assert!(error.contains(part), "{text}\nlacks {part:?}:\n{error}");
        }
    }
}

#[test]
fn numbers_are_read_however_they_are_written() {
    let training = |line: &str| parse(&format!("{SMALL}{line}\n")).unwrap().training;
    for (line, seed) in [
        ("seed = 5.0", 5),
        ("seed = 1e3", 1000),
        ("seed = 0x10", 16),
        ("seed = 1_024", 1024),
        ("seed = 9223372036854775807", i64::MAX as u64),
    ] {
        assert_eq!(training(line).seed, seed, "{line}");
    }
    assert_eq!(set(&["training.epochs=2.0"]).unwrap().training.epochs, 2);
    let layers = set(&["model.layers=[{ conv = 3.0, kernel = 2.0 }]"]).unwrap();
    let Layer::Conv { kernel, .. } = layers.model.layers()[0] else {
        panic!("{layers:?}");
    };
    assert_eq!(kernel, [2, 2]);
    let most = "expected a whole number of at most 9223372036854775807";
    #[rustfmt::skip]
    let wrong = [
        ("training.seed=9223372036854775808", most, "found the number 9223372036854775808"),
        ("training.seed=18446744073709551616", most, "found the number 18446744073709551616"),
        ("training.seed=1e300", "expected a whole number", "found the number 1e300"),
        ("training.seed=-2.0", "at least 0", "found the number -2.0"),
        ("training.epochs=99999999999999999999999999999999999999999", most, "found the number 9999"),
        ("model.layers=[{ conv = 3, kernel = 2.5 }]", "expected a whole number or a pair", "`2.5`"),
        ("model.layers=[{ conv = 3, kernel = -2 }]", "at least 0", "-2"),
    ];
    for (set_, says, found) in wrong {
        let text = message(set(&[set_]));
        assert!(
            text.contains(says) && text.contains(found),
            "{set_}: {text}"
        );
    }
    let in_file = message(parse(&format!("{SMALL}seed = 9223372036854775808\n")));
    assert!(
        in_file.starts_with("training.seed: expected") && in_file.contains("line 8, column 8"),
        "{in_file}"
    );
}

#[test]
fn numbers_that_32_bits_cannot_hold_are_refused() {
    #[rustfmt::skip]
    let cases = [
        ("training.epochs=9223372036854775807", "from 1 to 1000000, found 9223372036854775807"),
        ("training.batch-size=1000001", "from 1 to 1000000"),
        ("data.normalize.std=1e308", "from 0.000001 to 1000000 (white is 1)"),
        ("data.normalize.std=1e-320", "from 0.000001 to 1000000"),
        ("data.normalize.mean=1e308", "from -1000 to 1000"),
        ("data.normalize.mean=nan", "from -1000 to 1000"),
        ("training.mixup=1e-320", "must be 0, or from"),
        ("training.mixup=0.0001", "must be 0, or from 0.001 to 1000, found 1e-4"),
        ("training.optimizer.learning-rate=1e-320", "from 1e-30 to 1e30"),
        ("training.optimizer.epsilon=1e-320", "from 1e-30 to 1e30"),
        ("training.optimizer.weight-decay=1e300", "must be 0, or from 1e-30 to 1e30, found 1e300"),
        ("training.schedule={ name = \"one-cycle\", final-division = 5e-324 }", "final-division: must be from"),
        ("training.schedule={ name = \"one-cycle\", start-division = 1e-9 }", "from 0.001 to 1000000000000"),
        ("training.clip-norm=1e-320", "from 1e-30 to 1e30"),
        ("model.layers=[{ leaky-relu = 1e308 }]", "from -1000000 to 1000000"),
    ];
    for (wrong, says) in cases {
        let text = message(set(&[wrong]));
        assert!(text.contains(says), "{wrong}: {text}");
    }
    let scenes = message(set(&[
        "data.source=scenes",
        "data.scenes.train-images=2000000000000000000",
    ]));
    assert!(
        scenes.contains("from 1 to 100000000, found 2000000000000000000"),
        "{scenes}"
    );
}

#[test]
fn set_overrides_any_key() {
    let training = |set: &[&str]| super::tests::set(set).unwrap().training;
    assert_eq!(training(&["training.epochs=1"]).epochs, 1);
    assert_eq!(
        training(&["training.epochs=1", "training.epochs = 2"]).epochs,
        2
    );
    assert_eq!(training(&["training.clip-norm=10"]).clip_norm, Some(10.0));
    assert_eq!(training(&["training.clip-norm=none"]).clip_norm, None);
    let checkpoints = training(&[
        "training.checkpoints.every-steps=7",
        "training.checkpoints.every-seconds=none",
    ]);
    let Checkpoints {
        every_seconds,
        every_steps,
        ..
    } = checkpoints.checkpoints;
    assert_eq!((every_seconds, every_steps), (None, Some(7)));
    assert_eq!(
        training(&["training.optimizer.learning-rate=.5"])
            .optimizer
            .learning_rate(),
        0.5
    );
    assert_eq!(
        training(&["training.optimizer.name=sgd"]).optimizer,
        Optimizer::Sgd(Sgd::default())
    );
    assert_eq!(
        training(&["training.schedule={name=\"cosine\",final=0.1}"]).schedule,
        Schedule::Cosine(Cosine {
            last: 0.1,
            warm_up: 0
        })
    );
    assert_eq!(
        set(&["data.source=/some where/else"]).unwrap().data.source,
        "/some where/else"
    );
    let recipe = set(&["model.layers[1].linear=16", "model.layers[0]=relu"]).unwrap();
    assert_eq!(
        recipe.model.layers(),
        [
            Layer::Relu,
            Layer::Linear {
                features: 16,
                bias: true
            }
        ]
    );
}

#[test]
fn set_errors_name_the_argument() {
    #[rustfmt::skip]
    let cases: [(&str, &[&str]); 15] = [
        ("training.epoch=1", &["--set training.epoch=1", "unknown key `epoch`", "did you mean `training.epochs`?"]),
        ("epoch=1", &["did you mean `training.epochs`?"]),
        ("epochs=1", &["did you mean `training.epochs`?"]),
        ("learning-rate=1", &["did you mean `training.optimizer.learning-rate`?"]),
        ("trainig.epochs=1", &["did you mean `training.epochs`?"]),
        ("training.epochs", &["there is no `=`"]),
        ("training.epochs=", &["no value"]),
        ("=1", &["a name is missing"]),
        ("a[1=1", &["does not end with `]`"]),
        ("a[x]=1", &["not an index"]),
        ("training.epochs=many", &["expected a whole number, found the text \"many\""]),
        ("training.epochs=[1", &["not complete TOML"]),
        ("model.layers[2]=relu", &["model.layers has 2 elements, counted from 0"]),
        ("model.layers[0].conv=3", &["model.layers[0] is \"flatten\", which has no key `conv`"]),
        ("training[0]=3", &["training is not a list"]),
    ];
    for (argument, parts) in cases {
        let error = message(set(&[argument]));
        for part in parts {
            assert!(error.contains(part), "{argument}\nlacks {part:?}:\n{error}");
        }
        assert!(error.starts_with("--set "), "{error}");
    }
}

#[test]
fn unknown_recipes_are_answered_with_the_known() {
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

#[test]
fn shapes_that_do_not_fit_name_the_layer() {
    let wrong = |layers: &str| {
        let text = format!("[model]\nkind = \"cnn\"\nlayers = [{layers}]");
        match parse(&text).unwrap().summary([1, 28, 28], 10) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.to_string(),
        }
    };
    #[rustfmt::skip]
    let cases = [
        ("\"relu\", { linear = 10 }", "model.layers[1] (linear 10): needs flat features, but its input is 1 x 28 x 28"),
        ("\"flatten\", { max-pool = 2 }", "model.layers[1] (max-pool 2x2): needs rows and columns, but its input is flat: 784"),
        ("{ conv = 4, kernel = 27 }, { conv = 4, kernel = [1, 5] }", "model.layers[1] (conv 4, 1x5): its window is 5 wide, its input only 2"),
        ("{ conv = 4, kernel = 9, dilation = 4, padding = 2 }", "its window is 33 high, its input only 28 with padding 2"),
        ("\"flatten\", { linear = 9 }", "model.layers[1] (linear 9): the last layer gives 9, but the data has 10 classes"),
        ("\"relu\"", "the last layer gives 1 x 28 x 28"),
    ];
    for (layers, expected) in cases {
        let error = wrong(layers);
        assert!(error.contains(expected), "{layers}\n{error}");
        assert!(error.contains("help: "), "{error}");
    }
    let detector =
        "[model]\nkind = \"faster-rcnn\"\nbackbone = { layers = [\"relu\", \"flatten\"] }";
    let error = parse(detector)
        .unwrap()
        .summary([1, 28, 28], 10)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("model.backbone.layers[1] (flatten): a backbone gives a map"),
        "{error}"
    );
}

#[test]
fn pyramids_that_do_not_fit_say_why() {
    let wrong = |strides: &str, layers: &str| {
        let text = format!(
            "[model]\nkind = \"faster-rcnn\"\npyramid = {{ strides = {strides} }}\nbackbone = {{ layers = [{layers}] }}"
        );
        match parse(&text).unwrap().summary([1, 28, 28], 10) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.to_string(),
        }
    };
    let pool = "{ max-pool = 2 }";
    #[rustfmt::skip]
    let cases = [
        ("[2, 4]", format!("{pool}, \"relu\", {pool}, \"relu\""), "no error"),
        ("[4, 8]", format!("{pool}, {pool}, \"relu\""), "model.pyramid.strides[1] (stride 8): no map of the backbone has this stride\n  help: its maps have the strides 2, 4"),
        ("[2]", format!("{pool}, {pool}"), "model.backbone.layers[1] (max-pool 2x2): its output is not used\n  help: end the backbone before it, or add 4"),
    ];
    for (strides, layers, expected) in cases {
        let error = wrong(strides, &layers);
        assert!(error.contains(expected), "{strides}, {layers}\n{error}");
    }
}

/// PyTorch's output sizes for the same layers on 28 x 28.
#[test]
fn windows_slide_as_in_pytorch() {
    let cases = [
        ("{ conv = 1, kernel = 3 }", [26, 26]),
        (
            "{ conv = 1, kernel = 3, stride = 2, padding = 1 }",
            [14, 14],
        ),
        (
            "{ conv = 1, kernel = [5, 3], stride = [3, 2], dilation = 2 }",
            [7, 12],
        ),
        ("{ max-pool = 3 }", [9, 9]),
        ("{ max-pool = 3, stride = 2, padding = 1 }", [14, 14]),
        ("{ avg-pool = [28, 1] }", [1, 28]),
    ];
    for (layer, [rows, columns]) in cases {
        let text = format!("[model]\nkind = \"cnn\"\nlayers = [{layer}]");
        let recipe = parse(&text).unwrap();
        let output = summary(recipe.model.layers(), [1, 28, 28])
            .unwrap()
            .output();
        let expected = Shape::Map {
            channels: 1,
            height: rows,
            width: columns,
        };
        assert_eq!(output, expected, "{layer}");
    }
}

#[test]
fn the_summary_is_a_table() {
    let recipe = set(&[]).unwrap();
    let table = recipe.summary([1, 28, 28], 10).unwrap().to_string();
    assert_eq!(
        table,
        "layer              output    parameters   multiply-adds       sees
flatten               784             0               0        all
linear 10              10         7,850           7,840        all
total                  10         7,850           7,840"
    );
}

#[test]
fn scenes_state_their_defaults_and_are_checked() {
    let scenes = set(&["data.source=scenes"]).unwrap();
    assert_eq!(scenes.data.scenes, Some(Scenes::default()));
    let text = scenes.to_toml().unwrap();
    assert!(
        text.contains("\n[data.scenes]\ntrain-images = 10000\n"),
        "{text}"
    );
    assert!(
        !set(&[]).unwrap().to_toml().unwrap().contains("scenes"),
        "not where they are not used"
    );
    #[rustfmt::skip]
    let cases = [
        ("data.scenes.size=8", "from 16 to 4096 pixels, found 8"),
        ("data.scenes.digits=[3, 2]", "the fewest and the most digits"),
        ("data.scenes.digits=[3]", "expected a list of 2 numbers"),
        ("data.scenes.side=[18, 129]", "data.scenes.size, 128, found [18, 129]"),
        ("data.scenes.side=[0, 10]", "from 4 to"),
        ("data.scenes.overlap=1.5", "from 0 to 1, found 1.5"),
        ("data.scenes.test-images=0", "from 1 to 100000000, found 0"),
        ("data.scenes.noize=0.1", "data.scenes.noise"),
    ];
    for (wrong, says) in cases {
        let text = message(set(&["data.source=scenes", wrong]));
        assert!(text.contains(says), "{wrong}: {text}");
    }
    let other = set(&["data.source=scenes", "data.scenes.train-images=7"]).unwrap();
    assert!(scenes.data.same_test_images(&other.data));
    let other = set(&["data.source=scenes", "data.scenes.noise=0.1"]).unwrap();
    assert!(!scenes.data.same_test_images(&other.data));
}

#[test]
fn random_changes_are_stated_and_checked() {
    assert!(set(&[]).unwrap().data.augment.is_none());
    let how = set(&[
        "data.augment.elastic-sigma=6",
        "data.augment.erase-area=[0.1, 0.2]",
    ]);
    assert!(how.unwrap().data.augment.is_none(), "how, not whether");
    let some = set(&["data.augment.flip=0.5"]).unwrap();
    assert!(!some.data.augment.is_none());
    let text = some.to_toml().unwrap();
    assert!(text.contains("\n[data.augment]\nshift = 0\n"), "{text}");
    assert_eq!(parse(&text).unwrap(), some);
    #[rustfmt::skip]
    let cases = [
        ("data.augment.shift=5000", "at most 4096, found 5000"),
        ("data.augment.shift=0.5", "expected a whole number"),
        ("data.augment.rotate=181", "from 0 to 180 degrees, found 181"),
        ("data.augment.rotate=nan", "from 0 to 180 degrees"),
        ("data.augment.scale=1", "less than 1, found 1"),
        ("data.augment.shear=-1", "from 0 to 60 degrees, found -1"),
        ("data.augment.flip=2", "from 0 to 1, found 2"),
        ("data.augment.elastic=2.5", "from 0 to half of data.augment.elastic-sigma, 4, found 2.5"),
        ("data.augment.elastic-sigma=0.5", "from 1 to 4096 pixels, found 0.5"),
        ("data.augment.contrast=1.5", "from 0 to 1, found 1.5"),
        ("data.augment.brightness=-0.1", "from 0 to 1, found -0.1"),
        ("data.augment.invert=inf", "from 0 to 1"),
        ("data.augment.noise=30", "from 0 to 1, found 30"),
        ("data.augment.erase=1.01", "from 0 to 1, found 1.01"),
        ("data.augment.erase-area=[0.5, 0.4]", "the smallest and the largest share"),
        ("data.augment.erase-area=[0, 0.4]", "greater than 0 and at most 1, found [0.0, 0.4]"),
        ("data.augment.erase-area=0.3", "expected a list of 2 numbers"),
        ("data.augment.eraze=0.3", "data.augment.erase"),
    ];
    for (wrong, says) in cases {
        let text = message(set(&[wrong]));
        let name = wrong.split(['=', '[']).next().unwrap();
        assert!(
            text.contains(says) && text.contains(name),
            "{wrong}: {text}"
        );
    }
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let side = || [1..9usize, 1..9usize];
    let pool = (side(), side()).prop_map(|(size, stride)| Pool {
        size,
        stride,
        padding: [size[0] / 2, 0],
    });
    prop_oneof![
        (1..99usize, side(), side(), side(), side(), any::<bool>()).prop_map(
            |(channels, kernel, stride, padding, dilation, bias)| Layer::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                bias
            }
        ),
        pool.clone().prop_map(Layer::MaxPool),
        pool.prop_map(Layer::AvgPool),
        (0.001..1.0, 1e-9..1.0)
            .prop_map(|(momentum, epsilon)| Layer::BatchNorm { momentum, epsilon }),
        (-9.0..9.0).prop_map(|slope| Layer::LeakyRelu { slope }),
        (0.0..1.0).prop_map(|rate| Layer::Dropout { rate }),
        (1..99usize, any::<bool>()).prop_map(|(features, bias)| Layer::Linear { features, bias }),
        proptest::sample::select(vec![
            Layer::GlobalAvgPool,
            Layer::Relu,
            Layer::Gelu,
            Layer::Silu,
            Layer::Flatten
        ]),
    ]
}

fn any_recipe() -> impl Strategy<Value = Recipe> {
    let optimizer = (1e-9..9.0, 0.0..1.0, 0.1..0.9, any::<bool>()).prop_flat_map(
        |(learning_rate, weight_decay, momentum, nesterov)| {
            proptest::sample::select(vec![
                Optimizer::Sgd(Sgd {
                    learning_rate,
                    weight_decay,
                    momentum,
                    nesterov,
                }),
                Optimizer::Adam(Adam {
                    learning_rate,
                    beta_1: momentum,
                    ..Adam::default()
                }),
                Optimizer::AdamW(AdamW {
                    learning_rate,
                    weight_decay,
                    ..AdamW::default()
                }),
                Optimizer::RmsProp(RmsProp {
                    alpha: momentum,
                    ..RmsProp::default()
                }),
                Optimizer::Muon(Muon {
                    momentum,
                    nesterov,
                    weight_decay,
                    ..Muon::default()
                }),
            ])
        },
    );
    let schedule = (1..99usize, 0.1..0.9, any::<bool>()).prop_flat_map(|(steps, share, given)| {
        proptest::sample::select(vec![
            Schedule::Constant(Constant { warm_up: steps }),
            Schedule::Step(Step {
                every: steps,
                gamma: share,
                warm_up: 3,
            }),
            Schedule::Cosine(Cosine {
                last: share,
                warm_up: steps,
            }),
            Schedule::OneCycle(OneCycle {
                peak: given.then_some(share),
                rise: share,
                ..OneCycle::default()
            }),
        ])
    });
    let training = (
        optimizer,
        schedule,
        1..99usize,
        0..i64::MAX as u64,
        any::<bool>(),
    )
        .prop_map(|(optimizer, schedule, epochs, seed, clip)| Training {
            epochs,
            seed,
            optimizer,
            schedule,
            clip_norm: clip.then_some(0.1 * epochs as f64),
            checkpoints: Checkpoints {
                every_seconds: clip.then_some(0.1 * epochs as f64),
                every_steps: (!clip).then_some(epochs),
                keep: epochs,
                best: clip,
            },
            accumulate: epochs,
            ema: clip.then_some(0.01 * epochs as f64),
            early_stopping: clip.then(|| EarlyStopping {
                metric: Metric::Ap,
                patience: epochs,
                ..EarlyStopping::default()
            }),
            ..Training::default()
        });
    let layers = proptest::collection::vec(any_layer(), 1..9);
    (
        layers,
        any::<bool>(),
        training,
        "[ -~]{1,9}",
        0.0..9.0,
        1..99usize,
    )
        .prop_map(
            |(layers, detector, training, source, number, count)| Recipe {
                data: Data {
                    source,
                    validation: count,
                    augment: Augment {
                        shift: count,
                        rotate: number,
                        scale: number / 10.0,
                        elastic: number / 10.0,
                        elastic_sigma: 4.0 + number,
                        erase: number / 10.0,
                        erase_area: [number / 20.0 + 0.01, 1.0],
                        ..Augment::default()
                    },
                    normalize: Normalize {
                        mean: number,
                        std: 1.0 + number,
                    },
                    scenes: detector.then(|| Scenes {
                        clutter: count,
                        noise: number / 10.0,
                        ..Scenes::default()
                    }),
                },
                model: if detector {
                    Model::FasterRcnn(FasterRcnn {
                        backbone: Backbone { layers },
                        pyramid: (count % 3 == 0).then(|| Pyramid {
                            strides: vec![count.next_power_of_two()],
                            extra_level: true,
                            ..Pyramid::default()
                        }),
                        anchors: Anchors {
                            sizes: if number < 4.0 {
                                AnchorSizes::Shared(vec![1.0 + number; count])
                            } else {
                                // With a pyramid there is an extra level, too.
                                let levels = 1 + usize::from(count % 3 == 0);
                                AnchorSizes::PerLevel(vec![vec![1.0 + number; count]; levels])
                            },
                            ..Anchors::default()
                        },
                        rpn: Rpn {
                            channels: Some(count),
                            sample: count,
                            positive_fraction: 1.0,
                            box_loss: BoxLoss::Giou,
                            ..Rpn::default()
                        },
                        roi: Roi {
                            norm: Norm::Group,
                            hidden: vec![],
                            convolutions: vec![count],
                            box_regression: BoxRegression::ClassAgnostic,
                            ..Roi::default()
                        },
                        detections: Detections {
                            per_image: count,
                            ..Detections::default()
                        },
                    })
                } else {
                    Model::Cnn(Cnn {
                        layers,
                        test_shift: count % 4,
                    })
                },
                training,
            },
        )
}

proptest! {
    #[test]
    fn to_toml_and_back_is_the_same_recipe(recipe in any_recipe()) {
        let text = recipe.to_toml().unwrap();
        prop_assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), recipe);
    }

    #[test]
    fn no_recipe_makes_the_shape_walk_panic(recipe in any_recipe()) {
        for side in [1, 28, 1 << 40, usize::MAX] {
            if let Ok(summary) = recipe.summary([side, side, side], 10) {
                let _ = summary.memory(&recipe.training, usize::MAX).total();
            }
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), set in any::<String>()) {
        let _ = message(parse(&text));
        let _ = message(Recipe::parse(SMALL, "x", &[set]));
    }

    /// Built-in recipes with some bytes replaced: close enough to right to reach every check.
    #[test]
    fn no_slip_makes_the_parser_panic(
        name in proptest::sample::select(names()),
        slips in proptest::collection::vec((any::<prop::sample::Index>(), "[ -~\né]{0,3}"), 1..5),
        path in "(model|training|data)(\\.[a-z-]{1,9}){0,2}(\\[[0-9]\\]){0,2}",
        value in "[ -~]{1,5}",
    ) {
        let mut text: Vec<char> = built_in(name).unwrap().text.chars().collect();
        for (at, new) in slips {
            let at = at.index(text.len());
            text.splice(at..at + 1, new.chars());
        }
        let text: String = text.into_iter().collect();
        let _ = message(parse(&text));
        let _ = message(Recipe::parse(&text, "x", &[format!("{path}={value}")]));
    }
}
