//! Progress on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use measure::record::EpochRecord;
use nets::temperature::Calibration;
use nets::training::{BestEpoch, Observer, Restored, StepReport};

/// How often a plain line is printed within an epoch.
const PLAIN_INTERVAL: Duration = Duration::from_secs(20);

/// Shows the steps and epochs of a training.
#[derive(Debug)]
pub struct Progress {
    name: String,
    bar: Option<ProgressBar>,
    last_line: Instant,
    epochs: usize,
}

impl Progress {
    /// For a run of this name.
    pub fn new(name: &str, epochs: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = "{prefix} [{bar:30}] {pos}/{len} {msg}";
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> ");
            ProgressBar::new(0).with_style(style)
        });
        Self {
            name: name.to_string(),
            bar,
            last_line: Instant::now(),
            epochs,
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Counts pieces of work on standard error: a bar on a terminal, nothing elsewhere.
#[derive(Debug)]
pub struct Counter {
    bar: ProgressBar,
}

impl Counter {
    /// For so many pieces of work.
    pub fn new(name: &str, pieces: usize) -> Self {
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        // indicatif shows nothing where standard error is no terminal.
        let bar = ProgressBar::new(pieces as u64).with_style(style);
        bar.set_prefix(name.to_string());
        Self { bar }
    }

    /// So many are done.
    pub fn done(&self, pieces: usize) {
        self.bar.set_position(pieces as u64);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is left to do at the present speed, in seconds.
fn seconds_left(report: &StepReport) -> f64 {
    let batches = (report.epochs - report.epoch) * report.batches + report.batches - report.batch;
    batches as f64 * report.images_per_batch / report.images_per_s
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn message(report: &StepReport) -> String {
    format!(
        "loss {:.4}  accuracy {:.2} %  {:.0} images/s  {} left",
        report.loss,
        100.0 * report.accuracy,
        report.images_per_s,
        duration(seconds_left(report))
    )
}

impl Observer for Progress {
    fn resumed(&mut self, restored: &Restored, step: u64) {
        for reason in &restored.damaged {
            self.line(&format!(
                "warning: a checkpoint is damaged and not used: {reason}"
            ));
        }
        if let Some(path) = &restored.from {
            self.line(&format!(
                "going on after step {step} from {}",
                path.display()
            ));
        }
    }

    fn step(&mut self, report: &StepReport) {
        match &self.bar {
            Some(bar) => {
                if bar.length() != Some(report.batches as u64) {
                    bar.set_length(report.batches as u64);
                }
                bar.set_prefix(format!(
                    "{} epoch {}/{}",
                    self.name, report.epoch, report.epochs
                ));
                bar.set_message(message(report));
                bar.set_position(report.batch as u64);
            }
            None if self.last_line.elapsed() >= PLAIN_INTERVAL => {
                self.last_line = Instant::now();
                let Self { name, .. } = self;
                let StepReport {
                    epoch,
                    epochs,
                    batch,
                    batches,
                    ..
                } = report;
                eprintln!(
                    "{name} epoch {epoch}/{epochs} step {batch}/{batches}  {}",
                    message(report)
                );
            }
            None => {}
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.last_line = Instant::now();
        let mut text = format!(
            "{} epoch {}/{}  loss {:.4}",
            self.name, record.epoch, self.epochs, record.train_loss
        );
        if let Some(accuracy) = record.train_accuracy {
            text += &format!("  accuracy {:.2} %", 100.0 * accuracy);
        }
        if let Some(loss) = record.validation_loss {
            text += &format!("  validation loss {loss:.4}");
        }
        if let Some(accuracy) = record.validation_accuracy {
            text += &format!("  accuracy {:.2} %", 100.0 * accuracy);
        }
        if let Some(map) = record.validation_map {
            text += &format!("  AP {map:.4}");
        }
        text += &format!(
            "  {:.0} images/s  {} in all",
            record.images_per_s,
            duration(record.seconds)
        );
        self.line(&text);
    }

    fn kept(&mut self, best: &BestEpoch, [epochs, all]: [usize; 2]) {
        let early = if epochs < all {
            format!("stopped early after {epochs} of {all} epochs; ")
        } else {
            String::new()
        };
        let BestEpoch { epoch, value, .. } = best;
        self.line(&format!(
            "{early}the weights of epoch {epoch}, the best ({value:.4}), are kept"
        ));
    }

    fn calibrated(&mut self, calibration: &Calibration) {
        let Calibration {
            temperature,
            images,
            ece_before,
            ece_after,
        } = calibration;
        self.line(&format!(
            "temperature {temperature:.3} fitted on {images} held-out images; \
             expected calibration error there: {ece_before:.4} before, {ece_after:.4} after"
        ));
    }
}
