//! `data check`: what is wrong or odd in a data set, with examples, a page of pictures and a cleaned list.

use std::path::{Path, PathBuf};

use data::doctor::{self, Checkup, Cleaned, Examination, Finding, LabelErrors, Severity, Shown};
use measure::files::write_output;
use recipe::{Format, MNIST, SCENES};
use report::terminal::{grouped, table};
use report::{CheckupExample, CheckupFinding, CheckupPicture, CheckupReport, Image, checkup_html};
use serde_json::{Value, json};

use crate::console::Output;
use crate::error::CommandError;
use crate::loading::with_progress;
use crate::{flags, plan};

/// Examples of a finding that the terminal shows; the JSON and the page have more.
const EXAMPLES: usize = 3;
/// Longer side of the page's pictures in pixels.
const SIDE: u32 = 96;

/// A data set to check.
pub struct CheckPlan {
    data: recipe::Data,
    html: Option<PathBuf>,
    /// The list to write, and its folder.
    fix: Option<(PathBuf, PathBuf)>,
}

impl CheckPlan {
    pub fn of(flags: &flags::DataCheck) -> Result<Self, CommandError> {
        let mut data = plan::data_of(&flags.source)?;
        if let Some(format) = &flags.format {
            let parsed: Result<Format, _> = serde_json::from_value(json!(format));
            data.format =
                parsed.map_err(|error| CommandError::Usage(format!("--format: {error}")))?;
        }
        data.max_pixels = flags.pictures.max_pixels.unwrap_or(data.max_pixels);
        let is_page = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "html");
        if let Some(file) = flags.html.as_ref().filter(|file| !is_page(file)) {
            // So that no picture or annotation file is overwritten by mistake.
            return Err(CommandError::Usage(format!(
                "--html {}: the name must end with .html",
                file.display()
            )));
        }
        let fix = match &flags.fix {
            Some(list) => Some((list.clone(), folder_of_list(list, &data)?)),
            None => None,
        };
        Ok(Self {
            data,
            html: flags.html.clone(),
            fix,
        })
    }
}

/// The folder of a list that may be written.
fn folder_of_list(list: &Path, data: &recipe::Data) -> Result<PathBuf, CommandError> {
    let refused = |what: &str| CommandError::Usage(format!("--fix {}: {what}", list.display()));
    if list.extension().is_none_or(|ending| ending != "csv") {
        return Err(refused(
            "the name must end with .csv, as data.source expects",
        ));
    }
    if list.symlink_metadata().is_ok() {
        return Err(refused(
            "there is such a file; nothing is overwritten, so give another name",
        ));
    }
    let folder = match list.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|_| refused("there is no such folder"))?;
    if [MNIST, SCENES].contains(&data.source.as_str()) {
        return Err(refused(
            "the built-in pictures are not files, so no list can name them",
        ));
    }
    let source = Path::new(&data.source).canonicalize();
    if source.is_ok_and(|source| source.is_dir() && folder.starts_with(source)) {
        return Err(refused(
            "a table inside the data set would be read in its place; put it beside the folder",
        ));
    }
    Ok(folder)
}

pub fn run(plan: &CheckPlan, output: Output) -> Result<(), CommandError> {
    let listing = doctor::list(&plan.data)?;
    let examined = with_progress("checking", |progress| {
        doctor::examine(listing, &plan.data, LabelErrors::Find, progress)
    });
    let checkup = examined.checkup();
    if let Some(file) = &plan.html {
        write_output(file, checkup_html(&page(&examined)))?;
    }
    let mut cleaned = None;
    if let Some((list, folder)) = &plan.fix {
        let clean = examined.cleaned(folder)?;
        write_output(list, &clean.csv)?;
        cleaned = Some((list.as_path(), clean));
    }
    let mut document = serde_json::to_value(checkup).map_err(std::io::Error::from)?;
    document["html"] = json!(plan.html);
    document["fix"] = cleaned.as_ref().map_or(Value::Null, |(list, cleaned)| {
        json!({
            "list": list,
            "pictures": cleaned.pictures,
            "left_out": cleaned.left_out,
        })
    });
    let cleaned = cleaned.as_ref().map(|(list, cleaned)| (*list, cleaned));
    output.show(&document, || text(checkup, plan.html.as_deref(), cleaned))?;
    match checkup.must_fix {
        0 => Ok(()),
        findings => Err(CommandError::Unfit(findings)),
    }
}

/// Sentences about the whole.
fn sentences(checkup: &Checkup) -> Vec<String> {
    let parts = checkup.parts.iter();
    let parts: Vec<String> = parts
        .map(|part| format!("{} {}", grouped(part.pictures as f64), part.part))
        .collect();
    let boxes = checkup.boxes.map_or_else(String::new, |boxes| {
        format!(" with {} boxes", grouped(boxes as f64))
    });
    let mut sentences = vec![format!(
        "{} pictures ({}){boxes}; classes: {}.",
        grouped(checkup.pictures as f64),
        parts.join(", "),
        checkup.classes.len()
    )];
    sentences.push(match checkup.must_fix {
        0 => "Nothing must be fixed.".to_string(),
        1 => "1 finding must be fixed.".to_string(),
        several => format!("{several} findings must be fixed."),
    });
    sentences.extend(checkup.quick_model.as_ref().map(|model| {
        let warning = if model.trusted {
            ""
        } else {
            ", too little to point at any"
        };
        format!(
            "The quick model that looks for label errors is right for {:.1} % of {} (chance: {:.1} %){warning}.",
            100.0 * model.accuracy,
            grouped(model.pictures as f64),
            100.0 * model.chance
        )
    }));
    sentences
}

fn text(checkup: &Checkup, html: Option<&Path>, cleaned: Option<(&Path, &Cleaned)>) -> String {
    let mut lines = vec![format!(
        "{}: {}",
        checkup.source,
        sentences(checkup).join(" ")
    )];
    lines.extend(checkup.notes.iter().map(|note| format!("note: {note}")));
    if !checkup.findings.is_empty() {
        let row = |finding: &Finding| {
            let severity = match finding.severity {
                Severity::MustFix => "must be fixed",
                Severity::Look => "look",
            };
            vec![
                finding.title.to_string(),
                grouped(finding.count as f64),
                severity.to_string(),
            ]
        };
        let rows = checkup.findings.iter().map(row).collect();
        lines.push(table(["finding", "count", ""], rows));
    }
    for finding in &checkup.findings {
        lines.push(format!("{}: {}", finding.title, finding.advice));
        if !finding.detail.is_empty() {
            lines.push(format!("  {}", finding.detail));
        }
        for example in finding.examples.iter().take(EXAMPLES) {
            let names: Vec<String> = example
                .pictures
                .iter()
                .map(|shown| format!("{} ({})", shown.name, place(shown)))
                .collect();
            lines.push(match names.len() {
                0 => format!("  {}", example.what),
                _ => format!("  {}: {}", names.join(", "), example.what),
            });
        }
        if finding.examples.len() > EXAMPLES {
            lines.push("  ...".to_string());
        }
    }
    lines.extend(html.map(|file| format!("page: {}", file.display())));
    if let Some((list, cleaned)) = cleaned {
        let left_out: Vec<String> = cleaned
            .left_out
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        let left_out = match left_out.len() {
            0 => "nothing was left out".to_string(),
            _ => format!("left out: {}", left_out.join(", ")),
        };
        lines.push(format!(
            "cleaned list: {} with {} pictures; {left_out}. Use it with --data {}",
            list.display(),
            grouped(cleaned.pictures as f64),
            list.display()
        ));
    }
    lines.join("\n")
}

/// `train, cat`.
fn place(shown: &Shown) -> String {
    match &shown.class {
        Some(class) => format!("{}, {class}", shown.part),
        None => shown.part.to_string(),
    }
}

/// The page, with small pictures of all examples.
fn page(examined: &Examination) -> CheckupReport {
    let checkup = examined.checkup();
    let picture = |shown: &Shown| {
        let thumbnail = examined.thumbnail(shown, SIDE);
        CheckupPicture {
            boxes: thumbnail
                .as_ref()
                .map_or_else(Vec::new, |it| it.boxes.clone()),
            image: thumbnail.map(|it| Image {
                width: it.width,
                height: it.height,
                pixels: it.pixels,
                frame: None,
                truth: None,
            }),
            name: shown.name.clone(),
            place: place(shown),
        }
    };
    let finding = |finding: &Finding| CheckupFinding {
        title: finding.title.to_string(),
        count: finding.count,
        must_fix: finding.severity == Severity::MustFix,
        detail: finding.detail.clone(),
        advice: finding.advice.to_string(),
        examples: finding
            .examples
            .iter()
            .map(|example| CheckupExample {
                pictures: example.pictures.iter().map(picture).collect(),
                what: example.what.clone(),
            })
            .collect(),
    };
    let list = |texts: Vec<String>| texts.join(", ");
    let sizes = checkup.sizes.iter().map(|size| {
        format!(
            "{} x {} ({})",
            size.width,
            size.height,
            grouped(size.pictures as f64)
        )
    });
    let modes = checkup
        .modes
        .iter()
        .map(|mode| format!("{} ({})", mode.mode.name(), grouped(mode.pictures as f64)));
    let input = checkup
        .input
        .map_or("unknown".to_string(), |[height, width]| {
            format!("{width} x {height}")
        });
    let bytes: u64 = checkup.parts.iter().map(|part| part.bytes).sum();
    CheckupReport {
        title: checkup.source.clone(),
        lead: sentences(checkup),
        facts: vec![
            ("sizes", list(sizes.collect())),
            ("number of sizes", grouped(checkup.distinct_sizes as f64)),
            ("colour modes", list(modes.collect())),
            ("network's input", input),
            (
                "files",
                format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
            ),
        ],
        classes: checkup
            .classes
            .iter()
            .map(|it| (it.class.clone(), [it.train, it.validation, it.test]))
            .collect(),
        findings: checkup.findings.iter().map(finding).collect(),
        notes: checkup.notes.clone(),
    }
}
