//! Learning curves over epochs and over time, and the same numbers as tables.

use super::View;
use crate::Language;
use crate::model::{Block, Figure, Line, Row, Sign, Span, Table};
use crate::plot::SLOTS;
use crate::plot::axis::{Measure, Scale};
use crate::plot::lines::{LineChart, Series};
use crate::words::{Words, phrases};
use measure::record::EpochRecord;

type Value = fn(&EpochRecord) -> Option<f64>;

/// A metric over the epochs of training.
struct Curve {
    training: Value,
    validation: Value,
    axis: Measure<'static>,
    titles: [&'static str; 2],
}

/// Curves, the parts of detectors' losses, and tables.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let trainings = view.trainings();
    if trainings.iter().all(|(_, run)| run.history.is_empty()) {
        return Vec::new();
    }
    let curves = curves(words);
    let mut blocks: Vec<Block> = view.legend().into_iter().collect();
    let mut epochs = trainings.iter().flat_map(|(_, run)| run.history);
    if epochs.any(|e| e.validation_loss.is_some() || e.validation_accuracy.is_some()) {
        let lines = [
            (Sign::Solid, words.training),
            (Sign::Dashed, words.validation),
        ];
        blocks.push(Block::Legend(
            lines.map(|(sign, name)| (sign, name.to_string())).into(),
        ));
    }
    let last = trainings.iter().filter_map(|(_, run)| run.history.last());
    let (divisor, time) = time_unit(words, last.map(|e| e.seconds).fold(0.0, f64::max));
    let number = epochs_axis(words);
    let time = Measure::plain(time, Scale::Linear, |language, time| {
        language.decimal(time, 1)
    });
    let plots = curves.iter().flat_map(|curve| {
        let over_epochs = curve.figure(view, number, curve.titles[0], |e| e.epoch as f64);
        let over_time = curve.figure(view, time, curve.titles[1], |e| e.seconds / divisor);
        [over_epochs, over_time]
    });
    blocks.extend(Block::side_by_side(plots.flatten().map(Block::Figure)));
    blocks.push(Block::Note(words.curves_note.into()));
    // The loss is always recorded.
    let silent = |e: &EpochRecord| curves[..2].iter().all(|curve| curve.is_silent(e));
    let silent = view
        .contestants()
        .iter()
        .filter(|c| c.history.iter().all(silent));
    let silent: Vec<&str> = silent.map(|c| c.name).collect();
    if !silent.is_empty() {
        blocks.push(Block::Note(
            format!("{} {}", words.no_accuracy, silent.join(", ")).into(),
        ));
    }
    blocks.extend(Block::side_by_side(parts(view).map(Block::Figure)));
    let tables = trainings
        .iter()
        .filter_map(|(_, run)| table(view, run.name, run.history).block());
    blocks.push(Block::Details(
        words.epochs_as_table.to_string(),
        tables.collect(),
    ));
    blocks
}

/// Average precision, accuracy and loss.
fn curves(words: &'static Words) -> [Curve; 3] {
    let share = |name| Measure::share(name, Scale::TowardsOne);
    [
        Curve {
            training: |_| None,
            validation: |e| e.validation_map,
            axis: share(words.map_axis),
            titles: [words.map_over_epochs, words.map_over_seconds],
        },
        Curve {
            training: |e| e.train_accuracy,
            validation: |e| e.validation_accuracy,
            axis: share(words.accuracy_axis),
            titles: [words.accuracy_over_epochs, words.accuracy_over_seconds],
        },
        Curve {
            training: |e| Some(e.train_loss),
            validation: |e| e.validation_loss,
            axis: loss_axis(words),
            titles: [words.loss_over_epochs, words.loss_over_seconds],
        },
    ]
}

fn loss_axis(words: &'static Words) -> Measure<'static> {
    Measure::plain(words.loss_axis, Scale::Log, |language, loss| {
        language.decimal(loss, 4)
    })
}

fn epochs_axis(words: &'static Words) -> Measure<'static> {
    Measure::plain(words.epoch, Scale::Whole, Language::whole)
}

impl Curve {
    fn figure(
        &self,
        view: &View<'_>,
        x: Measure<'_>,
        title: &str,
        at: impl Fn(&EpochRecord) -> f64,
    ) -> Option<Figure> {
        let trainings = view.trainings();
        let series = trainings.iter().flat_map(|(slot, run)| {
            [(self.training, false), (self.validation, true)].map(|(value, dashed)| Series {
                name: run.name,
                slot: *slot,
                dashed,
                points: run
                    .history
                    .iter()
                    .filter_map(|epoch| Some([at(epoch), value(epoch)?]))
                    .collect(),
            })
        });
        let chart = LineChart {
            description: title,
            language: view.language,
            x,
            y: self.axis,
            series: series.filter(|series| !series.points.is_empty()).collect(),
        };
        Figure::of(chart.svg(), title)
    }

    fn is_silent(&self, epoch: &EpochRecord) -> bool {
        (self.training)(epoch).is_none() && (self.validation)(epoch).is_none()
    }
}

/// Seconds up to a few minutes, then minutes, then hours: axes with numbers one can read. How many seconds it has, and its
/// name.
pub fn time_unit(words: &'static Words, longest: f64) -> (f64, &'static str) {
    match longest {
        s if s > 3.0 * 3600.0 => (3600.0, words.hours),
        s if s > 180.0 => (60.0, words.minutes),
        _ => (1.0, words.seconds),
    }
}

/// The parts of each detector's loss.
fn parts(view: &View<'_>) -> impl Iterator<Item = Figure> {
    view.contestants().iter().filter_map(|contestant| {
        let last = contestant.history.last()?;
        // A single part is the whole.
        if last.losses.len() < 2 {
            return None;
        }
        let series = last.losses.keys().enumerate().map(|(slot, part)| Series {
            name: phrases::loss_part(view.language, part),
            // From the far end of the colours, which contestants rarely reach.
            slot: SLOTS - 1 - slot % SLOTS,
            dashed: false,
            points: contestant
                .history
                .iter()
                .filter_map(|e| Some([e.epoch as f64, *e.losses.get(part)?]))
                .collect(),
        });
        let series: Vec<Series<'_>> = series.collect();
        let legend = series
            .iter()
            .map(|s| (Sign::Marker(s.slot), s.name.to_string()))
            .collect();
        let title = format!("{} {}", view.words.loss_parts, contestant.name);
        let chart = LineChart {
            description: &title,
            language: view.language,
            x: epochs_axis(view.words),
            y: loss_axis(view.words),
            series,
        };
        let figure = Figure::of(chart.svg(), &title)?;
        Some(Figure { legend, ..figure })
    })
}

fn table(view: &View<'_>, name: &str, history: &[EpochRecord]) -> Table {
    let language = view.language;
    let rows = history.iter().map(|epoch| {
        let loss = |value: Option<f64>| language.decimal(value.unwrap_or(f64::NAN), 4);
        let share = |value: Option<f64>| language.percent(value.unwrap_or(f64::NAN), 2);
        let cells = [
            loss(Some(epoch.train_loss)),
            loss(epoch.validation_loss),
            share(epoch.train_accuracy),
            share(epoch.validation_accuracy),
            language.decimal(epoch.learning_rate, 6),
            language.duration(epoch.seconds),
            language.significant(epoch.images_per_s),
        ];
        Row::text(language.count(epoch.epoch as u64), cells)
    });
    Table::plain(
        Line::from(Span::Bold(name.to_string())),
        phrases::epoch_columns(language),
        rows,
    )
}
