//! What quality costs: quality against cost, latency, throughput, energy, and the time to reach accuracies.

use super::View;
use super::curves::time_unit;
use crate::Language;
use crate::compared::times_to_accuracy;
use crate::costs::{Cost, Gain, Priced, Tradeoff, tradeoffs};
use crate::model::{Block, Cell, Figure, Line, Mark, Row, Span, Table};
use crate::plot::axis::{Measure, Scale};
use crate::plot::intervals::{Interval, Intervals};
use crate::plot::lines::{LineChart, Series};
use crate::plot::points::{Point, PointChart};
use crate::words::phrases;
use measure::record::InferenceSpeed;

/// A run whose speed was measured: the place of its column, its name and its speed.
type Speed<'a> = (usize, &'a str, &'a InferenceSpeed);

/// Plots first, then what they are drawn from.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let tradeoffs = tradeoffs(view.whole);
    let against: Vec<Figure> = tradeoffs
        .iter()
        .filter_map(|tradeoff| against(view, tradeoff))
        .collect();
    let trainings = view.trainings().into_iter();
    let speeds =
        trainings.filter_map(|(slot, c)| Some((slot, c.name, c.evaluation.speed.as_ref()?)));
    let speeds: Vec<Speed<'_>> = speeds.collect();
    let mut blocks = Vec::new();
    if !against.is_empty() {
        blocks.push(Block::Paragraph(words.tradeoffs_note.into()));
    }
    let measured = [throughput(view, &speeds), latency(view, &speeds)];
    let plots = against.into_iter().chain(measured.into_iter().flatten());
    if let Some(plots) = Block::side_by_side(plots.map(Block::Figure)) {
        blocks.extend(view.legend());
        blocks.push(plots);
    }
    blocks.extend(energy(view).map(|text| Block::Note(text.into())));
    if let Some(times) = times(view).block() {
        blocks.push(Block::Heading(3, words.time_to_accuracy.into()));
        blocks.push(times);
    }
    let batches = batches(view, &speeds).block();
    blocks.extend(
        batches.map(|table| Block::Details(words.batches_as_table.to_string(), vec![table])),
    );
    blocks
}

/// Quality against a cost.
fn against(view: &View<'_>, tradeoff: &Tradeoff<'_>) -> Option<Figure> {
    let (words, language) = (view.words, view.language);
    let (gain, y_name) = match tradeoff.gain {
        Gain::Accuracy => (words.gain_accuracy, words.accuracy_axis),
        Gain::Map => (words.gain_map, words.map_axis),
    };
    let most = tradeoff.priced.iter().map(|p| p.cost).fold(0.0, f64::max);
    let (what, x_name, divisor) = match tradeoff.cost {
        Cost::TrainTime => {
            let (divisor, name) = time_unit(words, most);
            (words.against_train_time, name, divisor)
        }
        Cost::Latency => (words.against_latency, words.latency_axis, 1.0),
        Cost::MultiplyAdds => (words.against_multiply_adds, words.multiply_adds_axis, 1e6),
    };
    let title = format!("{gain} {what}");
    let texts = tradeoff.priced.iter().map(|priced| {
        let cost = match tradeoff.cost {
            Cost::TrainTime => language.duration(priced.cost),
            Cost::Latency => language.milliseconds(priced.cost),
            Cost::MultiplyAdds => language.metric(priced.cost),
        };
        [language.percent(priced.gain, 2), cost]
    });
    let texts: Vec<[String; 2]> = texts.collect();
    let at = |priced: &Priced<'_>| [priced.cost / divisor, priced.gain];
    let points = tradeoff.priced.iter().zip(&texts);
    let points = points.map(|(priced, [gain, cost])| Point {
        slot: priced.slot,
        at: at(priced),
        interval: priced.interval,
        tip: format!("{}{}{gain}, {cost}", priced.name, language.colon()),
    });
    let front = || tradeoff.front.iter().map(|place| &tradeoff.priced[*place]);
    let mut steps: Vec<[f64; 2]> = front().map(at).collect();
    steps.extend(steps.last().map(|[_, gain]| [f64::INFINITY, *gain]));
    let chart = PointChart {
        description: &title,
        language,
        x: Measure::plain(x_name, Scale::Log, Language::significant),
        y: Measure::share(y_name, Scale::TowardsOne),
        margin: 1.25,
        points: points.collect(),
        steps,
        class: "front",
    };
    let names: Vec<&str> = front().map(|priced| priced.name).collect();
    let front = format!("{} {}", words.front, names.join(", "));
    let caption = Line::bold(&title).and(Span::Text(front));
    let rows = tradeoff
        .priced
        .iter()
        .zip(texts)
        .enumerate()
        .map(|(place, (priced, texts))| {
            let mark = if tradeoff.front.contains(&place) {
                Mark::Best
            } else {
                Mark::None
            };
            let cells = texts.map(|text| Cell {
                text: text.into(),
                mark,
            });
            Row::Cells(priced.name.into(), cells.into())
        });
    Some(Figure {
        table: Some(Table::plain(
            caption.clone(),
            [words.run, y_name, x_name],
            rows,
        )),
        caption,
        legend: Vec::new(),
        svg: chart.svg()?,
    })
}

fn throughput(view: &View<'_>, speeds: &[Speed<'_>]) -> Option<Figure> {
    let words = view.words;
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
        language: view.language,
        x: Measure::plain(words.batch_axis, Scale::Log, Language::whole),
        y: Measure::plain(words.throughput_axis, Scale::Log, Language::significant),
        series: series.collect(),
    };
    Figure::of(chart.svg(), words.throughput_over_batches)
}

fn latency(view: &View<'_>, speeds: &[Speed<'_>]) -> Option<Figure> {
    let intervals = speeds.iter().map(|(slot, name, speed)| {
        let latency = speed.latency_1;
        Interval {
            name,
            slot: *slot,
            value: latency.p50_ms,
            ends: [latency.p50_ms, latency.p99_ms],
            points: vec![latency.p95_ms],
        }
    });
    let chart = Intervals {
        description: view.words.latency,
        language: view.language,
        x: Measure::plain(view.words.milliseconds, Scale::Log, Language::milliseconds),
    };
    Figure::of(
        chart.svg(&intervals.collect::<Vec<_>>()),
        view.words.latency_caption,
    )
}

fn batches(view: &View<'_>, speeds: &[Speed<'_>]) -> Table {
    let words = view.words;
    let sizes = speeds.iter().flat_map(|(_, _, speed)| &speed.throughput);
    let mut sizes: Vec<usize> = sizes.map(|t| t.batch_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let names = speeds
        .iter()
        .map(|(slot, name, _)| Line::from(Span::Key(*slot, name.to_string())));
    let rows = sizes.iter().map(|size| {
        let rates = speeds.iter().map(|(_, _, speed)| {
            let at = speed.throughput.iter().find(|t| t.batch_size == *size);
            view.language
                .significant(at.map_or(f64::NAN, |t| t.images_per_s))
        });
        Row::text(view.language.count(*size as u64), rates)
    });
    let head = std::iter::once(words.batch_axis.into()).chain(names);
    Table::plain(words.throughput_over_batches, head, rows)
}

/// What was measured as energy, or why it was not.
fn energy(view: &View<'_>) -> Option<String> {
    let words = view.words;
    let trainings = view.trainings().into_iter();
    let energies: Vec<_> = trainings
        .filter_map(|(_, run)| run.evaluation.energy)
        .collect();
    if energies.iter().any(|energy| energy.meter.is_some()) {
        return Some(words.energy_measured.to_string());
    }
    let reason = energies.iter().find_map(|energy| energy.unavailable)?;
    let reason = phrases::no_energy(view.language, reason);
    Some(format!("{} ({reason}).", words.energy_unavailable))
}

/// A row per accuracy that any run reached; none where no accuracy was recorded during training.
fn times(view: &View<'_>) -> Table {
    let rows = times_to_accuracy(view.whole)
        .into_iter()
        .map(|(accuracy, times)| {
            let accuracy = view.language.percent(accuracy, 1);
            Row::text(accuracy, times.into_iter().map(|time| time.text))
        });
    Table::plain(
        view.words.time_to_accuracy_note,
        view.columns(view.words.accuracy),
        rows,
    )
}
