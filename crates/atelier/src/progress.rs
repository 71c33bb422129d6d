//! Progress on standard error: a dashboard on a terminal, plain lines elsewhere.

mod ansi;
mod curve;
mod draw;
mod report;
mod screen;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod tty;
/// Elsewhere there is no dashboard.
#[cfg(not(unix))]
#[path = "progress/no_tty.rs"]
mod tty;
mod view;

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use measure::record::EpochRecord;
use nets::temperature::Calibration;
use nets::training::{BestEpoch, Observer, Restored, StepReport, TrainingState};

pub use report::ProgressReport;
use screen::Dashboard;
pub use screen::{leave, say};
use view::{View, seconds_left};

use crate::console::write_message;

/// Says something on the dashboard, or as a line on standard error.
macro_rules! note {
    ($($text:tt)*) => {
        $crate::progress::say(&format!($($text)*))
    };
}

/// Like [`note!`], for what the user should look at.
macro_rules! warn {
    ($($text:tt)*) => {
        $crate::progress::say(&format!("warning: {}", format_args!($($text)*)))
    };
}

/// Time between plain lines within an epoch.
const PLAIN_INTERVAL: Duration = Duration::from_secs(20);
/// Time between lines for the program that started this one.
const REPORT_INTERVAL: Duration = Duration::from_millis(300);
/// Time between updates of a counter.
const COUNTER_INTERVAL: Duration = Duration::from_millis(100);

/// How a training is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Show {
    /// Plain lines instead of a dashboard, also on a terminal.
    pub plain: bool,
    /// Which training this is, from 1, and how many there are.
    pub part: Option<[usize; 2]>,
    /// Also lines for the program that started this one: [`ProgressReport`].
    pub report: bool,
}

/// Shows the steps and epochs of a training.
#[derive(Debug)]
pub struct Progress {
    name: String,
    epochs: usize,
    last_line: Instant,
    /// When the last report was written, where there are any.
    last_report: Option<Instant>,
    _dashboard: Option<Dashboard>,
}

impl Progress {
    /// For a run of this name.
    pub fn new(name: &str, epochs: usize, show: Show) -> Self {
        let view = View {
            name: name.to_string(),
            part: show.part,
            epochs,
            ..View::default()
        };
        Self {
            name: name.to_string(),
            epochs,
            last_line: Instant::now(),
            last_report: show.report.then(Instant::now),
            _dashboard: Dashboard::open(view, show.plain),
        }
    }
}

/// Counts pieces of work in one line of standard error on a terminal, and not at all elsewhere.
#[derive(Debug)]
pub struct Counter {
    name: String,
    pieces: usize,
    start: Instant,
    last: Option<Instant>,
    visible: bool,
}

impl Counter {
    /// For this many pieces of work.
    pub fn new(name: &str, pieces: usize) -> Self {
        Self {
            name: name.to_string(),
            pieces,
            start: Instant::now(),
            last: None,
            visible: stderr().is_terminal(),
        }
    }

    /// This many are done.
    pub fn done(&mut self, pieces: usize) {
        let recent = |last: Instant| last.elapsed() < COUNTER_INTERVAL;
        if !self.visible || pieces == 0 || self.last.is_some_and(recent) {
            return;
        }
        self.last = Some(Instant::now());
        let left = self.pieces.saturating_sub(pieces) as f64 / pieces as f64;
        let left = duration(left * self.start.elapsed().as_secs_f64());
        write_message(&format!(
            "\r{} {pieces}/{}  {left} left\x1b[K",
            self.name, self.pieces
        ));
    }

    /// Clears the line, so that a message can take its place.
    pub fn hide(&mut self) {
        if self.last.take().is_some() {
            write_message("\r\x1b[K");
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.hide();
    }
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

impl Observer for Progress {
    fn resumed(&mut self, restored: &Restored, state: &TrainingState) {
        for reason in &restored.damaged {
            warn!("a checkpoint is damaged and not used: {reason}");
        }
        if let Some(path) = &restored.from {
            note!("resuming after step {} from {}", state.step, path.display());
        }
        screen::update(|view| view.resumed(&state.history));
    }

    fn step(&mut self, report: &StepReport) {
        if let Some(last) = &mut self.last_report
            && last.elapsed() >= REPORT_INTERVAL
        {
            *last = Instant::now();
            write_message(&ProgressReport::of(&self.name, report).to_line());
        }
        let shown = screen::update(|view| view.step(report));
        if !shown && self.last_line.elapsed() >= PLAIN_INTERVAL {
            self.last_line = Instant::now();
            say(&step_line(&self.name, report));
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.last_line = Instant::now();
        screen::update(|view| view.epoch(record));
        say(&epoch_line(&self.name, self.epochs, record));
    }

    fn warning(&mut self, text: &str) {
        warn!("{text}");
    }

    fn kept(&mut self, best: &BestEpoch, [epochs, all]: [usize; 2]) {
        let early = if epochs < all {
            format!("stopped early after {epochs} of {all} epochs; ")
        } else {
            String::new()
        };
        let BestEpoch { epoch, value, .. } = best;
        screen::update(|view| view.over = true);
        note!("{early}keeping the weights of epoch {epoch}, the best ({value:.4})");
    }

    fn calibrated(&mut self, calibration: &Calibration) {
        let Calibration {
            temperature,
            images,
            ece_before,
            ece_after,
        } = calibration;
        screen::update(|view| view.over = true);
        note!(
            "temperature {temperature:.3} fitted on {images} held-out images; \
             expected calibration error there: {ece_before:.4} before, {ece_after:.4} after"
        );
    }
}

fn step_line(name: &str, report: &StepReport) -> String {
    format!(
        "{name} epoch {}/{} step {}/{}  loss {:.4}  accuracy {}  {:.0} images/s  {} left",
        report.epoch,
        report.epochs,
        report.batch,
        report.batches,
        report.loss,
        percent(report.accuracy),
        report.images_per_s,
        duration(seconds_left(report))
    )
}

fn epoch_line(name: &str, epochs: usize, record: &EpochRecord) -> String {
    let mut text = format!(
        "{name} epoch {}/{epochs}  loss {:.4}",
        record.epoch, record.train_loss
    );
    if let Some(accuracy) = record.train_accuracy {
        text += &format!("  accuracy {}", percent(accuracy));
    }
    if let Some(loss) = record.validation_loss {
        text += &format!("  validation loss {loss:.4}");
    }
    if let Some(accuracy) = record.validation_accuracy {
        text += &format!("  accuracy {}", percent(accuracy));
    }
    if let Some(map) = record.validation_map {
        text += &format!("  AP {map:.4}");
    }
    text += &format!(
        "  {:.0} images/s  {} so far",
        record.images_per_s,
        duration(record.seconds)
    );
    text
}
