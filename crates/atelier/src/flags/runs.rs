//! The flags of commands that read runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use report::{Format, Language};

use super::predict::{PredictLimits, PredictResults};
use super::{Machine, OnnxModel, PictureLimit, RunsFolder};

#[derive(Args, Debug)]
pub struct Evaluate {
    /// A run's name or path, digits-cnn or digits-detector, or an .onnx file
    #[arg(value_name = "MODEL")]
    pub run: String,
    /// Evaluate on other data than the run's own: mnist, scenes, or a folder of IDX files or of images with COCO JSON
    #[arg(long, value_name = "SOURCE")]
    pub data: Option<String>,
    /// Part of the data to evaluate on
    #[arg(long, value_enum, default_value_t)]
    pub split: Part,
    #[command(flatten)]
    pub pictures: PictureLimit,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub folder: RunsFolder,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Part {
    Train,
    #[default]
    Test,
}

#[derive(Args, Debug)]
pub struct Predict {
    /// A run's name or path, digits-cnn or digits-detector, or an .onnx file
    #[arg(value_name = "MODEL")]
    pub run: String,
    /// Image files, folders of them, patterns such as 'photos/**/*.jpg', or - for an image on standard input
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,
    #[command(flatten)]
    pub pictures: PictureLimit,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub folder: RunsFolder,
    // A heading holds for all flags behind it.
    #[command(flatten)]
    pub results: PredictResults,
    #[command(flatten)]
    pub limits: PredictLimits,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// A run's name or path, digits-cnn or digits-detector, or an .onnx file
    #[arg(value_name = "MODEL")]
    pub run: String,
    /// A PNG or JPEG file
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Folder for the pictures [default: a folder named after the image in RUN/explain]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub pictures: PictureLimit,
    #[command(flatten)]
    pub folder: RunsFolder,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

#[derive(Args, Debug)]
pub struct Export {
    /// A run's name or path, digits-cnn or digits-detector
    #[arg(value_name = "MODEL")]
    pub run: String,
    /// onnx: the whole model, for onnxruntime and other programs; safetensors: weights under the names that PyTorch and
    /// torchvision use
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: ExportFormat,
    /// The file to write [default: model.onnx or pytorch.safetensors in the run's folder]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// ONNX: a classifier outputs probabilities instead of logits
    #[arg(long)]
    pub softmax: bool,
    /// ONNX: the model takes bytes [N, height, width, channels] of pictures of its size and scales them itself
    #[arg(long)]
    pub with_preparation: bool,
    /// ONNX: write a detector as two files, FILE-trunk and FILE-head, for runtimes without RoiAlign
    #[arg(long)]
    pub parts: bool,
    #[command(flatten)]
    pub folder: RunsFolder,
}

/// What `export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Onnx,
    Safetensors,
}

#[derive(Args, Debug)]
pub struct Report {
    /// Runs with the same test images, by name or path; beside them digits-cnn, digits-detector and .onnx files
    #[arg(value_name = "RUN", required = true)]
    pub names: Vec<String>,
    /// html, md, csv or json
    #[arg(long, default_value = "html", value_name = "FORMAT")]
    pub format: Format,
    /// Language of the report: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    /// The file to write [default: report.FORMAT in the folder of the run, or of the comparison]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub folder: RunsFolder,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

#[derive(Args, Debug)]
pub struct Runs {
    /// Only runs of this recipe
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// Only models of this kind
    #[arg(long, value_name = "KIND", value_parser = ["cnn", "faster-rcnn"])]
    pub kind: Option<String>,
    /// Only runs started on this day or later (UTC), as in 2026-01-31
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub since: Option<String>,
    /// Order of the list
    #[arg(long, value_name = "BY", value_enum, default_value_t)]
    pub sort: RunOrder,
    #[command(flatten)]
    pub folder: RunsFolder,
}

/// In which order `runs` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RunOrder {
    /// By name
    #[default]
    Name,
    /// Newest first
    Date,
    /// Highest accuracy first
    Accuracy,
    /// Lowest test loss first
    Loss,
    /// Highest average precision first
    Ap,
    /// Shortest training first
    Time,
}

/// A day, or the start of a longer RFC 3339 date, as runs record them.
fn day(text: &str) -> Result<String, String> {
    const SHAPE: &str = "0000-00-00T00:00:00Z";
    let fits = |(found, wanted): (char, char)| match wanted {
        '0' => found.is_ascii_digit(),
        mark => found == mark,
    };
    if (10..=SHAPE.len()).contains(&text.len()) && text.chars().zip(SHAPE.chars()).all(fits) {
        Ok(text.to_string())
    } else {
        Err("expected a day, as in 2026-01-31".to_string())
    }
}
