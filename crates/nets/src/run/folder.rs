//! The folders of runs: made, found, and held by one process at a time.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use measure::files::{self, FileError};
use measure::record;

use super::{Run, RunError};
use recipe::Recipe;

/// What may lie in a folder before its run begins.
const BEFORE: [&str; 3] = [record::LOCK, record::ENVIRONMENT, record::INITIAL];

/// A lock holds a process's number, which is not longer than this.
const MOST_DIGITS: u64 = 21;

/// How often, and after what time, a lock that is held is tried again.
const PROBES: u32 = 3;
const PROBE: Duration = Duration::from_millis(5);

/// The right to write into a run's folder. The system takes it back when the process ends, however it ends.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    _file: Arc<File>,
}

impl Lock {
    /// # Errors
    /// [`RunError::InUse`] when another process, or another [`Run`] of this one, has it; [`RunError::File`] when something
    /// that is not a lock stands in its place, which would be overwritten.
    pub(crate) fn take(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(record::LOCK);
        let refused = |cause| FileError::new("lock", &path, cause);
        let foreign = || refused(io::Error::other("it is not a lock of atelier; remove it"));
        if std::fs::symlink_metadata(&path).is_ok_and(|file| !file.is_file()) {
            return Err(foreign().into());
        }
        let mut options = File::options();
        let options = options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(&path).map_err(refused)?;
        let mut process = String::new();
        match (&file).take(MOST_DIGITS).read_to_string(&mut process) {
            Ok(_) if process.bytes().all(|byte| byte.is_ascii_digit()) => {}
            Err(cause) if cause.kind() != io::ErrorKind::InvalidData => {}
            _ => return Err(foreign().into()),
        }
        match try_lock_patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(RunError::InUse {
                    path: folder.to_path_buf(),
                    process: Some(process).filter(|process| !process.is_empty()),
                });
            }
            // Some network file systems have no locks: there the user must take care.
            Err(TryLockError::Error(cause)) if cause.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(cause)) => return Err(refused(cause).into()),
        }
        // Only for the other's message: it may fail, and need not be on the disk.
        let id = std::process::id().to_string();
        let _written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(id.as_bytes()));
        Ok(Self {
            _file: Arc::new(file),
        })
    }
}

/// Tries for a moment: [`Run::is_in_use`] of other processes holds locks for microseconds.
fn try_lock_patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..PROBES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PROBE),
            result => return result,
        }
    }
    file.try_lock()
}

impl Run {
    /// A new folder under `root`: the recipe's name, with a number where that is taken. It is this process's until the
    /// run, and every clone of it, is dropped.
    ///
    /// # Errors
    /// [`RunError::File`] when it can't be made.
    pub fn create(root: &Path, recipe_name: &str) -> Result<Self, RunError> {
        files::create_folder(root)?;
        for number in 1.. {
            let path = match number {
                1 => root.join(recipe_name),
                _ => root.join(format!("{recipe_name}-{number}")),
            };
            if !has_not_begun(&path)? {
                continue;
            }
            files::create_folder(&path)?;
            let lock = match Lock::take(&path) {
                Err(RunError::InUse { .. }) => continue,
                lock => lock?,
            };
            // Another process may have begun in it, and ended, since it was looked at.
            if !has_not_begun(&path)? {
                continue;
            }
            for name in files::names(&path)? {
                if name != record::LOCK {
                    files::remove(path.join(name))?;
                }
            }
            let lock = Some(lock);
            return Ok(Self { path, lock });
        }
        unreachable!("the numbers do not end")
    }

    /// The run of this name under `root`, or at this path.
    ///
    /// # Errors
    /// [`RunError::NotFound`] when neither holds a recipe.
    pub fn open(root: &Path, name: &str) -> Result<Self, RunError> {
        let places = [root.join(name), PathBuf::from(name)];
        let begun = places
            .iter()
            .find(|path| path.join(record::RECIPE).is_file());
        if let Some(path) = begun {
            let path = path.clone();
            return Ok(Self { path, lock: None });
        }
        let stopped = |path: &&PathBuf| path.join(record::ENVIRONMENT).is_file();
        Err(match places.iter().find(stopped) {
            Some(path) => RunError::NotBegun { path: path.clone() },
            None => RunError::NotFound {
                name: name.to_string(),
                root: root.to_path_buf(),
            },
        })
    }

    /// The run of this name under `root`, finished or not, if it trains exactly this recipe.
    pub fn find(root: &Path, name: &str, recipe: &Recipe) -> Option<Self> {
        let run = Self::open(root, name).ok()?;
        let same = run.path == root.join(name) && run.recipe().ok()? == *recipe;
        same.then_some(run)
    }

    /// All runs under `root`, by name; none where the folder does not exist.
    pub fn list(root: &Path) -> Vec<Self> {
        let names = files::names(root).unwrap_or_default().into_iter();
        names
            // Hidden folders hold what was deleted, or waits to be trained.
            .filter(|name| !name.starts_with('.'))
            .map(|name| Self {
                path: root.join(name),
                lock: None,
            })
            .filter(|run| run.path.join(record::RECIPE).is_file())
            .collect()
    }

    /// The same, with its folder held by this process until the run, and every clone of it, is dropped.
    ///
    /// # Errors
    /// [`RunError::InUse`] when another process, or another run of this one, holds it.
    pub fn lock(mut self) -> Result<Self, RunError> {
        self.lock = Some(self.held()?);
        Ok(self)
    }

    /// Whether another process, or another run of this one, holds its folder now.
    pub fn is_in_use(&self) -> bool {
        let Ok(file) = File::open(self.path.join(record::LOCK)) else {
            return false;
        };
        // Shared, so that two that look do not see each other.
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// The number of the process that holds its folder, or held it last.
    pub fn holder(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.path.join(record::LOCK));
        text.ok()?.parse().ok()
    }

    pub(super) fn held(&self) -> Result<Lock, RunError> {
        match &self.lock {
            Some(lock) => Ok(lock.clone()),
            None => Lock::take(&self.path),
        }
    }
}

/// Refuses a symbolic link where a run is about to write into a folder and remove files from it.
///
/// # Errors
/// [`FileError`] with the link.
pub(super) fn refuse_link(folder: &Path) -> Result<(), FileError> {
    if folder.is_symlink() {
        let cause = io::Error::other("it is a symbolic link; replace it by a folder");
        return Err(FileError::new("write into", folder, cause));
    }
    Ok(())
}

/// Whether a folder is missing, or holds nothing but what a process leaves when it is killed before its run begins.
fn has_not_begun(path: &Path) -> Result<bool, RunError> {
    if path.exists() && !path.is_dir() {
        return Ok(false);
    }
    let names = files::names(path)?;
    let before = |name: &String| BEFORE.contains(&name.as_str()) || files::is_unfinished(name);
    Ok(names.iter().all(before))
}

#[cfg(test)]
mod tests;
