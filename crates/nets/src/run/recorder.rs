//! What is written while a run trains: its history, and TensorBoard's events.

use std::path::PathBuf;

use measure::record::{EpochRecord, RecordError, seconds_since_1970, write_history};
use measure::tensorboard::{self, EventFile};

use super::{Run, RunError};
use crate::temperature::Calibration;
use crate::training::{BestEpoch, Observer, Restored, StepReport, TrainingState};

impl Run {
    /// TensorBoard's file with the epochs trained so far, in place of what an interruption left of it.
    pub(super) fn event_file(&self, history: &[EpochRecord]) -> Result<EventFile, RunError> {
        let started = seconds_since_1970(&self.environment()?.date).unwrap_or(0.0);
        let path = self.path.join(tensorboard::EVENTS);
        Ok(EventFile::create(&path, started, history)?)
    }
}

/// Passes events on, and keeps `history.jsonl` up to date.
pub(super) struct Recorder<'a> {
    pub observer: &'a mut dyn Observer,
    pub path: PathBuf,
    pub history: Vec<EpochRecord>,
    /// TensorBoard's file, where the recipe asks for it.
    pub events: Option<EventFile>,
    pub error: Option<RecordError>,
}

impl Observer for Recorder<'_> {
    fn resumed(&mut self, restored: &Restored, state: &TrainingState) {
        self.observer.resumed(restored, state);
    }

    fn step(&mut self, report: &StepReport) {
        self.observer.step(report);
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.history.push(record.clone());
        let events = self.events.as_ref();
        let written = write_history(&self.path, &self.history)
            .and_then(|()| Ok(events.map_or(Ok(()), |file| file.add(record))?));
        if let Err(error) = written {
            self.error.get_or_insert(error);
        }
        self.observer.epoch(record);
    }

    fn warning(&mut self, text: &str) {
        self.observer.warning(text);
    }

    fn kept(&mut self, best: &BestEpoch, epochs: [usize; 2]) {
        self.observer.kept(best, epochs);
    }

    fn calibrated(&mut self, calibration: &Calibration) {
        self.observer.calibrated(calibration);
    }
}
