//! What is said first: the verdict, what it took, and the table of figures.

use super::{Page, figure, gallery, note};
use crate::record::Evaluation;
use crate::report::figures::{COST, QUALITY, Row, rows};
use crate::report::format::{
    ABSENT, Text, count, decimal, duration, fill, percent, signed, significant,
};
use crate::report::plot::intervals;
use crate::report::words::Words;

/// The line above the title: what kind of page this is, of which data, from when.
pub fn eyebrow(page: &Page<'_>) -> String {
    let Some(first) = page.contestants().first() else {
        return String::new();
    };
    let newest = page
        .contestants()
        .iter()
        .map(|c| c.environment.date.as_str())
        .max();
    let day = newest.and_then(|date| date.get(..10)).unwrap_or("");
    let values = [
        ("data", first.environment.data.name.as_str()),
        ("split", &first.evaluation.split),
        ("images", &count(first.evaluation.images as u64)),
        ("date", day),
    ];
    let text = fill(page.words.eyebrow, &values);
    format!("<p class=\"eyebrow\">{}</p>\n", Text(&text))
}

/// The verdict and the cost in sentences.
pub fn lead(page: &Page<'_>) -> String {
    let words = page.words;
    let verdict = match (page.report.verdict, page.contestants()) {
        (Some(verdict), _) => (words.verdict)(verdict),
        (None, [only]) => single(words, only.evaluation),
        _ => String::new(),
    };
    format!(
        "<p class=\"lead\">{}</p>\n<p>{}</p>\n",
        Text(&verdict),
        Text(&cost(page))
    )
}

/// How good a single contestant is, in a sentence.
fn single(words: &Words, evaluation: &Evaluation) -> String {
    let images = ("images", count(evaluation.images as u64));
    match (&evaluation.classification, &evaluation.localisation) {
        (Some(answers), _) => {
            let right = answers.accuracy * evaluation.images as f64;
            let values = [
                ("accuracy", percent(answers.accuracy, 2)),
                ("low", percent(answers.accuracy_interval[0], 2)),
                ("high", percent(answers.accuracy_interval[1], 2)),
                (
                    "wrong",
                    decimal(evaluation.images as f64 - right.round(), 0),
                ),
                images,
            ];
            filled(words.single, &values)
        }
        (None, Some(boxes)) => {
            let value = |figure: Option<f64>| decimal(figure.unwrap_or(f64::NAN), 3);
            let values = [
                ("map", value(boxes.map)),
                ("map_50", value(boxes.map_50)),
                images,
            ];
            filled(words.single_boxes, &values)
        }
        (None, None) => String::new(),
    }
}

/// What it took, in words; a figure that was not measured is left out with its sentence.
fn cost(page: &Page<'_>) -> String {
    let words = page.words;
    let mut sentences = Vec::new();
    if let [a, b] = page.contestants() {
        let (slow, fast) = if a.evaluation.train_s >= b.evaluation.train_s {
            (a, b)
        } else {
            (b, a)
        };
        let ratio = slow.evaluation.train_s / fast.evaluation.train_s;
        if ratio.is_finite() && fast.evaluation.train_s > 0.0 {
            let values = [
                ("fast", fast.name.to_string()),
                ("slow", slow.name.to_string()),
                ("fast-time", duration(fast.evaluation.train_s)),
                ("slow-time", duration(slow.evaluation.train_s)),
                ("ratio", decimal(ratio, 1)),
            ];
            sentences.push(filled(words.train_two, &values));
        }
        let (quick, slow) = match a.evaluation.infer_images_per_s >= b.evaluation.infer_images_per_s
        {
            true => (a, b),
            false => (b, a),
        };
        if slow.evaluation.infer_images_per_s > 0.0 {
            let values = [
                ("quick", quick.name.to_string()),
                ("slow", slow.name.to_string()),
                (
                    "quick-rate",
                    significant(quick.evaluation.infer_images_per_s),
                ),
                ("slow-rate", significant(slow.evaluation.infer_images_per_s)),
            ];
            sentences.push(filled(words.infer_two, &values));
        }
    } else {
        for contestant in page
            .contestants()
            .iter()
            .filter(|c| c.evaluation.train_s > 0.0)
        {
            let values = [
                ("name", contestant.name.to_string()),
                ("time", duration(contestant.evaluation.train_s)),
                ("epochs", count(contestant.evaluation.epochs as u64)),
                (
                    "rate",
                    significant(contestant.evaluation.infer_images_per_s),
                ),
            ];
            sentences.push(filled(words.train_one, &values));
        }
    }
    sentences.join(" ")
}

/// [`fill`] with owned values.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    fill(template, &values)
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
    let plot = intervals::svg(&intervals, words.accuracy, words.intervals_alt);
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
    let words = page.words;
    let Some(verdict) = page.report.verdict else {
        return String::new();
    };
    let test = &verdict.mcnemar;
    let p_value = match test.p_value {
        p if !p.is_finite() => ABSENT.to_string(),
        p if p < 0.0001 => "p < 0.0001".to_string(),
        p => format!("p = {}", decimal(p, if p < 0.1 { 4 } else { 2 })),
    };
    let values = [
        ("a", test.a.clone()),
        ("b", test.b.clone()),
        ("difference", signed(100.0 * verdict.difference, 2)),
        ("low", signed(100.0 * verdict.difference_interval[0], 2)),
        ("high", signed(100.0 * verdict.difference_interval[1], 2)),
        ("p", p_value),
    ];
    let text = filled(words.difference, &values);
    let meaning = if verdict.significant {
        words.significant
    } else {
        words.not_significant
    };
    let mut html = note(&format!("{} {meaning}", Text(&text))) + &gallery::table(page);
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
            count(pair.only_a),
            count(pair.only_b),
            decimal(pair.p_value, 4)
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
