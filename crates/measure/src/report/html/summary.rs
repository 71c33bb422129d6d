//! What is said first: the verdict, what it took, and the table of figures.

use super::{Page, figure, gallery, note};
use crate::report::figures::{COST, QUALITY, Row, rows};
use crate::report::format::Text;
use crate::report::plot::intervals;
use crate::report::sentences;

/// The line above the title: what kind of page this is, of which data, from when.
pub fn eyebrow(page: &Page<'_>) -> String {
    match sentences::eyebrow(page.report) {
        text if text.is_empty() => text,
        text => format!("<p class=\"eyebrow\">{}</p>\n", Text(&text)),
    }
}

/// The verdict and the cost in sentences.
pub fn lead(page: &Page<'_>) -> String {
    format!(
        "<p class=\"lead\">{}</p>\n<p>{}</p>\n",
        Text(&sentences::verdict(page.report)),
        Text(&sentences::cost(page.report))
    )
}

/// The table, and accuracies with their intervals beside it.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    if page.contestants().is_empty() {
        return String::new();
    }
    let intervals: Vec<intervals::Row<'_>> = page
        .contestants()
        .iter()
        .enumerate()
        .filter_map(|(slot, contestant)| {
            let answers = contestant.evaluation.classification.as_ref()?;
            Some(intervals::Row {
                name: contestant.name,
                slot,
                value: answers.accuracy,
                interval: answers.accuracy_interval,
            })
        })
        .collect();
    let plot = intervals::svg(
        &intervals,
        words.accuracy,
        words.intervals_alt,
        page.language,
    );
    format!(
        "<section aria-label=\"{}\"><div class=\"first\"><div>{}</div><div>{}{}</div></div></section>",
        words.figures,
        table(page),
        figure(plot, words.intervals_caption),
        difference(page)
    )
}

fn table(page: &Page<'_>) -> String {
    let words = page.words;
    let columns = page.contestants().len() + 1;
    let group = |name: &str, rows: &[Row]| {
        let body: String = rows.iter().map(|r| row(r, remark(page, r))).collect();
        format!(
            "<tbody><tr><th colspan=\"{columns}\" scope=\"rowgroup\">{name}</th></tr>{body}</tbody>"
        )
    };
    let caption = if columns > 2 {
        words.table_caption
    } else {
        words.table_caption_one
    };
    let table = format!(
        "<table class=\"figures\"><caption>{caption}</caption>{}{}{}</table>",
        page.columns(&format!("<span class=\"hidden\">{}</span>", words.figure)),
        group(words.quality, &rows(page.report, QUALITY, words)),
        group(words.cost, &rows(page.report, COST, words)),
    );
    super::scroll(words.figures, &table)
}

/// What is known of the significance of a row's difference: so far, of the accuracy's.
fn remark(page: &Page<'_>, row: &Row) -> &'static str {
    match page.report.verdict {
        Some(verdict) if row.name == page.words.accuracy => match verdict.significant {
            true => page.words.is_significant,
            false => page.words.is_not_significant,
        },
        _ => "",
    }
}

/// A row of figures, with a remark below its name; shared with the table of further figures.
pub fn row(row: &Row, remark: &str) -> String {
    let cells = row.cells.iter().map(|cell| match cell.best {
        true => format!("<td class=\"best\">{}</td>", Text(&cell.text)),
        false => format!("<td>{}</td>", Text(&cell.text)),
    });
    // 'name (explanation)': the explanation goes on its own, smaller line.
    let name = match row.name.split_once(" (") {
        Some((name, rest)) => format!("{name} <small>{}</small>", rest.trim_end_matches(')')),
        None if remark.is_empty() => row.name.to_string(),
        None => format!("{} <small>{remark}</small>", row.name),
    };
    format!(
        "<tr><th scope=\"row\">{name}</th>{}</tr>\n",
        cells.collect::<String>()
    )
}

/// The difference with its interval, and the test behind the verdict.
fn difference(page: &Page<'_>) -> String {
    let Some(verdict) = page.report.verdict else {
        return String::new();
    };
    let text = sentences::difference(page.report);
    let mut html = note(&Text(&text).to_string()) + &gallery::table(page);
    if verdict.pairs.len() > 1 {
        html += &pairs(page, verdict);
    }
    html
}

/// The test of every pair, where there are more than two contestants.
fn pairs(page: &Page<'_>, verdict: &crate::record::Verdict) -> String {
    let words = page.words;
    let rows = verdict.pairs.iter().map(|pair| {
        format!(
            "<tr><th scope=\"row\">{} – {}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            Text(&pair.a),
            Text(&pair.b),
            page.language.count(pair.only_a),
            page.language.count(pair.only_b),
            Text(&page.language.p_value(pair.p_value))
        )
    });
    format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>\
         <th scope=\"col\">{}</th><th scope=\"col\">p</th></tr></thead><tbody>{}</tbody></table>",
        words.pairs_caption,
        words.pair,
        words.only_first,
        words.only_second,
        rows.collect::<String>()
    )
}
