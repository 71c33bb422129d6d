//! A token in a file: what shows a worker that one may use its devices.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file gives no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It can't be read, or made.
    #[error("{}: can't read the token: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It holds none.
    #[error("{}: there is no token in this file; remove it, and `atelier worker` makes one", .0.display())]
    Empty(PathBuf),
}

/// The token in a file, without the end of its line.
///
/// # Errors
/// [`TokenError`].
pub fn read(path: &Path) -> Result<String, TokenError> {
    let text = std::fs::read_to_string(path).map_err(|cause| TokenError::File {
        path: path.to_path_buf(),
        cause,
    })?;
    match text.trim() {
        "" => Err(TokenError::Empty(path.to_path_buf())),
        token => Ok(token.to_string()),
    }
}

/// Writes a new token into a file that others can't read, unless there is a file.
///
/// # Errors
/// [`TokenError::File`].
#[cfg(feature = "remote")]
pub fn make_if_missing(path: &Path) -> Result<(), TokenError> {
    use std::io::Write;

    use burn::tensor::remote::IrohIdentity;

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        // A key is 256 bits of the system's randomness.
        let bytes = IrohIdentity::random().to_bytes();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{digits}")?;
        file.sync_all()
    });
    match written {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(TokenError::File {
            path: path.to_path_buf(),
            cause,
        }),
        _ => Ok(()),
    }
}

/// Whether others on this machine can read a file. Known on Unix only.
pub fn others_can_read(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_end_of_its_line_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        assert!(matches!(read(&path), Err(TokenError::File { .. })));
        std::fs::write(&path, "secret\n").expect("written");
        assert_eq!(read(&path).expect("a token"), "secret");
        std::fs::write(&path, "\n").expect("written");
        assert!(matches!(read(&path), Err(TokenError::Empty(_))));
    }

    #[cfg(unix)]
    #[test]
    fn who_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "secret\n").expect("written");
        for (mode, others) in [(0o600, false), (0o640, true), (0o604, true)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).expect("its owner's");
            assert_eq!(others_can_read(&path), others, "{mode:o}");
        }
    }

    #[cfg(feature = "remote")]
    #[test]
    fn made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        make_if_missing(&path).expect("made");
        let made = read(&path).expect("a token");
        assert_eq!(made.len(), 64);
        assert!(!others_can_read(&path));
        make_if_missing(&path).expect("there already");
        assert_eq!(read(&path).expect("the same"), made);
        assert!(make_if_missing(&folder.path().join("no/such")).is_err());
    }
}
