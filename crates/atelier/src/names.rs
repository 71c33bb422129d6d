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
        let alike = |other: &&&str| *other != name && seen(other) == seen(name);
        if let Some(other) = names[..at].iter().find(alike) {
            warn!(
                "the {what} '{}' and '{}' are easily confused: their names differ only in case or in control characters",
                escaped(other),
                escaped(name)
            );
        }
    }
}

/// What is seen of a name when case does not matter.
fn seen(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !c.is_control()).collect();
    visible.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        for (name, expected) in [
            ("digit", "digit"),
            ("été 2", "été 2"),
            ("..", "unnamed"),
            ("", "unnamed"),
            (" .hidden.", "hidden"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\x1b[2Jb\n", "a_[2Jb_"),
        ] {
            assert_eq!(safe_name(name), expected, "{name:?}");
        }
        assert_eq!(safe_name(&"数".repeat(200)).len(), 99);
    }

    #[test]
    fn outputs_of_different_images_have_different_names() {
        let name = |path: &str| output_name(Path::new(path));
        assert_eq!(name("a/digit.png"), name("a/digit.png"));
        for other in ["b/digit.png", "a/digit.jpg", "digit.png"] {
            assert_ne!(name("a/digit.png"), name(other), "{other}");
        }
        assert!(name("...png").starts_with("unnamed-"));
    }

    #[test]
    fn lookalikes_differ_in_case_or_in_control_characters() {
        assert_eq!(seen("Cat"), seen("cAT\u{7}"));
        assert_ne!(seen("cat"), seen("cats"));
    }
}
