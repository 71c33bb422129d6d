//! `import`: a run of weights that were trained elsewhere.

use std::path::PathBuf;

use nets::device::Computer;
use nets::exchange::Pairing;
use nets::run::Import;
use recipe::InputSize;
use serde_json::json;

use crate::computer;
use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, class_names};
use crate::names::safe_name;
use crate::plan::NamedRecipe;
use crate::training::origin;

/// Weights, and the run to make of them.
pub struct ImportPlan {
    weights: PathBuf,
    pairing: Pairing,
    recipe: NamedRecipe,
    run: String,
    classes: Option<Vec<String>>,
    root: PathBuf,
    computer: Computer,
}

impl ImportPlan {
    pub fn of(flags: &flags::Import) -> Result<Self, CommandError> {
        let recipe = NamedRecipe::load(&flags.recipe, &flags.sets)?;
        Ok(Self {
            weights: flags.weights.clone(),
            pairing: flags.by,
            run: match &flags.name {
                Some(name) => safe_name(name),
                None => recipe.run.clone(),
            },
            recipe,
            classes: flags.classes.as_deref().map(class_names).transpose()?,
            root: flags.folder.runs.clone(),
            computer: computer::open(&flags.machine)?,
        })
    }
}

pub fn run(plan: ImportPlan, output: Output) -> Result<(), CommandError> {
    let import = Import {
        file: &plan.weights,
        pairing: plan.pairing,
        name: &plan.run,
        recipe: plan.recipe.recipe,
        classes: plan.classes,
    };
    let imported = import.run(&plan.root, &plan.computer, &origin(&plan.recipe.name))?;
    let path = imported.run.path().display().to_string();
    let document = json!({
        "run": path,
        "classes": imported.classes,
        "tensors": imported.fitted.taken,
        "surplus": imported.fitted.left.surplus,
    });
    output.show(&document, || {
        let size = match imported.preparation.size {
            Some(InputSize::Fixed([height, width])) => format!("{height} x {width} pixels"),
            Some(InputSize::Sides(sides)) => {
                format!("a shorter side of {} pixels", sides.shorter)
            }
            None => String::new(),
        };
        let fit = imported.preparation.fit.map(recipe::Fit::name);
        let fit = fit.map_or(String::new(), |fit| format!(" ({fit})"));
        let names = imported
            .named_after
            .map_or(String::new(), |name| format!(", named after {name}"));
        format!(
            "{}: {}\n{} classes{names}; pictures are brought to {size}{fit}\nrun: {path}",
            plan.weights.display(),
            imported.fitted.in_short(),
            imported.classes,
        )
    })
}
