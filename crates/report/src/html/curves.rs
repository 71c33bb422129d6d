//! Learning curves over epochs and over seconds, and the same numbers as tables.

use super::{Page, details, figure, note, scroll};
use crate::Language;
use crate::figures::epoch;
use crate::format::Text;
use crate::plot::SLOTS;
use crate::plot::axis::{Scale, Unit};
use crate::plot::lines::{LineChart, Series, Show};
use measure::record::EpochRecord;

type Figure = fn(&EpochRecord) -> Option<f64>;

/// Curves, the parts of detectors' losses, and tables.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    if page.trainings().iter().all(|(_, c)| c.history.is_empty()) {
        return String::new();
    }
    let validated = page.contestants().iter().flat_map(|c| c.history);
    let validated =
        validated.filter(|e| e.validation_loss.is_some() || e.validation_accuracy.is_some());
    let mut html = page.legend();
    if validated.count() > 0 {
        html += &format!(
            "<ul class=\"legend\"><li><i></i>{}</li><li><i class=\"dashed\"></i>{}</li></ul>\n",
            words.training, words.validation
        );
    }
    let trainings = page.trainings();
    let last = trainings.iter().filter_map(|(_, c)| c.history.last());
    let (divisor, seconds_name) = time_unit(page, last.map(|e| e.seconds).fold(0.0, f64::max));
    let number: Figure = |e| Some(e.epoch as f64);
    let seconds: Figure = |e| Some(e.seconds);
    let loss = Curve {
        name: words.loss_axis,
        training: |e| Some(e.train_loss),
        validation: |e| e.validation_loss,
        scale: Scale::Log,
        unit: Unit::Plain,
        show: |language, loss| language.decimal(loss, 4),
    };
    let accuracy = Curve {
        name: words.accuracy_axis,
        training: |e| e.train_accuracy,
        validation: |e| e.validation_accuracy,
        scale: Scale::TowardsOne,
        unit: Unit::Percent,
        show: |language, share| language.percent(share, 2),
    };
    let map = Curve {
        name: words.map_axis,
        training: |_| None,
        validation: |e| e.validation_map,
        scale: Scale::TowardsOne,
        unit: Unit::Percent,
        show: |language, share| language.percent(share, 2),
    };
    let mut plots = String::new();
    for (curve, over_epochs, over_seconds) in [
        (&map, words.map_over_epochs, words.map_over_seconds),
        (
            &accuracy,
            words.accuracy_over_epochs,
            words.accuracy_over_seconds,
        ),
        (&loss, words.loss_over_epochs, words.loss_over_seconds),
    ] {
        let epochs = Over {
            figure: number,
            divisor: 1.0,
            name: words.epoch,
            scale: Scale::Whole,
            show: whole,
        };
        let seconds = Over {
            figure: seconds,
            divisor,
            name: seconds_name,
            scale: Scale::Linear,
            show: |language, time| language.decimal(time, 1),
        };
        plots += &figure(
            curve.over(page, &epochs, over_epochs),
            &format!("<b>{over_epochs}</b>"),
        );
        plots += &figure(
            curve.over(page, &seconds, over_seconds),
            &format!("<b>{over_seconds}</b>"),
        );
    }
    html += &format!("<div class=\"pair\">{plots}</div>\n");
    html += &note(words.curves_note);
    let silent = page.contestants().iter();
    let silent = silent.filter(|c| {
        let mut epochs = c.history.iter();
        epochs.all(|e| accuracy.silent(e) && map.silent(e))
    });
    let silent: Vec<String> = silent.map(|c| Text(c.name).to_string()).collect();
    if !silent.is_empty() {
        html += &note(&format!("{} {}", words.no_accuracy, silent.join(", ")));
    }
    html += &parts(page);
    html + &tables(page)
}

struct Curve {
    name: &'static str,
    training: Figure,
    validation: Figure,
    scale: Scale,
    unit: Unit,
    show: Show,
}

/// An epoch.
fn whole(language: Language, value: f64) -> String {
    language.decimal(value, 0)
}

/// What a curve is drawn over.
struct Over {
    figure: Figure,
    divisor: f64,
    name: &'static str,
    scale: Scale,
    show: Show,
}

impl Curve {
    fn over(&self, page: &Page<'_>, over: &Over, description: &str) -> Option<String> {
        let mut series = Vec::new();
        for (slot, contestant) in page.trainings() {
            for (figure, dashed) in [(self.training, false), (self.validation, true)] {
                let points = contestant.history.iter().filter_map(|epoch| {
                    Some([(over.figure)(epoch)? / over.divisor, figure(epoch)?])
                });
                let points: Vec<[f64; 2]> = points.collect();
                if !points.is_empty() {
                    let name = contestant.name;
                    series.push(Series {
                        name,
                        slot,
                        dashed,
                        points,
                    });
                }
            }
        }
        let chart = LineChart {
            description,
            language: page.language,
            x_name: over.name,
            x_scale: over.scale,
            x_unit: Unit::Plain,
            x_show: over.show,
            y_name: self.name,
            y_scale: self.scale,
            y_unit: self.unit,
            y_show: self.show,
            series,
        };
        chart.svg()
    }

    fn silent(&self, epoch: &EpochRecord) -> bool {
        (self.training)(epoch).is_none() && (self.validation)(epoch).is_none()
    }
}

/// Seconds up to a few minutes, then minutes, then hours: axes with numbers one can read.
pub fn time_unit(page: &Page<'_>, longest: f64) -> (f64, &'static str) {
    match longest {
        s if s > 3.0 * 3600.0 => (3600.0, page.words.hours),
        s if s > 180.0 => (60.0, page.words.minutes),
        _ => (1.0, page.words.seconds),
    }
}

/// The parts of each detector's loss.
fn parts(page: &Page<'_>) -> String {
    let mut plots = String::new();
    for contestant in page.contestants() {
        let Some(last) = contestant.history.last() else {
            continue;
        };
        let names: Vec<&str> = last.losses.keys().map(String::as_str).collect();
        // A single part is the whole.
        if names.len() < 2 {
            continue;
        }
        let series = names.iter().enumerate().map(|(slot, name)| Series {
            name: (page.words.loss_part)(name).unwrap_or(name),
            // From the far end of the colours, which contestants rarely reach.
            slot: SLOTS - 1 - slot % SLOTS,
            dashed: false,
            points: contestant
                .history
                .iter()
                .filter_map(|e| Some([e.epoch as f64, *e.losses.get(*name)?]))
                .collect(),
        });
        let series: Vec<Series<'_>> = series.collect();
        let title = format!("{} {}", page.words.loss_parts, contestant.name);
        let legend = series
            .iter()
            .map(|s| format!("<li>{} {}</li>", crate::plot::swatch(s.slot), Text(s.name)));
        let legend: String = legend.collect();
        let chart = LineChart {
            description: &title,
            language: page.language,
            x_name: page.words.epoch,
            x_scale: Scale::Whole,
            x_unit: Unit::Plain,
            x_show: whole,
            y_name: page.words.loss_axis,
            y_scale: Scale::Log,
            y_unit: Unit::Plain,
            y_show: |language, loss| language.decimal(loss, 4),
            series,
        };
        let caption = format!("<b>{}</b><ul class=\"legend\">{legend}</ul>", Text(&title));
        plots += &figure(chart.svg(), &caption);
    }
    match plots.is_empty() {
        true => plots,
        false => format!("<div class=\"pair\">{plots}</div>\n"),
    }
}

fn tables(page: &Page<'_>) -> String {
    let words = page.words;
    let mut body = String::new();
    for (_, contestant) in page.trainings() {
        if contestant.history.is_empty() {
            continue;
        }
        let rows = contestant.history.iter().map(|e| {
            let [number, cells @ ..] = epoch(page.language, e);
            let cells = cells.map(|cell| format!("<td>{cell}</td>")).concat();
            format!("<tr><th scope=\"row\">{number}</th>{cells}</tr>\n")
        });
        let rows: String = rows.collect();
        let head: String = words
            .epoch_columns
            .iter()
            .map(|name| format!("<th scope=\"col\">{name}</th>"))
            .collect();
        let name = Text(contestant.name).to_string();
        let table = format!(
            "<table class=\"plain\"><caption><b>{name}</b></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        );
        body += &scroll(&name, &table);
    }
    details(words.epochs_as_table, &body)
}
