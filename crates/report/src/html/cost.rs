//! What quality costs: pictures of quality against cost, latency, throughput, energy, and the time to reach accuracies.

use super::{Page, details, figure, note, paragraph, scroll};
use crate::Language;
use crate::costs::{Cost, Gain, Market, markets};
use crate::figures::times_to_accuracy;
use crate::format::Text;
use crate::plot::axis::{Scale, Unit};
use crate::plot::intervals::{Intervals, Row};
use crate::plot::lines::{LineChart, Series};
use crate::plot::scatter::{Point, Scatter};
use measure::record::InferenceSpeed;

/// Pictures first, then what they are drawn from.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let markets = markets(page.whole);
    let against: String = markets.iter().map(|market| against(page, market)).collect();
    let speeds = speeds(page);
    let mut plots = against.clone();
    if !speeds.is_empty() {
        plots += &figure(
            throughput(page, &speeds),
            &bold(words.throughput_over_batches),
        );
        plots += &figure(latency(page, &speeds), &bold(words.latency_caption));
    }
    let mut html = String::new();
    if !against.is_empty() {
        html += &paragraph(words.markets_note);
    }
    if !plots.is_empty() {
        html += &page.legend();
        html += &format!("<div class=\"pair\">{plots}</div>\n");
    }
    html += &energy(page);
    html += &times(page);
    if !speeds.is_empty() {
        html += &details(words.batches_as_table, &batches(page, &speeds));
    }
    html
}

fn bold(text: &str) -> String {
    format!("<b>{text}</b>")
}

/// Quality against a cost.
fn against(page: &Page<'_>, market: &Market<'_>) -> String {
    let (words, language) = (page.words, page.language);
    let (gain, y_name) = match market.gain {
        Gain::Accuracy => (words.gain_accuracy, words.accuracy_axis),
        Gain::Map => (words.gain_map, words.map_axis),
    };
    let most = market.priced.iter().map(|p| p.cost).fold(0.0, f64::max);
    let (what, x_name, divisor) = match market.cost {
        Cost::TrainTime => {
            let (divisor, name) = super::curves::time_unit(page, most);
            (words.against_train_time, name, divisor)
        }
        Cost::Latency => (words.against_latency, words.latency_axis, 1.0),
        Cost::MultiplyAdds => (words.against_multiply_adds, words.multiply_adds_axis, 1e6),
    };
    let title = format!("{gain} {what}");
    let shown = |cost: f64| match market.cost {
        Cost::TrainTime => language.duration(cost),
        Cost::Latency => language.milliseconds(cost),
        Cost::MultiplyAdds => language.metric(cost),
    };
    let points = market.priced.iter().map(|priced| Point {
        slot: priced.slot,
        cost: priced.cost / divisor,
        gain: priced.gain,
        interval: priced.interval,
        tip: format!(
            "{}{}{}, {}",
            priced.name,
            language.colon(),
            language.percent(priced.gain, 2),
            shown(priced.cost)
        ),
    });
    let chart = Scatter {
        description: &title,
        language,
        x_name,
        y_name,
        points: points.collect(),
    };
    let front = market.front.iter().map(|place| market.priced[*place].name);
    let front: Vec<&str> = front.collect();
    let caption = format!(
        "{} {} {}",
        bold(&title),
        words.front,
        Text(&front.join(", "))
    );
    figure(chart.svg(), &caption)
}

/// The trainings whose speed was measured.
fn speeds<'a>(page: &'a Page<'_>) -> Vec<(usize, &'a str, &'a InferenceSpeed)> {
    let trainings = page.trainings().into_iter();
    let speeds =
        trainings.filter_map(|(slot, c)| Some((slot, c.name, c.evaluation.speed.as_ref()?)));
    speeds.collect()
}

fn throughput(page: &Page<'_>, speeds: &[(usize, &str, &InferenceSpeed)]) -> Option<String> {
    let words = page.words;
    let series = speeds.iter().map(|(slot, name, speed)| Series {
        name,
        slot: *slot,
        dashed: false,
        points: speed
            .throughput
            .iter()
            .map(|t| [t.batch_size as f64, t.images_per_s])
            .collect(),
    });
    let chart = LineChart {
        description: words.throughput_over_batches,
        language: page.language,
        x_name: words.batch_axis,
        x_scale: Scale::Log,
        x_unit: Unit::Plain,
        x_show: |language, images| language.decimal(images, 0),
        y_name: words.throughput_axis,
        y_scale: Scale::Log,
        y_unit: Unit::Plain,
        y_show: Language::significant,
        series: series.collect(),
    };
    chart.svg()
}

fn latency(page: &Page<'_>, speeds: &[(usize, &str, &InferenceSpeed)]) -> Option<String> {
    let rows = speeds.iter().map(|(slot, name, speed)| {
        let latency = speed.latency_1;
        Row {
            name,
            slot: *slot,
            value: latency.p50_ms,
            interval: [latency.p50_ms, latency.p99_ms],
            points: vec![latency.p95_ms],
        }
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let chart = Intervals {
        description: page.words.latency,
        language: page.language,
        x_name: page.words.milliseconds,
        x_scale: Scale::Log,
        x_unit: Unit::Plain,
        show: |language, value| language.milliseconds(value),
    };
    chart.svg(&rows)
}

fn batches(page: &Page<'_>, speeds: &[(usize, &str, &InferenceSpeed)]) -> String {
    let words = page.words;
    let sizes = speeds.iter().flat_map(|(_, _, speed)| &speed.throughput);
    let mut sizes: Vec<usize> = sizes.map(|t| t.batch_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let head: String = speeds
        .iter()
        .map(|(slot, name, _)| {
            let swatch = crate::plot::swatch(*slot);
            format!("<th scope=\"col\">{swatch} {}</th>", Text(name))
        })
        .collect();
    let rows = sizes.iter().map(|size| {
        let cells = speeds.iter().map(|(_, _, speed)| {
            let at = speed.throughput.iter().find(|t| t.batch_size == *size);
            let rate = at.map_or(f64::NAN, |t| t.images_per_s);
            format!("<td>{}</td>", page.language.significant(rate))
        });
        let cells: String = cells.collect();
        let size = page.language.count(*size as u64);
        format!("<tr><th scope=\"row\">{size}</th>{cells}</tr>\n")
    });
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th>{head}</tr></thead><tbody>{}</tbody></table>",
        words.throughput_over_batches,
        words.batch_axis,
        rows.collect::<String>()
    );
    scroll(words.throughput_over_batches, &table)
}

/// What the figures of energy are of, or why there are none.
fn energy(page: &Page<'_>) -> String {
    let words = page.words;
    let energies = page.trainings().into_iter();
    let energies: Vec<_> = energies.filter_map(|(_, c)| c.evaluation.energy).collect();
    if energies.iter().any(|energy| energy.meter.is_some()) {
        return note(words.energy_measured);
    }
    match energies.iter().find_map(|energy| energy.unavailable) {
        Some(reason) => note(&format!(
            "{} ({}).",
            words.energy_unavailable,
            (words.no_energy)(reason)
        )),
        None => String::new(),
    }
}

/// A row an accuracy that anyone reached; nothing where no accuracy was recorded while training.
fn times(page: &Page<'_>) -> String {
    let words = page.words;
    let rows = times_to_accuracy(page.whole).into_iter();
    let rows = rows.map(|(target, times)| {
        let cells = times.iter().map(|time| format!("<td>{}</td>", time.text));
        format!(
            "<tr><th scope=\"row\">{}</th>{}</tr>\n",
            page.language.percent(target, 1),
            cells.collect::<String>()
        )
    });
    let rows: String = rows.collect();
    if rows.is_empty() {
        return rows;
    }
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption>{}<tbody>{rows}</tbody></table>",
        words.time_to_accuracy_note,
        page.columns(words.accuracy)
    );
    format!(
        "<h3>{}</h3>\n{}",
        words.time_to_accuracy,
        scroll(words.time_to_accuracy, &table)
    )
}
