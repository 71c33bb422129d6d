//! What each setting counts for.

use super::View;
use crate::format::{ABSENT, Text};
use crate::html::{figure, note, paragraph, scroll};
use crate::plot::bars::BarChart;
use measure::importance::importances;

/// Bars, a table, and how to read them.
pub fn section(view: &View<'_>) -> String {
    let words = view.words;
    let mut found: Vec<_> = importances(&view.plan.parameters, view.trials, view.plan.metric)
        .into_iter()
        .zip(&view.names)
        .collect();
    if found.is_empty() || view.trials.is_empty() {
        return String::new();
    }
    found.sort_by(|(a, _), (b, _)| {
        b.importance
            .unwrap_or(-1.0)
            .total_cmp(&a.importance.unwrap_or(-1.0))
    });
    let known = found.iter().any(|(one, _)| one.importance.is_some());
    let chart = BarChart {
        description: words.importance,
        language: view.language,
        x_name: words.importance_axis,
        groups: found.iter().map(|(_, name)| name.as_str()).collect(),
        series: vec![(
            words.importance,
            found.iter().map(|(one, _)| one.importance).collect(),
        )],
    };
    let rows = found.iter().map(|(one, name)| {
        let share = one
            .importance
            .map_or(ABSENT.to_string(), |share| view.language.percent(share, 0));
        let best: Vec<String> = one.best_quarter.iter().map(ToString::to_string).collect();
        let numbers = one
            .best_quarter
            .iter()
            .all(|value| value.number().is_some());
        let best = best.join(if numbers { " – " } else { ", " });
        format!(
            "<tr><th scope=\"row\">{}</th><td>{share}</td><td>{}</td></tr>\n",
            Text(name),
            Text(&best)
        )
    });
    let table = format!(
        "<table class=\"plain\"><caption><b>{}</b></caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>\
         <th scope=\"col\">{}</th></tr></thead><tbody>{}</tbody></table>",
        words.importance_table,
        words.setting,
        words.importance,
        words.best_quarter,
        rows.collect::<String>()
    );
    let plot = known.then(|| chart.svg()).flatten();
    let caption = format!("<b>{}</b>", words.importance_caption);
    let first = match known {
        true => paragraph(words.importance_lead),
        false => paragraph(words.importance_unknown),
    };
    format!(
        "{first}<div class=\"pair\">{}<div>{}</div></div>\n{}",
        figure(plot, &caption),
        scroll(words.importance_table, &table),
        note(words.importance_note)
    )
}
