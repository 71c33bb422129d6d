//! The flags of `init`.

use std::path::PathBuf;

use clap::Args;
use recipe::Format;

#[derive(Args, Debug)]
pub struct Init {
    /// A folder or file of pictures with classes or boxes
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The recipe to write [default: the source's name with .toml, in this folder]
    #[arg(long, value_name = "FILE.toml")]
    pub out: Option<PathBuf>,
    /// Time for training on this machine's processor, in minutes
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = minutes)]
    pub minutes: f64,
    /// What the source holds: auto, idx, npz, folders, coco, yolo, voc, csv or parquet
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format)]
    pub format: Format,
    /// Replace the recipe if it exists
    #[arg(long)]
    pub force: bool,
}

/// Up to a year.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok();
    let minutes = minutes.filter(|minutes| (0.1..=525_600.0).contains(minutes));
    minutes.ok_or_else(|| "expected a number of minutes from 0.1".to_string())
}

fn format(text: &str) -> Result<Format, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}
