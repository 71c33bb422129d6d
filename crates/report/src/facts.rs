//! On what and from what a run was made, line by line.

use super::format::{ABSENT, shell_quoted};
use super::words::Words;
use super::{Contestant, Language};

/// Names and values; a dash where nothing is known.
pub fn of(language: Language, contestant: &Contestant<'_>) -> Vec<(&'static str, String)> {
    let words = Words::of(language);
    let environment = contestant.environment;
    let machine = &environment.machine;
    let version = match &environment.commit {
        Some(commit) => format!("{} ({commit})", environment.atelier),
        None => environment.atelier.clone(),
    };
    let data = match &environment.data.digest {
        Some(digest) => format!("{}, {digest}", environment.data.name),
        None => environment.data.name.clone(),
    };
    let pairs = [
        (
            words.recipe_name,
            environment.recipe.clone().unwrap_or_default(),
        ),
        (words.command, shell_quoted(&environment.command)),
        (words.seed, contestant.evaluation.seed.to_string()),
        (
            words.epochs,
            language.count(contestant.evaluation.epochs as u64),
        ),
        (words.data, data),
        (
            words.weights_digest,
            contestant
                .evaluation
                .model_digest
                .clone()
                .unwrap_or_default(),
        ),
        (words.device, environment.device.clone()),
        (words.threads, language.count(environment.threads as u64)),
        (words.processor, machine.cpu.clone().unwrap_or_default()),
        (
            words.cores,
            machine
                .cores
                .map_or(String::new(), |n| language.count(n as u64)),
        ),
        (
            words.memory,
            machine
                .memory_mib
                .map_or(String::new(), |m| language.mebibytes(m as f64)),
        ),
        (words.system, machine.os.clone()),
        (words.version, version),
        (words.date, language.moment(&environment.date)),
    ];
    let known = |value: String| {
        if value.is_empty() {
            ABSENT.to_string()
        } else {
            value
        }
    };
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| (name, known(value))).collect()
}
