//! Tables that several formats share.

use crate::Language;
use crate::compared::{Value, compare, ranked_times, time_to};
use crate::format::ABSENT;
use crate::metrics::{METRICS, Metric, Terminal};
use crate::model::{Line, Row, Table, TableStyle};
use crate::words::Words;
use measure::record::{Evaluation, SeedsFigure, SeedsVerdict, Verdict};

/// Accuracies to which the terminal's table gives the training time.
const TIMED: [f64; 2] = [0.98, 0.99];

/// A named column of trainings.
pub struct Column<'a> {
    /// Name of the contestant or recipe.
    pub name: String,
    /// Its trainings.
    pub runs: Vec<&'a Evaluation>,
}

/// The metrics that the terminal shows, with times to accuracies.
pub fn terminal(columns: &[Column<'_>], language: Language) -> Table {
    let runs: Vec<Vec<&Evaluation>> = columns.iter().map(|column| column.runs.clone()).collect();
    let scenes = runs
        .iter()
        .flatten()
        .all(|run| run.classification.is_none());
    let mut rows = Vec::new();
    for metric in METRICS {
        if metric.terminal == Terminal::Always || (metric.terminal == Terminal::Scenes && scenes) {
            let compared = compare(metric, &runs, language);
            rows.extend(
                compared.map(|compared| row(compared.metric.name(language), &compared.cells)),
            );
        }
        if metric.key == "train_time" {
            rows.extend(TIMED.iter().filter_map(|&accuracy| {
                let times = time_to(accuracy, &runs, language)?;
                let name = format!(
                    "{} {}",
                    Words::of(language).time_to,
                    language.percent(accuracy, 0)
                );
                Some(row(&name, &ranked_times(&times)))
            }));
        }
    }
    let names = columns.iter().map(|column| column.name.clone());
    Table {
        style: TableStyle::Wide,
        head: std::iter::once(String::new())
            .chain(names)
            .map(Line::from)
            .collect(),
        rows,
        ..Table::default()
    }
}

fn row(name: &str, cells: &[Value]) -> Row {
    Row::Cells(name.into(), cells.iter().map(Value::cell).collect())
}

/// The metric that seeds are compared by.
pub fn seeds_metric(figure: SeedsFigure) -> &'static Metric {
    Metric::of(match figure {
        SeedsFigure::Accuracy => "accuracy",
        SeedsFigure::AveragePrecision => "map",
    })
}

/// The metric that is compared, seed by seed.
pub fn by_seed(verdict: &SeedsVerdict, language: Language) -> Table {
    let words = Words::of(language);
    let metric = seeds_metric(verdict.figure);
    let show = |value: f64| (metric.show)(language, value);
    let seeds = verdict
        .recipes
        .first()
        .map_or(&[][..], |first| &first.seeds);
    let seeds = seeds.iter().map(|seed| format!("{} {seed}", words.seed));
    let head = std::iter::once(metric.name(language).to_string()).chain(seeds);
    let rows = verdict.recipes.iter().map(|recipe| {
        let each = recipe.values.iter().map(|value| show(*value));
        let interval = recipe.interval.map(|ends| ends.map(show).join(" – "));
        let rest = [Some(show(recipe.mean)), recipe.sd.map(show), interval];
        let rest = rest.map(|text| text.unwrap_or(ABSENT.to_string()));
        Row::text(recipe.recipe.as_str(), each.chain(rest))
    });
    Table::plain(
        "",
        head.chain([words.mean, words.deviation, "95 %"].map(String::from)),
        rows,
    )
}

/// The tests of every pair of recipes over seeds.
pub fn seed_pairs(verdict: &SeedsVerdict, language: Language) -> Table {
    let words = Words::of(language);
    let points = |share: f64| language.signed(100.0 * share, 2);
    let range = |interval: Option<[f64; 2]>| {
        interval.map_or(ABSENT.to_string(), |ends| ends.map(points).join(" – "))
    };
    let rows = verdict.pairs.iter().map(|pair| {
        let cells = [
            points(pair.difference),
            range(pair.interval),
            range(pair.images_interval),
            language.p_value(pair.p_value.unwrap_or(f64::NAN)),
        ];
        Row::text(format!("{} − {}", pair.a, pair.b), cells)
    });
    let head = [
        words.pair,
        words.difference_short,
        words.interval_seeds,
        words.interval_images,
        "p",
    ];
    Table::plain(words.seed_pairs_caption, head, rows)
}

/// McNemar's test of every pair of runs.
pub fn pairs(verdict: &Verdict, language: Language) -> Table {
    let words = Words::of(language);
    let rows = verdict.pairs.iter().map(|pair| {
        let cells = [
            language.count(pair.only_a),
            language.count(pair.only_b),
            language.p_value(pair.p_value),
        ];
        Row::text(format!("{} – {}", pair.a, pair.b), cells)
    });
    let head = [words.pair, words.only_first, words.only_second, "p"];
    Table::plain(words.pairs_caption, head, rows)
}
