//! What is said first: the verdict, what it took, and the table of figures.

use super::{Page, figure, gallery, note, seeds};
use crate::figures::{self, COST, PLUS_MINUS, QUALITY, rows};
use crate::format::Text;
use crate::plot::axis::{Scale, Unit};
use crate::plot::intervals::{Intervals, Row};
use crate::sentences;
use measure::record::SeedsFigure;

/// The line above the title: what kind of page this is, of which data, from when.
pub fn eyebrow(page: &Page<'_>) -> String {
    match sentences::eyebrow(page.whole) {
        text if text.is_empty() => text,
        text => format!("<p class=\"eyebrow\">{}</p>\n", Text(&text)),
    }
}

/// The verdict and the cost in sentences.
pub fn lead(page: &Page<'_>) -> String {
    [
        ("<p class=\"lead\">", sentences::verdict(page.whole)),
        ("<p>", sentences::cost(page.whole)),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(open, text)| format!("{open}{}</p>\n", Text(&text)))
    .collect()
}

/// The table, and accuracies with their intervals beside it.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    if page.contestants().is_empty() {
        return String::new();
    }
    let (plot, caption) = match page.whole.seeds {
        Some(verdict) => seeds::plot(page, verdict),
        None => (accuracies(page), words.intervals_caption.to_string()),
    };
    format!(
        "<section aria-label=\"{}\"><div class=\"first\"><div>{}</div><div>{}{}</div></div></section>",
        words.figures,
        table(page),
        figure(plot, &caption),
        difference(page)
    )
}

/// Accuracies with their intervals.
fn accuracies(page: &Page<'_>) -> Option<String> {
    let rows = page.contestants().iter().enumerate();
    let rows = rows.filter_map(|(slot, contestant)| {
        let answers = contestant.evaluation.classification.as_ref()?;
        Some(Row {
            name: contestant.name,
            slot,
            value: answers.accuracy,
            interval: answers.accuracy_interval,
            points: Vec::new(),
        })
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let chart = Intervals {
        description: page.words.intervals_alt,
        language: page.language,
        x_name: page.words.accuracy,
        x_scale: Scale::Linear,
        x_unit: Unit::Percent,
        show: |language, value| language.percent(value, 2),
    };
    chart.svg(&rows)
}

fn table(page: &Page<'_>) -> String {
    let words = page.words;
    let columns = page.contestants().len() + 1;
    let group = |name: &str, rows: &[figures::Row]| {
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
        group(words.quality, &rows(page.whole, QUALITY, words)),
        group(words.cost, &rows(page.whole, COST, words)),
    );
    super::scroll(words.figures, &table)
}

/// What is known of the significance of a row's difference: so far, of the accuracy's.
fn remark(page: &Page<'_>, row: &figures::Row) -> &'static str {
    let (figure, significant) = match (page.whole.seeds, page.whole.verdict) {
        (Some(seeds), _) => match seeds.figure {
            SeedsFigure::Accuracy => ("accuracy", seeds.significant),
            SeedsFigure::AveragePrecision => ("map", seeds.significant),
        },
        (None, Some(verdict)) => ("accuracy", verdict.significant),
        (None, None) => return "",
    };
    match (row.key == figure, significant) {
        (false, _) => "",
        (true, true) => page.words.is_significant,
        (true, false) => page.words.is_not_significant,
    }
}

/// A row of figures, with a remark below its name; shared with the table of further figures.
pub fn row(row: &figures::Row, remark: &str) -> String {
    let cells = row.cells.iter().map(|cell| {
        let class = if cell.best { " class=\"best\"" } else { "" };
        // The spread goes on a line of its own where the column is narrow.
        match cell.text.split_once(PLUS_MINUS) {
            Some((mean, sd)) => format!(
                "<td{class}>{} <small>± {}</small></td>",
                Text(mean),
                Text(sd)
            ),
            None => format!("<td{class}>{}</td>", Text(&cell.text)),
        }
    });
    // 'name (explanation)': the explanation goes on its own, smaller line.
    let name = match row.name.split_once(" (") {
        Some((name, rest)) => {
            let rest = rest.trim_end_matches(')');
            match remark {
                "" => format!("{name} <small>{rest}</small>"),
                remark => format!("{name} <small>{rest}; {remark}</small>"),
            }
        }
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
    if let Some(verdict) = page.whole.seeds {
        return seeds::pairs(page, verdict);
    }
    let Some(verdict) = page.report.verdict else {
        return String::new();
    };
    let text = sentences::difference(page.whole);
    let mut html = note(&Text(&text).to_string()) + &gallery::table(page);
    if verdict.pairs.len() > 1 {
        html += &pairs(page, verdict);
    }
    html
}

/// The test of every pair, where there are more than two contestants.
fn pairs(page: &Page<'_>, verdict: &measure::record::Verdict) -> String {
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
