//! The flags of `import`.

use std::path::PathBuf;

use clap::Args;
use nets::exchange::Pairing;

use super::{Machine, RunsFolder};

#[derive(Args, Debug)]
pub struct Import {
    /// A safetensors file, or a state dict that PyTorch saved (.pth, .pt)
    #[arg(value_name = "WEIGHTS")]
    pub weights: PathBuf,
    /// The network that they belong to, and how pictures become its input: a built-in recipe or a .toml file
    #[arg(long, value_name = "RECIPE")]
    pub recipe: String,
    /// Names of the classes in the order of the outputs: A,B,C, or a file with a name a line or a JSON list [default:
    /// ImageNet's for 1000 outputs, COCO's for torchvision's detectors, else numbers]
    #[arg(long, value_name = "NAMES")]
    pub classes: Option<String>,
    /// How tensors are paired: name, or order, which takes those of a .pth file one after the other whatever their names are
    #[arg(long, value_name = "WAY", default_value = "name")]
    pub by: Pairing,
    /// What the run is called [default: the recipe's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Override a key of the recipe, as in data.image.size=[224,224]; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub folder: RunsFolder,
}
