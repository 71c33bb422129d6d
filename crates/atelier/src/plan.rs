//! The command line, checked: flags as typed become plans, and commands read nothing else.
//!
//! In a plan recipes are loaded with their overrides, runs and devices are open, defaults are filled in. Whatever
//! contradicts itself ends here with exit code 2, before a command begins.

mod data;
mod runs;
mod training;

pub use data::{AnchorsPlan, CocoEvalPlan, ContactSheetPlan, ScenesPlan};
pub use runs::{EvaluatePlan, ExplainPlan, ExportPlan, Model, PredictPlan, ReportPlan, RunsPlan};
pub use training::{BenchPlan, ComparePlan, Contest, NamedRecipe, SweepPlan, TrainPlan};

use nets::device::Interface;
use recipe::Recipe;

use crate::error::CommandError;
use crate::flags::{self, RecipesAction};

/// What `recipes` does.
pub enum RecipesPlan {
    List,
    Show(Box<Recipe>),
}

impl RecipesPlan {
    pub fn of(flags: &flags::Recipes) -> Result<Self, CommandError> {
        Ok(match &flags.action {
            None => Self::List,
            Some(RecipesAction::Show { recipe, sets }) => {
                Self::Show(Box::new(Recipe::load(recipe, sets)?))
            }
        })
    }
}

/// What `devices` does.
pub enum DevicesPlan {
    List,
    /// Tries the devices of an interface, or the one of this name, for another process.
    Probe(Interface, Option<String>),
}

impl DevicesPlan {
    pub fn of(flags: &flags::Devices) -> Result<Self, CommandError> {
        let Some(name) = &flags.probe else {
            return Ok(Self::List);
        };
        let unknown = || CommandError::Usage(format!("no device interface is called '{name}'"));
        let interface = Interface::of(name).ok_or_else(unknown)?;
        let one = (name != interface.name()).then(|| name.clone());
        Ok(Self::Probe(interface, one))
    }
}

/// The devices that `worker` offers, and how.
#[cfg(feature = "remote")]
pub struct WorkerPlan {
    pub computer: nets::device::Computer,
    pub settings: nets::device::worker::WorkerSettings,
}

#[cfg(feature = "remote")]
impl WorkerPlan {
    pub fn of(flags: &flags::Worker) -> Result<Self, CommandError> {
        Ok(Self {
            computer: crate::computer::open_list(&flags.devices, None)?,
            settings: nets::device::worker::WorkerSettings {
                key: flags.key.clone(),
                token: flags.token_file.clone(),
                port: flags.port,
                relays: flags.relays,
            },
        })
    }
}
