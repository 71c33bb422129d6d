//! Runs the trials of a sweep, several at a time where asked, and keeps their results.
//!
//! With the samplers `random` and `grid` the result of a sweep does not depend on how many trials run at a time: points
//! depend on the seed and the trial's number, and at a rung a trial waits for those before it, so that it is compared with
//! the same others. TPE uses the results known when a trial begins: with several at a time these depend on speed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use measure::record::{Sampler, SweepParameter, TrialEpoch, TrialRecord, TrialStatus};

use super::SweepError;
use super::halving::Halving;
use super::sampler::Proposer;
use super::space::Point;

/// What a trial does after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    GoOn,
    /// It ends here.
    Stop,
}

/// What a trial runs: gives metrics, epoch by epoch.
pub trait Objective: Sync {
    /// Epochs of a trial of this point; 0 if unknown.
    fn epochs(&self, point: &Point) -> usize;

    /// Runs a point: after every epoch `after_epoch` says whether to go on. Returns early when `stop` is set, otherwise with
    /// the epoch whose result is kept, if it is not the last.
    ///
    /// # Errors
    /// Why the point can't be tried.
    fn run(
        &self,
        point: &Point,
        stop: &AtomicBool,
        after_epoch: &mut dyn FnMut(TrialEpoch) -> Next,
    ) -> Result<Option<usize>, String>;
}

/// What happens in a sweep.
#[derive(Debug)]
pub enum Event<'a> {
    /// A trial begins.
    Begins {
        /// Its number.
        trial: usize,
        /// Its settings.
        point: &'a Point,
    },
    /// An epoch of a trial is finished.
    Epoch {
        /// The trial's number.
        trial: usize,
        /// Its figures.
        epoch: &'a TrialEpoch,
    },
    /// A trial is finished, and kept.
    Over {
        /// What it came to.
        record: &'a TrialRecord,
        /// All that are finished, this one included.
        trials: &'a [TrialRecord],
    },
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepEnding {
    /// All trials are made.
    Finished,
    /// There is no other point to try.
    Exhausted,
    /// It was interrupted; running trials are not kept.
    Interrupted,
}

/// Makes the trials of a sweep.
#[derive(Debug)]
pub struct Runner<'a> {
    /// Chooses points, and knows what is varied and what trials are judged by.
    pub proposer: &'a Proposer,
    /// Which trials go on at a rung; `None`: all.
    pub halving: Option<Halving>,
    /// Trials in all, those made before included.
    pub trials: usize,
    /// How many run at a time.
    pub jobs: usize,
    /// Threads that all of them share.
    pub threads: usize,
}

/// Called for every event, by one thread at a time.
pub type Listener<'a> = dyn FnMut(Event<'_>) -> Result<(), SweepError> + Send + 'a;

struct SweepState<'a, 'l> {
    /// Points of all trials that are over or under way, by number.
    points: BTreeMap<usize, Point>,
    /// By number.
    finished: Vec<TrialRecord>,
    /// Figures so far of those that are under way.
    running: BTreeMap<usize, Vec<TrialEpoch>>,
    exhausted: bool,
    error: Option<SweepError>,
    listener: &'a mut Listener<'l>,
}

impl SweepState<'_, '_> {
    fn notify(&mut self, event: Event<'_>) {
        if let Err(error) = (self.listener)(event) {
            self.error.get_or_insert(error);
        }
    }
}

impl Runner<'_> {
    /// Makes the trials that `before` lacks, and tells each; returns all of them, by number.
    ///
    /// # Errors
    /// The first that `listener` returns: it then ends as soon as it can.
    pub fn run(
        &self,
        before: Vec<TrialRecord>,
        objective: &dyn Objective,
        stop: &AtomicBool,
        listener: &mut Listener<'_>,
    ) -> Result<(Vec<TrialRecord>, SweepEnding), SweepError> {
        let points = before.iter().filter_map(|record| {
            let value = |one: &SweepParameter| record.values.get(&one.key).cloned();
            let point: Option<Point> = self.proposer.parameters.iter().map(value).collect();
            Some((record.trial, point?))
        });
        let shared = Shared {
            runner: self,
            objective,
            stop,
            changed: Condvar::new(),
            state: Mutex::new(SweepState {
                points: points.collect(),
                finished: before,
                running: BTreeMap::new(),
                exhausted: false,
                error: None,
                listener,
            }),
        };
        if self.jobs <= 1 {
            shared.work();
        } else {
            let each = (self.threads / self.jobs).max(1);
            let pools = (0..self.jobs).map(|_| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(each)
                    .stack_size(STACK);
                pool.build()
                    .map_err(|cause| SweepError::Threads(cause.to_string()))
            });
            let pools = pools.collect::<Result<Vec<_>, _>>()?;
            // Threads of their own wait for each other; those that compute never do.
            std::thread::scope(|scope| {
                for pool in &pools {
                    let shared = &shared;
                    scope.spawn(move || pool.install(|| shared.work()));
                }
            });
        }
        let state = shared
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            return Err(error);
        }
        let ending = match (state.finished.len() >= self.trials, state.exhausted) {
            (true, _) => SweepEnding::Finished,
            (false, true) => SweepEnding::Exhausted,
            (false, false) => SweepEnding::Interrupted,
        };
        Ok((state.finished, ending))
    }
}

/// Stack of a computing thread in bytes, as the main thread has on Linux.
const STACK: usize = 8 << 20;
/// How often a waiting trial checks whether to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the threads of a sweep share.
struct Shared<'a, 's, 'l> {
    runner: &'a Runner<'a>,
    objective: &'a dyn Objective,
    stop: &'a AtomicBool,
    changed: Condvar,
    state: Mutex<SweepState<'s, 'l>>,
}

impl<'s, 'l> Shared<'_, 's, 'l> {
    /// Panics are caught where they can happen, and every change is complete, so a poisoned lock is safe to use.
    fn lock(&self) -> MutexGuard<'_, SweepState<'s, 'l>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self, state: &SweepState<'_, '_>) -> bool {
        state.error.is_some() || self.stop.load(Ordering::Relaxed)
    }

    /// Makes one trial after the other until there is none left.
    fn work(&self) {
        while let Some((trial, point)) = self.begin() {
            let record = self.make(trial, &point);
            let mut state = self.lock();
            state.running.remove(&trial);
            if let Some(record) = record {
                let place = state.finished.partition_point(|other| other.trial < trial);
                state.finished.insert(place, record);
                // Told with all of them; a listener sees neither the lock nor a trial under way.
                let trials = std::mem::take(&mut state.finished);
                state.notify(Event::Over {
                    record: &trials[place],
                    trials: &trials,
                });
                state.finished = trials;
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    /// The smallest number that is neither over nor under way, with its point.
    fn begin(&self) -> Option<(usize, Point)> {
        let mut state = self.lock();
        if self.ended(&state) {
            return None;
        }
        let trial = (1..=self.runner.trials).find(|trial| !state.points.contains_key(trial))?;
        // A point depends on those of smaller numbers alone, but for TPE, which takes what it knows. After an interruption
        // a larger number can be there already.
        let point = match self.runner.proposer.sampler {
            Sampler::Tpe => {
                let taken: Vec<Point> = state.points.values().cloned().collect();
                self.runner.proposer.point(trial, &taken, &state.finished)
            }
            Sampler::Random | Sampler::Grid => {
                let taken: Vec<Point> = state
                    .points
                    .range(..trial)
                    .map(|(_, p)| p.clone())
                    .collect();
                self.runner.proposer.point(trial, &taken, &[])
            }
        };
        let Some(point) = point else {
            state.exhausted = true;
            return None;
        };
        state.points.insert(trial, point.clone());
        state.running.insert(trial, Vec::new());
        state.notify(Event::Begins {
            trial,
            point: &point,
        });
        Some((trial, point))
    }

    /// Makes a trial; `None` where it was interrupted.
    fn make(&self, trial: usize, point: &Point) -> Option<TrialRecord> {
        let epochs = self.objective.epochs(point);
        let mut status = TrialStatus::Finished;
        let (mut reason, mut kept) = (None, None);
        let mut after_epoch = |epoch: TrialEpoch| {
            let number = epoch.epoch;
            let metric = self.runner.proposer.metric;
            let value = metric.of(&epoch);
            let measured = metric.measured(&epoch);
            let mut state = self.lock();
            state.notify(Event::Epoch {
                trial,
                epoch: &epoch,
            });
            state.running.entry(trial).or_default().push(epoch);
            self.changed.notify_all();
            let Some(value) = value else {
                status = TrialStatus::Failed;
                reason = Some(match measured {
                    Some(value) => {
                        format!("the validation {metric} is {value} after epoch {number}")
                    }
                    None => format!("no validation {metric} was measured after epoch {number}"),
                });
                return Next::Stop;
            };
            let Some(halving) = self.runner.halving.filter(|h| h.is_rung(number, epochs)) else {
                return Next::GoOn;
            };
            let Some(earlier) = self.earlier(state, trial, number) else {
                return Next::Stop; // interrupted
            };
            if halving.goes_on(value, &earlier, metric) {
                Next::GoOn
            } else {
                status = TrialStatus::Stopped;
                Next::Stop
            }
        };
        let run = || self.objective.run(point, self.stop, &mut after_epoch);
        // A panic in one trial must not leave the others waiting for it.
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(found)) => kept = found,
            Ok(Err(why)) => {
                status = TrialStatus::Failed;
                reason = Some(why);
            }
            Err(_) => {
                status = TrialStatus::Failed;
                reason = Some("an internal error ended the training".to_string());
            }
        }
        let state = self.lock();
        let done = state.running.get(&trial).cloned().unwrap_or_default();
        let whole = status != TrialStatus::Finished || (epochs > 0 && done.len() >= epochs);
        if !whole && self.ended(&state) {
            return None;
        }
        let values = self.runner.proposer.parameters.iter().zip(point);
        let value = match status {
            TrialStatus::Failed => None,
            _ => {
                let kept = kept.and_then(|epoch: usize| done.get(epoch.checked_sub(1)?));
                let kept = kept.or(done.last());
                kept.and_then(|epoch| self.runner.proposer.metric.of(epoch))
            }
        };
        Some(TrialRecord {
            trial,
            values: values
                .map(|(one, value)| (one.key.clone(), value.clone()))
                .collect(),
            status,
            reason,
            value,
            epochs: done,
        })
    }

    /// The figures at a rung of all trials with smaller numbers, once each of them was there or ended before; `None`
    /// where the sweep ends first.
    fn earlier(
        &self,
        mut state: MutexGuard<'_, SweepState<'s, 'l>>,
        trial: usize,
        epoch: usize,
    ) -> Option<Vec<f64>> {
        loop {
            if self.ended(&state) {
                return None;
            }
            // The trial with the smallest number waits for nobody, so that somebody always goes on.
            let waiting = state
                .running
                .range(..trial)
                .any(|(_, epochs)| epochs.len() < epoch);
            if !waiting {
                break;
            }
            let waited = self.changed.wait_timeout(state, PATIENCE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let finished = state
            .finished
            .iter()
            .filter(|record| record.trial < trial)
            .map(|r| &r.epochs);
        let running = state.running.range(..trial).map(|(_, epochs)| epochs);
        let at = finished
            .chain(running)
            .filter_map(|epochs| epochs.get(epoch - 1));
        Some(
            at.filter_map(|epoch| self.runner.proposer.metric.of(epoch))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests;
