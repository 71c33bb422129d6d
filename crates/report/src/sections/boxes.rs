//! What is wrong with a detector's boxes, and what each kind of mistake costs in average precision.

use super::View;
use crate::box_mistakes::{self, Line as Mistake};
use crate::model::{Block, Figure, Layout, Line, Row, Table};
use crate::plot::bars::BarChart;
use crate::words::phrases;

/// Bars and a table, from the runs' records; nothing where no run has such a record.
pub fn mistakes(view: &View<'_>) -> Vec<Block> {
    let (words, language) = (view.words, view.language);
    let found: Vec<Option<Vec<Mistake>>> =
        view.contestants().iter().map(box_mistakes::of).collect();
    if found.iter().all(Option::is_none) {
        return Vec::new();
    }
    let names = box_mistakes::KINDS.map(|kind| phrases::box_mistake(language, kind));
    // A contestant without boxes keeps its place, or the others would change colours.
    let series = view
        .contestants()
        .iter()
        .zip(&found)
        .map(|(contestant, lines)| {
            let lost = |lines: &Vec<Mistake>| lines.iter().map(|line| line.ap_lost).collect();
            (
                contestant.name,
                lines.as_ref().map_or(vec![None; names.len()], lost),
            )
        });
    let chart = BarChart {
        description: words.box_mistakes,
        language,
        x_name: words.ap_lost_axis,
        groups: names.to_vec(),
        series: series.collect(),
    };
    let detectors: Vec<(usize, &Vec<Mistake>)> = found
        .iter()
        .enumerate()
        .filter_map(|(slot, lines)| Some((slot, lines.as_ref()?)))
        .collect();
    let rows = names.iter().enumerate().map(|(place, name)| {
        let cells = detectors.iter().flat_map(|(_, lines)| {
            let line = &lines[place];
            let lost = language.percent(line.ap_lost.unwrap_or(f64::NAN), 2);
            [language.count(line.count), lost]
        });
        Row::text(*name, cells)
    });
    let two = detectors
        .iter()
        .flat_map(|_| [words.number_of, words.ap_lost]);
    let groups = detectors
        .iter()
        .map(|(slot, _)| (Line::from(view.key(*slot)), 2));
    let table = Table {
        groups: std::iter::once((Line::default(), 1))
            .chain(groups)
            .collect(),
        ..Table::plain(
            words.box_mistakes_caption,
            std::iter::once(words.mistake).chain(two),
            rows,
        )
    };
    let figure = Figure::of(chart.svg(), words.ap_lost_caption).map(Block::Figure);
    let mut blocks = vec![Block::Paragraph(words.box_mistakes_note.into())];
    blocks.extend(view.legend());
    let columns = figure
        .into_iter()
        .chain([Block::Table(table)])
        .map(|block| vec![block]);
    blocks.push(Block::Columns(Layout::Equal, columns.collect()));
    blocks
}
