//! Several trainings of each recipe: mean, spread and points, the tests of every pair, and every training's figures.

use super::{Page, details, note, paragraph, scroll};
use crate::figures::{COST, QUALITY, rows};
use crate::format::{ABSENT, Text, fill};
use crate::plot::axis::{Scale, Unit};
use crate::plot::intervals::{Intervals, Row};
use crate::seeds::columns;
use measure::record::{SeedsFigure, SeedsVerdict};

/// What is shown of which training, and a table of all; nothing without seeds.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let Some(verdict) = page.whole.seeds else {
        return String::new();
    };
    let seeds = page.language.count(verdict.test.seeds as u64);
    let columns = columns(page.whole);
    let runs: Vec<&str> = columns
        .iter()
        .map(|column| page.whole.contestants[column.runs[0]].name)
        .collect();
    let runs = Text(&runs.join(", ")).to_string();
    let mut html = paragraph(&fill(words.over_seeds_note, &[("seeds", &seeds)]));
    html += &note(&fill(words.shown_seed, &[("runs", &runs)]));
    let names = columns.iter().enumerate().flat_map(|(slot, column)| {
        let runs = column.runs.iter();
        runs.map(move |run| (slot, &page.whole.contestants[*run]))
    });
    let head: String = names
        .map(|(slot, c)| {
            let seed = page.language.count(c.evaluation.seed);
            format!(
                "<th scope=\"col\">{} {} <small>{} {seed}</small></th>",
                crate::plot::swatch(slot),
                Text(c.name),
                words.seed
            )
        })
        .collect();
    let mut body = String::new();
    for definitions in [QUALITY, COST] {
        for row in rows(page.whole, definitions, words) {
            let each = row.cells.iter().flat_map(|cell| &cell.each);
            let cells = each.map(|value| {
                let text = (row.show)(page.language, value.unwrap_or(f64::NAN));
                format!("<td>{text}</td>")
            });
            let cells: String = cells.collect();
            body += &format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", row.name);
        }
    }
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th>{head}</tr></thead><tbody>{body}</tbody></table>",
        words.over_seeds_table, words.figure
    );
    html + &details(
        words.over_seeds_table,
        &scroll(words.over_seeds_table, &table),
    )
}

/// Means with their intervals over seeds and the trainings as points, and what stands above them.
pub fn plot(page: &Page<'_>, verdict: &SeedsVerdict) -> (Option<String>, String) {
    let words = page.words;
    let (name, axis) = match verdict.figure {
        SeedsFigure::Accuracy => (words.accuracy, words.accuracy_axis),
        SeedsFigure::AveragePrecision => (words.map, words.map_axis),
    };
    let rows = verdict.recipes.iter().enumerate();
    let rows: Vec<Row<'_>> = rows
        .map(|(slot, recipe)| Row {
            name: &recipe.recipe,
            slot,
            value: recipe.mean,
            interval: recipe.interval.unwrap_or([f64::NAN; 2]),
            points: recipe.values.clone(),
        })
        .collect();
    let chart = Intervals {
        description: words.over_seeds_alt,
        language: page.language,
        x_name: axis,
        x_scale: Scale::Linear,
        x_unit: Unit::Percent,
        show: |language, value| language.percent(value, 2),
    };
    let caption = format!("<b>{name}</b> {}", words.over_seeds_caption);
    (chart.svg(&rows), caption)
}

/// The tests of every pair of recipes.
pub fn pairs(page: &Page<'_>, verdict: &SeedsVerdict) -> String {
    let (words, language) = (page.words, page.language);
    let points = |share: f64| language.signed(100.0 * share, 2);
    let range = |interval: Option<[f64; 2]>| {
        interval.map_or(ABSENT.to_string(), |ends| {
            let [low, high] = ends.map(points);
            format!("{low} – {high}")
        })
    };
    let rows = verdict.pairs.iter().map(|pair| {
        format!(
            "<tr><th scope=\"row\">{} − {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            Text(&pair.a),
            Text(&pair.b),
            points(pair.difference),
            range(pair.interval),
            range(pair.images_interval),
            Text(&language.p_value(pair.p_value.unwrap_or(f64::NAN)))
        )
    });
    let heads = [
        words.pair,
        words.difference_short,
        words.interval_seeds,
        words.interval_images,
        "p",
    ];
    let heads = heads.map(|head| format!("<th scope=\"col\">{head}</th>"));
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        words.seed_pairs_caption,
        heads.concat(),
        rows.collect::<String>()
    );
    scroll(words.seed_pairs_caption, &table)
}
