//! Runs that are made of weights trained elsewhere, without training.

use std::path::Path;

use measure::digest::blake3;
use measure::files::read_bytes;
use measure::record::{self, write_history};
use recipe::{Colour, Fit, Image, InputSize, Layer, Model, PerChannel, Recipe};
use serde::{Deserialize, Serialize};

use super::{About, Origin, Run, RunError};
use crate::device::Computer;
use crate::exchange::{self, Fitted, Pairing};
use crate::network::Network;
use crate::weights;

/// Names of classes by their number: torchvision's lists for ImageNet, and for COCO, whose ids have gaps.
const KNOWN: [(&str, &str); 2] = [
    ("ImageNet", include_str!("../../classes/imagenet.txt")),
    ("COCO", include_str!("../../classes/coco.txt")),
];
/// Classes of ImageNet.
const IMAGENET: usize = 1000;
/// The pictures that torchvision's classifiers were trained on.
const IMAGENET_SIDE: usize = 224;
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f64; 3] = [0.229, 0.224, 0.225];

/// Where the weights of a run come from that was not trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The file, as it was given.
    pub file: String,
    /// Digest of the file.
    pub digest: String,
}

/// Weights to import, and what they are for.
#[derive(Debug)]
pub struct Import<'a> {
    /// The file: a safetensors file or a PyTorch state dict.
    pub file: &'a Path,
    /// How its tensors are paired with the network's.
    pub pairing: Pairing,
    /// What the run is called.
    pub name: &'a str,
    /// The network, and how pictures become its input.
    pub recipe: Recipe,
    /// The names of its classes; those of ImageNet or COCO where left out and there are as many, else numbers.
    pub classes: Option<Vec<String>>,
}

/// What was made of an [`Import`].
#[derive(Debug)]
pub struct ImportedRun {
    /// The run.
    pub run: Run,
    /// Its network has this many classes.
    pub classes: usize,
    /// Whose names they have, if these are known.
    pub named_after: Option<&'static str>,
    /// What of the file was taken, and what not.
    pub fitted: Fitted,
    /// How pictures become the network's input.
    pub preparation: Image,
}

impl Import<'_> {
    /// Makes the run under `root`.
    ///
    /// The last layer gets as many outputs as the file has for it. A classifier's recipe that says nothing of its pictures
    /// gets MNIST's for the built-in MNIST's ten classes, and torchvision's for ImageNet otherwise.
    ///
    /// # Errors
    /// [`RunError::Exchange`] where the network has a tensor that the file lacks or has in another shape;
    /// [`RunError::Classes`] for a list of classes of another length.
    pub fn run(
        self,
        root: &Path,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<ImportedRun, RunError> {
        let mut outputs = outputs(&self.recipe).or(self.classes.as_ref().map(Vec::len));
        let mut attempt = None;
        // Once to see how many outputs the file has, and again with as many.
        for _ in 0..2 {
            let count = outputs.unwrap_or_else(|| lines(KNOWN[1].1).count());
            let mut recipe = self.recipe.clone();
            set_outputs(&mut recipe, count);
            prepare(&mut recipe, count);
            let input = input_of(&recipe.data.image);
            let network = Network::new(&recipe, input, count, &computer.device)?;
            let fitted = match self.pairing {
                Pairing::Name => {
                    exchange::fit_what_fits(self.file, exchange::read(self.file)?, &network)?
                }
                Pairing::Order => exchange::fit_by_order(
                    self.file,
                    exchange::read_in_order(self.file)?,
                    &network,
                )?,
            };
            let found = outputs_of_file(&recipe, &fitted);
            attempt = Some((recipe, input, count, fitted));
            if found.is_none_or(|found| found == count) {
                break;
            }
            outputs = found;
        }
        let Some((recipe, input, count, fitted)) = attempt else {
            unreachable!("the loop runs at least once");
        };
        let fitted = fitted.complete(self.file)?;
        let known = |(_, list): &&(&str, &str)| lines(list).count() == count;
        let (classes, named_after) = match (self.classes, KNOWN.iter().find(known)) {
            (Some(classes), _) if classes.len() != count => {
                return Err(RunError::Classes {
                    named: classes.len(),
                    outputs: count,
                });
            }
            (Some(classes), _) => (classes, None),
            (None, Some((name, list))) => (lines(list).map(str::to_string).collect(), Some(*name)),
            (None, None) => ((0..count).map(|class| class.to_string()).collect(), None),
        };
        let preparation = recipe.data.image;
        let about = About {
            classes,
            input,
            preparation,
            best: None,
            calibration: None,
        };
        let imported = Imported {
            file: self.file.display().to_string(),
            digest: blake3([&read_bytes(self.file)?[..]]),
        };
        let run = Run::create(root, self.name)?;
        write_history(run.path.join(record::HISTORY), &[])?;
        weights::save(&run.path.join(record::MODEL), &fitted.weights, &about)?;
        run.begin_with(&recipe, computer, origin, Some(imported))?;
        Ok(ImportedRun {
            run,
            classes: count,
            named_after,
            fitted,
            preparation,
        })
    }
}

/// The numbers that COCO gives no class to, where these classes are COCO's.
pub(super) fn gaps(classes: &[String]) -> Vec<usize> {
    if !lines(KNOWN[1].1).eq(classes) {
        return Vec::new();
    }
    let numbered = classes.iter().enumerate();
    numbered
        .filter(|(_, name)| *name == "N/A")
        .map(|(class, _)| class)
        .collect()
}

fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
}

/// The outputs of a classifier's last layer.
fn outputs(recipe: &Recipe) -> Option<usize> {
    match recipe.model.layers().last() {
        Some(Layer::Linear { features, .. }) => Some(*features),
        _ => None,
    }
}

fn set_outputs(recipe: &mut Recipe, count: usize) {
    if let Model::Cnn(cnn) = &mut recipe.model
        && let Some(Layer::Linear { features, .. }) = cnn.layers.last_mut()
    {
        *features = count;
    }
}

/// How many classes the file has, where that is not what the network has.
fn outputs_of_file(recipe: &Recipe, fitted: &Fitted) -> Option<usize> {
    let biases = fitted
        .left
        .misshapen
        .iter()
        .filter(|(.., found)| found.len() == 1);
    match recipe.model {
        Model::Cnn(_) => {
            let biases: Vec<_> = biases.collect();
            let [(.., found)] = biases[..] else {
                return None;
            };
            Some(found[0])
        }
        Model::FasterRcnn(_) => {
            let mut biases = biases;
            let (.., found) = biases.find(|(name, ..)| name.ends_with("cls_score.bias"))?;
            // One is the background.
            found[0].checked_sub(1)
        }
    }
}

/// States what the recipe leaves to the training pictures, which are not here.
fn prepare(recipe: &mut Recipe, classes: usize) {
    let is_mnist = recipe.data.source == "mnist" && classes == 10;
    let image = &mut recipe.data.image;
    if image.size.is_none() && !is_mnist {
        image.fit = image.fit.or(Some(Fit::Crop));
        let is_default = (image.mean, image.std) == (0.0.into(), 1.0.into());
        if classes == IMAGENET && is_default {
            image.mean = PerChannel::Rgb(IMAGENET_MEAN);
            image.std = PerChannel::Rgb(IMAGENET_STD);
        }
    }
    let (colour, side, fit) = if is_mnist {
        (Colour::Grey, 28, Fit::Digit)
    } else {
        (Colour::Rgb, IMAGENET_SIDE, Fit::Letterbox)
    };
    image.colour = image.colour.or(Some(colour));
    image.size = image.size.or(Some(InputSize::Fixed([side; 2])));
    // Pictures in their own proportions have no fit.
    if image.size.and_then(InputSize::fixed).is_some() {
        image.fit = image.fit.or(Some(fit));
    }
}

fn input_of(image: &Image) -> [usize; 3] {
    let [height, width] = image.size.map_or([0; 2], InputSize::nominal);
    [image.colour.map_or(0, Colour::channels), height, width]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepared_recipes_can_be_read_again() {
        for (name, classes, input) in [
            ("small-resnet", 10, [1, 28, 28]),
            ("resnet-18", 1000, [3, 224, 224]),
            ("resnet-50-fpn", 90, [3, 800, 1344]),
            ("mobilenet-fpn", 90, [3, 320, 640]),
        ] {
            let mut recipe = Recipe::load::<&str>(name, &[]).expect("built in");
            set_outputs(&mut recipe, classes);
            prepare(&mut recipe, classes);
            assert_eq!(input_of(&recipe.data.image), input, "{name}");
            let text = recipe.to_toml().expect("TOML");
            let read = Recipe::parse::<&str>(&text, name, &[]).expect("reads back");
            assert_eq!(read, recipe, "{name}");
        }
    }

    #[test]
    fn only_cocos_own_classes_have_gaps() {
        let coco: Vec<String> = lines(KNOWN[1].1).map(str::to_string).collect();
        assert_eq!(gaps(&coco), [11, 25, 28, 29, 44, 65, 67, 68, 70, 82]);
        assert_eq!(gaps(&coco[..80]), [0; 0]);
        assert_eq!(gaps(&["N/A".to_string()]), [0; 0]);
    }
}
