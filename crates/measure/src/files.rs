//! Files written whole or not at all, and errors that name the file they are about.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An operation on a file that the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {cause}", path.display())]
pub struct FileError {
    /// What was attempted, as a verb: "read", "write", "add to", "create the folder of".
    pub action: &'static str,
    /// The file (or folder) as it was named by the caller.
    pub path: PathBuf,
    /// What the operating system answered.
    // Not called `source`: it is part of the message already, and a chain would print it twice.
    pub cause: io::Error,
}

impl FileError {
    fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        Self {
            action,
            path,
            cause,
        }
    }
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
    fs::create_dir_all(folder)
        .map_err(|cause| FileError::new("create the folder of", path, cause))?;
    replace(path, folder, bytes.as_ref()).map_err(|cause| FileError::new("write", path, cause))
}

fn replace(path: &Path, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".atelier-").suffix(".part");
    #[cfg(unix)]
    {
        // Temporary files are private by default; a run is for other tools (and users) to read.
        // The umask still applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|refused| refused.error)?;
    // The rename itself is only durable once the folder is. Windows cannot open folders as files.
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Adds `bytes` to the end of the file at `path` and waits until they are on the disk. For files whose records carry a
/// checksum: of them, unlike of any other, a reader may see a part.
///
/// # Errors
/// [`FileError`] with `path` when it is not there or the file system refuses.
pub fn append(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FileError> {
    let path = path.as_ref();
    let write = || {
        let mut file = fs::OpenOptions::new().append(true).open(path)?;
        file.write_all(bytes.as_ref())?;
        file.sync_data()
    };
    write().map_err(|cause| FileError::new("add to", path, cause))
}

/// Reads a whole file as UTF-8 text.
///
/// # Errors
/// [`FileError`] with `path` when it cannot be read or is no UTF-8.
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
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_else_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file.txt");
        write_atomically(&path, "old, and longer").unwrap();
        write_atomically(&path, "new").unwrap();
        assert_eq!(read_text(&path).unwrap(), "new");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn a_refused_write_keeps_no_part_and_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        // A folder stands where the file should go: the rename is refused, even for root.
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("inside")).unwrap();
        let message = write_atomically(&path, "x").unwrap_err().to_string();
        assert!(message.starts_with("cannot write "), "{message}");
        assert!(message.contains("taken"), "{message}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // A file stands where a folder should be.
        fs::write(folder.path().join("file"), "").unwrap();
        let message = write_atomically(folder.path().join("file/x"), "x")
            .unwrap_err()
            .to_string();
        assert!(message.contains("create the folder of"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_atomically(&ours, "x").unwrap();
        fs::write(&plain, "x").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = read_text("no/such/file").unwrap_err().to_string();
        assert!(
            message.starts_with("cannot read no/such/file: "),
            "{message}"
        );
    }
}
