//! Lists the files below a folder.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io;
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
            let path = root.join(&folder);
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
