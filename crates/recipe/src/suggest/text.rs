//! The text of a suggested recipe: one function per section, each choice with its reason.

use super::survey::Survey;
use super::{Draft, Split};
use crate::data::Format;
use crate::summary::grouped;
use toml::Value;

/// Classes are unbalanced if the largest has more than this many times the pictures of the smallest.
const UNBALANCED: f64 = 3.0;
/// Share of colour pictures from which on colour is worth three channels.
const IN_COLOUR: f64 = 0.02;

/// How long training takes, for the comments.
pub struct Duration {
    pub epochs: usize,
    /// Estimated for all epochs.
    pub minutes: f64,
    /// What was asked for.
    pub limit: f64,
    /// Whether more epochs would fit into the time, but hardly help.
    pub is_most: bool,
}

/// The whole recipe. Without a duration, for one epoch: to see what it costs.
pub fn recipe(
    survey: &Survey,
    split: &Split,
    draft: &Draft,
    batch: usize,
    duration: Option<&Duration>,
) -> String {
    [
        header(survey),
        data(survey, split),
        image(survey, draft),
        augment(survey, split, draft),
        draft.model.clone(),
        training(survey, split, draft, batch, duration),
    ]
    .join("\n")
}

/// 1 or 3.
pub fn channels(survey: &Survey) -> usize {
    if survey.colour > IN_COLOUR { 3 } else { 1 }
}

/// Images in a mini-batch: at least 20 steps per epoch, where there are enough pictures.
pub fn batch_size(images: usize, is_detector: bool) -> usize {
    let most = if is_detector { 16 } else { 128 };
    let least = if is_detector { 4 } else { 8 };
    (images / 20).max(1).next_power_of_two().clamp(least, most)
}

/// `7,390 pictures`.
pub fn counted(number: usize, what: &str) -> String {
    let digits = grouped(&number.to_string(), ",");
    format!("{digits} {what}{}", if number == 1 { "" } else { "s" })
}

/// `a, b, c` without needless decimals.
pub fn listed(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    values.join(", ")
}

/// A share as people read it.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn header(survey: &Survey) -> String {
    let task = match &survey.objects {
        None => "one class per picture".to_string(),
        Some(objects) => format!("{} with boxes", counted(objects.count, "object")),
    };
    let [height, width] = survey.size;
    let sizes = if survey.same_size > 0.999 {
        "all"
    } else {
        "typically"
    };
    let colour = match survey.colour {
        0.0 => "grey".to_string(),
        1.0 => "in colour".to_string(),
        share => format!("{} in colour", percent(share)),
    };
    format!(
        "# Suggested by `atelier init`: {}, {}, {task}; {sizes} {width} x {height} pixels\n\
         # (width x height), {colour}. Change what you know better; docs/recipes.md explains the keys.\n",
        counted(survey.train, "training picture"),
        if survey.classes.len() == 1 {
            "1 class".to_string()
        } else {
            format!(
                "{} classes",
                grouped(&survey.classes.len().to_string(), ",")
            )
        },
    )
}

fn data(survey: &Survey, split: &Split) -> String {
    let source = Value::String(survey.source.clone());
    let mut text = format!("[data]\nsource = {source}\n");
    if survey.format != Format::Auto
        && let Ok(format) = Value::try_from(survey.format)
    {
        text += &format!("format = {format}\n");
    }
    text += &match split.fraction {
        None => format!(
            "# The source has a validation split of {}, and a test split.\nvalidation = \"folder\"\n",
            counted(split.held_out, "picture")
        ),
        Some(fraction) => {
            let test = match (survey.test, survey.validation) {
                (Some(_), _) => "The source has a test split, but no validation split.".to_string(),
                (None, Some(_)) => {
                    "The source has one other split, which is the test set.".to_string()
                }
                (None, None) => {
                    "The source has one split: a fifth of each class is the test set.".to_string()
                }
            };
            let held_out = match split.held_out {
                0 => "There are too few pictures to hold any out".to_string(),
                some => format!(
                    "{} are held out for choosing settings",
                    counted(some, "picture")
                ),
            };
            format!("# {test}\n# {held_out}.\nvalidation = {fraction}\n")
        }
    };
    if survey.problems > 0 {
        let problems = counted(survey.problems, "problem");
        text += &format!(
            "# {problems} found: `atelier data check` lists them. To leave those entries out:\n# on-error = \"skip\"\n"
        );
    }
    text
}

fn image(survey: &Survey, draft: &Draft) -> String {
    let [channels, height, width] = draft.input;
    let colour = if channels == 3 { "rgb" } else { "grey" };
    let fit = if survey.arrays && survey.size == [height, width] {
        String::new()
    } else {
        "# The whole picture with its proportions; \"crop\" would cut off its edges.\nfit = \"letterbox\"\n"
            .to_string()
    };
    format!(
        "[data.image]\ncolour = \"{colour}\"\n# {}\nsize = [{height}, {width}]  # height, width\n{fit}\
         # Computed from the training pictures.\nmean = \"dataset\"\nstd = \"dataset\"\n",
        draft.size_reason
    )
}

/// Random changes that keep what a picture shows.
fn augment(survey: &Survey, split: &Split, draft: &Draft) -> String {
    let [channels, height, width] = draft.input;
    let shorter = height.min(width);
    let is_detector = survey.objects.is_some();
    let mut text = "[data.augment]\n".to_string();
    if survey.is_ink() && !is_detector {
        text += &format!(
            "# For small grey symbols. Mirror images of digits and letters are other symbols.\n\
             shift = {}\nrotate = 10\nscale = 0.1\n",
            (shorter / 14).max(1)
        );
        return text;
    }
    text += if survey.has_handed_classes() {
        "# The classes look like digits, letters or sides, which a mirror image would change. If not:\n# flip = 0.5\n"
    } else {
        "# A mirror image shows the same. Remove it if left and right matter.\nflip = 0.5\n"
    };
    text += if is_detector {
        "crop = 0.3\ncrop-area = [0.5, 1.0]\n"
    } else if shorter < 40 {
        "shift = 3\n"
    } else {
        "crop = 0.5\ncrop-area = [0.4, 1.0]\n"
    };
    text += "# Other light.\nbrightness = 0.1\ncontrast = 0.2\n";
    if channels == 3 {
        text += "saturation = 0.2\nhue = 0.02\n";
    }
    if split.train < 1000 && !is_detector {
        text += "# Few pictures: more variety.\nrotate = 10\nerase = 0.25\n";
    }
    text
}

fn training(
    survey: &Survey,
    split: &Split,
    draft: &Draft,
    batch: usize,
    duration: Option<&Duration>,
) -> String {
    let mut text = "[training]\n".to_string();
    match duration {
        None => text += "epochs = 1\n",
        Some(duration) => {
            let limit = minutes(duration.limit);
            let all = minutes(duration.minutes);
            text += &if duration.is_most {
                format!(
                    "# More epochs would fit into {limit}, but hardly help. Estimated: {all}.\n"
                )
            } else if duration.minutes > 1.05 * duration.limit {
                format!(
                    "# Fewer would hardly train it. Estimated: {all}, which is more than {limit}.\n"
                )
            } else {
                format!("# What fits into {limit}. Estimated: {all} on this machine's processor.\n")
            };
            text += &format!("epochs = {}\n", duration.epochs);
        }
    }
    let steps = split.train.div_ceil(batch);
    text += &format!(
        "# {} per epoch.\nbatch-size = {batch}\n{}",
        counted(steps, "step"),
        (draft.training)(split, batch)
    );
    let imbalance = survey.imbalance();
    if imbalance > UNBALANCED {
        let what = if survey.objects.is_some() {
            "objects"
        } else {
            "pictures"
        };
        text += &format!(
            "# The largest class has {imbalance:.0} times as many {what} as the smallest. To count all classes alike:\n\
             # class-weights = \"balanced\"\n"
        );
    }
    text
}

/// `10 minutes`, `40 seconds`.
pub fn minutes(minutes: f64) -> String {
    let seconds = (60.0 * minutes).ceil();
    match seconds {
        0.0..=1.0 => "1 second".to_string(),
        1.0..=90.0 => format!("{seconds} seconds"),
        _ if minutes < 10.0 => format!("{} minutes", (10.0 * minutes).round() / 10.0),
        _ => format!("{} minutes", minutes.round()),
    }
}
