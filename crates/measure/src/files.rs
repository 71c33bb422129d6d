//! Files written whole or not at all, and errors that name the file they are about.

use std::cell::Cell;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An operation on a file that the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {cause}", path.display())]
pub struct FileError {
    /// What was attempted, as a verb: "read", "write", "add to", "remove", "create the folder".
    pub action: &'static str,
    /// The file (or folder) as it was named by the caller.
    pub path: PathBuf,
    /// What the operating system answered.
    // Not called `source`: it is part of the message already, and a chain would print it twice.
    pub cause: io::Error,
}

impl FileError {
    /// That `action` on `path` was refused.
    pub fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        Self {
            action,
            path,
            cause,
        }
    }
}

/// Called before an operation.
type Check = fn() -> io::Result<()>;

thread_local! {
    static BEFORE_OPERATION: Cell<Option<Check>> = const { Cell::new(None) };
}

/// Has `check` called before each operation of this thread on files; its errors stand for those of the file system.
///
/// For tests, which thereby fail at every point between two operations. A Cargo feature would keep this line out of the
/// program, but tests and program could then no longer share a build.
#[doc(hidden)]
pub fn check_before_operations(check: Option<Check>) {
    BEFORE_OPERATION.set(check);
}

fn before_operation() -> io::Result<()> {
    BEFORE_OPERATION.get().map_or(Ok(()), |check| check())
}

/// Writes `bytes` to `path` so that a reader, or the machine after a power cut, finds either the
/// old content or the new, never a part: a temporary file in the same folder, fsync, rename, fsync
/// of the folder. Missing folders are created.
///
/// # Errors
/// [`FileError`] with `path` when a step is refused; the old content is then still there.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("run/evaluation.json");
/// measure::files::write_atomically(&path, b"{}")?;
/// assert_eq!(std::fs::read(&path)?, b"{}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_atomically(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FileError> {
    let path = path.as_ref();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_folder(folder)?;
    replace(path, folder, bytes.as_ref()).map_err(|cause| FileError::new("write", path, cause))
}

/// Writes `bytes` where a user asked for them. A regular file is replaced as [`write_atomically`] does; links are followed;
/// devices and pipes are written to. Nothing but a regular file is ever replaced.
///
/// # Errors
/// [`FileError`] with `path` when a step is refused.
pub fn write_output(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FileError> {
    let path = path.as_ref();
    let failed = |cause| FileError::new("write", path, cause);
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(failed)?;
        return file.write_all(bytes.as_ref()).map_err(failed);
    }
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else {
            return write_atomically(target, bytes);
        };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(failed(io::Error::other("too many links")))
}

/// Longest chain of links that is followed, as on Linux.
const MOST_LINKS: usize = 40;

/// What the names of files begin and end with while they are written.
const UNFINISHED: [&str; 2] = [".atelier-", ".part"];

fn replace(path: &Path, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED[0]).suffix(UNFINISHED[1]);
    #[cfg(unix)]
    {
        // Temporary files are private by default; a run is for other tools (and users) to read.
        // The umask still applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    before_operation()?;
    let mut temporary = builder.tempfile_in(folder)?;
    if let Err(cause) = before_operation() {
        temporary.write_all(&bytes[..bytes.len() / 2])?;
        return Err(cause);
    }
    temporary.write_all(bytes)?;
    before_operation()?;
    temporary.as_file().sync_all()?;
    before_operation()?;
    temporary.persist(path).map_err(|refused| refused.error)?;
    sync_folder(folder)
}

/// Makes changes to a folder durable: until then a power cut may undo them.
fn sync_folder(folder: &Path) -> io::Result<()> {
    before_operation()?;
    // Windows cannot open folders as files.
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Makes a folder, with those it lies in where they are missing, so that a power cut leaves it there.
///
/// # Errors
/// [`FileError`] with the folder when a step is refused.
pub fn create_folder(folder: impl AsRef<Path>) -> Result<(), FileError> {
    let folder = folder.as_ref();
    let missing = || folder.ancestors().take_while(|path| !path.is_dir());
    let holders: Vec<_> = missing().filter_map(Path::parent).collect();
    let create = || {
        if holders.is_empty() {
            return Ok(());
        }
        before_operation()?;
        fs::create_dir_all(folder)?;
        for holder in holders.iter().rev() {
            let here = holder.as_os_str().is_empty();
            sync_folder(if here { Path::new(".") } else { holder })?;
        }
        Ok(())
    };
    create().map_err(|cause| FileError::new("create the folder", folder, cause))
}

/// Removes a file.
///
/// # Errors
/// [`FileError`] with `path` when it is not there or can't be removed.
pub fn remove(path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    before_operation()
        .and_then(|()| fs::remove_file(path))
        .map_err(|cause| FileError::new("remove", path, cause))
}

/// Whether [`write_atomically`] gives this name to a file that it has not finished.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with(UNFINISHED[0]) && name.ends_with(UNFINISHED[1])
}

/// Removes what a process that was killed in the middle of [`write_atomically`] left in `folder`. Only for those who know
/// that nobody writes there now. A folder that is not there holds nothing.
///
/// # Errors
/// [`FileError`] when the folder can't be read or a file not be removed.
pub fn remove_unfinished(folder: impl AsRef<Path>) -> Result<(), FileError> {
    for name in names(&folder)? {
        if is_unfinished(&name) {
            remove(folder.as_ref().join(name))?;
        }
    }
    Ok(())
}

/// The names of what is in a folder, in their order; none where it is not there. Names that are not UTF-8 are left out.
///
/// # Errors
/// [`FileError`] when the folder can't be read.
pub fn names(folder: impl AsRef<Path>) -> Result<Vec<String>, FileError> {
    let folder = folder.as_ref();
    let list = || -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    };
    list().map_err(|cause| FileError::new("read", folder, cause))
}

/// Adds `bytes` to the end of the file at `path` and waits until they are on the disk. For files whose records carry a
/// checksum: of them, unlike of any other, a reader may see a part.
///
/// # Errors
/// [`FileError`] with `path` when it is not there or the file system refuses.
pub fn append(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FileError> {
    let path = path.as_ref();
    let write = || {
        before_operation()?;
        let mut file = fs::OpenOptions::new().append(true).open(path)?;
        file.write_all(bytes.as_ref())?;
        file.sync_data()
    };
    write().map_err(|cause| FileError::new("add to", path, cause))
}

/// Reads a whole file as UTF-8 text.
///
/// # Errors
/// [`FileError`] with `path` when it cannot be read or is not UTF-8.
pub fn read_text(path: impl AsRef<Path>) -> Result<String, FileError> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|cause| FileError::new("read", path, cause))
}

/// Reads a whole file.
///
/// # Errors
/// [`FileError`] with `path` when it cannot be read.
pub fn read_bytes(path: impl AsRef<Path>) -> Result<Vec<u8>, FileError> {
    let path = path.as_ref();
    fs::read(path).map_err(|cause| FileError::new("read", path, cause))
}

#[cfg(test)]
mod tests;
