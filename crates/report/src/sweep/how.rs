//! What was searched and how, and all that is needed to go on from it.

use super::View;
use crate::format::{Text, fill};
use crate::html::{details, paragraph, scroll};
use crate::shell_quoted;
use measure::record::Sampler;

/// The settings that were varied, and the rules of the search.
pub fn section(view: &View<'_>) -> String {
    let (words, plan) = (view.words, view.plan);
    let rows = plan.parameters.iter().map(|parameter| {
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
            Text(&parameter.key),
            Text(&parameter.values)
        )
    });
    let table = format!(
        "<table class=\"plain\"><caption><b>{}</b></caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\
         <tbody>{}</tbody></table>",
        words.varied,
        words.setting,
        words.values,
        rows.collect::<String>()
    );
    let count = |number: usize| view.language.count(number as u64);
    let (train, validation) = (count(plan.train_images), count(plan.validation_images));
    let factor = plan.halving.map(count).unwrap_or_default();
    let values = [
        ("train", train.as_str()),
        ("validation", validation.as_str()),
        ("factor", factor.as_str()),
        ("metric", view.metric_name()),
    ];
    let sampler = match plan.sampler {
        Sampler::Random => words.random,
        Sampler::Grid => words.grid,
        Sampler::Tpe => words.tpe,
    };
    let halving = if plan.halving.is_some() {
        words.halving
    } else {
        words.no_halving
    };
    let rules = [sampler, halving, words.images, words.same_seed];
    let rules = rules.map(|rule| paragraph(&fill(rule, &values))).concat();
    format!("{}{rules}", scroll(words.varied, &table))
}

/// The command, the recipe that was found, and what to do with it.
pub fn repeat(view: &View<'_>) -> String {
    let words = view.words;
    let mut html = String::new();
    let command = |text: &str| {
        format!(
            "<pre class=\"command\" tabindex=\"0\">{}</pre>\n",
            Text(text)
        )
    };
    if let Some(toml) = view.report.best_toml {
        let arguments = [
            "atelier",
            "compare",
            view.report.best_file,
            view.report.base_file,
        ];
        let arguments = arguments
            .into_iter()
            .chain(["--seeds", "3"])
            .map(String::from);
        html += &paragraph(words.confirm);
        html += &command(&shell_quoted(&arguments.collect::<Vec<_>>()));
        let lines = toml
            .trim_end()
            .lines()
            .map(|line| format!("<span>{}</span>", Text(line)));
        let lines = lines.collect::<String>();
        html += &details(
            words.best_recipe,
            &format!("<pre tabindex=\"0\">{lines}</pre>\n"),
        );
    }
    if !view.report.command.is_empty() {
        html += &paragraph(words.again);
        html += &command(view.report.command);
    }
    html
}
