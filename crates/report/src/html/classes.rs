//! Figures of each class: what is missed and what is claimed wrongly, as bars and as a table.

use super::{Page, details, figure, note, scroll};
use crate::format::Text;
use crate::plot::bars::BarChart;
use measure::record::{ClassFigures, Evaluation};

/// More classes than this are cut to those with most mistakes.
const MOST_BARS: usize = 20;

/// Two bar charts and a table.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let classes = page.report.class_names.len();
    if classes == 0
        || page
            .contestants()
            .iter()
            .all(|c| per_class(c.evaluation).is_empty())
    {
        return String::new();
    }
    let shown = shown(page, classes);
    // Shares of mistakes, not of right answers: those start near 99 % and all look the same.
    let missed = |f: &ClassFigures| (f.support > 0).then_some(1.0 - f.recall);
    let claimed =
        |f: &ClassFigures| (f.support > 0 && f.precision > 0.0).then_some(1.0 - f.precision);
    let chart = |value: &dyn Fn(&ClassFigures) -> Option<f64>, description| {
        let series = page.contestants().iter().map(|c| {
            let values = shown
                .iter()
                .map(|class| per_class(c.evaluation).get(*class).and_then(value));
            (c.name, values.collect())
        });
        let groups = shown
            .iter()
            .filter_map(|class| page.report.class_names.get(*class));
        let chart = BarChart {
            description,
            language: page.language,
            x_name: words.share_axis,
            groups: groups.map(String::as_str).collect(),
            series: series.collect(),
        };
        figure(chart.svg(), &format!("<b>{description}</b>"))
    };
    let mut html = page.legend();
    html += &format!(
        "<div class=\"pair\">{}{}</div>\n",
        chart(&missed, words.missed),
        chart(&claimed, words.claimed)
    );
    if shown.len() < classes {
        html += &note(words.worst_classes);
    }
    html + &details(words.classes_as_table, &table(page, classes))
}

/// Empty where images show several objects.
fn per_class(evaluation: &Evaluation) -> &[ClassFigures] {
    let answers = evaluation.classification.as_ref();
    answers.map_or(&[], |answers| &answers.per_class)
}

/// All classes, or those with most mistakes of all contestants, in their order.
fn shown(page: &Page<'_>, classes: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..classes).collect();
    if classes > MOST_BARS {
        let wrong = |class: usize| -> u64 {
            let rows = page
                .contestants()
                .iter()
                .filter_map(|c| c.evaluation.classification.as_ref()?.confusion.get(class));
            let rows =
                rows.map(|row| row.iter().sum::<u64>() - row.get(class).copied().unwrap_or(0));
            rows.sum()
        };
        order.sort_by_key(|class| std::cmp::Reverse(wrong(*class)));
        order.truncate(MOST_BARS);
        order.sort_unstable();
    }
    order
}

fn table(page: &Page<'_>, classes: usize) -> String {
    let words = page.words;
    let several = page.contestants().len() > 1;
    let groups = (0..page.contestants().len()).map(|slot| {
        format!(
            "<th scope=\"colgroup\" colspan=\"3\">{}</th>",
            page.key(slot)
        )
    });
    let groups: String = groups.collect();
    let names: String = page
        .contestants()
        .iter()
        .map(|_| {
            let three = [words.precision, words.recall, words.f1];
            three
                .map(|name| format!("<th scope=\"col\">{name}</th>"))
                .concat()
        })
        .collect();
    let first = match several {
        true => format!("<tr><td></td><td></td>{groups}</tr>"),
        false => String::new(),
    };
    let rows = (0..classes).map(|class| {
        let figures = || {
            page.contestants()
                .iter()
                .map(|c| per_class(c.evaluation).get(class))
        };
        let support = figures().flatten().map(|f| f.support).next().unwrap_or(0);
        let cells = figures().map(|f| {
            let three = f.map_or([f64::NAN; 3], |f| [f.precision, f.recall, f.f1]);
            three
                .map(|value| format!("<td>{}</td>", page.language.decimal(value, 4)))
                .concat()
        });
        let cells: String = cells.collect();
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td>{cells}</tr>\n",
            page.class(class),
            page.language.count(support)
        )
    });
    let rows: String = rows.collect();
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead>{first}<tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>{names}</tr></thead><tbody>{rows}</tbody></table>",
        words.classes, words.class, words.images
    );
    scroll(&Text(words.classes).to_string(), &table)
}
