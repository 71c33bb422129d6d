//! Metrics of each class: what is missed and what is predicted wrongly, as bars and as a table.

use super::View;
use crate::model::{Block, Figure, Row, Table};
use crate::plot::bars::BarChart;
use measure::record::{ClassFigures, Evaluation};

/// Of more classes than this, only those with the most mistakes are drawn.
const MOST_BARS: usize = 20;

/// Two bar charts and a table.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let classes = view.report.class_names.len();
    let known = view
        .contestants()
        .iter()
        .any(|c| !per_class(c.evaluation).is_empty());
    if classes == 0 || !known {
        return Vec::new();
    }
    let shown = shown(view, classes);
    // Shares of mistakes, not of right answers: those start near 99 % and all look the same.
    let missed = |f: &ClassFigures| (f.support > 0).then_some(1.0 - f.recall);
    let claimed =
        |f: &ClassFigures| (f.support > 0 && f.precision > 0.0).then_some(1.0 - f.precision);
    let chart = |value: &dyn Fn(&ClassFigures) -> Option<f64>, description| {
        let series = view.contestants().iter().map(|c| {
            let figures = shown
                .iter()
                .map(|class| per_class(c.evaluation).get(*class));
            (
                c.name,
                figures.map(|figures| figures.and_then(value)).collect(),
            )
        });
        let groups = shown
            .iter()
            .filter_map(|class| view.report.class_names.get(*class));
        let chart = BarChart {
            description,
            language: view.language,
            x_name: words.share_axis,
            groups: groups.map(String::as_str).collect(),
            series: series.collect(),
        };
        Figure::of(chart.svg(), description)
    };
    let charts = [chart(&missed, words.missed), chart(&claimed, words.claimed)];
    let charts = charts.into_iter().flatten().map(Block::Figure);
    let mut blocks: Vec<Block> = view
        .legend()
        .into_iter()
        .chain(Block::side_by_side(charts))
        .collect();
    if shown.len() < classes {
        blocks.push(Block::Note(words.worst_classes.into()));
    }
    let table = Block::Table(table(view, classes));
    blocks.push(Block::Details(
        words.classes_as_table.to_string(),
        vec![table],
    ));
    blocks
}

/// Empty where images show several objects.
pub fn per_class(evaluation: &Evaluation) -> &[ClassFigures] {
    let scores = evaluation.classification.as_ref();
    scores.map_or(&[], |scores| &scores.per_class)
}

/// All classes, or those with the most mistakes of all contestants, in their order.
fn shown(view: &View<'_>, classes: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..classes).collect();
    if classes > MOST_BARS {
        let wrong = |class: &usize| -> u64 {
            let scores = view
                .contestants()
                .iter()
                .filter_map(|c| c.evaluation.classification.as_ref());
            let rows = scores.filter_map(|scores| scores.confusion.get(*class));
            rows.map(|row| row.iter().sum::<u64>() - row.get(*class).copied().unwrap_or(0))
                .sum()
        };
        order.sort_by_key(|class| std::cmp::Reverse(wrong(class)));
        order.truncate(MOST_BARS);
        order.sort_unstable();
    }
    order
}

fn table(view: &View<'_>, classes: usize) -> Table {
    let words = view.words;
    let rows = (0..classes).map(|class| {
        let figures = || {
            view.contestants()
                .iter()
                .map(|c| per_class(c.evaluation).get(class))
        };
        let support = figures().flatten().map(|f| f.support).next().unwrap_or(0);
        let three =
            figures().flat_map(|f| f.map_or([f64::NAN; 3], |f| [f.precision, f.recall, f.f1]));
        let cells = three.map(|value| view.language.decimal(value, 4));
        let cells = std::iter::once(view.language.count(support)).chain(cells);
        Row::text(view.report.class(class), cells)
    });
    let three = [words.precision, words.recall, words.f1];
    let head = [words.class, words.images].into_iter();
    let head = head.chain(view.contestants().iter().flat_map(|_| three));
    Table {
        groups: view.groups(2, 3),
        ..Table::plain(words.classes, head, rows)
    }
}
