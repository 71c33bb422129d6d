//! What was searched and how, and what to do next.

use super::View;
use crate::format::filled;
use crate::model::{Block, Code, CodeLine, Row, Table};
use crate::shell_quoted;
use measure::record::Sampler;

/// The settings that were varied, and the rules of the search.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let (words, plan) = (view.words, view.plan);
    let rows = plan
        .parameters
        .iter()
        .map(|parameter| Row::text(parameter.key.as_str(), [parameter.values.clone()]));
    let table = Table::plain(words.varied, [words.setting, words.values], rows);
    let count = |number: usize| view.language.count(number as u64);
    let values = [
        ("train", count(plan.train_images)),
        ("validation", count(plan.validation_images)),
        ("factor", plan.halving.map(count).unwrap_or_default()),
        ("metric", view.metric_name().to_string()),
    ];
    let sampler = match plan.sampler {
        Sampler::Random => words.random,
        Sampler::Grid => words.grid,
        Sampler::Tpe => words.tpe,
    };
    let halving = plan.halving.map_or(words.no_halving, |_| words.halving);
    let rules = [sampler, halving, words.images, words.same_seed];
    let rules = rules.map(|rule| Block::Paragraph(filled(rule, &values).into()));
    table.block().into_iter().chain(rules).collect()
}

/// The command that confirms the result, the recipe that was found, and the command of the search.
pub fn repeat(view: &View<'_>) -> Vec<Block> {
    let (words, report) = (view.words, view.report);
    let mut blocks = Vec::new();
    if let Some(toml) = report.best_toml {
        let confirm = [
            "atelier",
            "compare",
            report.best_file,
            report.base_file,
            "--seeds",
            "3",
        ];
        let lines = toml
            .trim_end()
            .lines()
            .map(|line| CodeLine::Common(line.to_string()));
        let recipe = Code {
            language: "toml",
            lines: lines.collect(),
        };
        blocks.push(Block::Paragraph(words.confirm.into()));
        blocks.push(Block::Code(Code::command(&shell_quoted(
            &confirm.map(String::from),
        ))));
        blocks.push(Block::Details(
            words.best_recipe.to_string(),
            vec![Block::Code(recipe)],
        ));
    }
    if !report.command.is_empty() {
        blocks.push(Block::Paragraph(words.again.into()));
        blocks.push(Block::Code(Code::command(report.command)));
    }
    blocks
}
