//! A search before its first trial: its data, its defaults, and every check that needs no training.

use std::borrow::Cow;

use burn::tensor::Device;
use measure::record::{Sampler, SweepMetric, SweepParameter, SweepPlan, TrialRecord, best};

use super::halving::Halving;
use super::sampler::Proposer;
use super::{Learner, Runner, SweepError, default_validation, metric, space};
use crate::training;
use data::{Dataset, Split};
use recipe::{Recipe, RecipeError, Validation};

/// Trials of a search that names no number, unless it is a grid.
const TRIALS: usize = 20;

/// A search as the user asks for it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The recipe's name or file.
    pub recipe: String,
    /// `key=value` that every trial has.
    pub sets: Vec<String>,
    /// What is varied.
    pub parameters: Vec<SweepParameter>,
    /// How points are chosen.
    pub sampler: Sampler,
    /// What trials are judged by; `None`: [`metric`]'s choice.
    pub metric: Option<SweepMetric>,
    /// The factor of successive halving; `None`: every trial is trained to the end.
    pub halving: Option<usize>,
}

/// A search that can begin.
#[derive(Debug)]
pub struct Search {
    /// What is searched, for its record.
    pub plan: SweepPlan,
    /// What trials learn from.
    pub train: Dataset,
    /// What they are judged on: training images that are held out.
    pub validation: Dataset,
    /// Chooses points.
    pub proposer: Proposer,
    /// What the user should know before it begins.
    pub notes: Vec<String>,
    text: Cow<'static, str>,
    sets: Vec<String>,
}

impl Request {
    /// Loads the training images, fills in the defaults and checks everything.
    ///
    /// # Errors
    /// [`SweepError`] with what is wrong.
    pub fn prepare(self) -> Result<Search, SweepError> {
        let Self {
            recipe: name,
            mut sets,
            parameters,
            ..
        } = self;
        let mut notes = Vec::new();
        let text = recipe::source(&name)?;
        let recipe = Recipe::parse(&text, &name, &sets)?;
        let seed = recipe.training.seed;
        // The test images are dropped before anything else happens.
        let Split {
            train, validation, ..
        } = data::load(&recipe.data, seed)?;
        training::check(&recipe, &train)?;
        let own = recipe.data.validation == Validation::Folder;
        if recipe.data.validation.is_none() || (own && validation.is_none()) {
            let held_out = default_validation(train.count);
            notes.push(format!(
                "note: the recipe holds out no images to judge trials on, so {held_out} of the {} training images are \
                 held out (--set data.validation=N for another number)",
                train.count
            ));
            sets.push(format!("data.validation={held_out}"));
        }
        let recipe = Recipe::parse(&text, &name, &sets)?;
        space::check(&parameters, &text, &name, &sets)?;
        let varies = |key: &str| parameters.iter().any(|it| it.key == key);
        if recipe.training.schedule.ignores_base()
            && varies("training.optimizer.learning-rate")
            && !varies("training.schedule.peak")
        {
            notes.push(
                "warning: training.optimizer.learning-rate has no effect here, because training.schedule sets its own \
                 peak; vary training.schedule.peak instead"
                    .to_string(),
            );
        }
        let metric = metric(self.metric, &recipe, &train)?;
        let (train, validation) = match recipe.data.validation.of(train.count) {
            None => (train, validation),
            Some(count) => {
                let (left, held) = train.hold_out(count, seed)?;
                (left.into_owned(), held)
            }
        };
        let validation = validation.ok_or(SweepError::NothingHeldOut)?;
        let proposer = Proposer::new(&parameters, self.sampler, metric, seed)?;
        let plan = SweepPlan {
            recipe: name,
            recipe_toml: recipe.to_toml()?,
            parameters,
            sampler: self.sampler,
            metric,
            halving: self.halving,
            seed,
            train_images: train.count,
            validation_images: validation.count,
        };
        Ok(Search {
            plan,
            train,
            validation,
            proposer,
            notes,
            text,
            sets,
        })
    }
}

impl Search {
    /// How many trials to make: as many as asked for, but never more than there are points.
    pub fn trials(&self, asked: Option<usize>) -> usize {
        let points = self.proposer.size();
        let wanted = asked.unwrap_or(match (self.plan.sampler, points) {
            (Sampler::Grid, Some(points)) => points,
            _ => TRIALS,
        });
        points.map_or(wanted, |points| wanted.min(points))
    }

    /// What trains the trials on `device`.
    pub fn learner<'a>(&'a self, device: &'a Device) -> Learner<'a> {
        Learner {
            text: &self.text,
            origin: &self.plan.recipe,
            sets: &self.sets,
            parameters: &self.plan.parameters,
            train: &self.train,
            validation: &self.validation,
            device,
        }
    }

    /// What makes the trials, `jobs` at a time on `threads` threads together.
    pub fn runner(&self, trials: usize, jobs: usize, threads: usize) -> Runner<'_> {
        Runner {
            proposer: &self.proposer,
            halving: self.plan.halving.map(|factor| Halving { factor }),
            trials,
            jobs,
            threads,
        }
    }

    /// The best trial and its recipe, exactly as it was trained.
    ///
    /// # Errors
    /// [`RecipeError`] where its values do not go together.
    pub fn best<'r>(
        &self,
        learner: &Learner<'_>,
        records: &'r [TrialRecord],
    ) -> Result<Option<(&'r TrialRecord, Recipe)>, RecipeError> {
        let Some(best) = best(records, self.plan.metric) else {
            return Ok(None);
        };
        let value = |one: &SweepParameter| best.values.get(&one.key).cloned();
        let point: Vec<_> = self.plan.parameters.iter().filter_map(value).collect();
        Ok(Some((best, learner.recipe(&point)?)))
    }
}
