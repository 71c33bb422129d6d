//! The folder of the runs: names from requests lead to what lies in it, and nowhere else.

use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use measure::files;
use nets::run::Run;

use crate::names::safe_name;
use crate::serve::failure::Failure;

/// Where deleted runs go.
const TRASH: &str = ".trash";

/// The folder of all runs.
#[derive(Clone)]
pub struct RunsFolder {
    root: PathBuf,
}

impl RunsFolder {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Where deleted runs go.
    pub fn trash(&self) -> PathBuf {
        self.root.join(TRASH)
    }

    /// The run of a name: one that is listed, so that no name leads out of the folder.
    pub fn find(&self, name: &str) -> Result<Run, Failure> {
        let listed = Run::list(&self.root);
        let named = listed.into_iter().find(|run| run.name() == name);
        named.ok_or_else(|| Self::unknown(name))
    }

    /// No run has this name.
    pub fn unknown(name: &str) -> Failure {
        Failure::new(
            StatusCode::NOT_FOUND,
            "unknown_run",
            format!("no run is called `{name}`"),
            "GET /v1/runs lists them",
        )
    }

    /// This name, or it with a number where it is taken in the folder or by `others`.
    pub fn free_name(&self, name: &str, others: impl Fn(&str) -> bool) -> String {
        let taken = files::names(&self.root).unwrap_or_default();
        let is_taken = |name: &String| taken.contains(name) || others(name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_string()).chain(numbered);
        names
            .find(|name| !is_taken(name))
            .unwrap_or_else(|| name.to_string())
    }
}

/// A name that a new file or folder may have.
///
/// # Errors
/// One that could lead elsewhere, or that some system does not allow.
pub fn checked_name(name: &str) -> Result<&str, Failure> {
    let safe = safe_name(name);
    if safe == name {
        return Ok(name);
    }
    Err(Failure::bad_request(
        format!("`{name}` can't be the name of a file on every system"),
        format!("take another, such as `{safe}`"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("runs");
        for place in ["runs/a", "runs/.trash/b", "outside"] {
            let place = folder.path().join(place);
            std::fs::create_dir_all(&place).expect("created");
            std::fs::write(place.join("recipe.toml"), "").expect("written");
        }
        let runs = RunsFolder::new(root.clone());
        assert!(runs.find("a").is_ok());
        let absolute = root.join("a").display().to_string();
        for name in [
            "",
            ".",
            "..",
            "../outside",
            "a/../../outside",
            "/",
            "./a",
            "a/",
            ".trash",
            ".trash/b",
            "..\\outside",
            "C:\\a",
            "a\0",
            "%2e%2e",
            &absolute,
        ] {
            assert!(runs.find(name).is_err(), "{name}");
            let allowed = checked_name(name).is_ok();
            assert!(!allowed, "{name}");
        }
        for name in [
            "aux",
            "COM1.txt",
            "a:b",
            "a ",
            "a.",
            "line\nbreak",
            &"x".repeat(101),
        ] {
            assert!(checked_name(name).is_err(), "{name}");
        }
        for name in ["a", "lab-cnn-2", "Été 3", "-x"] {
            assert_eq!(checked_name(name).ok(), Some(name));
        }
        assert_eq!(runs.free_name("a", |name| name == "a-2"), "a-3");
    }
}
