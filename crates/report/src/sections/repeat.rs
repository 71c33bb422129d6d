//! All that is needed to repeat it: commands, seeds, versions, machine, data.

use super::View;
use crate::format::{ABSENT, shell_quoted};
use crate::model::{Block, Code, Layout, Line, Span};
use crate::words::Words;
use crate::{Contestant, Language};

/// The command, and the facts of each run.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !view.report.command.is_empty() {
        blocks.push(Block::Paragraph(view.words.repeat_note.into()));
        blocks.push(Block::Code(Code::command(view.report.command)));
    }
    let trainings = view.trainings();
    let columns = trainings.iter().map(|(slot, run)| {
        let name = Line::from(Span::Key(*slot, run.name.to_string()));
        let heading = (trainings.len() > 1).then_some(Block::Heading(3, name));
        heading
            .into_iter()
            .chain([Block::Facts(facts(view.language, run))])
            .collect()
    });
    blocks.push(Block::Columns(Layout::Equal, columns.collect()));
    blocks
}

/// On what and from what a run was made; a dash where something is unknown.
fn facts(language: Language, contestant: &Contestant<'_>) -> Vec<(&'static str, String)> {
    let words = Words::of(language);
    let (environment, evaluation) = (contestant.environment, contestant.evaluation);
    let machine = &environment.machine;
    let count = |number: usize| language.count(number as u64);
    let with = |text: &str, detail: Option<String>| text.to_string() + &detail.unwrap_or_default();
    let commit = environment
        .commit
        .as_ref()
        .map(|commit| format!(" ({commit})"));
    let digest = environment
        .data
        .digest
        .as_ref()
        .map(|digest| format!(", {digest}"));
    let facts = [
        (
            words.recipe_name,
            environment.recipe.clone().unwrap_or_default(),
        ),
        (words.command, shell_quoted(&environment.command)),
        (words.seed, evaluation.seed.to_string()),
        (words.epochs, count(evaluation.epochs)),
        (words.data, with(&environment.data.name, digest)),
        (
            words.weights_digest,
            evaluation.model_digest.clone().unwrap_or_default(),
        ),
        (words.device, environment.device.clone()),
        (words.threads, count(environment.threads)),
        (words.processor, machine.cpu.clone().unwrap_or_default()),
        (words.cores, machine.cores.map_or(String::new(), count)),
        (
            words.memory,
            machine
                .memory_mib
                .map_or(String::new(), |m| language.mebibytes(m as f64)),
        ),
        (words.system, machine.os.clone()),
        (words.version, with(&environment.atelier, commit)),
        (words.date, language.moment(&environment.date)),
    ];
    let known = |value: String| {
        if value.is_empty() {
            ABSENT.to_string()
        } else {
            value
        }
    };
    facts.map(|(name, value)| (name, known(value))).into()
}
