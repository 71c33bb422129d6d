//! Random recipes and random text: recipes survive a round trip, and nothing panics.

use proptest::prelude::*;

use super::*;

fn any_layer() -> impl Strategy<Value = Layer> {
    let list = |least: usize| proptest::collection::vec(any_simple_layer(), least..4);
    let residual =
        || (list(1), list(0)).prop_map(|(layers, shortcut)| Layer::Residual { layers, shortcut });
    let nested = proptest::collection::vec(residual(), 1..3).prop_map(|layers| Layer::Residual {
        layers,
        shortcut: Vec::new(),
    });
    let stage = (1..5usize, 1..99usize, 1..4usize, any::<bool>()).prop_map(
        |(blocks, channels, stride, basic)| {
            Layer::Stage(ResidualStage {
                blocks,
                block: if basic {
                    Block::Basic
                } else {
                    Block::Bottleneck
                },
                channels,
                stride,
                width: 2 * channels,
                groups: if basic { 1 } else { 2 },
                momentum: 0.1,
                epsilon: 0.0,
            })
        },
    );
    let inverted = (1..99usize, 0..3usize, 1..99usize, 1..4usize, any::<bool>()).prop_map(
        |(channels, half, expand, stride, squeeze)| {
            Layer::Inverted(Inverted {
                channels,
                kernel: 2 * half + 1,
                expand,
                stride,
                squeeze: squeeze.then_some(channels),
                activation: BlockActivation::HardSwish,
                momentum: 0.01,
                epsilon: 0.001,
            })
        },
    );
    prop_oneof![4 => any_simple_layer(), 1 => residual(), 1 => nested, 1 => stage, 1 => inverted]
}

fn any_simple_layer() -> impl Strategy<Value = Layer> {
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
                groups: if bias {
                    Groups::Depthwise
                } else {
                    Groups::Number(1)
                },
                bias,
            }
        ),
        pool.clone().prop_map(Layer::MaxPool),
        pool.prop_map(Layer::AvgPool),
        (0.001..1.0, 1e-9..1.0)
            .prop_map(|(momentum, epsilon)| Layer::BatchNorm { momentum, epsilon }),
        side().prop_map(|size| Layer::AdaptiveAvgPool { size }),
        (1..99usize, any::<bool>()).prop_map(|(features, hard)| Layer::SqueezeExcitation {
            features,
            gate: if hard {
                Gate::HardSigmoid
            } else {
                Gate::Sigmoid
            },
        }),
        (-9.0..9.0).prop_map(|slope| Layer::LeakyRelu { slope }),
        (0.0..1.0).prop_map(|rate| Layer::Dropout { rate }),
        (1..99usize, any::<bool>()).prop_map(|(features, bias)| Layer::Linear { features, bias }),
        proptest::sample::select(vec![
            Layer::GlobalAvgPool,
            Layer::Relu,
            Layer::Gelu,
            Layer::Silu,
            Layer::Sigmoid,
            Layer::HardSigmoid,
            Layer::HardSwish,
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
            Schedule::ReduceOnPlateau(ReduceOnPlateau {
                factor: share,
                patience: steps,
                ..ReduceOnPlateau::default()
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
            loss: if clip {
                Loss::Focal(Focal {
                    gamma: 0.1 * epochs as f64,
                })
            } else {
                Loss::CrossEntropy
            },
            class_weights: (epochs % 3 > 0).then(|| {
                if clip {
                    ClassWeights::Balanced
                } else {
                    ClassWeights::List(vec![0.5, epochs as f64])
                }
            }),
            sampler: if clip {
                Sampler::Balanced
            } else {
                Sampler::Shuffle
            },
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
                    validation: match count % 3 {
                        0 => Validation::Folder,
                        1 => Validation::Fraction(0.25),
                        _ => Validation::Count(count),
                    },
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
                    image: Image {
                        colour: detector.then_some(Colour::Rgb),
                        size: (count % 2 == 0).then_some(if detector {
                            InputSize::Sides(Sides {
                                shorter: count,
                                longest: 2 * count,
                                multiple: 32,
                            })
                        } else {
                            InputSize::Fixed([count, 2 * count])
                        }),
                        mean: PerChannel::Same(number),
                        std: if detector {
                            PerChannel::Dataset
                        } else {
                            PerChannel::Same(1.0 + number)
                        },
                        ..Image::default()
                    },
                    scenes: detector.then(|| Scenes {
                        clutter: count,
                        noise: number / 10.0,
                        ..Scenes::default()
                    }),
                    ..Data::default()
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
                    Model::Cnn(Cnn::new(layers, count % 4))
                },
                training: if detector {
                    Training {
                        loss: Loss::default(),
                        class_weights: None,
                        sampler: Sampler::default(),
                        ..training
                    }
                } else {
                    training
                },
            },
        )
}

proptest! {
    #[test]
    fn recipes_survive_a_toml_round_trip(recipe in any_recipe()) {
        let text = recipe.to_toml().unwrap();
        prop_assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), recipe);
    }

    #[test]
    fn shape_inference_never_panics(recipe in any_recipe()) {
        for side in [1, 28, 1 << 40, usize::MAX] {
            if let Ok(summary) = recipe.summary([side, side, side], 10) {
                let _ = summary.memory(&recipe.training, usize::MAX).total();
            }
        }
    }

    #[test]
    fn the_parser_never_panics(text in any::<String>(), set in any::<String>()) {
        let _ = message(parse(&text));
        let _ = message(Recipe::parse(SMALL, "x", &[set]));
    }

    /// Built-in recipes with some bytes replaced: close enough to right to reach every check.
    #[test]
    fn the_parser_never_panics_on_damaged_recipes(
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
