//! Names of files and folders that are made from names given by others.

use std::collections::HashMap;
use std::path::Path;

use data::source::paths::fold;
use report::terminal::escaped;
use unicode_normalization::char::is_combining_mark;

/// Longest name in bytes; file systems take 255, and some of our names are joined.
const LONGEST: usize = 100;

/// `name` as a file or folder may be called: one component, visible, on any system. Never empty, `.` or `..`.
pub fn safe_name(name: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_alphanumeric() || " -_.,+=@()[]".contains(c) => c,
        // Accents that macOS keeps apart from their letters, and vowels of Indian scripts.
        c if is_combining_mark(c) => c,
        _ => '_',
    };
    let mut safe: String = name.chars().map(safe).collect();
    safe.truncate(safe.floor_char_boundary(LONGEST));
    match safe.trim_matches(['.', ' ']) {
        "" => "unnamed".to_string(),
        device if is_device(device) => format!("_{device}"),
        visible => visible.to_string(),
    }
}

/// Whether Windows takes a name for that of a device, whatever follows its first dot: `aux`, `COM1.png`.
fn is_device(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    let first = first.trim_end().to_lowercase();
    let numbered = |kind: &str| {
        let number = first.strip_prefix(kind).map(|rest| rest.chars());
        number.is_some_and(|mut rest| {
            let digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
            rest.next().is_some_and(digit) && rest.next().is_none()
        })
    };
    matches!(first.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// What is made from the image at `path` is called after it and marked by a digest of where it lies, so that
/// `a/digit.png`, `b/digit.png` and `a/digit.jpg` never share a name, and the same image always has the same.
pub fn output_name(path: &Path) -> String {
    OutputNames::default().name(path)
}

/// The names that [`output_name`] gives to many images. Where the short digests of two are equal, the later name is longer.
#[derive(Debug, Default)]
pub struct OutputNames {
    /// Whose name it is, as a whole digest, by the name as file systems compare it.
    taken: HashMap<String, String>,
}

/// How many hexadecimal digits of a digest a name has, and more where that is not enough.
const DIGITS: [usize; 3] = [8, 16, 32];

impl OutputNames {
    /// The name for what is made from the image at `path`.
    pub fn name(&mut self, path: &Path) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let place = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let digest = measure::digest::blake3([place.as_os_str().as_encoded_bytes()]);
        let digits = digest.trim_start_matches("blake3:");
        let stem = safe_name(&stem);
        let names = DIGITS.map(|count| format!("{stem}-{}", &digits[..count]));
        let free = |name: &&String| {
            let owner = self.taken.get(&fold(name));
            owner.is_none_or(|owner| owner == digits)
        };
        let name = names.iter().find(free).unwrap_or(&names[2]).clone();
        self.taken.insert(fold(&name), digits.to_string());
        name
    }

    /// Keeps a name from being given to any image.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(fold(name), String::new());
    }
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
