//! Networks that come with the program, trained by recipes of `bench/digits`.

use std::path::Path;

use data::Dataset;
use measure::record::DataIdentity;
use recipe::Recipe;

use crate::device::Computer;
use crate::run::{About, Judged, Origin, RunError, Trained, Untrained};
use crate::weights::{self, Weights};

/// A network that needs no training.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its name, as a run's.
    pub name: &'static str,
    /// What it does, in a few words.
    pub reads: &'static str,
    recipe: &'static str,
    weights: &'static [u8],
}

macro_rules! built_in {
    ($name:literal, $reads:literal) => {
        BuiltIn {
            name: $name,
            reads: $reads,
            recipe: include_str!(concat!("../models/", $name, ".toml")),
            weights: include_bytes!(concat!("../models/", $name, ".safetensors")),
        }
    };
}

/// All of them.
pub const BUILT_IN: [BuiltIn; 2] = [
    built_in!("digits-cnn", "one digit, handwritten or printed"),
    built_in!("digits-detector", "digits in a picture of any size"),
];

impl BuiltIn {
    /// The one with a name.
    pub fn find(name: &str) -> Option<Self> {
        BUILT_IN.into_iter().find(|model| model.name == name)
    }

    /// The trained network.
    ///
    /// # Errors
    /// [`RunError`] when the device refuses; the files themselves are tested.
    pub fn trained(&self, computer: &Computer) -> Result<Trained, RunError> {
        let file = |ending: &str| format!("{}.{ending}", self.name);
        let (path, recipe_path) = (file("safetensors"), file("toml"));
        let files = [Path::new(&path), Path::new(&recipe_path)];
        let (weights, about): (Weights, About) = weights::of_bytes(files[0], self.weights)?;
        let recipe = Recipe::parse::<&str>(self.recipe, &recipe_path, &[])?;
        Trained::assemble(files, recipe, &weights, about, &computer.device)
    }

    /// Judges the trained network on `data`: a part with the name `split` of `source`.
    ///
    /// # Errors
    /// [`RunError`] when the data does not suit the network.
    pub fn judge(
        &self,
        trained: &Trained,
        data: &Dataset,
        source: &DataIdentity,
        split: &str,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<Judged, RunError> {
        let subject = Untrained {
            name: self.name,
            path: Path::new(self.name),
            model_bytes: self.weights.len() as u64,
        };
        trained.judge(&subject, data, source, split, computer, origin)
    }
}
