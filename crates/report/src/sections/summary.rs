//! What comes first: the table of metrics, accuracies with their intervals, and the test behind the verdict.

use super::{View, gallery, seeds};
use crate::compared::{Compared, Value, rows};
use crate::metrics::Group;
use crate::model::{Block, Figure, Layout, Line, Row, Span, Table, TableStyle};
use crate::plot::axis::{Measure, Scale};
use crate::plot::intervals::{Interval, Intervals};
use crate::{sentences, tables};
use measure::record::Verdict;

/// The table, and beside it the plot and the tests.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    if view.contestants().is_empty() {
        return Vec::new();
    }
    let caption = if view.several() {
        view.words.table_caption
    } else {
        view.words.table_caption_one
    };
    let table = metrics(view, &[Group::Quality, Group::Cost], caption);
    let figure = match view.whole.seeds {
        Some(verdict) => seeds::figure(view, verdict),
        None => accuracies(view),
    };
    let mut beside: Vec<Block> = figure.map(Block::Figure).into_iter().collect();
    if let Some(verdict) = view.whole.seeds {
        beside.extend(tables::seed_pairs(verdict, view.language).block());
    } else if let Some(verdict) = view.report.verdict {
        beside.extend(tests(view, verdict));
    }
    vec![Block::Columns(
        Layout::FirstWider,
        vec![vec![Block::Table(table)], beside],
    )]
}

/// The metrics of some groups; several groups have headings.
pub fn metrics(view: &View<'_>, groups: &[Group], caption: &str) -> Table {
    let mut table = Table {
        style: TableStyle::Wide,
        caption: caption.into(),
        head: view.columns(""),
        ..Table::default()
    };
    table.head[0] = Span::Hidden(view.words.figure.to_string()).into();
    for &group in groups {
        let compared = rows(view.whole, group);
        if groups.len() > 1 && !compared.is_empty() {
            let name = match group {
                Group::Quality => view.words.quality,
                _ => view.words.cost,
            };
            table.rows.push(Row::Heading(name.to_string()));
        }
        table
            .rows
            .extend(compared.iter().map(|compared| row(view, compared)));
    }
    table
}

fn row(view: &View<'_>, compared: &Compared) -> Row {
    let name = compared.metric.name(view.language);
    let remark = remark(view, compared.metric.key);
    // 'name (explanation)': the explanation is smaller.
    let (name, explanation) = name.split_once(" (").unwrap_or((name, ""));
    let small = [explanation.trim_end_matches(')'), remark].into_iter();
    let small: Vec<&str> = small.filter(|text| !text.is_empty()).collect();
    let mut line = Line::from(name);
    if !small.is_empty() {
        line = line.and(Span::Aside(small.join("; ")));
    }
    Row::Cells(line, compared.cells.iter().map(Value::cell).collect())
}

/// Whether the difference in a metric is significant, where that was tested.
fn remark(view: &View<'_>, key: &str) -> &'static str {
    let (metric, significant) = match (view.whole.seeds, view.whole.verdict) {
        (Some(seeds), _) => (tables::seeds_metric(seeds.figure).key, seeds.significant),
        (None, Some(verdict)) => ("accuracy", verdict.significant),
        (None, None) => return "",
    };
    if metric != key {
        ""
    } else if significant {
        view.words.is_significant
    } else {
        view.words.is_not_significant
    }
}

/// Accuracies with their intervals.
fn accuracies(view: &View<'_>) -> Option<Figure> {
    let language = view.language;
    let intervals = view.slots().filter_map(|(slot, contestant)| {
        let scores = contestant.evaluation.classification.as_ref()?;
        Some(Interval {
            name: contestant.name,
            slot,
            value: scores.accuracy,
            ends: scores.accuracy_interval,
            points: Vec::new(),
        })
    });
    let intervals: Vec<Interval<'_>> = intervals.collect();
    let rows = intervals.iter().map(|interval| {
        let percent = |share| language.percent(share, 2);
        let cells = [
            percent(interval.value),
            interval.ends.map(percent).join(" – "),
        ];
        Row::text(interval.name, cells)
    });
    let table = Table::plain(
        view.words.intervals_caption,
        ["", view.words.accuracy, "95 %"],
        rows,
    );
    let chart = Intervals {
        description: view.words.intervals_alt,
        language,
        x: Measure::share(view.words.accuracy, Scale::Linear),
    };
    let figure = Figure::of(chart.svg(&intervals), view.words.intervals_caption)?;
    Some(Figure {
        table: Some(table),
        ..figure
    })
}

/// The difference with its interval, and the images behind the test.
fn tests(view: &View<'_>, verdict: &Verdict) -> Vec<Block> {
    let mut blocks = vec![Block::Note(sentences::difference(view.whole).into())];
    blocks.extend(gallery::who_is_right(view).map(Block::Table));
    if verdict.pairs.len() > 1 {
        blocks.extend(tables::pairs(verdict, view.language).block());
    }
    blocks
}
