//! Training options that are of the right type and still make no sense.

use super::{at_least_1, below_1, fraction, need, not_negative, positive, positive_fraction};
use crate::problem::Problem;
use crate::{Checkpoints, Model, Optimizer, Recipe, Schedule};

/// The first of the training options out of range, or of no use with the rest of the recipe.
pub(super) fn check(recipe: &Recipe) -> Result<(), Problem> {
    let training = &recipe.training;
    at_least_1("training.epochs", training.epochs)?;
    at_least_1("training.batch-size", training.batch_size)?;
    at_least_1("training.accumulate", training.accumulate)?;
    below_1("training.label-smoothing", training.label_smoothing)?;
    not_negative("training.mixup", training.mixup)?;
    if let Some(norm) = training.clip_norm {
        positive("training.clip-norm", norm)?;
    }
    if let Some(decay) = training.ema {
        below_1("training.ema", decay)?;
    }
    if let Some(stopping) = &training.early_stopping {
        at_least_1("training.early-stopping.patience", stopping.patience)?;
        not_negative("training.early-stopping.min-delta", stopping.min_delta)?;
        held_out("training.early-stopping", "watches", recipe)?;
    }
    if training.temperature_scaling {
        held_out("training.temperature-scaling", "fits", recipe)?;
    }
    classifier("training.mixup", training.mixup > 0.0, recipe)?;
    let scaling = training.temperature_scaling;
    classifier("training.temperature-scaling", scaling, recipe)?;
    checkpoints(&training.checkpoints)?;
    optimizer(&training.optimizer)?;
    schedule(&training.schedule)
}

fn checkpoints(checkpoints: &Checkpoints) -> Result<(), Problem> {
    if let Some(seconds) = checkpoints.every_seconds {
        positive("training.checkpoints.every-seconds", seconds)?;
    }
    if let Some(steps) = checkpoints.every_steps {
        at_least_1("training.checkpoints.every-steps", steps)?;
    }
    at_least_1("training.checkpoints.keep", checkpoints.keep)
}

/// An option that needs images which training does not see.
fn held_out(key: &str, does: &str, recipe: &Recipe) -> Result<(), Problem> {
    if recipe.data.validation > 0 {
        return Ok(());
    }
    Err(Problem {
        help: Some("hold some out with data.validation = 5000, say, or leave it out".to_string()),
        ..Problem::at(
            key,
            format!("{does} held-out images, and data.validation is 0"),
        )
    })
}

/// An option that only a classifier has.
fn classifier(key: &str, used: bool, recipe: &Recipe) -> Result<(), Problem> {
    if !used || matches!(recipe.model, Model::Cnn(_)) {
        return Ok(());
    }
    Err(Problem {
        help: Some("leave it out".to_string()),
        ..Problem::at(key, "is for classifiers (model.kind = \"cnn\") only")
    })
}

fn optimizer(optimizer: &Optimizer) -> Result<(), Problem> {
    let key = |name: &str| format!("training.optimizer.{name}");
    positive(&key("learning-rate"), optimizer.learning_rate())?;
    let betas = |beta_1, beta_2| {
        below_1(&key("beta-1"), beta_1)?;
        below_1(&key("beta-2"), beta_2)
    };
    match optimizer {
        Optimizer::Sgd(sgd) => {
            not_negative(&key("weight-decay"), sgd.weight_decay)?;
            below_1(&key("momentum"), sgd.momentum)?;
            let holds = !sgd.nesterov || sgd.momentum > 0.0;
            need(
                holds,
                &key("nesterov"),
                "false without momentum",
                sgd.nesterov,
            )
        }
        Optimizer::Adam(adam) => {
            not_negative(&key("weight-decay"), adam.weight_decay)?;
            betas(adam.beta_1, adam.beta_2)?;
            positive(&key("epsilon"), adam.epsilon)
        }
        Optimizer::AdamW(adam) => {
            not_negative(&key("weight-decay"), adam.weight_decay)?;
            betas(adam.beta_1, adam.beta_2)?;
            positive(&key("epsilon"), adam.epsilon)
        }
        Optimizer::RmsProp(rms) => {
            not_negative(&key("weight-decay"), rms.weight_decay)?;
            below_1(&key("momentum"), rms.momentum)?;
            below_1(&key("alpha"), rms.alpha)?;
            positive(&key("epsilon"), rms.epsilon)
        }
        Optimizer::Muon(muon) => {
            not_negative(&key("weight-decay"), muon.weight_decay)?;
            below_1(&key("momentum"), muon.momentum)?;
            let holds = !muon.nesterov || muon.momentum > 0.0;
            let rule = "false without momentum";
            need(holds, &key("nesterov"), rule, muon.nesterov)?;
            positive(&key("adam-learning-rate"), muon.adam_learning_rate)?;
            betas(muon.beta_1, muon.beta_2)?;
            positive(&key("epsilon"), muon.epsilon)
        }
    }
}

fn schedule(schedule: &Schedule) -> Result<(), Problem> {
    let key = |name: &str| format!("training.schedule.{name}");
    match schedule {
        Schedule::Constant(_) => Ok(()),
        Schedule::Step(step) => {
            at_least_1(&key("every"), step.every)?;
            positive_fraction(&key("gamma"), step.gamma)
        }
        Schedule::Cosine(cosine) => fraction(&key("final"), cosine.last),
        Schedule::OneCycle(cycle) => {
            if let Some(peak) = cycle.peak {
                positive(&key("peak"), peak)?;
            }
            let inside = cycle.rise > 0.0 && cycle.rise < 1.0;
            need(
                inside,
                &key("rise"),
                "greater than 0 and less than 1",
                cycle.rise,
            )?;
            positive(&key("start-division"), cycle.start_division)?;
            positive(&key("final-division"), cycle.final_division)
        }
    }
}
