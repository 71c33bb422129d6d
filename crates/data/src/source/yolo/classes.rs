//! Lists of class names, one per line, as `classes.txt` and `obj.names`.

use std::path::{Path, PathBuf};

use super::MOST_LABELS;
use crate::error::DataError;
use crate::source::paths::{read_at_most, shown};

/// Whether a file lists class names.
pub fn is_class_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "classes.txt" | "_darknet.labels") || name.ends_with(".names")
}

/// The class names by these lists, which lie below `root`; `None` if there are none.
///
/// # Errors
/// Lists that differ or can't be read.
pub fn read(paths: &[PathBuf], root: &Path) -> Result<Option<Vec<String>>, DataError> {
    let mut known: Option<(&PathBuf, Vec<String>)> = None;
    for path in paths {
        let wrong = |what: String| DataError::File {
            path: path.clone(),
            what,
        };
        let bytes = read_at_most(path, MOST_LABELS).map_err(wrong)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong("expected class names in UTF-8".to_string()))?;
        let names = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(str::to_string)
            .collect();
        match &known {
            _ if names.is_empty() => {}
            None => known = Some((path, names)),
            Some((_, others)) if *others == names => {}
            Some((other, _)) => {
                let other = shown(other.strip_prefix(root).unwrap_or(other));
                return Err(wrong(format!(
                    "it lists other classes than {other}; keep the list that the labels were made with"
                )));
            }
        }
    }
    Ok(known.map(|(_, names)| names))
}
