//! How long each contestant trained until it reached given accuracies.

use super::Page;
use crate::report::figures::times_to_accuracy;

/// A row an accuracy that anyone reached; nothing where no accuracy was recorded while training.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let rows = times_to_accuracy(page.report).into_iter();
    let rows = rows.map(|(target, times)| {
        let times = times.iter().map(|t| t.unwrap_or(f64::NAN));
        let cells = times.map(|t| format!("<td>{}</td>", page.language.duration(t)));
        format!(
            "<tr><th scope=\"row\">{}</th>{}</tr>\n",
            page.language.percent(target, 1),
            cells.collect::<String>()
        )
    });
    let rows: String = rows.collect();
    match rows.is_empty() {
        true => rows,
        false => super::scroll(
            words.time_to_accuracy,
            &format!(
                "<table class=\"plain\"><caption>{}</caption>{}<tbody>{rows}</tbody></table>",
                words.time_to_accuracy_note,
                page.columns(words.accuracy)
            ),
        ),
    }
}
