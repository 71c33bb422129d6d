//! The terminal's tables.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table as Grid};

use crate::Language;
use crate::model::{Line, Mark, Row, Table};
use crate::tables::{self, Column};
use crate::words::{Words, phrases};
use measure::record::{Comparison, Evaluation, SeedsVerdict, Verdict};

const LANGUAGE: Language = Language::English;

/// A table of text; all columns but the first are aligned right.
pub fn table<H: Into<String>>(head: impl IntoIterator<Item = H>, rows: Vec<Vec<String>>) -> String {
    let head = head.into_iter().map(Into::into).collect();
    grid(head, rows).to_string()
}

/// A whole number with commas between groups of three digits.
pub fn grouped(value: f64) -> String {
    LANGUAGE.whole(value)
}

/// Text as a terminal may show it: control characters, which could change its state or hide text, are written as escapes.
///
/// ```
/// assert_eq!(report::terminal::escaped("cat\u{1b}[2J"), "cat\\u{1b}[2J");
/// ```
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Fixed spaces are for typesetting; some terminals draw them as boxes.
            '\u{a0}' | '\u{202f}' => shown.push(' '),
            // Marks of direction make text look like other text.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// The comparison: metrics, tests and what could not be measured, in parts to print one after the other.
pub fn comparison(comparison: &Comparison) -> Vec<String> {
    let evaluations = || comparison.contestants.iter().map(|c| &c.evaluation);
    let columns: Vec<Column<'_>> = match &comparison.seeds {
        Some(seeds) => {
            let recipes = seeds.recipes.iter().map(|recipe| Column {
                name: recipe.recipe.clone(),
                runs: evaluations()
                    .filter(|run| recipe.runs.contains(&run.recipe))
                    .collect(),
            });
            recipes.collect()
        }
        None => {
            let runs = evaluations().map(|run| Column {
                name: run.recipe.clone(),
                runs: vec![run],
            });
            runs.collect()
        }
    };
    let mut parts = vec![
        drawn(&tables::terminal(&columns, LANGUAGE)),
        "* best of its row; values that look the same are a tie".to_string(),
    ];
    match comparison {
        Comparison {
            seeds: Some(seeds), ..
        } => parts.extend(over_seeds(seeds)),
        Comparison {
            verdict: Some(Verdict { pairs, .. }),
            ..
        } if pairs.len() > 1 => {
            parts.extend(
                comparison
                    .verdict
                    .as_ref()
                    .map(|verdict| captioned(&tables::pairs(verdict, LANGUAGE))),
            );
        }
        _ => {}
    }
    parts.extend(no_energy(evaluations()));
    parts
}

/// The metrics of one run, and what could not be measured.
pub fn evaluation(evaluation: &Evaluation) -> String {
    let columns = [Column {
        name: format!("{} split", evaluation.split),
        runs: vec![evaluation],
    }];
    let mut table = tables::terminal(&columns, LANGUAGE);
    table.head[0] = evaluation.recipe.as_str().into();
    let parts = std::iter::once(drawn(&table)).chain(no_energy([evaluation].into_iter()));
    parts.collect::<Vec<_>>().join("\n")
}

fn over_seeds(verdict: &SeedsVerdict) -> Vec<String> {
    let mut parts = vec![drawn(&tables::by_seed(verdict, LANGUAGE))];
    // The sentence says what there is to say of a single pair.
    if verdict.pairs.len() > 1 {
        parts.push(captioned(&tables::seed_pairs(verdict, LANGUAGE)));
    }
    parts
}

fn no_energy<'a>(mut evaluations: impl Iterator<Item = &'a Evaluation>) -> Option<String> {
    let reason = evaluations.find_map(|evaluation| evaluation.energy?.unavailable)?;
    let words = Words::of(LANGUAGE);
    Some(format!(
        "{} ({})",
        words.energy_unavailable,
        phrases::no_energy(LANGUAGE, reason)
    ))
}

fn captioned(table: &Table) -> String {
    format!("{}\n{}", escaped(&table.caption.plain()), drawn(table))
}

fn drawn(table: &Table) -> String {
    let marked = |mark: Mark| match mark {
        Mark::Best => " *",
        _ => "  ",
    };
    let ranked = table.rows.iter().any(|row| match row {
        Row::Cells(_, cells) => cells.iter().any(|cell| cell.mark == Mark::Best),
        Row::Heading(_) => false,
    });
    let rows = table.rows.iter().map(|row| match row {
        Row::Heading(name) => vec![name.clone()],
        Row::Cells(name, cells) => {
            let cells = cells.iter().map(|cell| {
                if ranked {
                    cell.text.plain() + marked(cell.mark)
                } else {
                    cell.text.plain()
                }
            });
            std::iter::once(name.plain()).chain(cells).collect()
        }
    });
    grid(table.head.iter().map(Line::plain).collect(), rows.collect()).to_string()
}

fn grid(head: Vec<String>, rows: Vec<Vec<String>>) -> Grid {
    let columns = head.len();
    let safe = |row: Vec<String>| row.iter().map(|text| escaped(text)).collect::<Vec<_>>();
    let mut grid = Grid::new();
    grid.load_style(UTF8_FULL_CONDENSED).set_header(safe(head));
    grid.add_rows(rows.into_iter().map(safe));
    for column in 1..columns {
        if let Some(column) = grid.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid
}

#[cfg(test)]
mod tests;
