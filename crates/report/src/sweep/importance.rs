//! How much each setting matters.

use super::View;
use crate::format::ABSENT;
use crate::model::{Block, Figure, Layout, Row, Table};
use crate::plot::bars::BarChart;
use measure::importance::importances;

/// Bars, a table, and how to read them.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let found = importances(&view.plan.parameters, view.trials, view.plan.metric);
    let mut found: Vec<_> = found.into_iter().zip(&view.names).collect();
    if found.is_empty() || view.trials.is_empty() {
        return Vec::new();
    }
    let rank = |importance: Option<f64>| importance.unwrap_or(-1.0);
    found.sort_by(|(a, _), (b, _)| rank(b.importance).total_cmp(&rank(a.importance)));
    let known = found.iter().any(|(one, _)| one.importance.is_some());
    let chart = BarChart {
        description: words.importance,
        language: view.language,
        x_name: words.importance_axis,
        groups: found.iter().map(|(_, name)| name.as_str()).collect(),
        series: vec![(
            words.importance,
            found.iter().map(|(one, _)| one.importance).collect(),
        )],
    };
    let rows = found.iter().map(|(one, name)| {
        let share = one.importance.map(|share| view.language.percent(share, 0));
        let best: Vec<String> = one.best_quarter.iter().map(ToString::to_string).collect();
        let numbers = one
            .best_quarter
            .iter()
            .all(|value| value.number().is_some());
        let best = best.join(if numbers { " – " } else { ", " });
        Row::text(name.as_str(), [share.unwrap_or(ABSENT.to_string()), best])
    });
    let head = [words.setting, words.importance, words.best_quarter];
    let table = Table::plain(words.importance_table, head, rows);
    let figure = known
        .then(|| Figure::of(chart.svg(), words.importance_caption))
        .flatten();
    let columns = figure
        .map(Block::Figure)
        .into_iter()
        .chain([Block::Table(table)]);
    let lead = if known {
        words.importance_lead
    } else {
        words.importance_unknown
    };
    vec![
        Block::Paragraph(lead.into()),
        Block::Columns(Layout::Equal, columns.map(|block| vec![block]).collect()),
        Block::Note(words.importance_note.into()),
    ]
}
