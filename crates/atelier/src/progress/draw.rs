//! The dashboard as a picture: a pure function of the training's state, the time and the size of the screen.

use std::time::Duration;

use measure::record::EpochRecord;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Style, Stylize};
use ratatui_core::symbols::Marker;
use ratatui_core::text::{Line, Span};
use ratatui_core::widgets::Widget;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};

use super::curve::Curve;
use super::view::{Phase, View, score, seconds_left};
use super::{duration, percent};
use report::terminal::grouped;

/// Narrower screens have no curves.
const CHARTS_WIDTH: u16 = 60;
/// With fewer rows for curves and messages together there are no curves.
const CHARTS_HEIGHT: u16 = 9;
/// Lower screens don't list the keys.
const KEYS_HEIGHT: u16 = 8;

const TRAINING: Style = Style::new().fg(Color::Cyan);
const VALIDATION: Style = Style::new().fg(Color::Yellow);

/// Draws `view` over the whole of `buffer`; `elapsed` is how long the dashboard has been shown.
pub fn draw(buffer: &mut Buffer, view: &View, elapsed: Duration) {
    let mut rest = buffer.area;
    let width = rest.width.into();
    let figures = figures(view, elapsed, width);
    Widget::render(headline(view, width), top(&mut rest, 1), buffer);
    Widget::render(bar(view, width), top(&mut rest, 1), buffer);
    for line in figures {
        line.render(top(&mut rest, 1), buffer);
    }
    if buffer.area.height >= KEYS_HEIGHT {
        let [above, keys] = split_rows(rest, rest.height.saturating_sub(1));
        rest = above;
        let text = "q plain lines   Ctrl-C save and stop";
        Line::from(text).dim().render(keys, buffer);
    }
    if rest.width >= CHARTS_WIDTH && rest.height >= CHARTS_HEIGHT {
        let rows = rest.height - messages_height(view).min(rest.height / 3);
        let charts = top(&mut rest, rows);
        let width = (charts.width - 1) / 2;
        let left = Rect { width, ..charts };
        let right = Rect {
            x: charts.right() - width,
            ..left
        };
        Plot::loss(view).draw(left, buffer);
        Plot::score(view).draw(right, buffer);
    }
    messages(view, rest, buffer);
}

/// Takes this many rows off the top of `rest`, or all there are.
fn top(rest: &mut Rect, rows: u16) -> Rect {
    let [taken, left] = split_rows(*rest, rows);
    *rest = left;
    taken
}

fn split_rows(area: Rect, rows: u16) -> [Rect; 2] {
    let rows = rows.min(area.height);
    let above = Rect {
        height: rows,
        ..area
    };
    let below = Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    };
    [above, below]
}

/// The run on the left, its phase on the right.
fn headline(view: &View, width: usize) -> Line<'static> {
    let part = view
        .part
        .map_or(String::new(), |[this, all]| format!("  {this} of {all}"));
    let phase = match view.phase() {
        Phase::Preparation => "preparing",
        Phase::Training => "training",
        Phase::Validation => "validating",
        Phase::Evaluation => "evaluating on the test images",
    };
    let name = Span::from(view.name.clone()).bold();
    let used = name.width() + part.len() + phase.len();
    let gap = " ".repeat(width.saturating_sub(used).max(2));
    Line::from(vec![name, part.into(), gap.into(), phase.into()])
}

/// How much is done, as numbers and as a bar.
fn bar(view: &View, width: usize) -> Line<'static> {
    let place = view.latest.as_ref().map_or(String::new(), |step| {
        format!(
            "epoch {}/{}  step {}/{}  ",
            step.epoch, step.epochs, step.batch, step.batches
        )
    });
    let share = format!(" {:3.0} %", 100.0 * view.done());
    let cells = width.saturating_sub(place.len() + share.len());
    let done = (view.done() * cells as f64) as usize;
    Line::from(vec![
        Span::from(place),
        Span::styled("━".repeat(done), TRAINING),
        Span::from("─".repeat(cells - done)).dim(),
        Span::from(share),
    ])
}

/// The metrics, each kind on its own lines, wrapped between metrics if the screen is narrow.
fn figures(view: &View, elapsed: Duration, width: usize) -> Vec<Line<'static>> {
    let mut training = Vec::new();
    let mut speed = Vec::new();
    if let Some(step) = &view.latest {
        training.push(format!("loss {}", significant(step.loss)));
        training.push(format!("accuracy {}", percent(step.accuracy)));
        let left = seconds_left(step);
        if view.phase() == Phase::Training && left.is_finite() {
            speed.push(format!("{} left", duration(left)));
        }
        speed.push(format!("{} images/s", grouped(step.images_per_s)));
        speed.push(format!("learning rate {}", significant(step.learning_rate)));
    }
    speed.push(format!("{} so far", duration(elapsed.as_secs_f64())));

    [
        wrap(training, width, Style::new()),
        wrap(validation(view), width, VALIDATION),
        wrap(speed, width, Style::new()),
    ]
    .concat()
}

/// The validation metrics after the last epoch, and the best score so far.
fn validation(view: &View) -> Vec<String> {
    let last = view.history.last();
    let figure = |figure: fn(&EpochRecord) -> Option<f64>| last.and_then(figure);
    let written = if view.has_average_precision() {
        |value: f64| format!("AP {value:.4}")
    } else {
        |value: f64| format!("accuracy {}", percent(value))
    };
    let loss = figure(|record| record.validation_loss);
    let loss = loss.map(|loss| format!("validation loss {}", significant(loss)));
    let score = figure(score).map(written);
    let best = view
        .best()
        .map(|(epoch, value)| format!("best {} in epoch {epoch}", written(value)));
    [loss, score, best].into_iter().flatten().collect()
}

/// The parts, as many per line as fit.
fn wrap(parts: Vec<String>, width: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + 3 + part.len() <= width => {
                *line += "   ";
                *line += &part;
            }
            _ => lines.push(part),
        }
    }
    let lines = lines.into_iter();
    lines.map(|line| Line::styled(line, style)).collect()
}

/// Number of rows of the messages and the rule above them.
fn messages_height(view: &View) -> u16 {
    match view.lines.len() {
        0 => 0,
        lines => u16::try_from(lines + 1).unwrap_or(u16::MAX),
    }
}

/// The last messages that fit, under a rule.
fn messages(view: &View, area: Rect, buffer: &mut Buffer) {
    if view.lines.is_empty() || area.height < 2 {
        return;
    }
    let [rule, mut rest] = split_rows(area, 1);
    let dashes = "─".repeat(usize::from(area.width).saturating_sub("messages ".len()));
    Line::from(format!("messages {dashes}"))
        .dim()
        .render(rule, buffer);
    let first = view.lines.len().saturating_sub(rest.height.into());
    for text in &view.lines[first..] {
        let line = Line::from(text.as_str());
        let line = match text.starts_with("warning") {
            true => line.style(VALIDATION),
            false => line,
        };
        line.render(top(&mut rest, 1), buffer);
    }
}

/// How an axis is scaled.
#[derive(Clone, Copy, Debug)]
enum Scale {
    /// Log scale, for losses.
    Log,
    /// Log scale of the error rate, for accuracies: models differ close to 100 %.
    TowardsOne,
}

impl Scale {
    /// Smallest error rate that [`Scale::TowardsOne`] shows.
    const MISSING: f64 = 1e-4;

    /// Where a value lies; `None` if the scale does not reach it.
    fn place(self, value: f64) -> Option<f64> {
        match self {
            Self::Log => (value > 0.0).then(|| value.log10()),
            Self::TowardsOne => (0.0..=1.0)
                .contains(&value)
                .then(|| -(1.0 - value).max(Self::MISSING).log10()),
        }
    }

    /// Lower end of the scale.
    fn floor(self) -> f64 {
        match self {
            Self::Log => f64::NEG_INFINITY,
            Self::TowardsOne => 0.0,
        }
    }

    fn label(self, place: f64) -> String {
        match self {
            Self::Log => significant(10f64.powf(place)),
            Self::TowardsOne => percent(1.0 - 10f64.powf(-place)),
        }
    }
}

/// One chart: a curve of training, points of validation.
struct Plot {
    title: Line<'static>,
    scale: Scale,
    /// Over epochs, on the scale.
    training: Vec<(f64, f64)>,
    validation: Vec<(f64, f64)>,
    /// Progress of the training in epochs.
    end: f64,
}

impl Plot {
    fn loss(view: &View) -> Self {
        let validation = view.of_epochs(|record| record.validation_loss);
        Self::new(
            "loss",
            "validation",
            Scale::Log,
            view,
            &view.loss,
            validation,
        )
    }

    fn score(view: &View) -> Self {
        let name = match view.has_average_precision() {
            true => "validation AP",
            false => "validation",
        };
        let validation = view.of_epochs(score);
        Self::new(
            "accuracy",
            name,
            Scale::TowardsOne,
            view,
            &view.accuracy,
            validation,
        )
    }

    fn new(
        title: &'static str,
        validation_name: &'static str,
        scale: Scale,
        view: &View,
        training: &Curve,
        validation: impl Iterator<Item = (f64, f64)>,
    ) -> Self {
        let place = |(x, y)| Some((x, scale.place(y)?));
        let training: Vec<_> = training.points().filter_map(place).collect();
        let validation: Vec<_> = validation.filter_map(place).collect();
        let mut title = vec![
            Span::from(title).bold(),
            Span::styled("  ⠒ training", TRAINING),
        ];
        if !validation.is_empty() {
            title.push(Span::styled(format!("  • {validation_name}"), VALIDATION));
        }
        Self {
            title: Line::from(title),
            scale,
            training,
            validation,
            end: view.done() * view.epochs as f64,
        }
    }

    /// The range of the values, widened where it is too narrow to draw.
    fn bounds(&self) -> Option<[f64; 2]> {
        let places = self.training.iter().chain(&self.validation);
        let places = places.map(|&(_, y)| [y, y]);
        let [least, most] = places.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)])?;
        let margin = (0.05 - (most - least)).max(0.0) / 2.0;
        let floor = self.scale.floor();
        Some([(least - margin).max(floor), most + margin])
    }

    fn draw(self, area: Rect, buffer: &mut Buffer) {
        let [title, chart] = split_rows(area, 1);
        let Some([least, most]) = self.bounds() else {
            return Line::from("no figures yet").dim().render(chart, buffer);
        };
        self.title.render(title, buffer);
        let labels = [least, (least + most) / 2.0, most].map(|place| self.scale.label(place));
        let y = Axis::default().bounds([least, most]).labels(labels);
        let end = self.end.max(f64::MIN_POSITIVE);
        let labels = ["0".to_string(), format!("epoch {:.1}", self.end)];
        let x = Axis::default().bounds([0.0, end]).labels(labels);
        let curve = Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(TRAINING)
            .data(&self.training);
        // Another marker too: not every terminal has colours.
        let points = Dataset::default()
            .marker(Marker::Dot)
            .graph_type(GraphType::Scatter)
            .style(VALIDATION)
            .data(&self.validation);
        let axes = Style::new().dim();
        Chart::new(vec![curve, points])
            .x_axis(x.style(axes))
            .y_axis(y.style(axes))
            .legend_position(None)
            .render(chart, buffer);
    }
}

/// Three significant digits.
fn significant(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        0.1.. => format!("{value:.3}"),
        0.001.. => format!("{value:.4}"),
        // Also NaN.
        _ => format!("{value:.1e}"),
    }
}
