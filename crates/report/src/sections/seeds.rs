//! Several runs of each recipe: means and spread, and the metrics of every run.

use super::View;
use crate::compared::rows;
use crate::format::fill;
use crate::metrics::Group;
use crate::model::{Block, Figure, Line, Row, Span, Table};
use crate::plot::axis::{Measure, Scale};
use crate::plot::intervals::{Interval, Intervals};
use crate::seeds::columns;
use crate::tables;
use measure::record::SeedsVerdict;

/// What is shown of which run, and a table of all; nothing without seeds.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let Some(verdict) = view.whole.seeds else {
        return Vec::new();
    };
    let seeds = view.language.count(verdict.test.seeds as u64);
    let columns = columns(view.whole);
    let first = columns
        .iter()
        .map(|column| view.whole.contestants[column.runs[0]].name);
    let first = first.collect::<Vec<_>>().join(", ");
    let names = view.trainings().into_iter().map(|(slot, run)| {
        let seed = view.language.count(run.evaluation.seed);
        let seed = Span::Small(format!("{} {seed}", words.seed));
        Line::from(Span::Key(slot, run.name.to_string())).and(seed)
    });
    let metrics = [Group::Quality, Group::Cost].map(|group| rows(view.whole, group));
    let rows = metrics.iter().flatten().map(|compared| {
        let each = compared.cells.iter().flat_map(|cell| &cell.each);
        let show =
            |value: &Option<f64>| (compared.metric.show)(view.language, value.unwrap_or(f64::NAN));
        Row::text(compared.metric.name(view.language), each.map(show))
    });
    let head = std::iter::once(words.figure.into()).chain(names);
    let table = Table::plain(words.over_seeds_table, head, rows);
    vec![
        Block::Paragraph(fill(words.over_seeds_note, &[("seeds", &seeds)]).into()),
        Block::Note(fill(words.shown_seed, &[("runs", &first)]).into()),
        Block::Details(
            words.over_seeds_table.to_string(),
            vec![Block::Table(table)],
        ),
    ]
}

/// Means with their intervals over seeds, and the runs as points.
pub fn figure(view: &View<'_>, verdict: &SeedsVerdict) -> Option<Figure> {
    let words = view.words;
    let metric = tables::seeds_metric(verdict.figure);
    let intervals = verdict
        .recipes
        .iter()
        .enumerate()
        .map(|(slot, recipe)| Interval {
            name: &recipe.recipe,
            slot,
            value: recipe.mean,
            ends: recipe.interval.unwrap_or([f64::NAN; 2]),
            points: recipe.values.clone(),
        });
    let chart = Intervals {
        description: words.over_seeds_alt,
        language: view.language,
        x: Measure::share(metric.name(view.language), Scale::Linear),
    };
    let svg = chart.svg(&intervals.collect::<Vec<_>>());
    let figure = Figure::of(svg, metric.name(view.language))?;
    Some(Figure {
        caption: figure
            .caption
            .clone()
            .and(Span::Text(words.over_seeds_caption.to_string())),
        table: Some(tables::by_seed(verdict, view.language)),
        ..figure
    })
}
