//! Recipes by name: those that come with the program, and those saved in a folder.

use std::path::PathBuf;

use axum::http::StatusCode;
use measure::files;

use crate::serve::failure::Failure;

/// How the names of recipes' files end.
const TOML: &str = ".toml";

/// The recipes that can be trained by name.
pub struct SavedRecipes {
    folder: PathBuf,
}

/// A recipe's text, and what `atelier train` calls it.
pub struct Source {
    pub text: String,
    pub argument: String,
}

impl SavedRecipes {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The names of those that were saved.
    pub fn names(&self) -> Vec<String> {
        let files = files::names(&self.folder).unwrap_or_default();
        let names = files.iter().filter_map(|name| name.strip_suffix(TOML));
        names.map(str::to_string).collect()
    }

    /// The recipe of a name.
    ///
    /// # Errors
    /// A name that is not listed, so that none leads out of the folder.
    pub fn source(&self, name: &str) -> Result<Source, Failure> {
        if let Some(built_in) = recipe::built_in(name) {
            return Ok(Source {
                text: built_in.text.to_string(),
                argument: name.to_string(),
            });
        }
        if !self.names().iter().any(|saved| saved == name) {
            return Err(Failure::new(
                StatusCode::NOT_FOUND,
                "unknown_recipe",
                format!("no recipe is called `{name}`"),
                "GET /v1/recipes lists them",
            ));
        }
        let path = self.folder.join(format!("{name}{TOML}"));
        let text = files::read_text(&path)
            .map_err(|error| Failure::conflict("unreadable", error.to_string(), "save it again"))?;
        Ok(Source {
            text,
            argument: path.display().to_string(),
        })
    }

    /// Saves a recipe under a name that was checked.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(format!("{name}{TOML}"));
        files::create_folder(&self.folder)
            .and_then(|()| files::write_atomically(path, text))
            .map_err(|error| {
                let hint = "make room, or start the server with another --recipes";
                Failure::not_written(error, hint)
            })
    }
}
