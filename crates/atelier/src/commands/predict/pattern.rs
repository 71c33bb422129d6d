//! Patterns of names that no shell has expanded: `photos/*.png`, `photos/**/*.jpg`.
//!
//! The names are matched by the crate `glob`. The files are listed here, because its own walk panics at names that are not
//! UTF-8 and follows links in circles.

use std::io;
use std::path::{Component, Path, PathBuf};

use data::DataError;
use data::source::paths::{is_companion, is_picture, shown, tree};
use glob::{MatchOptions, Pattern};

/// Why a pattern can't be expanded.
#[derive(Debug)]
pub enum NotExpanded {
    /// It is not a valid pattern.
    Pattern(glob::PatternError),
    /// This folder can't be listed.
    Folder(PathBuf, io::Error),
    /// A folder below this one can't be listed.
    Below(DataError),
}

/// As shells match: a star does not go beyond a slash.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The part of a pattern that stands for all folders below.
const DEEP: &str = "**";

/// The files that a pattern stands for, in order of their names; of those that a star ends, only pictures. `None` if it is
/// not a pattern, or if a file of that name exists.
pub fn expand(path: &Path) -> Option<Result<Vec<PathBuf>, NotExpanded>> {
    let text = path.to_str()?;
    let is_pattern = |text: &str| text.contains(['*', '?', '[']);
    if !is_pattern(text) || path.symlink_metadata().is_ok() {
        return None;
    }
    let mut folder = PathBuf::new();
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => {
                let name = name.to_str().unwrap_or_default();
                if parts.is_empty() && !is_pattern(name) {
                    folder.push(name);
                } else {
                    parts.push(name);
                }
            }
            // Nothing has this name, so that nothing is found.
            Component::ParentDir if !parts.is_empty() => parts.push(".."),
            other => folder.push(other),
        }
    }
    Some(matches(&folder, &parts).map(|mut files| {
        if text.ends_with('*') {
            files.retain(|file| named(file, is_picture));
        }
        files.sort();
        files.dedup();
        files
    }))
}

/// The files below a folder that the parts of a pattern match.
fn matches(folder: &Path, parts: &[&str]) -> Result<Vec<PathBuf>, NotExpanded> {
    let Some((&first, rest)) = parts.split_first() else {
        return Ok(Vec::new());
    };
    // Checked as a whole, and before any folder is read.
    let deep = Pattern::new(&parts.join("/")).map_err(NotExpanded::Pattern)?;
    if first == DEEP {
        let files = tree(here(folder)).map_err(NotExpanded::Below)?;
        let fitting = files
            .into_iter()
            .filter(|file| deep.matches_with(&shown(file), OPTIONS));
        return Ok(fitting.map(|file| folder.join(file)).collect());
    }
    let pattern = Pattern::new(first).map_err(NotExpanded::Pattern)?;
    let entries =
        children(folder).map_err(|cause| NotExpanded::Folder(here(folder).to_path_buf(), cause))?;
    let mut found = Vec::new();
    for entry in entries {
        if !named(&entry, |name| pattern.matches_with(name, OPTIONS)) {
            continue;
        }
        match rest {
            [] if !entry.is_dir() => found.push(entry),
            [] => {}
            rest if entry.is_dir() => found.extend(matches(&entry, rest)?),
            _ => {}
        }
    }
    Ok(found)
}

/// The pictures directly in a folder, judged by their endings, in order of their names.
pub fn pictures_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = children(folder)?;
    files.retain(|path| named(path, is_picture));
    files.sort();
    Ok(files)
}

/// What is directly in a folder, without what systems put there.
fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in here(folder).read_dir()? {
        let path = folder.join(entry?.file_name());
        if !named(&path, is_companion) {
            found.push(path);
        }
    }
    Ok(found)
}

/// A folder's name may be empty only where nothing is opened.
fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

fn named(path: &Path, rule: impl Fn(&str) -> bool) -> bool {
    rule(&path.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests;
