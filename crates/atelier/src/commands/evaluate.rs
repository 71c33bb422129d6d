//! `evaluate`: every metric of a trained run on a split.

use measure::record::Evaluation;
use nets::evaluation::evaluate;
use report::terminal::{self, table};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, Part};
use crate::plan::Model;

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
        let model = Model::open(&flags.run, &flags.folder, &flags.machine)?;
        let mut data = model.trained.recipe.data.clone();
        // With all that was computed from the training pictures.
        data.image = model.trained.preparation;
        if let Some(other) = &flags.data {
            data.source.clone_from(other);
        }
        data.max_pixels = flags.pictures.max_pixels.unwrap_or(data.max_pixels);
        Ok(Self {
            is_other: data.source != model.trained.recipe.data.source,
            data,
            model,
            part: flags.split,
        })
    }
}

pub fn run(plan: &EvaluatePlan, output: Output) -> Result<(), CommandError> {
    let Model {
        run,
        trained,
        computer,
    } = &plan.model;
    if run.is_finished() {
        // No figures are added to records that contradict each other.
        run.finished()?;
    }
    let split = if plan.is_other {
        crate::loading::load_to_judge(&plan.data, &trained.classes)?
    } else {
        crate::loading::load(&plan.data, trained.recipe.training.seed)?
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
    if data.image_shape() != trained.input || data.classes != trained.classes {
        return Err(CommandError::Usage(format!(
            "{} was trained on images of {:?} in {} classes, the data has {:?} in {}",
            run.name(),
            trained.input,
            trained.classes.len(),
            data.image_shape(),
            data.classes.len()
        )));
    }
    let (network, recipe) = (&trained.network, &trained.recipe);
    let evaluated = evaluate(network, data, computer)?;
    let evaluation = run.evaluation(recipe, network, &evaluated, data, computer, part)?;
    output.show(&evaluation, || text(&evaluation, &trained.classes))
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
