//! Recipes side by side, with the differences marked.

use super::View;
use crate::model::{Block, Code, CodeLine, Layout};

/// Longer recipes are shown without alignment: its table grows with the product of their lengths.
const LONGEST_ALIGNED: usize = 2_000;

/// A column per contestant.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let recipes = view
        .contestants()
        .iter()
        .map(|c| c.recipe_toml.trim_end().lines().collect());
    let recipes: Vec<Vec<&str>> = recipes.collect();
    if recipes.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let columns: Vec<Vec<CodeLine>> = match &recipes[..] {
        [a, b] if a.len().max(b.len()) <= LONGEST_ALIGNED => aligned(a, b).into(),
        _ => (0..recipes.len())
            .map(|own| by_membership(own, &recipes))
            .collect(),
    };
    let columns = columns.into_iter().enumerate().map(|(slot, lines)| {
        let code = Block::Code(Code {
            language: "toml",
            lines,
        });
        view.heading(slot).into_iter().chain([code]).collect()
    });
    let note = view
        .several()
        .then(|| Block::Paragraph(view.words.recipes_note.into()));
    note.into_iter()
        .chain([Block::Columns(Layout::Equal, columns.collect())])
        .collect()
}

/// A line that the others lack; a mark beside an empty line would say nothing.
fn changed(line: &str) -> CodeLine {
    if line.trim().is_empty() {
        CodeLine::Common(String::new())
    } else {
        CodeLine::Changed(line.to_string())
    }
}

fn by_membership(own: usize, recipes: &[Vec<&str>]) -> Vec<CodeLine> {
    let common = |line: &str| recipes.iter().all(|recipe| recipe.contains(&line));
    let line = |line: &&str| {
        if common(line) {
            CodeLine::Common(line.to_string())
        } else {
            changed(line)
        }
    };
    recipes[own].iter().map(line).collect()
}

/// Two texts line by line, by their longest common subsequence.
fn aligned(a: &[&str], b: &[&str]) -> [Vec<CodeLine>; 2] {
    // lengths[i][j]: longest common subsequence of a[i..] and b[j..].
    let mut lengths = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] = if a[i] == b[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            // Lines that differ stand beside each other, not one after the other.
            pad(&mut left, &mut right);
            left.push(CodeLine::Common(a[i].to_string()));
            right.push(CodeLine::Common(b[j].to_string()));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            left.push(changed(a[i]));
            i += 1;
        } else {
            right.push(changed(b[j]));
            j += 1;
        }
    }
    pad(&mut left, &mut right);
    [left, right]
}

fn pad(left: &mut Vec<CodeLine>, right: &mut Vec<CodeLine>) {
    let longest = left.len().max(right.len());
    left.resize(longest, CodeLine::Gap);
    right.resize(longest, CodeLine::Gap);
}

#[cfg(test)]
mod tests;
