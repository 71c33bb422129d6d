//! Pictures and label files below one folder, and which belong together.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::classes::is_class_list;
use crate::error::DataError;
use crate::source::paths::{Finder, Part, fold, is_picture, shown};

/// All that lies below a folder.
#[derive(Debug)]
pub struct World {
    /// Finds pictures by name.
    pub finder: Finder,
    /// Text files by [`key`]; `None` where two have the same.
    texts: HashMap<String, Option<PathBuf>>,
}

impl World {
    /// Lists a folder.
    ///
    /// # Errors
    /// A folder that can't be listed.
    pub fn new(root: &Path) -> Result<Self, DataError> {
        let finder = Finder::new(root)?;
        let mut texts = HashMap::new();
        for file in finder.files().iter().filter(|file| is_text(file)) {
            texts
                .entry(key(file))
                .and_modify(|known| *known = None)
                .or_insert_with(|| Some(file.clone()));
        }
        Ok(Self { finder, texts })
    }

    /// The pictures below a folder of this world, which is relative to its root.
    pub fn pictures(&self, below: &Path) -> impl Iterator<Item = &PathBuf> {
        let pictures = self
            .finder
            .files()
            .iter()
            .filter(|file| is_picture(&file.to_string_lossy()));
        let below = below.to_path_buf();
        pictures.filter(move |file| file.starts_with(&below))
    }

    /// The label file of a picture; both are relative to the root.
    pub fn label(&self, picture: &Path) -> Option<PathBuf> {
        let places = label_places(picture);
        let exact = places
            .iter()
            .find(|place| self.finder.root().join(place).is_file());
        exact.cloned().or_else(|| {
            places
                .iter()
                .find_map(|place| self.texts.get(&key(place))?.clone())
        })
    }

    /// Files that list class names.
    pub fn class_lists(&self) -> impl Iterator<Item = PathBuf> {
        let lists = self.finder.files().iter().filter(|file| {
            file.file_name()
                .is_some_and(|name| is_class_list(&name.to_string_lossy()))
        });
        lists.map(|file| self.finder.root().join(file))
    }

    /// Label files that belong to no picture.
    pub fn orphans(&self) -> Vec<&PathBuf> {
        let pictures: Vec<&PathBuf> = self.pictures(Path::new("")).collect();
        let belonging: HashSet<String> = pictures
            .iter()
            .flat_map(|picture| label_places(picture))
            .map(|place| key(&place))
            .collect();
        let labelled: HashSet<&Path> = self
            .finder
            .files()
            .iter()
            .filter(|file| is_text(file) && belonging.contains(&key(file)))
            .filter_map(|file| file.parent())
            .collect();
        let files = self
            .finder
            .files()
            .iter()
            .filter(|file| is_text(file) && !belonging.contains(&key(file)));
        // Elsewhere a text file is just a text file.
        files
            .filter(|file| {
                file.parent()
                    .is_some_and(|folder| labelled.contains(folder))
                    && !is_other_text(file)
            })
            .collect()
    }
}

/// Where the label file of a picture may be.
fn label_places(picture: &Path) -> Vec<PathBuf> {
    let beside = picture.with_extension("txt");
    let mut parts: Vec<_> = beside
        .components()
        .map(|part| part.as_os_str().to_os_string())
        .collect();
    let folders = parts.len().saturating_sub(1);
    let images = parts[..folders]
        .iter()
        .rposition(|part| part.to_string_lossy().to_lowercase() == "images");
    let Some(images) = images else {
        return vec![beside];
    };
    parts[images] = "labels".into();
    vec![parts.iter().collect(), beside]
}

/// Equal for the label file that is meant and one whose name differs in case or in how accents are composed.
fn key(text: &Path) -> String {
    fold(&shown(&text.with_extension("")))
}

fn is_text(file: &Path) -> bool {
    file.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("txt"))
}

/// Whether a text file lies beside labels, but is none.
fn is_other_text(file: &Path) -> bool {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let stem = name.trim_end_matches(".txt");
    is_class_list(&name)
        || name.starts_with("readme")
        || matches!(stem, "labels" | "license" | "notes")
        || Part::of(stem).is_some()
}
