//! What is wrong with a detector's boxes, and what each kind of mistake costs in average precision.

use super::{Page, figure, paragraph, scroll};
use crate::box_mistakes::{self, Line};
use crate::format::Text;
use crate::plot::bars::BarChart;

/// Bars and a table, from the runs' records; nothing where no run has such a record.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let detectors: Vec<(usize, Vec<Line>)> = page
        .contestants()
        .iter()
        .enumerate()
        .filter_map(|(slot, c)| Some((slot, box_mistakes::of(c)?)))
        .collect();
    if detectors.is_empty() {
        return String::new();
    }
    let names = box_mistakes::KINDS.map(words.box_mistake);
    // A contestant without boxes keeps its place, or the others would change colours.
    let series = page.contestants().iter().enumerate().map(|(slot, c)| {
        let lines = detectors.iter().find(|(of, _)| *of == slot);
        let values = lines.map_or(vec![None; names.len()], |(_, lines)| {
            lines.iter().map(|line| line.ap_lost).collect()
        });
        (c.name, values)
    });
    let chart = BarChart {
        description: words.box_mistakes,
        language: page.language,
        x_name: words.ap_lost_axis,
        groups: names.to_vec(),
        series: series.collect(),
    };
    let heads: String = detectors
        .iter()
        .map(|(slot, _)| {
            let key = page.key(*slot);
            format!("<th scope=\"colgroup\" colspan=\"2\">{key}</th>")
        })
        .collect();
    let two = format!(
        "<th scope=\"col\">{}</th><th scope=\"col\">{}</th>",
        words.number_of, words.ap_lost
    );
    let rows = names.iter().enumerate().map(|(place, name)| {
        let cells = detectors.iter().map(|(_, lines)| {
            let line = &lines[place];
            format!(
                "<td>{}</td><td>{}</td>",
                page.language.count(line.count),
                page.language.percent(line.ap_lost.unwrap_or(f64::NAN), 2)
            )
        });
        let cells: String = cells.collect();
        format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>\n")
    });
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr><td></td>{heads}</tr><tr><th scope=\"col\">{}</th>{}</tr></thead><tbody>{}</tbody></table>",
        words.box_mistakes_caption,
        words.mistake,
        two.repeat(detectors.len()),
        rows.collect::<String>()
    );
    let mut html = paragraph(words.box_mistakes_note) + &page.legend();
    html += &format!(
        "<div class=\"pair\">{}{}</div>\n",
        figure(
            chart.svg(),
            &format!("<b>{}</b>", Text(words.ap_lost_caption))
        ),
        scroll(words.box_mistakes, &table)
    );
    html
}
