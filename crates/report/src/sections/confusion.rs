//! Confusion matrices: counts, shares of each true class, and the most frequent confusions.

use super::View;
use crate::model::{Block, Cell, Figure, Layout, Line, Mark, Row, Span, Table, TableStyle};
use crate::plot::heat;
use crate::{Contestant, Report};

/// More classes than this do not fit as a table of numbers.
const LARGEST_TABLE: usize = 30;
/// Up to this many classes the table takes the width of the page and needs no scrolling.
const NARROW_TABLE: usize = 12;
const LISTED_PAIRS: usize = 6;

/// A matrix per contestant, in counts; in shares on demand.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let matrices: Vec<_> = view
        .slots()
        .filter(|(_, c)| !confusion(c).is_empty())
        .collect();
    if matrices.is_empty() {
        return Vec::new();
    }
    let counts = matrices.iter().map(|(slot, contestant)| {
        let rows = confusion(contestant);
        let matrix = if rows.len() <= LARGEST_TABLE {
            Some(Block::Table(table(view, contestant, false)))
        } else {
            heat(view, rows)
        };
        let blocks = view.heading(*slot).into_iter().chain(matrix);
        blocks
            .chain(most_frequent(view.report, view, rows))
            .collect()
    });
    let mut blocks = vec![
        Block::Paragraph(words.confusion_note.into()),
        Block::Columns(Layout::Equal, counts.collect()),
    ];
    if matrices
        .iter()
        .all(|(_, c)| confusion(c).len() <= LARGEST_TABLE)
    {
        let shares = matrices.iter().map(|(slot, contestant)| {
            let table = Block::Table(table(view, contestant, true));
            view.heading(*slot).into_iter().chain([table]).collect()
        });
        let shares = Block::Columns(Layout::Equal, shares.collect());
        blocks.push(Block::Details(words.in_shares.to_string(), vec![shares]));
    }
    blocks
}

/// Empty where images show several objects.
fn confusion<'a>(contestant: &Contestant<'a>) -> &'a [Vec<u64>] {
    let scores = contestant.evaluation.classification.as_ref();
    scores.map_or(&[], |scores| &scores.confusion)
}

fn table(view: &View<'_>, contestant: &Contestant<'_>, shares: bool) -> Table {
    let (words, language) = (view.words, view.language);
    let rows = confusion(contestant);
    let most = mistakes(rows)
        .map(|(_, _, images)| images)
        .max()
        .unwrap_or(1) as f64;
    let (title, last) = if shares {
        (words.shares_caption, words.images)
    } else {
        (words.counts_caption, words.right_share)
    };
    let classes = (0..rows.len()).map(|class| view.report.class(class));
    let body = rows.iter().enumerate().map(|(truth, row)| {
        let total: u64 = row.iter().sum();
        let percent = |images: u64| language.decimal(100.0 * images as f64 / total as f64, 1);
        let cells = row.iter().enumerate().map(|(answer, &images)| {
            let (text, mark) = match images {
                0 => ("·".to_string(), Mark::Zero),
                // Without separators: four digits have to fit on a phone.
                _ if !shares => (images.to_string(), Mark::None),
                _ => (percent(images), Mark::None),
            };
            let mark = match mark {
                Mark::None if truth == answer => Mark::Hit(images as f64 / total as f64),
                // The square root lets one image be seen beside many.
                Mark::None => Mark::Miss((images as f64 / most).sqrt()),
                mark => mark,
            };
            Cell {
                text: text.into(),
                mark,
            }
        });
        let total = Cell {
            text: if shares {
                language.count(total)
            } else {
                percent(row.get(truth).copied().unwrap_or(0))
            }
            .into(),
            mark: Mark::Total,
        };
        Row::Cells(
            view.report.class(truth).into(),
            cells.chain([total]).collect(),
        )
    });
    Table {
        style: if rows.len() > NARROW_TABLE {
            TableStyle::LargeConfusion
        } else {
            TableStyle::Confusion
        },
        caption: title.into(),
        head: std::iter::once(Span::Hidden(words.truth.to_string()).into())
            .chain(classes.map(Line::from))
            .chain([last.into()])
            .collect(),
        rows: body.collect(),
        ..Table::default()
    }
}

fn heat(view: &View<'_>, rows: &[Vec<u64>]) -> Option<Block> {
    let svg = heat::svg(
        rows,
        view.report.class_names,
        view.words.confusion,
        view.language,
    )?;
    Some(Block::Figure(Figure {
        caption: view.words.counts_caption.into(),
        legend: Vec::new(),
        svg,
        table: None,
    }))
}

/// Truth, prediction and number of images of every kind of mistake.
fn mistakes(rows: &[Vec<u64>]) -> impl Iterator<Item = (usize, usize, u64)> {
    let cells = rows.iter().enumerate().flat_map(|(truth, row)| {
        let row = row.iter().enumerate();
        row.map(move |(answer, images)| (truth, answer, *images))
    });
    cells.filter(|(truth, answer, images)| truth != answer && *images > 0)
}

fn most_frequent(report: &Report<'_>, view: &View<'_>, rows: &[Vec<u64>]) -> Vec<Block> {
    let mut pairs: Vec<_> = mistakes(rows).collect();
    pairs.sort_by_key(|(truth, answer, images)| (std::cmp::Reverse(*images), *truth, *answer));
    if pairs.is_empty() {
        return vec![Block::Paragraph(view.words.no_mistakes.into())];
    }
    let lines = pairs
        .iter()
        .take(LISTED_PAIRS)
        .map(|&(truth, answer, images)| {
            let total: u64 = rows[truth].iter().sum();
            let share = view.language.percent(images as f64 / total as f64, 1);
            let pair = format!("{} → {}", report.class(truth), report.class(answer));
            let number = format!("{} ({share})", view.language.count(images));
            Line::bold(pair + view.language.colon().trim_end_matches(' ')).and(Span::Text(number))
        });
    vec![
        Block::Note(view.words.most_frequent.into()),
        Block::List(lines.collect()),
    ]
}
