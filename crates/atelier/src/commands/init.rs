//! `init`: a recipe that fits a folder or file of pictures.

use std::path::{Path, PathBuf};

use measure::files::write_output;
use recipe::{Bytes, Format, Limits, MNIST, Model, SCENES, Suggestion, Survey, suggest};
use report::shell_quoted;
use report::terminal::grouped;
use serde_json::{Value, json};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags;
use crate::names::safe_name;

/// Pictures to look at, and the recipe to write.
pub struct InitPlan {
    /// As the recipe will name it.
    pub source: String,
    pub format: Format,
    pub file: PathBuf,
    pub limits: Limits,
}

impl InitPlan {
    pub fn of(flags: &flags::Init) -> Result<Self, CommandError> {
        let usage = |what: String| Err(CommandError::Usage(what));
        let Some(source) = flags.source.to_str() else {
            return usage(format!(
                "{}: a recipe can't name a path that is not UTF-8",
                flags.source.display()
            ));
        };
        // The same name without a folder means what is built in.
        let is_built_in = [MNIST, SCENES].contains(&source);
        if is_built_in && !flags.source.exists() {
            return usage(format!(
                "{source} is built in and has recipes: see `atelier recipes`"
            ));
        }
        let file = match &flags.out {
            Some(file) => file.clone(),
            None => format!("{}.toml", source_name(&flags.source)).into(),
        };
        if file.extension().is_none_or(|extension| extension != "toml") {
            return usage(format!("--out {}: must end in .toml", file.display()));
        }
        if file.exists() && !flags.force {
            return usage(format!(
                "{} exists; choose another name with --out, or replace it with --force",
                file.display()
            ));
        }
        Ok(Self {
            source: if is_built_in {
                format!("./{source}")
            } else {
                source.to_string()
            },
            format: flags.format,
            file,
            limits: Limits {
                minutes: flags.minutes,
                cores: rayon::current_num_threads(),
                memory: data::memory::total(),
            },
        })
    }
}

/// What a run on this source may be called.
fn source_name(source: &Path) -> String {
    // `.` and `..` have names elsewhere only.
    let real = source.canonicalize().unwrap_or_default();
    let named = if source.file_name().is_some() {
        source
    } else {
        &real
    };
    let name = if source.is_file() {
        named.file_stem()
    } else {
        named.file_name()
    };
    safe_name(&name.unwrap_or_default().to_string_lossy())
}

pub fn run(plan: &InitPlan, output: Output) -> Result<(), CommandError> {
    let path = Path::new(&plan.source);
    let settings = recipe::Data {
        source: plan.source.clone(),
        format: plan.format,
        ..recipe::Data::default()
    };
    let listing = data::source::list(path, &settings)?;
    for text in &listing.notes {
        note!("note: {text}");
    }
    let survey = data::survey(&listing, &plan.source, plan.format);
    let found = suggest(&survey, &plan.limits)?;
    write_output(&plan.file, &found.toml)?;
    let file = plan.file.display().to_string();
    let command = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        shell_quoted(&words)
    };
    let check = command(&["atelier", "data", "check", &file]);
    let train = command(&["atelier", "train", &file]);
    if survey.problems > 0 {
        warn!(
            "{} found in {}; `{check}` lists them, and the recipe says how to leave them out",
            counted(survey.problems, "problem"),
            plan.source
        );
    }
    let format = match plan.format {
        Format::Auto => data::source::format(path)?,
        format => format,
    };
    output.show(&document(&file, format, &survey, &found), || {
        format!(
            "{}\n\n{file}\n{}\n\nnext:\n  {check}\n  {train}",
            found_text(&plan.source, format, &survey),
            chosen_text(&found, plan.limits.minutes)
        )
    })
}

/// `1 picture`, `2,000 pictures`.
fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number as f64))
}

fn is_detector(found: &Suggestion) -> bool {
    matches!(found.recipe.model, Model::FasterRcnn(_))
}

fn document(file: &str, format: Format, survey: &Survey, found: &Suggestion) -> Value {
    let deciles = survey.objects.as_ref().map(|objects| {
        let [heights, widths] = objects.deciles();
        json!({ "heights": heights, "widths": widths })
    });
    let training = &found.recipe.training;
    json!({
        "recipe": file,
        "format": format,
        "found": survey,
        "box_deciles": deciles,
        "chosen": {
            "kind": found.recipe.model.kind(),
            "input": found.input,
            "parameters": found.summary.parameters,
            "multiply_adds": found.summary.multiply_adds,
            "train_images": found.images,
            "validation_images": found.held_out,
            "batch_size": training.batch_size,
            "epochs": training.epochs,
            "minutes": found.minutes,
            "memory_bytes": found.memory.total(),
        },
    })
}

fn found_text(source: &str, format: Format, survey: &Survey) -> String {
    let classes = match survey.classes.len() {
        1 => "1 class".to_string(),
        many => format!("{} classes", grouped(many as f64)),
    };
    let format = json!(format);
    let parts = [
        Some((survey.train, "training")),
        survey.validation.map(|pictures| (pictures, "validation")),
        survey.test.map(|pictures| (pictures, "test")),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|(pictures, part)| counted(pictures, &format!("{part} picture")))
        .collect();
    let labels = match &survey.objects {
        None => "one class per picture".to_string(),
        Some(objects) => format!(
            "{} with boxes, at most {} in a picture",
            counted(objects.count, "object"),
            objects.most_per_picture
        ),
    };
    let [height, width] = survey.size;
    format!(
        "{source} (format {})\n  {}; {classes}\n  {labels}\n  {width} x {height} pixels (median width x height), {:.0} % in colour",
        format.as_str().unwrap_or_default(),
        parts.join(", "),
        100.0 * survey.colour,
    )
}

fn chosen_text(found: &Suggestion, limit: f64) -> String {
    let [channels, height, width] = found.input;
    let kind = if is_detector(found) {
        "Faster R-CNN"
    } else {
        "classifier"
    };
    let colour = if channels == 3 { "in colour" } else { "grey" };
    let training = &found.recipe.training;
    let minutes = |minutes: f64| (10.0 * minutes).ceil() / 10.0;
    format!(
        "  {kind} on {width} x {height} pixels, {colour}: {} parameters, {} multiply-adds per image\n  \
         {} held out, {} epochs of {} in batches of {}\n  \
         about {} of {limit} minutes on this machine's processor, at least {} of memory",
        grouped(found.summary.parameters as f64),
        grouped(found.summary.multiply_adds as f64),
        counted(found.held_out, "picture"),
        training.epochs,
        counted(found.images, "picture"),
        training.batch_size,
        minutes(found.minutes),
        Bytes(found.memory.total()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_named_after_their_sources() {
        for (source, name) in [
            ("my/pictures", "pictures"),
            ("my/pictures/", "pictures"),
            ("my/pictures.v2", "pictures.v2"),
            ("a:b", "a_b"),
            ("/", "unnamed"),
        ] {
            assert_eq!(source_name(Path::new(source)), name, "{source}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("digits.npz");
        std::fs::write(&file, "").unwrap();
        assert_eq!(source_name(&file), "digits");
        assert_ne!(source_name(Path::new(".")), "unnamed");
    }

    #[test]
    fn a_recipe_is_not_replaced_unless_asked() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("mine.toml");
        let mut flags = flags::Init {
            source: folder.path().to_path_buf(),
            out: Some(out.clone()),
            minutes: 10.0,
            format: Format::Auto,
            force: false,
        };
        assert!(InitPlan::of(&flags).is_ok());
        std::fs::write(&out, "").unwrap();
        assert!(matches!(InitPlan::of(&flags), Err(CommandError::Usage(_))));
        flags.force = true;
        assert!(InitPlan::of(&flags).is_ok());
        flags.out = Some(folder.path().join("mine.txt"));
        assert!(matches!(InitPlan::of(&flags), Err(CommandError::Usage(_))));
    }
}
