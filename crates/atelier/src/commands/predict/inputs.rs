//! The pictures that a command line names: files, folders, patterns, and standard input.

use std::collections::HashSet;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use data::image::{DynamicImage, decode, file};
use data::memory;

use super::pattern::{self, NotExpanded};
use super::pictures::is_written_by_us;
use crate::error::CommandError;

/// A picture to predict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    File(PathBuf),
    Stdin,
}

/// What stands for standard input on the command line.
const STDIN: &str = "-";
/// Bytes that a pixel may take in a file that is not compressed: three numbers in letters, in a PNM file.
const BYTES_PER_PIXEL: u64 = 18;
/// Bytes that a file may have beside its pixels.
const METADATA: u64 = 64 << 20;

impl Input {
    /// What results call it.
    pub fn title(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "stdin".to_string(),
        }
    }

    /// What files made from it are named after.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Stdin => Path::new("/dev/stdin"),
        }
    }

    /// The decoded picture, of at most `max_pixels`.
    pub fn read(&self, max_pixels: u64) -> Result<DynamicImage, CommandError> {
        let (path, bytes) = match self {
            Self::File(path) => (path.as_path(), file(path)?),
            Self::Stdin => (Path::new("standard input"), from_stdin(max_pixels)?),
        };
        Ok(decode(path, &bytes, max_pixels)?.image)
    }
}

/// The pictures found, each once, and why other arguments stand for none.
#[derive(Debug, Default)]
pub struct Found {
    pub inputs: Vec<Input>,
    pub failures: Vec<CommandError>,
}

/// What the arguments stand for. A name that exists is that file or folder, whatever characters are in it.
pub fn find(given: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in given {
        match one(path) {
            Ok(inputs) => found.inputs.extend(inputs),
            Err(failure) => found.failures.push(failure),
        }
    }
    let mut known = HashSet::new();
    found.inputs.retain(|input| known.insert(input.clone()));
    found
}

fn one(path: &Path) -> Result<Vec<Input>, CommandError> {
    if path.as_os_str() == STDIN {
        return Ok(vec![Input::Stdin]);
    }
    if path.is_dir() {
        let inside = pattern::pictures_in(path);
        let inside = inside.map_err(|cause| CommandError::Folder {
            path: path.to_path_buf(),
            cause,
        })?;
        let files = pictures(inside);
        return if files.is_empty() {
            Err(CommandError::EmptyFolder(path.to_path_buf()))
        } else {
            Ok(files)
        };
    }
    match pattern::expand(path) {
        None => Ok(vec![Input::File(path.to_path_buf())]),
        Some(Ok(files)) => {
            let files = pictures(files);
            if files.is_empty() {
                Err(CommandError::NoMatch(path.to_path_buf()))
            } else {
                Ok(files)
            }
        }
        Some(Err(NotExpanded::Pattern(cause))) => Err(CommandError::Pattern {
            pattern: path.to_path_buf(),
            cause,
        }),
        Some(Err(NotExpanded::Folder(path, cause))) => Err(CommandError::Folder { path, cause }),
        Some(Err(NotExpanded::Below(cause))) => Err(cause.into()),
    }
}

/// Files that earlier predictions left beside the pictures are not pictures to predict.
fn pictures(files: Vec<PathBuf>) -> Vec<Input> {
    let own = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        is_written_by_us(&name.to_string_lossy())
    };
    let files = files.into_iter().filter(|path| !own(path));
    files.map(Input::File).collect()
}

/// All of standard input, unless that is more than any picture of `max_pixels` has.
fn from_stdin(max_pixels: u64) -> Result<Vec<u8>, CommandError> {
    let stdin = std::io::stdin();
    let wrong = |what: String| CommandError::Stdin(what);
    const PIPE: &str = "pipe a picture into it, as in `atelier predict RUN - < picture.png`";
    if stdin.is_terminal() {
        return Err(wrong(format!("it is a terminal; {PIPE}")));
    }
    let most = max_pixels
        .saturating_mul(BYTES_PER_PIXEL)
        .saturating_add(METADATA);
    // A buffer that grows holds its content twice for a moment.
    let room = memory::available().map_or(most, |available| available / 2);
    let most = most.min(room);
    let mut bytes = Vec::new();
    let read = stdin
        .lock()
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes);
    read.map_err(|cause| wrong(format!("it can't be read: {cause}")))?;
    if bytes.is_empty() {
        return Err(wrong(format!("it is empty; {PIPE}")));
    }
    if bytes.len() as u64 > most {
        return Err(wrong(format!(
            "it has more than {most} bytes, which is more than a picture of {max_pixels} pixels takes or than fits into \
             memory; shrink the picture, or raise the limit with --max-pixels"
        )));
    }
    Ok(bytes)
}
