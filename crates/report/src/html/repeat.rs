//! All that is needed to repeat it: commands, seeds, versions, machine, data.

use super::{Page, paragraph};
use crate::Contestant;
use crate::facts;
use crate::format::Text;
use crate::plot::swatch;

/// The command, and the facts of each run.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut html = String::new();
    if !page.report.command.is_empty() {
        html += &paragraph(words.repeat_note);
        html += &format!(
            "<pre class=\"command\" tabindex=\"0\">{}</pre>\n",
            Text(page.report.command)
        );
    }
    let trainings = page.trainings();
    let columns = trainings.iter().map(|(slot, contestant)| {
        let heading = match trainings.len() {
            1 => String::new(),
            _ => format!("<h3>{} {}</h3>", swatch(*slot), Text(contestant.name)),
        };
        format!("<div>{heading}{}</div>", facts(page, contestant))
    });
    html + &format!(
        "<div class=\"pair\">{}</div>\n",
        columns.collect::<String>()
    )
}

fn facts(page: &Page<'_>, contestant: &Contestant<'_>) -> String {
    let pairs = facts::of(page.language, contestant);
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", Text(value)));
    format!("<dl>{}</dl>", pairs.collect::<String>())
}
