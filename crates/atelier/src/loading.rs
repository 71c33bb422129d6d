//! Loads a recipe's data, with progress, and says what was assumed and left out.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use data::listing::Problem;
use data::prepare::Progress;
use data::{DataError, Split};

use crate::error::CommandError;

/// Loading that takes longer reports how far it is.
const PATIENCE: Duration = Duration::from_secs(1);
/// Problems of each kind that are listed; the run has all of them.
const LISTED: usize = 3;

/// The data of a recipe, prepared for training.
pub fn load(data: &recipe::Data, seed: u64) -> Result<Split, CommandError> {
    report(|progress| data::load_with(data, seed, progress))
}

/// Data to judge a trained network on, with its classes.
pub fn load_to_judge(data: &recipe::Data, classes: &[String]) -> Result<Split, CommandError> {
    report(|progress| data::load_to_judge(data, classes, progress))
}

fn report(
    load: impl FnOnce(Progress<'_>) -> Result<Split, DataError>,
) -> Result<Split, CommandError> {
    let split = with_progress("preparing", load)?;
    for text in &split.notes {
        note!("note: {text}");
    }
    left_out(&split.problems);
    Ok(split)
}

/// Runs what reports its progress over pictures, and shows it on a terminal if it takes long.
pub fn with_progress<T>(doing: &str, run: impl FnOnce(Progress<'_>) -> T) -> T {
    let start = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let result = run(&|done, total| {
        if is_terminal && start.elapsed() > PATIENCE {
            eprint!("\r{doing} pictures: {done} of {total} ");
            let _ = std::io::stderr().flush();
        }
    });
    if is_terminal && start.elapsed() > PATIENCE {
        eprintln!();
    }
    result
}

fn left_out(problems: &[Problem]) {
    let mut kinds: Vec<_> = problems.iter().map(|problem| problem.fault).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind = || problems.iter().filter(|problem| problem.fault == kind);
        let count = of_kind().count();
        warn!("{count} left out or cut: {kind}");
        for problem in of_kind().take(LISTED) {
            note!("  {problem}");
        }
        if count > LISTED {
            note!("  ... and {} more", count - LISTED);
        }
    }
}
