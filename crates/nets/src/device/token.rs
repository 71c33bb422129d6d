//! A token in a file: what shows a worker that one may use its devices.

use std::io;
use std::path::{Path, PathBuf};

/// A shorter token could be guessed by trying.
pub const LEAST_CHARACTERS: usize = 16;

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
    /// It holds none, or one that is easily guessed.
    #[error(
        "{}: a token has at least {LEAST_CHARACTERS} characters; write a longer one into this file, or remove it, and \
         `atelier worker` creates one",
        .0.display()
    )]
    Short(PathBuf),
}

/// The token in a file, without white space around it.
///
/// # Errors
/// [`TokenError`].
pub fn read(path: &Path) -> Result<String, TokenError> {
    let text = std::fs::read_to_string(path).map_err(|cause| TokenError::File {
        path: path.to_path_buf(),
        cause,
    })?;
    let token = text.trim();
    if token.chars().count() < LEAST_CHARACTERS {
        return Err(TokenError::Short(path.to_path_buf()));
    }
    Ok(token.to_string())
}

/// Creates the file, with a new token that others can't read, unless it is there.
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

/// Whether others on this machine can read or replace the contents of a file. Known on Unix only.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o066 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests;
