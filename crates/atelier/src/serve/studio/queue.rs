//! Trainings that wait for each other, and the child process of the one that runs.
//!
//! A training is a process of its own, in a process group of its own: what happens to the server's terminal does not reach
//! it. When the server is stopped it stops the training with SIGINT, after which it can be resumed, and waits for it. When
//! the server is killed, the training goes on alone.

mod child;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::RunAnswer;
use crate::progress::ProgressReport;
use child::Training;

/// How often the end of a training is looked for.
const TICK: Duration = Duration::from_millis(50);

/// A training that is to be done.
#[derive(Clone)]
pub struct Job {
    pub id: u64,
    /// What its run is, or will be, called.
    pub name: String,
    /// What is said of the run before it has a folder.
    pub answer: RunAnswer,
    /// Behind `atelier train`.
    arguments: Vec<String>,
}

/// A training that waits.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Waiting {
    /// Its number, which no other has.
    pub id: u64,
    /// Of its run.
    pub name: String,
}

/// The queue of trainings.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QueueAnswer {
    /// The run that trains; null where none does.
    #[schema(required = true)]
    pub running: Option<String>,
    /// Those that wait, in their order.
    pub waiting: Vec<Waiting>,
}

/// A training that was started here and failed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FailedRun {
    /// Its run, which may have no folder.
    pub run: String,
    /// What the training said.
    pub error: String,
}

/// Why a training can't be stopped.
pub enum NotStopped {
    /// It is not one of this queue.
    Unknown,
    /// The system refused.
    Refused(String),
}

#[derive(Default)]
struct State {
    last_id: u64,
    waiting: VecDeque<Job>,
    running: Option<(Job, Training)>,
    /// What failed trainings said, by their runs.
    errors: BTreeMap<String, String>,
    /// All failures in their order.
    failed: Vec<FailedRun>,
    /// Whether the server is stopping.
    stopping: bool,
}

/// Trainings, one at a time.
pub struct Queue {
    root: PathBuf,
    /// Flags for what to compute on.
    machine: Vec<String>,
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    /// Starts the thread that trains what comes, in runs under `root`.
    pub fn start(root: &Path, machine: Vec<String>) -> Arc<Self> {
        let queue = Arc::new(Self {
            root: root.to_path_buf(),
            machine,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let working = Arc::clone(&queue);
        std::thread::spawn(move || while working.train_next() {});
        queue
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a training, `atelier train ARGUMENTS`; `position` trainings come before it.
    pub fn add(&self, answer: RunAnswer, mut arguments: Vec<String>) -> (Job, usize) {
        arguments.push(format!("--out={}", self.root.display()));
        arguments.extend(["--plain", "--report-progress"].map(str::to_string));
        arguments.extend_from_slice(&self.machine);
        let mut state = self.state();
        state.last_id += 1;
        state.errors.remove(&answer.name);
        let job = Job {
            id: state.last_id,
            name: answer.name.clone(),
            answer,
            arguments,
        };
        state.waiting.push_back(job.clone());
        let position = state.waiting.len() - 1 + usize::from(state.running.is_some());
        self.changed.notify_all();
        (job, position)
    }

    /// What runs and what waits.
    pub fn jobs(&self) -> (Option<Job>, Vec<Job>) {
        let state = self.state();
        let running = state.running.as_ref().map(|(job, training)| Job {
            name: training.run_name(&job.name),
            ..job.clone()
        });
        (running, state.waiting.iter().cloned().collect())
    }

    /// The same for people.
    pub fn answer(&self) -> QueueAnswer {
        let (running, waiting) = self.jobs();
        let waiting = waiting.into_iter();
        QueueAnswer {
            running: running.map(|job| job.name),
            waiting: waiting
                .map(|Job { id, name, .. }| Waiting { id, name })
                .collect(),
        }
    }

    /// Whether a run waits or trains here.
    pub fn holds(&self, name: &str) -> bool {
        let (running, waiting) = self.jobs();
        waiting.iter().chain(&running).any(|job| job.name == name)
    }

    /// Where the training that runs stands.
    pub fn progress(&self) -> Option<ProgressReport> {
        self.state().running.as_ref()?.1.progress()
    }

    /// What a training said that was started here and failed.
    pub fn error(&self, name: &str) -> Option<String> {
        self.state().errors.get(name).cloned()
    }

    /// Failures from number `from` on, and how many there are.
    pub fn failed(&self, from: usize) -> (Vec<FailedRun>, usize) {
        let state = self.state();
        let new = state.failed.get(from..).unwrap_or_default();
        (new.to_vec(), state.failed.len())
    }

    /// Stops a training so that it can be resumed, or takes it out of the queue.
    pub fn stop(&self, name: &str) -> Result<(), NotStopped> {
        let mut state = self.state();
        let waiting = state.waiting.iter().position(|job| job.name == name);
        if let Some(place) = waiting {
            state.waiting.remove(place);
            return Ok(());
        }
        match &mut state.running {
            Some((job, training)) if training.run_name(&job.name) == name => {
                training.stop().map_err(NotStopped::Refused)
            }
            _ => Err(NotStopped::Unknown),
        }
    }

    /// Empties the queue and stops the training.
    pub fn close(&self) {
        let mut state = self.state();
        state.stopping = true;
        state.waiting.clear();
        if let Some((_, training)) = &mut state.running {
            let _ends_by_itself = training.stop();
        }
        self.changed.notify_all();
    }

    /// Waits for the training's end.
    pub fn finish(&self) {
        let mut state = self.state();
        while state.running.is_some() {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a training, and does it. False when the server stops.
    fn train_next(&self) -> bool {
        let mut state = self.state();
        let job = loop {
            if state.stopping {
                return false;
            }
            if let Some(job) = state.waiting.pop_front() {
                break job;
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        };
        match Training::start(&job.arguments, &self.root) {
            Ok(training) => state.running = Some((job, training)),
            Err(cause) => {
                state.fail(&job.name, format!("can't start atelier: {cause}"));
                return true;
            }
        }
        drop(state);
        loop {
            std::thread::sleep(TICK);
            let mut state = self.state();
            let Some((job, training)) = &mut state.running else {
                return true;
            };
            let Some(error) = training.ended() else {
                continue;
            };
            let name = training.run_name(&job.name);
            if let Some(error) = error {
                state.fail(&name, error);
            }
            state.running = None;
            self.changed.notify_all();
            return true;
        }
    }
}

impl State {
    fn fail(&mut self, run: &str, error: String) {
        self.errors.insert(run.to_string(), error.clone());
        let run = run.to_string();
        self.failed.push(FailedRun { run, error });
    }
}
