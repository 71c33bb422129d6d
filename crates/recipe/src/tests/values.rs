//! How layers and numbers may be written, and which numbers are in range.

use super::*;

#[test]
fn every_layer_syntax_parses() {
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
        groups: Groups::default(),
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
fn numbers_parse_in_every_notation() {
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
fn numbers_beyond_32_bits_are_refused() {
    #[rustfmt::skip]
    let cases = [
        ("training.epochs=9223372036854775807", "from 1 to 1000000, found 9223372036854775807"),
        ("training.batch-size=1000001", "from 1 to 1000000"),
        ("data.image.std=1e308", "from 0.000001 to 1000000 (white is 1)"),
        ("data.image.std=1e-320", "from 0.000001 to 1000000"),
        ("data.image.mean=1e308", "from -1000 to 1000"),
        ("data.image.mean=nan", "from -1000 to 1000"),
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
fn losses_and_class_weights_parse() {
    let training = |line: &str| {
        let text = format!("{}{line}\n", SMALL.replace("epochs = 3\n", ""));
        parse(&text)
            .unwrap_or_else(|error| panic!("{error}"))
            .training
    };
    let focal = |gamma| Loss::Focal(Focal { gamma });
    for (line, loss) in [
        ("", Loss::CrossEntropy),
        ("loss = \"cross-entropy\"", Loss::CrossEntropy),
        ("loss = { name = \"cross-entropy\" }", Loss::CrossEntropy),
        ("loss = \"focal\"", focal(2.0)),
        ("loss = { name = \"focal\" }", focal(2.0)),
        ("loss = { name = \"focal\", gamma = 0.5 }", focal(0.5)),
    ] {
        assert_eq!(training(line).loss, loss, "{line}");
    }
    for (line, weights) in [
        ("", None),
        ("class-weights = \"none\"", None),
        ("class-weights = \"balanced\"", Some(ClassWeights::Balanced)),
        (
            "class-weights = [1, 0.5, 0]",
            Some(ClassWeights::List(vec![1.0, 0.5, 0.0])),
        ),
    ] {
        assert_eq!(training(line).class_weights, weights, "{line}");
    }
    assert_eq!(training("").sampler, Sampler::Shuffle);
    let balanced = training("sampler = \"balanced\"");
    assert_eq!(balanced.sampler, Sampler::Balanced);
}

#[test]
fn balanced_weights_are_scikit_learns() {
    // compute_class_weight("balanced"): n / (K * n_c). Each class then has the same weight in all.
    let weights = ClassWeights::Balanced.of(&[80, 15, 5]);
    assert_eq!(weights, [100.0 / 240.0, 100.0 / 45.0, 100.0 / 15.0]);
    let cases: [(&str, &[usize], &[f64]); 3] = [
        ("even", &[4, 4], &[1.0, 1.0]),
        (
            "a class without images",
            &[3, 0, 3],
            &[2.0 / 3.0, 0.0, 2.0 / 3.0],
        ),
        ("no images", &[0, 0], &[0.0, 0.0]),
    ];
    for (name, counts, expected) in cases {
        assert_eq!(ClassWeights::Balanced.of(counts), expected, "{name}");
    }
    let list = ClassWeights::List(vec![2.0, 0.0]);
    assert_eq!(list.of(&[1, 9]), [2.0, 0.0]);
}
