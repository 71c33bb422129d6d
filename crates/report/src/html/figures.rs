//! Figures that the first table leaves out.

use super::summary::row;
use super::{Page, scroll};
use crate::figures::{FURTHER, rows};

/// A table, closed until asked for.
pub fn section(page: &Page<'_>) -> String {
    let rows: String = rows(page.whole, FURTHER, page.words)
        .iter()
        .map(|r| row(r, ""))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let table = format!(
        "<table class=\"figures\"><caption>{}</caption>{}<tbody>{rows}</tbody></table>",
        page.words.further_caption,
        page.columns(&format!(
            "<span class=\"hidden\">{}</span>",
            page.words.figure
        )),
    );
    scroll(page.words.further, &table)
}
