//! `evaluate`: every metric of a trained run on a split.

use measure::record::Evaluation;
use nets::foreign::hint;
use report::terminal::{self, table};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, Part};
use crate::loading;
use crate::plan::{By, Model};

/// An evaluation on a part of the data.
pub struct EvaluatePlan {
    pub model: Model,
    /// The run's own data, or other data that was asked for.
    pub data: recipe::Data,
    /// Whether it is other data.
    pub is_other: bool,
    pub part: Part,
}

impl EvaluatePlan {
    pub fn of(flags: &flags::Evaluate) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine, &flags.onnx)?;
        let known = model.data();
        let own = known.as_ref().map(|data| data.source.clone());
        let mut data = known.unwrap_or_default();
        // With all that was computed from the training pictures.
        data.image = model.preparation();
        match (&flags.data, &own) {
            (Some(other), _) => data.source.clone_from(other),
            (None, Some(_)) => {}
            (None, None) => {
                return Err(CommandError::Usage(format!(
                    "{} does not say which data it was trained on: give --data SOURCE",
                    model.name
                )));
            }
        }
        data.max_pixels = flags.pictures.max_pixels.unwrap_or(data.max_pixels);
        Ok(Self {
            is_other: own.as_ref() != Some(&data.source),
            data,
            model,
            part: flags.split,
        })
    }
}

pub fn run(plan: &EvaluatePlan, output: Output) -> Result<(), CommandError> {
    let model = &plan.model;
    if let By::Run(run, _) = &model.by
        && run.is_finished()
    {
        // No figures are added to records that contradict each other.
        run.finished()?;
    }
    let split = if plan.is_other {
        loading::load_to_judge(&plan.data, model.classes_for_data())?
    } else {
        let trained = model.network();
        let seed = trained.map_or(0, |trained| trained.recipe.training.seed);
        loading::load(&plan.data, seed)?
    };
    let (data, part) = match plan.part {
        Part::Train => (&split.train, "train"),
        Part::Test => (&split.test, "test"),
    };
    if data.count == 0 {
        return Err(CommandError::Usage(format!(
            "{} has no {part} pictures; --split names the part",
            plan.data.source
        )));
    }
    if let Some(trained) = model.network()
        && (data.image_shape() != trained.input || data.classes != trained.classes)
    {
        return Err(CommandError::Usage(format!(
            "{} was trained on images of {:?} in {} classes, the data has {:?} in {}",
            model.name,
            trained.input,
            trained.classes.len(),
            data.image_shape(),
            data.classes.len()
        )));
    }
    let evaluation = model.evaluation(&split, data, &plan.data.source, part)?;
    if let By::Onnx(_) = model.by
        && let Some(hint) = hint(&evaluation)
    {
        warn!("{hint}");
    }
    output.show(&evaluation, || text(&evaluation, &data.classes))
}

fn text(evaluation: &Evaluation, classes: &[String]) -> String {
    let mut parts = vec![terminal::evaluation(evaluation)];
    let digest = evaluation.model_digest.as_ref();
    parts.extend(digest.map(|digest| format!("weights: {digest}")));
    if let Some(figures) = &evaluation.classification {
        let per_class = figures.per_class.iter().map(|class| {
            vec![
                class.class.clone(),
                format!("{:.4}", class.precision),
                format!("{:.4}", class.recall),
                format!("{:.4}", class.f1),
                class.support.to_string(),
            ]
        });
        let header = ["class", "precision", "recall", "F1", "images"];
        parts.push(table(header, per_class.collect()));
        let confusion = figures.confusion.iter().zip(classes);
        let confusion = confusion.map(|(counts, class)| {
            let counts = counts.iter().map(ToString::to_string);
            [class.clone()].into_iter().chain(counts).collect()
        });
        let corner = "truth \\ prediction".to_string();
        let header = [corner].into_iter().chain(classes.iter().cloned());
        parts.push(table(header, confusion.collect()));
    }
    parts.join("\n")
}
