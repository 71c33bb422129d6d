//! Names of files and folders that are made from names given by others.

use std::path::Path;

use report::terminal::escaped;

/// Longest name in bytes; file systems take 255, and some of our names are joined.
const LONGEST: usize = 100;

/// `name` as a file or folder may be called: one component, visible, on any system. Never empty, `.` or `..`.
pub fn safe_name(name: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_alphanumeric() || " -_.,+=@()[]".contains(c) => c,
        _ => '_',
    };
    let mut safe: String = name.chars().map(safe).collect();
    safe.truncate(safe.floor_char_boundary(LONGEST));
    match safe.trim_matches(['.', ' ']) {
        "" => "unnamed".to_string(),
        visible => visible.to_string(),
    }
}

/// What is made from the image at `path` is called after it and marked by a digest of where it lies, so that
/// `a/digit.png`, `b/digit.png` and `a/digit.jpg` never share a name, and the same image always has the same.
pub fn output_name(path: &Path) -> String {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let digest = measure::digest::blake3([place.as_os_str().as_encoded_bytes()]);
    let digits = digest.trim_start_matches("blake3:");
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    format!("{}-{}", safe_name(&stem), &digits[..8])
}

/// Warns of names that people or file systems take for each other: they differ only in case or in control
/// characters.
pub fn warn_of_lookalikes<'a>(what: &str, names: impl Iterator<Item = &'a str>) {
    let names: Vec<&str> = names.collect();
    for (at, name) in names.iter().enumerate() {
        let alike = |other: &&&str| *other != name && look_alike(other, name);
        if let Some(other) = names[..at].iter().find(alike) {
            warn!(
                "the {what} '{}' and '{}' are easily confused: their names differ only in case or in control characters",
                escaped(other),
                escaped(name)
            );
        }
    }
}

/// Whether two names differ at most in case and in control characters.
pub fn look_alike(one: &str, other: &str) -> bool {
    let visible = |name: &str| -> String { name.chars().filter(|c| !c.is_control()).collect() };
    visible(one).to_lowercase() == visible(other).to_lowercase()
}

#[cfg(test)]
mod tests;
