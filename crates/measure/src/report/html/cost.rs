//! How long each contestant trained until it reached given accuracies.

use super::Page;
use crate::cost::seconds_to_accuracy;
use crate::report::format::{ABSENT, duration, percent};

const TARGETS: [f64; 5] = [0.9, 0.95, 0.98, 0.99, 0.995];

/// A row an accuracy that anyone reached; nothing where no accuracy was recorded while training.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let rows = TARGETS.iter().filter_map(|target| {
        let times = page
            .contestants()
            .iter()
            .map(|c| seconds_to_accuracy(c.history, *target));
        let times: Vec<Option<f64>> = times.collect();
        times.iter().any(Option::is_some).then(|| {
            let cells = times
                .iter()
                .map(|t| format!("<td>{}</td>", t.map_or(ABSENT.to_string(), duration)));
            format!(
                "<tr><th scope=\"row\">{}</th>{}</tr>\n",
                percent(*target, 1),
                cells.collect::<String>()
            )
        })
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
