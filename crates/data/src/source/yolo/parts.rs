//! Which pictures make up the parts of the data set.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::config::Config;
use super::labels::{self, Rows};
use super::places::{plain, resolve};
use super::world::World;
use super::{MOST_LABELS, MOST_LIST, Origin};
use crate::error::DataError;
use crate::listing::{Fault, Listing, Problem};
use crate::source::paths::{Part, entries, is_picture, read_at_most, shown};

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Which of the worlds.
    world: usize,
    /// Relative to the world's root.
    file: PathBuf,
}

/// All pictures, by part.
#[derive(Debug)]
pub struct Members {
    root: PathBuf,
    worlds: Vec<World>,
    /// Training first.
    pub parts: Vec<(Part, Vec<Member>)>,
}

fn wrong(path: &Path, what: impl Into<String>) -> DataError {
    DataError::File {
        path: path.to_path_buf(),
        what: what.into(),
    }
}

impl Members {
    /// Follows `data.yaml`, or looks for what there is. Adds notes and problems to the listing.
    ///
    /// # Errors
    /// Folders and lists that can't be read, and a training part that is not there.
    pub fn find(
        origin: &Origin,
        config: Option<&Config>,
        listing: &mut Listing,
    ) -> Result<Self, DataError> {
        let mut members = Self {
            root: origin.root.clone(),
            worlds: Vec::new(),
            parts: Vec::new(),
        };
        match (config, &origin.yaml) {
            (Some(config), Some(yaml)) if !config.parts.is_empty() => {
                members.follow(config, yaml, listing)?
            }
            _ => members.look(listing)?,
        }
        for (part, found) in &mut members.parts {
            let mut seen = HashSet::new();
            let before = found.len();
            found.retain(|member| seen.insert(member.clone()));
            if found.len() < before {
                let twice = before - found.len();
                listing.notes.push(format!(
                    "{twice} pictures are listed twice in the {} part; each counts once.",
                    word(*part)
                ));
            }
        }
        let of = |part: Part| {
            members
                .parts
                .iter()
                .filter(move |(other, _)| *other == part)
                .flat_map(|(_, found)| found)
        };
        let train: HashSet<&Member> = of(Part::Train).collect();
        for part in [Part::Validation, Part::Test] {
            let shared = of(part).filter(|member| train.contains(member)).count();
            if shared > 0 {
                let what = format!(
                    "{shared} pictures of the {} part are training pictures, too.",
                    word(part)
                );
                listing.notes.push(what);
            }
        }
        if train.is_empty() {
            return Err(wrong(&origin.root, "there are no pictures for training"));
        }
        Ok(members)
    }

    /// The parts that `data.yaml` names.
    fn follow(
        &mut self,
        config: &Config,
        yaml: &Path,
        listing: &mut Listing,
    ) -> Result<(), DataError> {
        let mut bases = vec![self.root.clone()];
        if let Some(path) = &config.path {
            let path = plain(&self.root.join(path.replace('\\', "/")));
            if path.is_dir() {
                if !path.starts_with(plain(&self.root)) {
                    listing.notes.push(format!(
                        "The pictures are read from {}, as `path` says.",
                        path.display()
                    ));
                }
                bases.insert(0, path);
            } else {
                listing.notes.push(format!(
                    "`path` names {}, which does not exist; the parts are looked for beside {}.",
                    path.display(),
                    shown(Path::new(yaml.file_name().unwrap_or_default()))
                ));
            }
        }
        for (part, places) in &config.parts {
            let mut found = Vec::new();
            for place in places {
                let Some(path) = resolve(&bases, place) else {
                    let what = format!(
                        "the {} part is `{place}`, which does not exist",
                        word(*part)
                    );
                    if *part == Part::Train {
                        return Err(wrong(yaml, what));
                    }
                    listing
                        .notes
                        .push(format!("In data.yaml {what}; it is left out."));
                    continue;
                };
                let base = bases.iter().find(|base| path.starts_with(base));
                if path.is_dir() {
                    found.extend(self.in_folder(&path, base)?);
                } else {
                    let base = base
                        .map_or(path.parent(), |base| Some(base))
                        .unwrap_or(&path);
                    found.extend(self.in_list(base, &path, &mut listing.problems)?);
                }
            }
            if found.is_empty() {
                listing
                    .notes
                    .push(format!("The {} part holds no pictures.", word(*part)));
            } else {
                self.parts.push((*part, found));
            }
        }
        Ok(())
    }

    /// The parts without `data.yaml`: lists such as `train.txt`, or else folders by their names.
    fn look(&mut self, listing: &mut Listing) -> Result<(), DataError> {
        let root = self.root.clone();
        let files = entries(&root).1;
        let lists = files
            .iter()
            .filter_map(|name| Some((Part::of(name.strip_suffix(".txt")?)?, root.join(name))));
        let lists: Vec<(Part, PathBuf)> = lists.filter(|(_, path)| lists_pictures(path)).collect();
        if lists.iter().any(|(part, _)| *part == Part::Train) {
            for (part, path) in lists {
                let found = self.in_list(&root, &path, &mut listing.problems)?;
                self.parts.push((part, found));
            }
            self.parts.sort_by_key(|(part, _)| *part);
            return Ok(());
        }
        let index = self.world(&root)?;
        let world = &self.worlds[index];
        let pictures: Vec<&PathBuf> = world.pictures(Path::new("")).collect();
        let labelled: HashSet<&Path> = pictures
            .iter()
            .filter(|file| world.label(file).is_some())
            .filter_map(|file| file.parent())
            .collect();
        let (mut parts, mut unsorted, mut others) = (Vec::new(), Vec::new(), 0);
        for part in [Part::Train, Part::Validation, Part::Test] {
            parts.push((part, Vec::new()));
        }
        for file in pictures {
            let folders: Vec<String> = file
                .parent()
                .into_iter()
                .flat_map(Path::components)
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let in_images = folders.iter().any(|name| name.to_lowercase() == "images");
            if !in_images
                && !file
                    .parent()
                    .is_some_and(|folder| labelled.contains(folder))
            {
                others += 1;
                continue;
            }
            let member = Member {
                world: index,
                file: file.clone(),
            };
            let part = folders.iter().find_map(|name| Part::of(name));
            match parts.iter_mut().find(|(other, _)| Some(*other) == part) {
                Some((_, found)) => found.push(member),
                None => unsorted.push(member),
            }
        }
        parts.retain(|(_, found)| !found.is_empty());
        if parts.iter().any(|(part, _)| *part == Part::Train) {
            others += unsorted.len();
        } else {
            parts.insert(0, (Part::Train, unsorted));
        }
        if others > 0 {
            listing.notes.push(format!("{others} pictures are left out: they lie in no folder of labelled pictures of a part."));
        }
        self.parts = parts;
        Ok(())
    }

    /// The pictures below a folder, which lies in `base`, if that is given.
    fn in_folder(
        &mut self,
        folder: &Path,
        base: Option<&PathBuf>,
    ) -> Result<Vec<Member>, DataError> {
        const MOST_UP: usize = 4;
        let is_images = |path: &&Path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().to_lowercase() == "images")
        };
        // The world must hold the labels, too, but not all that lies around the data set.
        let inside = |path: &&Path| base.is_none_or(|base| path.starts_with(base) && path != base);
        let images = folder
            .ancestors()
            .take(MOST_UP)
            .take_while(inside)
            .find(is_images);
        let root = images
            .and_then(Path::parent)
            .unwrap_or(folder)
            .to_path_buf();
        let world = self.world(&root)?;
        let below = folder.strip_prefix(&root).unwrap_or(Path::new(""));
        let files = self.worlds[world].pictures(below);
        Ok(files
            .map(|file| Member {
                world,
                file: file.clone(),
            })
            .collect())
    }

    /// The pictures that a text file lists, one per line.
    fn in_list(
        &mut self,
        base: &Path,
        list: &Path,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Member>, DataError> {
        let bytes = read_at_most(list, MOST_LIST).map_err(|what| wrong(list, what))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong(list, "expected a list of pictures in UTF-8"))?;
        let world = self.world(base)?;
        let finder = &self.worlds[world].finder;
        let folder = list
            .parent()
            .and_then(|folder| folder.strip_prefix(base).ok())
            .map(shown)
            .unwrap_or_default();
        let name = list.strip_prefix(base).map_or_else(|_| shown(list), shown);
        let mut found = Vec::new();
        for (line, asked) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if asked.trim().is_empty() {
                continue;
            }
            match finder.find(asked, &[&folder]) {
                Ok(picture) => found.push(Member {
                    world,
                    file: picture
                        .path
                        .strip_prefix(base)
                        .map_or_else(|_| picture.path.clone(), Path::to_path_buf),
                }),
                Err(lost) => problems.push(Problem {
                    fault: Fault::MissingPicture,
                    place: format!("{name}: line {} ({})", line + 1, asked.trim()),
                    what: lost.to_string(),
                }),
            }
        }
        Ok(found)
    }

    fn world(&mut self, root: &Path) -> Result<usize, DataError> {
        if let Some(known) = self
            .worlds
            .iter()
            .position(|world| world.finder.root() == root)
        {
            return Ok(known);
        }
        self.worlds.push(World::new(root)?);
        Ok(self.worlds.len() - 1)
    }

    /// Files that list class names.
    pub fn class_lists(&self) -> Vec<PathBuf> {
        self.worlds.iter().flat_map(World::class_lists).collect()
    }

    /// Where a picture is.
    pub fn path(&self, member: &Member) -> PathBuf {
        self.worlds[member.world].finder.root().join(&member.file)
    }

    /// What a picture is called.
    pub fn name(&self, member: &Member) -> String {
        self.within(&self.path(member), &member.file)
    }

    fn within(&self, path: &Path, otherwise: &Path) -> String {
        shown(path.strip_prefix(&self.root).unwrap_or(otherwise))
    }

    /// The name of a picture's label file, for messages, and what the file says.
    pub fn labels(
        &self,
        member: &Member,
        classes: usize,
        key_points: usize,
    ) -> (String, Result<Rows, String>) {
        let world = &self.worlds[member.world];
        let Some(file) = world.label(&member.file) else {
            return (String::new(), Ok(Rows::default()));
        };
        let path = world.finder.root().join(&file);
        let rows = read_at_most(&path, MOST_LABELS)
            .and_then(|bytes| labels::parse(&bytes, classes, key_points));
        (self.within(&path, &file), rows)
    }

    /// Reports label files without a picture.
    pub fn orphans(&self, problems: &mut Vec<Problem>) {
        let mut reported = HashSet::new();
        for world in &self.worlds {
            for file in world.orphans() {
                let path = world.finder.root().join(file);
                let place = self.within(&path, file);
                if reported.insert(path) {
                    problems.push(Problem {
                        fault: Fault::MissingPicture,
                        place,
                        what: "there is no picture for this label file".to_string(),
                    });
                }
            }
        }
    }
}

/// A part in words.
fn word(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Validation => "validation",
        Part::Test => "test",
    }
}

/// Whether a text file lists pictures.
fn lists_pictures(path: &Path) -> bool {
    let bytes = read_at_most(path, MOST_LIST).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| is_picture(line.trim()))
}
