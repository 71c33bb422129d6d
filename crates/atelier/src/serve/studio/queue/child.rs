//! The process of a training, and what it says.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nets::run::Run;

use crate::progress::ProgressReport;

/// Lines that are kept of what a training says.
const KEPT: usize = 100;
/// How often the end of what an ended training says is waited for.
const PATIENCE: u32 = 20;
/// How an error begins.
const ERROR: &str = "error: ";

/// What a training has said.
#[derive(Default)]
struct Said {
    lines: VecDeque<String>,
    progress: Option<ProgressReport>,
    /// Its run, once that has a folder.
    run: Option<String>,
}

/// A training in a process of its own.
pub struct Training {
    child: Child,
    said: Arc<Mutex<Said>>,
    reader: Option<JoinHandle<()>>,
    stopped: bool,
    /// How often its end was seen before the end of what it says.
    waited: u32,
}

impl Training {
    /// Starts `atelier ARGUMENTS`, which trains under `root`.
    pub fn start(arguments: &[String], root: &Path) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Ctrl-C in the server's terminal is for the server alone.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let said = Arc::new(Mutex::new(Said::default()));
        let reader = child.stderr.take().map(|stderr| {
            let (said, process, root) = (Arc::clone(&said), child.id(), root.to_path_buf());
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    listen(&said, line, process, &root);
                }
            })
        });
        Ok(Self {
            child,
            said,
            reader,
            stopped: false,
            waited: 0,
        })
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        locked(&self.said)
    }

    /// Its run; `expected` before that has a folder.
    pub fn run_name(&self, expected: &str) -> String {
        let run = self.said().run.clone();
        run.unwrap_or_else(|| expected.to_string())
    }

    /// Where it stands.
    pub fn progress(&self) -> Option<ProgressReport> {
        self.said().progress.clone()
    }

    /// Lets it end after the current step, so that it can be resumed.
    pub fn stop(&mut self) -> Result<(), String> {
        // A second signal would end it at once.
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        interrupt(&mut self.child).map_err(|cause| cause.to_string())
    }

    /// Once it has ended: its error, if it failed.
    pub fn ended(&mut self) -> Option<Option<String>> {
        let status = self.child.try_wait().ok()??;
        // The reader ends with the process, unless one that it started still holds the pipe.
        let reads = self.reader.as_ref().is_some_and(|it| !it.is_finished());
        if reads && self.waited < PATIENCE {
            self.waited += 1;
            return None;
        }
        let failed = !status.success() && !self.stopped;
        Some(failed.then(|| {
            self.error()
                .unwrap_or_else(|| format!("it ended: {status}"))
        }))
    }

    /// The last error that it has written, of one line or several.
    fn error(&self) -> Option<String> {
        let said = self.said();
        let begin = said
            .lines
            .iter()
            .rposition(|line| line.starts_with(ERROR))?;
        let lines: Vec<&str> = said.lines.range(begin..).map(String::as_str).collect();
        Some(lines.join("\n").trim_start_matches(ERROR).to_string())
    }
}

fn locked(said: &Mutex<Said>) -> MutexGuard<'_, Said> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(said: &Mutex<Said>, line: String, process: u32, root: &Path) {
    if let Some(report) = ProgressReport::from_line(&line) {
        locked(said).progress = Some(report);
        return;
    }
    // A run with the wanted name may have come first, and then this one has a number.
    let unknown = locked(said).run.is_none();
    let runs = if unknown { Run::list(root) } else { Vec::new() };
    let own = runs.iter().find(|run| run.holder() == Some(process));
    let mut said = locked(said);
    if let Some(run) = own {
        said.run = Some(run.name());
    }
    said.lines.push_back(line);
    if said.lines.len() > KEPT {
        said.lines.pop_front();
    }
}

/// What Ctrl-C does.
#[cfg(unix)]
fn interrupt(child: &mut Child) -> io::Result<()> {
    let process = rustix::process::Pid::from_child(child);
    Ok(rustix::process::kill_process(
        process,
        rustix::process::Signal::INT,
    )?)
}

/// Elsewhere nothing softer reaches a process; it can be resumed from its last checkpoint.
#[cfg(not(unix))]
fn interrupt(child: &mut Child) -> io::Result<()> {
    child.kill()
}
