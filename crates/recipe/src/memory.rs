//! How much memory a training needs, so that one that cannot fit is refused before anything is allocated.

use super::summary::{LayerSummary, Summary};
use super::{Optimizer, Training};
use std::fmt;

/// Bytes of a number: weights, gradients and activations are f32.
const NUMBER: u64 = 4;

/// The least memory that a training needs, in bytes. Buffers that live for one layer only do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The weights and, if the recipe asks for it, their moving average.
    pub weights: u64,
    /// One gradient per weight.
    pub gradients: u64,
    /// What the optimizer remembers of each weight.
    pub optimizer: u64,
    /// Outputs of convolutions and linear layers for one mini-batch, which the backward pass reads.
    pub activations: u64,
    /// Images in a mini-batch.
    pub batch: u64,
    /// The layer that needs most, with its bytes.
    pub largest: Option<(String, u64)>,
}

/// A training that does not fit into memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("training needs {needed}, but only {} are there{}\n  help: {}", Bytes(*.limit), .needed.most(), .needed.help())]
pub struct TooLarge {
    /// What it needs.
    pub needed: Memory,
    /// Bytes that the machine has.
    pub limit: u64,
}

impl Summary {
    /// The memory that training this network takes, with `images` training images.
    pub fn memory(&self, training: &Training, images: usize) -> Memory {
        let batch = training.batch_size.min(images) as u64;
        let averaged = u64::from(training.ema.is_some());
        let remembered = match training.optimizer {
            Optimizer::Sgd(sgd) => u64::from(sgd.momentum > 0.0),
            Optimizer::RmsProp(rms) => 1 + u64::from(rms.momentum > 0.0),
            Optimizer::Adam(_) | Optimizer::AdamW(_) => 2,
            // Hidden weights, which are most of them, have a mean only.
            Optimizer::Muon(_) => 1,
        };
        let of_weights = |layer: &LayerSummary| layer.parameters.saturating_mul(NUMBER);
        let of_images = |layer: &LayerSummary| {
            let numbers = layer.activations.saturating_mul(batch);
            numbers.saturating_mul(NUMBER)
        };
        let sum = |bytes: &dyn Fn(&LayerSummary) -> u64| {
            let layers = self.layers.iter().map(bytes);
            layers.fold(0, u64::saturating_add)
        };
        let of_layer = |layer: &LayerSummary| {
            let weights = of_weights(layer).saturating_mul(2 + averaged + remembered);
            weights.saturating_add(of_images(layer))
        };
        let weights = sum(&of_weights);
        let largest = self.layers.iter().max_by_key(|layer| of_layer(layer));
        Memory {
            weights: weights.saturating_mul(1 + averaged),
            gradients: weights,
            optimizer: weights.saturating_mul(remembered),
            activations: sum(&of_images),
            batch,
            largest: largest.map(|layer| (layer.name.clone(), of_layer(layer))),
        }
    }
}

impl Memory {
    /// The sum.
    pub fn total(&self) -> u64 {
        self.weights
            .saturating_add(self.gradients)
            .saturating_add(self.optimizer)
            .saturating_add(self.activations)
    }

    /// Fails if that is more than `limit` bytes.
    ///
    /// # Errors
    /// [`TooLarge`], which names the largest layer and says what to change.
    pub fn fits(self, limit: u64) -> Result<(), TooLarge> {
        if self.total() > limit {
            return Err(TooLarge {
                needed: self,
                limit,
            });
        }
        Ok(())
    }

    fn most(&self) -> String {
        match &self.largest {
            Some((name, bytes)) => format!("; `{name}` alone needs {}", Bytes(*bytes)),
            None => String::new(),
        }
    }

    fn help(&self) -> String {
        let fewer = "fewer channels or features";
        if self.activations > self.total() / 2 && self.batch > 1 {
            let batch = self.batch;
            return format!(
                "use a smaller training.batch-size than {batch}, smaller maps, or {fewer}"
            );
        }
        format!("use {fewer} in this layer or the one before it, or a smaller map before it")
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "at least {} of memory (weights {}, gradients {}, optimizer {}, activations {})",
            Bytes(self.total()),
            Bytes(self.weights),
            Bytes(self.gradients),
            Bytes(self.optimizer),
            Bytes(self.activations),
        )
    }
}

/// A number of bytes as people read it: `1.5 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut amount = self.0 as f64;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if amount < 1024.0 {
                break;
            }
            amount /= 1024.0;
            unit = larger;
        }
        let decimals = usize::from(amount < 100.0 && unit != "B");
        write!(formatter, "{amount:.decimals$} {unit}")
    }
}

#[cfg(test)]
mod tests {
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
        let wide =
            message("\"flatten\", { linear = 1048576 }, { linear = 1048576 }, { linear = 10 }");
        assert_eq!(
            wide,
            "training needs at least 16.1 TiB of memory (weights 4.0 TiB, gradients 4.0 TiB, \
             optimizer 8.0 TiB, activations 512 MiB), but only 16.0 GiB are there; \
             `linear 1048576` alone needs 16.0 TiB\n  help: use fewer channels or features in \
             this layer or the one before it, or a smaller map before it"
        );
        let padded = message(
            "{ conv = 8, kernel = 1, padding = 4096 }, \"global-avg-pool\", { linear = 10 }",
        );
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
            let summary = recipe.summary([1, 128, 128], 10);
            let Ok(summary) = summary else { continue };
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
}
