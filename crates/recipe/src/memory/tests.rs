//! What fits and what does not.

use super::*;
use crate::Recipe;

fn memory(layers: &str, sets: &[&str]) -> Memory {
    let text = format!("[model]\nkind = \"cnn\"\nlayers = [{layers}]");
    let recipe = Recipe::parse(&text, "test", sets).unwrap();
    let summary = recipe.summary([1, 28, 28], 10).unwrap();
    summary.memory(&recipe.training, 60_000)
}

#[test]
fn weights_gradients_optimizer_and_activations_are_counted() {
    let layers = "\"flatten\", { linear = 100, bias = false }, \"relu\", { linear = 10 }";
    let weights = 4 * (78_400 + 1010);
    let found = memory(layers, &[]);
    let activations = 4 * 64 * 110;
    assert_eq!(found.weights, weights);
    assert_eq!(found.gradients, weights);
    assert_eq!(found.optimizer, 2 * weights, "Adam remembers two numbers");
    assert_eq!(found.activations, activations);
    assert_eq!(found.total(), 4 * weights + activations);
    let largest = 4 * 4 * 78_400 + 4 * 64 * 100;
    assert_eq!(
        found.largest,
        Some(("linear 100, no bias".to_string(), largest))
    );
    let sgd = memory(layers, &["training.optimizer.name=sgd", "training.ema=0.9"]);
    assert_eq!((sgd.weights, sgd.optimizer), (2 * weights, 0));
    assert!(found.clone().fits(found.total()).is_ok());
    assert!(found.clone().fits(found.total() - 1).is_err());
}

#[test]
fn what_does_not_fit_names_the_layer_and_what_to_change() {
    let message = |layers: &str| memory(layers, &[]).fits(16 << 30).unwrap_err().to_string();
    let wide = message("\"flatten\", { linear = 1048576 }, { linear = 1048576 }, { linear = 10 }");
    assert_eq!(
        wide,
        "training needs at least 16.0 TiB of memory (weights 4.0 TiB, gradients 4.0 TiB, \
         optimizer 8.0 TiB, activations 512 MiB), but only 16.0 GiB are there; \
         `linear 1048576` alone needs 16.0 TiB\n  help: use fewer channels or features in \
         this layer or the one before it, or a smaller map before it"
    );
    let padded =
        message("{ conv = 8, kernel = 1, padding = 4096 }, \"global-avg-pool\", { linear = 10 }");
    assert!(
        padded.contains("`conv 8, 1x1, padding 4096` alone needs 129 GiB"),
        "{padded}"
    );
    assert!(
        padded.contains("a smaller training.batch-size than 64"),
        "{padded}"
    );
    let kernel = message(
        "{ conv = 1048576, kernel = 4096, padding = 4096 }, \"global-avg-pool\", { linear = 10 }",
    );
    assert!(kernel.contains("conv 1048576, 4096x4096"), "{kernel}");
}

#[test]
fn every_built_in_recipe_fits_into_a_gigabyte() {
    for name in crate::names() {
        let recipe = Recipe::load::<&str>(name, &[]).unwrap();
        let side = recipe.data.scenes.as_ref().map_or(28, |scenes| scenes.size);
        let summary = recipe.summary([1, side, side], 10).unwrap();
        let memory = summary.memory(&recipe.training, 60_000);
        assert!(memory.total() < 1 << 30, "{name}: {memory}");
    }
}

/// One change each, to sizes of a detector that could not be allocated.
#[test]
fn large_detectors_do_not_fit() {
    let list = |count: usize| format!("{:?}", vec![1; count]);
    for set in [
        "model.roi.hidden=[1048576, 1048576]".to_string(),
        "model.roi.convolutions=[1048576]".to_string(),
        "model.rpn.channels=1048576".to_string(),
        "model.pyramid.channels=1048576".to_string(),
        format!(
            "model.anchors={{ sizes = {}, ratios = {} }}",
            list(20_000),
            list(20_000)
        ),
    ] {
        let recipe = Recipe::load("scenes-fpn", &[&set]).unwrap();
        let summary = recipe.summary([1, 300, 300], 10).unwrap();
        let memory = summary.memory(&recipe.training, 60_000);
        assert!(memory.total() > 16 << 30, "{}: {memory}", &set[..30]);
    }
}

#[test]
fn bytes_are_rounded() {
    for (bytes, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (200 << 20, "200 MiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(Bytes(bytes).to_string(), text);
    }
}
