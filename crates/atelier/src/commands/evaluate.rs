//! `evaluate`: every metric of a trained run on a split.

use nets::evaluation::evaluate;
use nets::run::Run;

use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use report::terminal::{self, table};

pub fn run(flags: &flags::Evaluate) -> Result<(), CommandError> {
    let run = Run::open(&flags.place.runs, &flags.run)?;
    let computer = computer::open(&flags.machine)?;
    let trained = run.trained(&computer)?;
    let mut source = trained.recipe.data.clone();
    if let Some(other) = &flags.data {
        source.source.clone_from(other);
    }
    let split = data::load(&source, trained.recipe.training.seed)?;
    let data = if flags.split == "train" {
        &split.train
    } else {
        &split.test
    };
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
    let evaluated = evaluate(network, data, &recipe.data, &computer)?;
    let evaluation = run.evaluation(recipe, network, &evaluated, data, &computer, &flags.split)?;
    if flags.json {
        return print_json(&evaluation);
    }
    print(&terminal::evaluation(&evaluation))?;
    if let Some(digest) = &evaluation.model_digest {
        print(&format!("weights: {digest}"))?;
    }
    let Some(answers) = &evaluation.classification else {
        return Ok(()); // images of several objects
    };
    let header = ["class", "precision", "recall", "F1", "images"]
        .map(str::to_string)
        .to_vec();
    let rows = answers
        .per_class
        .iter()
        .map(|class| {
            vec![
                class.class.clone(),
                format!("{:.4}", class.precision),
                format!("{:.4}", class.recall),
                format!("{:.4}", class.f1),
                class.support.to_string(),
            ]
        })
        .collect();
    print(&table(header, rows))?;
    let mut header = vec!["truth \\ answer".to_string()];
    header.extend(trained.classes.iter().cloned());
    let rows = answers
        .confusion
        .iter()
        .zip(&trained.classes)
        .map(|(counts, class)| {
            let mut row = vec![class.clone()];
            row.extend(counts.iter().map(ToString::to_string));
            row
        })
        .collect();
    print(&table(header, rows))
}
