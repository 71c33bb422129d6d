//! `export`: a run's network or its weights in a form that other programs read.

use std::path::{Path, PathBuf};

use measure::record;
use nets::device::Computer;
use nets::onnx::OnnxOptions;
use nets::run::Run;
use recipe::Model;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, ExportFormat};

/// What is written for other programs, and where.
pub struct ExportPlan {
    pub run: Run,
    pub computer: Computer,
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
    fn of(flags: &flags::Export, run: &Run) -> Result<Self, CommandError> {
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
        let model = run.recipe()?.model;
        let misfit = match model {
            Model::FasterRcnn(_) if options.softmax => {
                "--softmax is for classifiers: the scores of a detector already are probabilities"
            }
            Model::Cnn(_) if options.parts => {
                "--parts is for detectors: a classifier needs no RoiAlign"
            }
            _ => return Ok(Self::Onnx(options)),
        };
        let misfit = format!(
            "{misfit}; {} has a model of kind {}",
            run.name(),
            model.kind()
        );
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
}

impl ExportPlan {
    pub fn of(flags: &flags::Export) -> Result<Self, CommandError> {
        let run = Run::open(&flags.folder.runs, &flags.run)?;
        let form = Form::of(flags, &run)?;
        let default = || run.path().join(form.file());
        let file = flags.out.clone().unwrap_or_else(default);
        if file == run.path().join(record::MODEL) {
            return Err(CommandError::Usage(format!(
                "{} is the run's own file; give --out another name",
                file.display()
            )));
        }
        Ok(Self {
            run,
            computer: Computer::cpu(),
            form,
            file,
        })
    }
}

pub fn run(plan: &ExportPlan, output: Output) -> Result<(), CommandError> {
    let files = match plan.form {
        Form::Safetensors => {
            plan.run.export(&plan.file, &plan.computer)?;
            vec![plan.file.clone()]
        }
        Form::Onnx(options) => plan.run.export_onnx(&plan.file, options, &plan.computer)?,
    };
    let shown = |file: &PathBuf| Path::display(file).to_string();
    let files: Vec<String> = files.iter().map(shown).collect();
    let document = json!({
        "run": plan.run.path().display().to_string(),
        "format": plan.form.name(),
        "file": files.first(),
        "files": files,
    });
    output.show(&document, || files.join("\n"))
}
