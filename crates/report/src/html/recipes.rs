//! Recipes side by side with the differences marked.

use super::{Page, paragraph};
use crate::format::Text;

/// Longer recipes are shown without alignment: its table grows with the product of their lengths.
const LONGEST_ALIGNED: usize = 2_000;

/// A line of a recipe as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    /// In the others as well.
    Common(&'a str),
    /// Not in the others, or not like this.
    Changed(&'a str),
    /// Room left so that common lines stand side by side.
    Gap,
}

/// One column a contestant.
pub fn section(page: &Page<'_>) -> String {
    let texts: Vec<Vec<&str>> = page
        .contestants()
        .iter()
        .map(|c| c.recipe_toml.trim_end().lines().collect())
        .collect();
    if texts.iter().all(Vec::is_empty) {
        return String::new();
    }
    let columns: Vec<Vec<Line<'_>>> = match &texts[..] {
        [a, b] if a.len().max(b.len()) <= LONGEST_ALIGNED => {
            let (left, right) = aligned(a, b);
            vec![left, right]
        }
        _ => texts
            .iter()
            .enumerate()
            .map(|(own, lines)| by_membership(lines, own, &texts))
            .collect(),
    };
    let columns = columns.iter().enumerate().map(|(slot, lines)| {
        let lines: String = lines.iter().map(html).collect();
        format!(
            "<div>{}<pre tabindex=\"0\">{lines}</pre></div>",
            page.heading(slot)
        )
    });
    let columns: String = columns.collect();
    let note = if texts.len() > 1 {
        paragraph(page.words.recipes_note)
    } else {
        String::new()
    };
    format!("{note}<div class=\"pair\">{columns}</div>\n")
}

fn html(line: &Line<'_>) -> String {
    match line {
        Line::Common(text) => format!("<span>{}</span>", Text(text)),
        // A mark beside nothing says nothing.
        Line::Changed(text) if text.trim().is_empty() => "<span></span>".to_string(),
        Line::Changed(text) => format!("<span class=\"changed\">{}</span>", Text(text)),
        Line::Gap => "<span class=\"gap\"></span>".to_string(),
    }
}

fn by_membership<'a>(lines: &[&'a str], own: usize, texts: &[Vec<&str>]) -> Vec<Line<'a>> {
    let others = || texts.iter().enumerate().filter(|(other, _)| *other != own);
    let common = |line: &&str| others().all(|(_, text)| text.contains(line));
    let line = |text: &&'a str| {
        if common(text) {
            Line::Common(text)
        } else {
            Line::Changed(text)
        }
    };
    lines.iter().map(line).collect()
}

/// Two texts line by line, by their longest common subsequence.
fn aligned<'a>(a: &[&'a str], b: &[&'a str]) -> (Vec<Line<'a>>, Vec<Line<'a>>) {
    // lengths[i][j]: longest common subsequence of a[i..] and b[j..].
    let mut lengths = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] = match a[i] == b[j] {
                true => lengths[i + 1][j + 1] + 1,
                false => lengths[i + 1][j].max(lengths[i][j + 1]),
            };
        }
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            // Lines that differ stand beside each other, not one after the other.
            pad(&mut left, &mut right);
            left.push(Line::Common(a[i]));
            right.push(Line::Common(b[j]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            left.push(Line::Changed(a[i]));
            i += 1;
        } else {
            right.push(Line::Changed(b[j]));
            j += 1;
        }
    }
    pad(&mut left, &mut right);
    (left, right)
}

fn pad(left: &mut Vec<Line<'_>>, right: &mut Vec<Line<'_>>) {
    let longest = left.len().max(right.len());
    left.resize(longest, Line::Gap);
    right.resize(longest, Line::Gap);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Line::{Changed, Common, Gap};

    #[test]
    fn common_lines_stand_side_by_side() {
        let (left, right) = aligned(&["a", "b", "c", "e"], &["a", "x", "y", "c"]);
        assert_eq!(
            left,
            [Common("a"), Changed("b"), Gap, Common("c"), Changed("e")]
        );
        assert_eq!(
            right,
            [Common("a"), Changed("x"), Changed("y"), Common("c"), Gap]
        );
        assert_eq!(aligned(&[], &["a"]), (vec![Gap], vec![Changed("a")]));
    }
}
