//! Lists the files below a folder.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Deeper folders are not listed.
const DEPTH: usize = 24;

/// All files below a folder but companions, as sorted relative paths. Links are followed; a folder that is reached by
/// several is listed once.
///
/// # Errors
/// A folder that can't be listed.
pub fn tree(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    // Canonical paths of the folders that were listed, so that loops of links end.
    let mut seen = HashSet::new();
    // Linked folders wait until all others are listed: a folder keeps its own name if it lies in the tree, too.
    let mut linked = VecDeque::from([PathBuf::new()]);
    while let Some(start) = linked.pop_front() {
        let mut waiting = vec![start];
        while let Some(folder) = waiting.pop() {
            // Joining an empty path would end the root's name with a slash in messages.
            let path = if folder.as_os_str().is_empty() {
                root.to_path_buf()
            } else {
                root.join(&folder)
            };
            let failed = |error: io::Error| DataError::File {
                path: path.clone(),
                what: format!("cannot list this folder: {error}"),
            };
            if !seen.insert(fs::canonicalize(&path).map_err(failed)?) {
                continue;
            }
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                if is_companion(&name.to_string_lossy()) {
                    continue;
                }
                let relative = folder.join(&name);
                let kind = entry.file_type().map_err(failed)?;
                let deep = relative.components().count() > DEPTH;
                if kind.is_file() {
                    files.push(relative);
                } else if kind.is_dir() && !deep {
                    waiting.push(relative);
                } else if kind.is_symlink() {
                    // Links that lead nowhere are passed over: whatever needs them is reported as missing.
                    match fs::metadata(entry.path()) {
                        Ok(target) if target.is_file() => files.push(relative),
                        Ok(target) if target.is_dir() && !deep => linked.push_back(relative),
                        _ => {}
                    }
                }
            }
        }
        // The order in which a system lists a folder must not decide which of two links is followed.
        linked.make_contiguous().sort();
    }
    files.sort();
    Ok(files)
}

/// The pictures below a folder, judged by their endings, as sorted relative paths.
///
/// # Errors
/// A folder that can't be listed.
pub fn images_in(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = tree(folder)?;
    files.retain(|file| {
        file.file_name()
            .is_some_and(|name| is_picture(&name.to_string_lossy()))
    });
    Ok(files)
}

/// The names of the folders and of the files directly in a folder, each sorted, without companions; none if it can't be listed.
pub fn entries(folder: &Path) -> (Vec<String>, Vec<String>) {
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A listing distinguishes folders from files; only links must be looked up.
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => continue,
        };
        if is_companion(&name) {
            continue;
        }
        if is_folder {
            folders.push(name);
        } else {
            files.push(name);
        }
    }
    folders.sort();
    files.sort();
    (folders, files)
}

/// A folder, then the one that is all it holds, and so on: archives often wrap a data set in a folder or two.
pub fn unwrapped(folder: &Path) -> Vec<PathBuf> {
    const MOST: usize = 6;
    let mut chain = vec![folder.to_path_buf()];
    while let Some(folder) = chain.last().filter(|_| chain.len() < MOST) {
        let (folders, files) = entries(folder);
        let [only] = folders.as_slice() else { break };
        if files.iter().any(|name| is_picture(name)) {
            break;
        }
        let inner = folder.join(only);
        chain.push(inner);
    }
    chain
}

/// The bytes of a file.
///
/// # Errors
/// A file that can't be read, or is longer than `most`.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let read = || {
        let mut bytes = Vec::new();
        fs::File::open(path)?
            .take(most + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error: io::Error| format!("cannot read this file: {error}"))?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "longer than {most} bytes, which such a file never is"
        ));
    }
    Ok(bytes)
}

/// Whether a system put a file or folder of this name beside people's own: `._photo.png`, `.DS_Store`, `Thumbs.db`.
pub fn is_companion(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__macosx",
        "$recycle.bin",
        "@eadir",
    ];
    name.starts_with('.') || NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a file is a picture, judged by its ending.
pub fn is_picture(name: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "png", "jpg", "jpeg", "jfif", "webp", "bmp", "gif", "tif", "tiff", "pnm", "ppm", "pgm",
        "pbm", "pam",
    ];
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        let ending = ending.to_ascii_lowercase();
        !stem.is_empty() && ENDINGS.contains(&ending.as_str())
    })
}

/// A relative path with slashes, for people.
pub fn shown(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
