//! Names that torchvision gives to the layers of its residual networks and MobileNets.
//!
//! Ours are the places in the recipe, `layers.4.blocks.0.residual.3`; torchvision's say what a layer is for,
//! `layer1.0.conv2`.

use std::collections::BTreeMap;

use crate::layers::{LayerModule, PartsLayer};
use crate::network::Network;

/// The path of each layer with parameters, and what torchvision calls it.
pub(super) type Known = BTreeMap<String, String>;

/// The names in a network of torchvision's form; empty for any other.
pub(super) fn known(network: &Network) -> Known {
    match network {
        Network::Cnn(cnn) => of_list("layers", cnn.layers(), ["", "features."]),
        Network::FasterRcnn(detector) => {
            let body = "backbone.body.";
            of_list("backbone", detector.backbone(), [body, body])
        }
    }
    .unwrap_or_default()
}

/// With one prefix for the names of a ResNet, and one for those of a MobileNet.
fn of_list(list: &str, layers: &[LayerModule], [resnet, mobilenet]: [&str; 2]) -> Option<Known> {
    let parts = layers.iter().filter_map(|layer| match layer {
        LayerModule::Parts(parts) => Some(parts.is_stage),
        _ => None,
    });
    let stages: Vec<bool> = parts.collect();
    let mut namer = Namer {
        list,
        known: Known::new(),
    };
    match stages.as_slice() {
        [] => None,
        all if all.iter().all(|is_stage| *is_stage) => namer.resnet(layers, resnet),
        all if all.iter().all(|is_stage| !is_stage) => namer.mobilenet(layers, mobilenet),
        _ => None,
    }?;
    Some(namer.known)
}

struct Namer<'a> {
    list: &'a str,
    known: Known,
}

impl Namer<'_> {
    fn name(&mut self, path: &str, theirs: String) {
        self.known.insert(format!("{}.{path}", self.list), theirs);
    }

    /// One convolution and its normalisation, stages, and one linear layer; `None` for any other list.
    fn resnet(&mut self, layers: &[LayerModule], prefix: &str) -> Option<()> {
        let mut stages = 0;
        let mut taken = [false; 3];
        for (number, layer) in layers.iter().enumerate() {
            let (slot, name) = match layer {
                LayerModule::Plain(_) => continue,
                LayerModule::Parts(parts) => {
                    stages += 1;
                    self.stage(number, parts, &format!("{prefix}layer{stages}"))?;
                    continue;
                }
                LayerModule::Conv(_) if stages == 0 => (0, "conv1"),
                LayerModule::BatchNorm(_) if stages == 0 => (1, "bn1"),
                LayerModule::Linear(_) if stages > 0 => (2, "fc"),
                _ => return None,
            };
            if std::mem::replace(&mut taken[slot], true) {
                return None;
            }
            self.name(&number.to_string(), format!("{prefix}{name}"));
        }
        Some(())
    }

    fn stage(&mut self, number: usize, parts: &PartsLayer, prefix: &str) -> Option<()> {
        let mut block = 0;
        for (place, layer) in parts.blocks.iter().enumerate() {
            let LayerModule::Residual(residual) = layer else {
                continue;
            };
            let mut convolutions = 0;
            for (index, layer) in residual.residual.iter().enumerate() {
                let part = match layer {
                    LayerModule::Conv(_) => {
                        convolutions += 1;
                        "conv"
                    }
                    LayerModule::BatchNorm(_) => "bn",
                    LayerModule::Plain(_) => continue,
                    _ => return None,
                };
                self.name(
                    &format!("{number}.blocks.{place}.residual.{index}"),
                    format!("{prefix}.{block}.{part}{convolutions}"),
                );
            }
            for index in 0..residual.shortcut.len() {
                self.name(
                    &format!("{number}.blocks.{place}.shortcut.{index}"),
                    format!("{prefix}.{block}.downsample.{index}"),
                );
            }
            block += 1;
        }
        Some(())
    }

    /// Convolutions with their normalisations, blocks, and linear layers; `None` for any other list.
    fn mobilenet(&mut self, layers: &[LayerModule], prefix: &str) -> Option<()> {
        let mut features = 0;
        let mut first_linear = None;
        for (number, layer) in layers.iter().enumerate() {
            let path = number.to_string();
            match layer {
                LayerModule::Plain(_) => {}
                LayerModule::Parts(parts) => {
                    self.inverted(number, parts, &format!("{prefix}{features}.block"))?;
                    features += 1;
                }
                LayerModule::Conv(_) => self.name(&path, format!("{prefix}{features}.0")),
                LayerModule::BatchNorm(_) => {
                    self.name(&path, format!("{prefix}{features}.1"));
                    features += 1;
                }
                LayerModule::Linear(_) => {
                    let first = *first_linear.get_or_insert(number);
                    self.name(&path, format!("classifier.{}", number - first));
                }
                LayerModule::Squeeze(_) | LayerModule::Residual(_) => return None,
            }
        }
        Some(())
    }

    fn inverted(&mut self, number: usize, parts: &PartsLayer, prefix: &str) -> Option<()> {
        let (layers, place) = match parts.blocks.as_slice() {
            [LayerModule::Residual(residual)] => {
                (&residual.residual, format!("{number}.blocks.0.residual"))
            }
            _ => (&parts.blocks, format!("{number}.blocks")),
        };
        let mut unit = 0;
        for (index, layer) in layers.iter().enumerate() {
            let path = format!("{place}.{index}");
            match layer {
                LayerModule::Conv(_) => self.name(&path, format!("{prefix}.{unit}.0")),
                LayerModule::BatchNorm(_) => {
                    self.name(&path, format!("{prefix}.{unit}.1"));
                    unit += 1;
                }
                LayerModule::Squeeze(_) => {
                    self.name(&path, format!("{prefix}.{unit}"));
                    unit += 1;
                }
                LayerModule::Plain(_) => {}
                _ => return None,
            }
        }
        Some(())
    }
}
