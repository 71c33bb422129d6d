//! `export`: a run's network or its weights in a form that other programs read.

use std::path::{Path, PathBuf};

use measure::record;
use nets::device::Computer;
use nets::onnx::OnnxOptions;
use nets::run::Trained;
use recipe::Model as Kind;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, ExportFormat};
use crate::plan::{By, Model, is_onnx};

/// What is written for other programs, and where.
pub struct ExportPlan {
    pub model: Model,
    pub form: Form,
    pub file: PathBuf,
}

/// The form that other programs read.
#[derive(Clone, Copy)]
pub enum Form {
    Safetensors,
    Onnx(OnnxOptions),
}

impl Form {
    fn of(flags: &flags::Export, name: &str, trained: &Trained) -> Result<Self, CommandError> {
        let options = OnnxOptions {
            softmax: flags.softmax,
            with_preparation: flags.with_preparation,
            parts: flags.parts,
        };
        if flags.format == ExportFormat::Safetensors {
            return match options == OnnxOptions::default() {
                true => Ok(Self::Safetensors),
                false => Err(CommandError::Usage(
                    "--softmax, --with-preparation and --parts are for --format onnx".to_string(),
                )),
            };
        }
        let model = &trained.recipe.model;
        let misfit = match model {
            Kind::FasterRcnn(_) if options.softmax => {
                "--softmax is for classifiers: the scores of a detector already are probabilities"
            }
            Kind::Cnn(_) if options.parts => {
                "--parts is for detectors: a classifier needs no RoiAlign"
            }
            _ => return Ok(Self::Onnx(options)),
        };
        let misfit = format!("{misfit}; {name} has a model of kind {}", model.kind());
        Err(CommandError::Usage(misfit))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Onnx(_) => "onnx",
        }
    }

    /// The file's name in the run's folder, when no other is asked for.
    fn file(self) -> &'static str {
        match self {
            Self::Safetensors => "pytorch.safetensors",
            Self::Onnx(_) => "model.onnx",
        }
    }

    /// The file's name in the current folder, for a model without a folder of its own.
    fn named(self, model: &str) -> PathBuf {
        match self {
            Self::Safetensors => format!("{model}.safetensors"),
            Self::Onnx(_) => format!("{model}.onnx"),
        }
        .into()
    }
}

impl ExportPlan {
    pub fn of(flags: &flags::Export) -> Result<Self, CommandError> {
        if is_onnx(&flags.run) {
            return Err(CommandError::Usage(format!(
                "{} is an ONNX file already",
                flags.run
            )));
        }
        let model = Model::trained(&flags.run, &flags.folder.runs, Computer::cpu())?;
        let form = match model.network() {
            Some(trained) => Form::of(flags, &model.name, trained)?,
            None => Form::Safetensors,
        };
        let default = || match &model.by {
            By::Run(run, _) => run.path().join(form.file()),
            By::BuiltIn(..) | By::Onnx(_) => form.named(&model.name),
        };
        let file = flags.out.clone().unwrap_or_else(default);
        if file == model.folder().join(record::MODEL) {
            return Err(CommandError::Usage(format!(
                "{} is the run's own file; give --out another name",
                file.display()
            )));
        }
        Ok(Self { model, form, file })
    }
}

pub fn run(plan: &ExportPlan, output: Output) -> Result<(), CommandError> {
    let model = &plan.model;
    let Some(trained) = model.network() else {
        return Ok(()); // refused in the plan
    };
    let files = match plan.form {
        Form::Safetensors => {
            let batches = match &model.by {
                By::Run(run, _) => run.batches()?,
                By::BuiltIn(..) | By::Onnx(_) => 0,
            };
            trained.export(&plan.file, batches)?;
            vec![plan.file.clone()]
        }
        Form::Onnx(options) => trained.export_onnx(&plan.file, options, &model.computer)?,
    };
    let shown = |file: &PathBuf| Path::display(file).to_string();
    let files: Vec<String> = files.iter().map(shown).collect();
    let document = json!({
        "run": model.folder().display().to_string(),
        "format": plan.form.name(),
        "file": files.first(),
        "files": files,
    });
    output.show(&document, || files.join("\n"))
}
