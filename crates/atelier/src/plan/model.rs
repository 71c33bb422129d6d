//! What predicts: a run's network, one that comes with the program, or a model from an ONNX file.

use std::path::{Path, PathBuf};

use data::{Dataset, Split};
use measure::record::{DataIdentity, Evaluation};
use nets::builtin::BuiltIn;
use nets::detector::postprocess::DetectionOptions;
use nets::device::Computer;
use nets::evaluation::evaluate;
use nets::foreign::Foreign;
use nets::predict::Predictor;
use nets::run::{Judged, Run, Trained};
use recipe::{Image, Recipe};

use crate::computer;
use crate::error::CommandError;
use crate::flags::{Machine, OnnxModel, PictureLimit, RunsFolder};
use crate::training::origin;

/// How the names of ONNX files end.
const ONNX: &str = "onnx";

/// A trained model on its device.
pub struct Model {
    /// Of the run, of the built-in model, or of the file.
    pub name: String,
    pub by: By,
    pub computer: Computer,
}

/// What it is made of.
#[allow(clippy::large_enum_variant)] // a process holds one or two
pub enum By {
    Run(Run, Trained),
    BuiltIn(BuiltIn, Trained),
    Onnx(Foreign),
}

/// Whether a name ends as ONNX files do.
pub fn is_onnx(name: &str) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(ONNX))
}

impl Model {
    /// The model of a name: a run's, or one that comes with the program where no run has this name; or of a file.
    pub fn open(
        name: &str,
        folder: &RunsFolder,
        machine: &Machine,
        given: &OnnxModel,
    ) -> Result<Self, CommandError> {
        if is_onnx(name) {
            let foreign = Foreign::open(Path::new(name), &given.given()?)?;
            return Ok(Self {
                name: foreign.name(),
                by: By::Onnx(foreign),
                computer: computer::open_cpu(machine)?,
            });
        }
        given.refuse(name)?;
        Self::trained(name, &folder.runs, computer::open(machine)?)
    }

    /// The network of a run or of a built-in model.
    pub fn trained(name: &str, root: &Path, computer: Computer) -> Result<Self, CommandError> {
        let by = match (Run::open(root, name), BuiltIn::find(name)) {
            (Ok(run), _) => {
                let trained = run.trained(&computer)?;
                By::Run(run, trained)
            }
            (Err(_), Some(built_in)) => By::BuiltIn(built_in, built_in.trained(&computer)?),
            (Err(error), None) => return Err(error.into()),
        };
        let name = match &by {
            By::Run(run, _) => run.name(),
            By::BuiltIn(built_in, _) => built_in.name.to_string(),
            By::Onnx(foreign) => foreign.name(),
        };
        Ok(Self { name, by, computer })
    }

    /// The network of a run as far as it is trained.
    pub fn so_far(run: Run, machine: &Machine) -> Result<Self, CommandError> {
        let computer = computer::open(machine)?;
        let trained = run.trained_so_far(&computer)?;
        Ok(Self {
            name: run.name(),
            by: By::Run(run, trained),
            computer,
        })
    }

    /// The network, where it is one of ours.
    pub fn network(&self) -> Option<&Trained> {
        match &self.by {
            By::Run(_, trained) | By::BuiltIn(_, trained) => Some(trained),
            By::Onnx(_) => None,
        }
    }

    /// What predicts.
    pub fn predictor(&self) -> Predictor<'_> {
        match &self.by {
            By::Run(_, trained) | By::BuiltIn(_, trained) => {
                Predictor::Network(trained, &self.computer.device)
            }
            By::Onnx(foreign) => Predictor::Foreign(foreign),
        }
    }

    /// Whether it finds objects instead of classifying pictures.
    pub fn is_detector(&self) -> bool {
        match &self.by {
            By::Run(_, trained) | By::BuiltIn(_, trained) => trained.network.is_detector(),
            By::Onnx(foreign) => foreign.model().is_detector(),
        }
    }

    /// The same model with other options of a detector's postprocessing.
    pub fn detecting_with(self, options: DetectionOptions) -> Self {
        let limited = |trained: Trained| Trained {
            network: trained.network.detecting_with(options),
            ..trained
        };
        let by = match self.by {
            By::Run(run, trained) => By::Run(run, limited(trained)),
            By::BuiltIn(built_in, trained) => By::BuiltIn(built_in, limited(trained)),
            By::Onnx(foreign) => By::Onnx(foreign.detecting_with(options)),
        };
        Self { by, ..self }
    }

    /// The names of its classes; empty where an ONNX file does not say.
    pub fn classes(&self) -> &[String] {
        match &self.by {
            By::Run(_, trained) | By::BuiltIn(_, trained) => &trained.classes,
            By::Onnx(foreign) => foreign.model().classes(),
        }
    }

    /// The classes that data is loaded with to judge it; empty for an ONNX file, which data may number otherwise.
    pub fn classes_for_data(&self) -> &[String] {
        self.network().map_or(&[], |trained| &trained.classes)
    }

    /// How pictures become its input.
    pub fn preparation(&self) -> Image {
        match &self.by {
            By::Run(_, trained) | By::BuiltIn(_, trained) => trained.preparation,
            By::Onnx(foreign) => *foreign.model().preparation(),
        }
    }

    /// The data that it was trained on, as far as that is known.
    pub fn data(&self) -> Option<recipe::Data> {
        match &self.by {
            By::Run(_, trained) => Some(trained.recipe.data.clone()),
            // Its data is made, and not on this machine.
            By::BuiltIn(..) => None,
            By::Onnx(foreign) => {
                let text = foreign.model().model().metadata().get("recipe")?;
                let recipe = Recipe::parse::<&str>(text, "recipe", &[]).ok()?;
                Some(recipe.data)
            }
        }
    }

    /// The largest picture that is read, in pixels: as asked for, else as in training.
    pub fn max_pixels(&self, limit: &PictureLimit) -> u64 {
        let trained = self.network().map(|trained| trained.recipe.data.max_pixels);
        let default = || recipe::Data::default().max_pixels;
        limit.max_pixels.or(trained).unwrap_or_else(default)
    }

    /// Its figures on `data`, a part of `split`, which lies at `source`.
    pub fn evaluation(
        &self,
        split: &Split,
        data: &Dataset,
        source: &str,
        part: &str,
    ) -> Result<Evaluation, CommandError> {
        if let By::Run(run, trained) = &self.by {
            let (network, recipe, computer) = (&trained.network, &trained.recipe, &self.computer);
            let evaluated = evaluate(network, data, computer)?;
            return Ok(run.evaluation(recipe, network, &evaluated, data, computer, part)?);
        }
        let judged = self.judge(split, data, source, part)?;
        Ok(judged.finished.evaluation)
    }

    /// The same with its predictions; the results of a finished run are as they were recorded.
    pub fn judge(
        &self,
        split: &Split,
        data: &Dataset,
        source: &str,
        part: &str,
    ) -> Result<Judged, CommandError> {
        let (computer, origin) = (&self.computer, origin(&self.name));
        let source = DataIdentity {
            name: source.to_string(),
            digest: Some(split.digest()),
        };
        Ok(match &self.by {
            By::Run(run, trained) if run.imported()?.is_some() => {
                run.judge(trained, data, &source, part, computer, &origin)?
            }
            By::Run(run, _) => Judged::open(run)?,
            By::BuiltIn(built_in, trained) => {
                built_in.judge(trained, data, &source, part, computer, &origin)?
            }
            By::Onnx(foreign) => foreign.judge(data, &source, part, computer, &origin)?,
        })
    }

    /// Where what is made of it goes, unless somewhere else is asked for.
    pub fn folder(&self) -> PathBuf {
        match &self.by {
            By::Run(run, _) => run.path().to_path_buf(),
            By::BuiltIn(built_in, _) => built_in.name.into(),
            By::Onnx(foreign) => foreign.path().with_extension(""),
        }
    }
}
