//! What an ONNX file does not say about itself.

use std::path::Path;

use clap::{Args, ValueEnum};
use onnx::{Given, Layout};
use recipe::{Fit, PerChannel};

use crate::error::CommandError;

/// For models that were made elsewhere; files that atelier wrote say all of it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "ONNX models made elsewhere")]
pub struct OnnxModel {
    /// Names of the classes in the order of the model's outputs: A,B,C, or a file with a name a line or a JSON list
    #[arg(long, value_name = "NAMES")]
    pub classes: Option<String>,
    /// Order of the input's axes [default: by the place of the side that is 1 or 3]
    #[arg(long, value_name = "LAYOUT", value_enum)]
    pub layout: Option<LayoutName>,
    /// Height and width of the input, where the model takes any: 224 or 224x160
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub size: Option<[usize; 2]>,
    /// How pictures become this size [default: digit for 28x28 in grey, else letterbox]
    #[arg(long, value_name = "FIT", value_enum)]
    pub fit: Option<FitName>,
    /// The numbers that black and white become, before --mean and --std [default: 0,1]
    #[arg(long, value_name = "BLACK,WHITE", value_parser = range, allow_hyphen_values = true)]
    pub range: Option<[f64; 2]>,
    /// Subtracted from each number: one, or one each for red, green and blue [default: 0]
    #[arg(long, value_name = "MEAN", value_parser = per_channel, allow_hyphen_values = true)]
    pub mean: Option<PerChannel>,
    /// What it is divided by then [default: 1]
    #[arg(long, value_name = "STD", value_parser = std)]
    pub std: Option<PerChannel>,
}

/// The order of an input's axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// Images, channels, rows, columns, as PyTorch has it
    Nchw,
    /// Images, rows, columns, channels, as TensorFlow has it
    Nhwc,
    /// Images, pixels, as scikit-learn has it
    Flat,
}

/// How pictures are brought to a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitName {
    Letterbox,
    Stretch,
    Crop,
    Ink,
    Digit,
}

impl OnnxModel {
    /// What is given, with the names of classes read.
    pub fn given(&self) -> Result<Given, CommandError> {
        let layout = |name| match name {
            LayoutName::Nchw => Layout::Nchw,
            LayoutName::Nhwc => Layout::Nhwc,
            LayoutName::Flat => Layout::Flat,
        };
        let fit = |name| match name {
            FitName::Letterbox => Fit::Letterbox,
            FitName::Stretch => Fit::Stretch,
            FitName::Crop => Fit::Crop,
            FitName::Ink => Fit::Ink,
            FitName::Digit => Fit::Digit,
        };
        Ok(Given {
            classes: self.classes.as_deref().map(class_names).transpose()?,
            layout: self.layout.map(layout),
            size: self.size,
            fit: self.fit.map(fit),
            range: self.range,
            mean: self.mean,
            std: self.std,
        })
    }

    /// Refuses what is given for a model that says all of it.
    pub fn refuse(&self, model: &str) -> Result<(), CommandError> {
        let given = [
            ("--classes", self.classes.is_some()),
            ("--layout", self.layout.is_some()),
            ("--size", self.size.is_some()),
            ("--fit", self.fit.is_some()),
            ("--range", self.range.is_some()),
            ("--mean", self.mean.is_some()),
            ("--std", self.std.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => Err(CommandError::Usage(format!(
                "{flag} is for ONNX files; {model} is none, and says itself how pictures become its input"
            ))),
        }
    }
}

/// The names of classes in a list, A,B,C, or in the file that the list names: one a line, or a JSON list.
pub fn class_names(list: &str) -> Result<Vec<String>, CommandError> {
    let path = Path::new(list);
    let names: Vec<String> = if path.is_file() {
        let text = measure::files::read_text(path)?;
        if text.trim_start().starts_with('[') {
            serde_json::from_str(&text).map_err(|cause| {
                let what = format!("--classes {list}: not a JSON list of names: {cause}");
                CommandError::Usage(what)
            })?
        } else {
            text.lines().map(|line| line.trim().to_string()).collect()
        }
    } else {
        list.split(',')
            .map(|name| name.trim().to_string())
            .collect()
    };
    let last = names.iter().rposition(|name| !name.is_empty());
    let names = &names[..last.map_or(0, |last| last + 1)];
    if names.iter().any(String::is_empty) || names.is_empty() {
        return Err(CommandError::Usage(format!(
            "--classes {list}: every class needs a name; there is no file of this name"
        )));
    }
    Ok(names.to_vec())
}

fn numbers(text: &str) -> Result<Vec<f64>, String> {
    let number = |part: &str| {
        let number = part.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        number.ok_or_else(|| format!("'{part}' is not a number"))
    };
    text.split(',').map(number).collect()
}

fn range(text: &str) -> Result<[f64; 2], String> {
    match numbers(text)?[..] {
        [black, white] if black != white => Ok([black, white]),
        _ => Err("expected two different numbers, as in 0,255".to_string()),
    }
}

fn per_channel(text: &str) -> Result<PerChannel, String> {
    match numbers(text)?[..] {
        [all] => Ok(PerChannel::Same(all)),
        [red, green, blue] => Ok(PerChannel::Rgb([red, green, blue])),
        _ => Err("expected one number, or three".to_string()),
    }
}

fn std(text: &str) -> Result<PerChannel, String> {
    let positive = numbers(text)?.iter().all(|number| *number > 0.0);
    match positive {
        true => per_channel(text),
        false => Err("expected numbers above 0".to_string()),
    }
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let side = |part: &str| {
        let side = part.trim().parse::<usize>().ok();
        side.filter(|side| (1..=4096).contains(side))
    };
    let (height, width) = text.split_once(['x', 'X']).unwrap_or((text, text));
    match (side(height), side(width)) {
        (Some(height), Some(width)) => Ok([height, width]),
        _ => Err("expected a height and a width from 1 to 4096, as in 224x160".to_string()),
    }
}
