//! Layers that training leaves as they are.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use burn::tensor::Device;
use measure::record::EpochRecord;
use nets::training::{Observer, StepReport, Trainer};
use nets::weights::{Weights, collect};
use recipe::Recipe;

const RESNET: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 3, stride = 2, padding = 1, bias = false }, "batch-norm", "relu",
  { stage = 1, block = "basic", channels = 4 },
  { stage = 1, block = "basic", channels = 8, stride = 2 },
  "global-avg-pool", { linear = 10 },
]
[training]
epochs = 1
batch-size = 32
optimizer = { name = "adamw", learning-rate = 0.01, weight-decay = 0.1 }
"#;

struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: &StepReport) {}

    fn epoch(&mut self, _: &EpochRecord) {}
}

/// The first three parts of the names of all tensors that two steps change.
fn changed(options: &str) -> BTreeSet<String> {
    changed_of(&format!("{RESNET}{options}"))
}

fn changed_of(recipe: &str) -> BTreeSet<String> {
    let [before, after] = before_and_after(recipe, 64);
    let changed = before.iter().filter(|(name, old)| after[*name] != **old);
    changed.map(|(name, _)| name.clone()).collect()
}

/// The weights before an epoch of this many images, and after it.
fn before_and_after(recipe: &str, images: usize) -> [Weights; 2] {
    let recipe = Recipe::parse::<&str>(recipe, "test", &[]);
    let recipe = recipe.unwrap_or_else(|error| panic!("{error}"));
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    let train = split.train.subset(&(0..images).collect::<Vec<_>>());
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let before = collect(&trainer.network());
    let never = AtomicBool::new(false);
    trainer.run(None, &never, &mut Silent).expect("trains");
    [before, collect(&trainer.network())]
}

fn of_layers<'a>(names: &'a BTreeSet<String>, layers: &[usize]) -> Vec<&'a String> {
    let is_in = |name: &&String| {
        let mut prefixes = layers.iter().map(|layer| format!("layers.{layer}."));
        prefixes.any(|prefix| name.starts_with(&prefix))
    };
    names.iter().filter(is_in).collect()
}

#[test]
fn frozen_parts_keep_weights_and_statistics() {
    let all = changed("");
    for (freeze, frozen, trained) in [
        (
            "[\"stem\", \"backbone.stage-1\"]",
            vec![0, 1, 3],
            vec![4, 6],
        ),
        ("[\"backbone\"]", vec![0, 1, 3, 4], vec![6]),
        // Gradients pass through what is frozen.
        ("[\"stage-2\"]", vec![4], vec![0, 1, 3, 6]),
        ("[\"layers[0]\", \"layers[6]\"]", vec![0, 6], vec![1, 3, 4]),
    ] {
        let found = changed(&format!("freeze = {freeze}"));
        assert!(of_layers(&found, &frozen).is_empty(), "{freeze}: {found:?}");
        assert_eq!(
            of_layers(&found, &trained),
            of_layers(&all, &trained),
            "{freeze}"
        );
    }
}

/// Frozen norms behind a convolution, behind another layer, and in blocks: the gradient passes through all of them.
#[test]
fn gradients_pass_through_frozen_norms() {
    let text = RESNET
        .replace(
            "\"batch-norm\", \"relu\",",
            "\"relu\", \"batch-norm\", \"relu\",",
        )
        .replace("weight-decay = 0.1", "weight-decay = 0");
    for text in [
        RESNET.replace("weight-decay = 0.1", "weight-decay = 0"),
        text,
    ] {
        let found = changed_of(&format!("{text}freeze-norms = true"));
        for name in [
            "layers.0.weight",
            "blocks.0.residual.0.weight",
            "blocks.0.shortcut.0.weight",
        ] {
            assert!(
                found.iter().any(|it| it.ends_with(name)),
                "{name}: {found:?}"
            );
        }
    }
}

#[test]
fn frozen_norms_keep_scale_shift_and_statistics() {
    let all = changed("");
    let found = changed("freeze-norms = true");
    let lost: Vec<&String> = all.difference(&found).collect();
    // Of each norm: scale, shift, mean and variance. The stem has one, the stages two and three. Gradients pass through
    // all of them to the convolutions before.
    assert_eq!(lost.len(), 4 * (1 + 2 + 3), "{lost:?}");
    assert!(found.contains("layers.0.weight") && found.contains("layers.6.bias"));
    assert!(
        !found.iter().any(|name| name.contains("running_")),
        "{found:?}"
    );
}

#[test]
fn parts_have_learning_rates_of_their_own() {
    for optimizer in [
        "{ name = \"sgd\", learning-rate = 0.1, weight-decay = 0.01 }",
        "{ name = \"adamw\", learning-rate = 0.01, weight-decay = 0.1 }",
        "{ name = \"rmsprop\", learning-rate = 0.01 }",
        "{ name = \"muon\", learning-rate = 0.01 }",
    ] {
        let recipe = RESNET.split("optimizer").next().expect("its beginning");
        let recipe = format!("{recipe}optimizer = {optimizer}\n");
        let slow = format!("{recipe}learning-rates = {{ stem = 0.5, stage-2 = 2 }}");
        // One step: later ones begin from other weights.
        let [before, all] = before_and_after(&recipe, 32);
        let [_, some] = before_and_after(&slow, 32);
        for (name, old) in &before {
            if name.contains("running_") {
                continue;
            }
            let factor = match name.split('.').nth(1) {
                Some("0" | "1") => 0.5,
                Some("4") => 2.0,
                _ => 1.0,
            };
            let moved = all[name].values.iter().zip(&old.values);
            let moved = moved.map(|(new, old)| new - old);
            let found = some[name].values.iter().zip(&old.values);
            let found = found.map(|(new, old)| new - old);
            for (moved, found) in moved.zip(found) {
                let expected = moved * factor;
                assert!(
                    (expected - found).abs() < 1e-6 + 1e-3 * expected.abs(),
                    "{optimizer}, {name}: {found} instead of {expected}"
                );
            }
        }
    }
}
