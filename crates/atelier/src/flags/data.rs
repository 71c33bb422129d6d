//! The flags of `data` and `coco-eval`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use recipe::Scenes;

use super::PictureLimit;

#[derive(Args, Debug)]
pub struct Data {
    #[command(subcommand)]
    pub action: DataAction,
}

#[derive(Debug, Subcommand)]
pub enum DataAction {
    /// Write scenes of several MNIST digits as PNG files with COCO annotations
    Scenes(DataScenes),
    /// Report how well a detector's anchors fit its training objects, and suggest better ones
    Anchors(DataAnchors),
    /// Draw training images with their labels and boxes into one picture; with --augment, also their augmented versions
    Show(DataShow),
    /// Check a data set: damaged files, duplicates, pictures on both sides of a split, odd boxes, likely label errors
    Check(DataCheck),
}

/// Flags of `data scenes`. The defaults are those of a recipe's [data.scenes].
#[derive(Args, Debug)]
pub struct DataScenes {
    /// Folder to write train.json, train/, test.json and test/ into; must be empty or new
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Number of training scenes, made of training digits
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub images: usize,
    /// Number of test scenes, made of test digits
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub test_images: usize,
    /// Random seed: the same seed and options give the same bytes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Height and width of a scene in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = Scenes::default().size)]
    pub size: usize,
    /// Smallest and largest number of digits in a scene; 0-10 leaves some scenes empty
    #[arg(long, value_name = "MIN-MAX", default_value_t = Range(Scenes::default().digits))]
    pub digits: Range,
    /// Shortest and longest side of a digit's square in pixels
    #[arg(long, value_name = "MIN-MAX", default_value_t = Range(Scenes::default().side))]
    pub side: Range,
    /// Largest overlap of two digits' boxes, as intersection over union
    #[arg(long, value_name = "IOU", default_value_t = Scenes::default().overlap)]
    pub overlap: f64,
    /// Standard deviation of the noise on each pixel, as a fraction of white
    #[arg(long, value_name = "FRACTION", default_value_t = Scenes::default().noise)]
    pub noise: f64,
    /// Number of digit fragments scattered over each scene
    #[arg(long, value_name = "N", default_value_t = Scenes::default().clutter)]
    pub clutter: usize,
    /// Maximum brightness of the uneven background, as a fraction of white
    #[arg(long, value_name = "FRACTION", default_value_t = Scenes::default().background)]
    pub background: f64,
}

/// `1-10`, or `5` for `5-5`.
#[derive(Clone, Copy, Debug)]
pub struct Range(pub [usize; 2]);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0[0], self.0[1])
    }
}

impl FromStr for Range {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        match (least.trim().parse(), most.trim().parse()) {
            (Ok(least), Ok(most)) if least <= most => Ok(Self([least, most])),
            (Ok(_), Ok(_)) => Err("the smaller number comes first, as in 1-10"),
            _ => Err("expected two whole numbers with a dash, as in 1-10"),
        }
    }
}

#[derive(Args, Debug)]
pub struct DataAnchors {
    /// A built-in recipe of a detector or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Override a key of the recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

#[derive(Args, Debug)]
pub struct DataShow {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Show each image as data.augment changes it in the first epochs
    #[arg(long)]
    pub augment: bool,
    /// Number of images, at most 100 [default: 30; with --augment, 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub count: Option<u32>,
    /// The PNG file to write
    #[arg(long, default_value = "contact-sheet.png", value_name = "FILE")]
    pub out: PathBuf,
    /// Override a key of the recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

#[derive(Args, Debug)]
pub struct DataCheck {
    /// A folder or file of data, or a recipe (a built-in one or a .toml file), of which [data] is taken
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// What the folder or file holds: idx, npz, folders, coco, yolo, voc, csv or parquet [default: what it looks like]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    #[command(flatten)]
    pub pictures: PictureLimit,
    /// Write the result as one HTML page with small pictures
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write a list of the good pictures, a .csv file to use as data.source; the data set itself is not changed
    #[arg(long, value_name = "LIST")]
    pub fix: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct CocoEval {
    /// Annotations in COCO format
    #[arg(value_name = "GROUND_TRUTH")]
    pub ground_truth: PathBuf,
    /// Results in COCO format
    #[arg(value_name = "DETECTIONS")]
    pub detections: PathBuf,
    /// Evaluate boxes or masks (polygons and run lengths)
    #[arg(long, value_enum, value_name = "TYPE", default_value_t)]
    pub iou: IouType,
    /// Results of another model, to compare with: AP and AP50, with the 95 % interval of the difference
    #[arg(long, value_name = "DETECTIONS")]
    pub compare: Option<PathBuf>,
    /// How often --compare draws the images anew, for the interval
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "compare", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub resamples: u32,
    /// Repeat pycocotools' mistakes (annotation ids that are 0 or repeated, silently dropped boxes)
    #[arg(long)]
    pub pycocotools_quirks: bool,
    /// Number of detections counted per image and class, those with the highest scores
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_detections: u32,
    /// Write precision-recall curves as CSV
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
}

/// What is evaluated; pycocotools' `iouType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum IouType {
    #[default]
    Bbox,
    Segm,
}
