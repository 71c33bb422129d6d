//! Looks at the folder of the runs for all who listen, and tells them what has changed.
//!
//! Trainings of other processes are seen as well, because only files are looked at. Nobody looks while nobody listens.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use measure::record::{self, EpochRecord};
use nets::run::Run;
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver, Sender};
use utoipa::ToSchema;

use super::answer::{RunAnswer, RunState};
use super::folder::RunsFolder;
use super::queue::{FailedRun, Queue, QueueAnswer};
use crate::entry::Entry;
use crate::progress::ProgressReport;

/// Time from one look to the next.
const INTERVAL: Duration = Duration::from_millis(330);
/// Messages that a listener may be behind; after more it gets the whole list again.
const BEHIND: usize = 1024;
/// The files of a run that say something of it.
const FILES: [&str; 5] = [
    record::RECIPE,
    record::ENVIRONMENT,
    record::HISTORY,
    record::EVALUATION,
    record::TAGS,
];

/// What listeners are told: one event each.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Event {
    /// `runs`: all runs, at the beginning and when one has gone.
    Runs(RunList),
    /// `run`: one that is new or has changed.
    Run(Box<RunAnswer>),
    /// `epoch`: a new line of a run's history.
    Epoch(EpochEvent),
    /// `queue`: what trains and what waits.
    Queue(QueueAnswer),
    /// `progress`: where the training that was started here stands.
    Progress(ProgressReport),
    /// `failed`: a training that was started here has failed.
    Failed(FailedRun),
}

/// All runs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RunList {
    /// The newest first; those that wait for their training before them.
    pub runs: Vec<RunAnswer>,
}

/// An epoch that has ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EpochEvent {
    /// The run.
    pub run: String,
    /// What the epoch came to.
    #[schema(value_type = super::history::EpochAnswer)]
    pub record: EpochRecord,
}

impl Event {
    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Runs(_) => "runs",
            Self::Run(_) => "run",
            Self::Epoch(_) => "epoch",
            Self::Queue(_) => "queue",
            Self::Progress(_) => "progress",
            Self::Failed(_) => "failed",
        }
    }
}

/// What tells whether a run has to be read again: the times and sizes of its files.
type Fingerprint = [Option<(SystemTime, u64)>; FILES.len()];

/// A run as it was when it was read last.
struct Known {
    fingerprint: Fingerprint,
    answer: RunAnswer,
    /// Lines of its history that are known.
    lines: usize,
}

#[derive(Default)]
struct Seen {
    runs: BTreeMap<String, Known>,
    /// The list as listeners know it.
    told: Vec<RunAnswer>,
    queue: Option<QueueAnswer>,
    progress: Option<ProgressReport>,
    failures: usize,
    /// To the listeners, while there are any.
    listeners: Option<Sender<Arc<Event>>>,
    closed: bool,
}

/// Looks at the runs.
pub struct Watcher {
    folder: RunsFolder,
    queue: Arc<Queue>,
    seen: Mutex<Seen>,
}

impl Watcher {
    pub fn new(folder: RunsFolder, queue: Arc<Queue>) -> Self {
        Self {
            folder,
            queue,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All runs as they are now.
    pub fn list(&self) -> RunList {
        let runs = self.look(&mut self.seen()).0;
        RunList { runs }
    }

    /// One run as it is now.
    pub fn run(&self, name: &str) -> Option<RunAnswer> {
        let runs = self.list().runs;
        runs.into_iter().find(|run| run.name == name)
    }

    /// What a new listener has to know, and where it hears the rest. `None` when the server stops.
    pub fn listen(self: &Arc<Self>) -> Option<(Vec<Event>, Receiver<Arc<Event>>)> {
        let mut seen = self.seen();
        if seen.closed {
            return None;
        }
        if seen.listeners.is_none() {
            // What has happened while nobody listened is in the list.
            let (runs, _) = self.look(&mut seen);
            seen.told = runs;
            seen.queue = Some(self.queue.answer());
            seen.failures = self.queue.failed(0).1;
            seen.listeners = Some(broadcast::channel(BEHIND).0);
            let watching = Arc::clone(self);
            std::thread::spawn(move || {
                while watching.tell() {
                    std::thread::sleep(INTERVAL);
                }
            });
        }
        let receiver = seen.listeners.as_ref()?.subscribe();
        let runs = seen.told.clone();
        let queue = seen.queue.clone().map(Event::Queue);
        let first = std::iter::once(Event::Runs(RunList { runs }));
        Some((first.chain(queue).collect(), receiver))
    }

    /// The whole list as an event.
    pub fn again(&self) -> Event {
        let runs = self.seen().told.clone();
        Event::Runs(RunList { runs })
    }

    /// Ends all listening.
    pub fn close(&self) {
        let mut seen = self.seen();
        seen.closed = true;
        seen.listeners = None;
    }

    /// Tells the listeners what has changed; false when there are none.
    fn tell(&self) -> bool {
        let mut seen = self.seen();
        let Some(sender) = seen.listeners.clone() else {
            return false;
        };
        if sender.receiver_count() == 0 {
            seen.listeners = None;
            return false;
        }
        let (runs, epochs) = self.look(&mut seen);
        let mut events = Vec::new();
        let gone = |old: &RunAnswer| !runs.iter().any(|new| new.name == old.name);
        if seen.told.iter().any(gone) {
            events.push(Event::Runs(RunList { runs: runs.clone() }));
        } else {
            let new = runs.iter().filter(|run| !seen.told.contains(run)).cloned();
            events.extend(new.map(Box::new).map(Event::Run));
        }
        seen.told = runs;
        events.extend(epochs.into_iter().map(Event::Epoch));
        let queue = Some(self.queue.answer());
        if queue != seen.queue {
            events.extend(queue.clone().map(Event::Queue));
            seen.queue = queue;
        }
        let progress = self.queue.progress();
        if progress != seen.progress {
            events.extend(progress.clone().map(Event::Progress));
            seen.progress = progress;
        }
        let (failed, count) = self.queue.failed(seen.failures);
        events.extend(failed.into_iter().map(Event::Failed));
        seen.failures = count;
        for event in events {
            // The last may have left meanwhile.
            let _heard = sender.send(Arc::new(event));
        }
        true
    }

    /// All runs, and the epochs that have ended since the last look.
    fn look(&self, seen: &mut Seen) -> (Vec<RunAnswer>, Vec<EpochEvent>) {
        let (running, waiting) = self.queue.jobs();
        let mut epochs = Vec::new();
        let mut known = BTreeMap::new();
        let mut runs = Vec::new();
        for run in Run::list(self.folder.path()) {
            let name = run.name();
            let fingerprint = fingerprint(run.path());
            let before = seen.runs.remove(&name);
            let read = match before {
                Some(before) if before.fingerprint == fingerprint => before,
                before => read(run.clone(), fingerprint, before, &mut epochs),
            };
            let mut answer = read.answer.clone();
            let is_running = running.as_ref().is_some_and(|job| job.name == name);
            if answer.state == RunState::Stopped {
                if is_running || run.is_in_use() {
                    answer.state = RunState::Training;
                } else if waiting.iter().any(|job| job.name == name) {
                    answer.state = RunState::Queued;
                }
            }
            runs.push(answer);
            known.insert(name, read);
        }
        seen.runs = known;
        // Dates of RFC 3339 sort like text.
        runs.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.name.cmp(&b.name)));
        let training = running.map(|job| (job, RunState::Training));
        let queued = waiting.into_iter().map(|job| (job, RunState::Queued));
        for (at, (job, state)) in training.into_iter().chain(queued).enumerate() {
            if !seen.runs.contains_key(&job.name) {
                let answer = RunAnswer {
                    state,
                    ..job.answer
                };
                runs.insert(at.min(runs.len()), answer);
            }
        }
        (runs, epochs)
    }
}

fn fingerprint(path: &Path) -> Fingerprint {
    FILES.map(|name| {
        let file = std::fs::metadata(path.join(name)).ok()?;
        Some((file.modified().ok()?, file.len()))
    })
}

/// Reads a run, and adds the epochs that are new.
fn read(
    run: Run,
    fingerprint: Fingerprint,
    before: Option<Known>,
    epochs: &mut Vec<EpochEvent>,
) -> Known {
    let history = record::read_history(run.path().join(record::HISTORY)).unwrap_or_default();
    let lines = history.len();
    // A training that is resumed forgets what came after its checkpoint.
    let old = before.map_or(0, |before| before.lines).min(lines);
    let name = run.name();
    epochs.extend(history.into_iter().skip(old).map(|record| EpochEvent {
        run: name.clone(),
        record,
    }));
    Known {
        fingerprint,
        answer: RunAnswer::of(&Entry::of(run)),
        lines,
    }
}
