//! The flags of `predict` beyond the model and the pictures.

use std::path::PathBuf;

use clap::Args;

/// What is made of predictions.
#[derive(Args, Debug)]
#[command(next_help_heading = "Results")]
pub struct PredictResults {
    /// Print the results as CSV: a row for each detection, or for each image of a classifier
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write the detections to this file as COCO results. Images and classes are numbered from 1, in the order of the
    /// images and of the model's classes; `file_name` and `category_name` say which is which
    #[arg(long, value_name = "FILE")]
    pub coco: Option<PathBuf>,
    /// With --coco: take the ids of images and classes from this COCO file of annotations, by the names of files and
    /// classes. Then `atelier coco-eval ANNOTATIONS FILE` evaluates the detections
    #[arg(long, value_name = "ANNOTATIONS", requires = "coco")]
    pub coco_images: Option<PathBuf>,
    /// Write the detections into this folder in YOLO's format: a .txt file for each image, with lines `class cx cy width
    /// height score` (shares of the image), and the names of the classes in classes.txt
    #[arg(long, value_name = "DIR")]
    pub yolo: Option<PathBuf>,
    /// Cut the detections out of the images and write them into this folder; of a classifier that reads ink, the ink
    #[arg(long, value_name = "DIR")]
    pub crops: Option<PathBuf>,
    /// Write copies of the images with the detections drawn into this folder
    #[arg(long, value_name = "DIR")]
    pub annotate: Option<PathBuf>,
    /// Write each image as the network saw it into this folder
    #[arg(long, value_name = "DIR")]
    pub show_input: Option<PathBuf>,
}

/// What replaces the run's own postprocessing.
#[derive(Args, Debug)]
#[command(next_help_heading = "Detectors only")]
pub struct PredictLimits {
    /// Drop detections with at most this score, 0 to 1 [default: the recipe's model.detections.score-threshold]
    #[arg(long, value_name = "SCORE", value_parser = fraction, allow_negative_numbers = true)]
    pub score_threshold: Option<f64>,
    /// Drop detections that overlap a better one of their class by more than this IoU, 0 to 1 [default: the recipe's
    /// model.detections.nms]
    #[arg(long, value_name = "IOU", value_parser = fraction, allow_negative_numbers = true)]
    pub nms: Option<f64>,
    /// Keep at most this many detections of each image, the best [default: the recipe's model.detections.per-image]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        allow_negative_numbers = true
    )]
    pub max_detections: Option<u32>,
}

fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("expected a number from 0 to 1".to_string()),
    }
}
