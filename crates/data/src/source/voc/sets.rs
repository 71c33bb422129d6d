//! Which part an annotation file belongs to: by the lists in `ImageSets/Main`, or by the names of folders.

use std::collections::HashMap;

use crate::listing::{Fault, Problem};
use crate::source::paths::{Finder, Part, read_at_most, shown, stem};

/// Bytes of a list, at most.
const MOST: u64 = 1 << 30;

/// The lists of a data set.
#[derive(Debug, Default)]
pub struct Sets {
    /// The part of each name, and the list that says so; empty without lists.
    listed: HashMap<String, (Part, String)>,
}

impl Sets {
    /// Reads `ImageSets/Main/{train,val,trainval,test}.txt`. Where there is a list for training alone, `trainval` adds
    /// nothing.
    pub fn new(finder: &Finder) -> Self {
        let mut lists: Vec<(Part, bool, String)> = Vec::new();
        for file in finder.files() {
            let path = shown(file);
            let lower = path.to_lowercase();
            let Some((folder, name)) = lower.rsplit_once('/') else {
                continue;
            };
            if folder != "imagesets/main" && !folder.ends_with("/imagesets/main") {
                continue;
            }
            let Some(list) = name.strip_suffix(".txt") else {
                continue;
            };
            let part = if list == "trainval" {
                Some(Part::Train)
            } else {
                Part::of(list)
            };
            if let Some(part) = part {
                lists.push((part, list == "trainval", path));
            }
        }
        let alone = lists
            .iter()
            .any(|(part, both, _)| *part == Part::Train && !both);
        lists.retain(|(_, both, _)| !(alone && *both));
        // A name in several lists is tested on rather than trained on.
        lists.sort();
        let mut sets = Self::default();
        for (part, _, path) in lists {
            let bytes = read_at_most(&finder.root().join(&path), MOST).unwrap_or_default();
            for line in String::from_utf8_lossy(&bytes)
                .trim_start_matches('\u{feff}')
                .lines()
            {
                // Lists of a class have a second column, which says whether it is there.
                let name = line.trim();
                let name = name
                    .strip_suffix(" 1")
                    .or(name.strip_suffix(" -1"))
                    .or(name.strip_suffix(" 0"))
                    .unwrap_or(name);
                let name = stem(name.trim());
                if !name.is_empty() {
                    sets.listed.insert(name.to_string(), (part, path.clone()));
                }
            }
        }
        sets
    }

    /// The part of an annotation file; `None` for one that no list names.
    pub fn part(&self, xml: &str) -> Option<Part> {
        if self.listed.is_empty() {
            let folders = xml.rsplit_once('/').map_or("", |(folders, _)| folders);
            return Some(folders.split('/').find_map(Part::of).unwrap_or(Part::Train));
        }
        self.listed.get(own_name(xml)).map(|(part, _)| *part)
    }

    /// Reports names in lists that have no annotation file.
    pub fn missing(&self, files: &[String], problems: &mut Vec<Problem>) {
        let known: std::collections::HashSet<&str> =
            files.iter().map(|file| own_name(file)).collect();
        let mut missing: Vec<_> = self
            .listed
            .iter()
            .filter(|(name, _)| !known.contains(name.as_str()))
            .collect();
        missing.sort();
        problems.extend(missing.into_iter().map(|(name, (_, list))| Problem {
            fault: Fault::BadLabel,
            place: list.clone(),
            what: format!("there is no annotation file {name}.xml"),
        }));
    }
}

/// A file's name without folders and ending.
fn own_name(xml: &str) -> &str {
    let name = xml.rsplit_once('/').map_or(xml, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
