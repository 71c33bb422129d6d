//! The flags of `data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Flags of `data`.
#[derive(Args, Debug)]
pub struct Data {
    /// What to do
    #[command(subcommand)]
    pub action: DataAction,
}

/// What `data` can do.
#[derive(Debug, Subcommand)]
pub enum DataAction {
    /// Write scenes of several MNIST digits as PNG files with COCO annotations
    Scenes(DataScenes),
    /// Report how a detector's anchors fit the objects it is to learn, and suggest better ones
    Anchors(DataAnchors),
    /// Draw training images with their labels and boxes into one picture, with --augment also their random changes
    Show(DataShow),
}

/// Flags of `data scenes`. The defaults are those of a recipe's [data.scenes].
#[derive(Args, Debug)]
pub struct DataScenes {
    /// Folder to write train.json, train/, test.json and test/ into; must be empty or new
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Training scenes, made of training digits
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub images: usize,
    /// Test scenes, made of test digits
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub test_images: usize,
    /// Seed: the same seed and options give the same bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Height and width of a scene in pixels
    #[arg(long, value_name = "PIXELS")]
    pub size: Option<usize>,
    /// Digits in a scene, fewest to most, as in 1-10; 0-10 makes some scenes without any
    #[arg(long, value_name = "FEWEST-MOST", value_parser = range)]
    pub digits: Option<[usize; 2]>,
    /// Side of a digit's square in pixels, shortest to longest, as in 18-44
    #[arg(long, value_name = "SHORTEST-LONGEST", value_parser = range)]
    pub side: Option<[usize; 2]>,
    /// Most that the boxes of two digits overlap: intersection over union
    #[arg(long, value_name = "IOU")]
    pub overlap: Option<f64>,
    /// Standard deviation of the noise on each pixel, as a fraction of white
    #[arg(long, value_name = "FRACTION")]
    pub noise: Option<f64>,
    /// Pieces of digits to strew in each scene
    #[arg(long, value_name = "N")]
    pub clutter: Option<usize>,
    /// Brightest the uneven background may be, as a fraction of white
    #[arg(long, value_name = "FRACTION")]
    pub background: Option<f64>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `1-10`, or `5` for `5-5`.
fn range(text: &str) -> Result<[usize; 2], String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let number = |part: &str| part.trim().parse::<usize>();
    match (number(least), number(most)) {
        (Ok(least), Ok(most)) if least <= most => Ok([least, most]),
        (Ok(_), Ok(_)) => Err("the smaller number comes first, as in 1-10".to_string()),
        _ => Err("expected two whole numbers with a dash, as in 1-10".to_string()),
    }
}

/// Flags of `data anchors`.
#[derive(Args, Debug)]
pub struct DataAnchors {
    /// A built-in recipe of a detector or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Override a key of the recipe
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `data show`.
#[derive(Args, Debug)]
pub struct DataShow {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Show each image with its random changes in the first epochs, as data.augment makes them
    #[arg(long)]
    pub augment: bool,
    /// Images, at most 100; default: 30, with --augment 8
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub count: Option<u32>,
    /// The PNG file
    #[arg(long, default_value = "contact-sheet.png", value_name = "FILE")]
    pub out: PathBuf,
    /// Override a key of the recipe
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}
