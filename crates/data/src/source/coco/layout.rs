//! Where tools put the files of annotations, and the pictures that belong to them.
//!
//! | layout | annotations | pictures |
//! | --- | --- | --- |
//! | atelier's | `train.json`, `test.json` | `train/`, `test/` |
//! | Roboflow's | `train/_annotations.coco.json`, and in `valid/`, `test/` | beside them |
//! | COCO's and CVAT's | `annotations/instances_train2017.json` | `train2017/`, `images/train2017/` |
//! | CVAT's without parts | `annotations/instances_default.json` | `images/` |
//! | Label Studio's | `result.json` | `images/` |
//! | FiftyOne's | `labels.json` | `data/` |

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::source::paths::{Part, is_companion};

/// The files of a data set.
#[derive(Debug)]
pub struct Layout {
    /// The folder with everything in it.
    pub root: PathBuf,
    pub train: Place,
    pub validation: Option<Place>,
    pub test: Option<Place>,
}

/// A file of annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the root, with slashes.
    pub name: String,
    /// Folders where its pictures are expected, relative to the root, the likeliest first.
    pub folders: Vec<String>,
}

/// A file that may hold the annotations of a part.
#[derive(Debug)]
struct Candidate {
    name: String,
    /// `None`: of the whole data set.
    part: Option<Part>,
    /// How usual such a file is; the least is preferred.
    rank: (u8, u8),
}

/// Files that tools write into the folder of a part.
const IN_PARTS: [&str; 6] = [
    "_annotations.coco.json",
    "annotations.json",
    "instances_default.json",
    "coco.json",
    "labels.json",
    "result.json",
];

pub fn recognises(path: &Path) -> bool {
    if path.is_file() {
        return is_json(&path.to_string_lossy()) && looks_like_coco(path);
    }
    root_and_candidates(path)
        .1
        .iter()
        .any(|candidate| matches!(candidate.part, None | Some(Part::Train)))
}

pub fn find(path: &Path) -> Result<Layout, DataError> {
    let wrong = |path: &Path, what: String| DataError::File {
        path: path.to_path_buf(),
        what,
    };
    if path.is_file() {
        return single(path).ok_or_else(|| wrong(path, "this is not a regular file".to_string()));
    }
    let (root, candidates) = root_and_candidates(path);
    let choose = |part: Option<Part>| {
        let mut fitting: Vec<&Candidate> = candidates
            .iter()
            .filter(|candidate| candidate.part == part)
            .collect();
        fitting.sort_by_key(|candidate| candidate.rank);
        match fitting[..] {
            [first, second, ..] if first.rank == second.rank => Err(wrong(
                path,
                format!(
                    "both {} and {} may hold the annotations; give the path of one of them",
                    first.name, second.name
                ),
            )),
            _ => Ok(fitting
                .first()
                .map(|candidate| place(&root, &candidate.name))),
        }
    };
    let train = match choose(Some(Part::Train))? {
        None => choose(None)?,
        train => train,
    };
    let found = candidates.first().map(|candidate| candidate.name.as_str());
    let train = train.ok_or_else(|| {
        let found = found.map_or(String::new(), |name| format!(", only {name}"));
        wrong(
            path,
            format!(
                "there are no COCO annotations for training here{found}. They are expected in train.json, \
                 train/_annotations.coco.json, annotations/instances_train.json, annotations.json or result.json"
            ),
        )
    })?;
    Ok(Layout {
        train,
        validation: choose(Some(Part::Validation))?,
        test: choose(Some(Part::Test))?,
        root,
    })
}

/// One file for everything, given by its own path.
fn single(path: &Path) -> Option<Layout> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let name = path.file_name()?.to_string_lossy().into_owned();
    let beside = folder
        .file_name()
        .is_some_and(|name| is_annotations(&name.to_string_lossy()));
    let (root, name) = match folder.parent() {
        Some(above) if beside => (above, format!("{}/{name}", last(folder))),
        _ => (folder, name),
    };
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    Some(Layout {
        root: root.to_path_buf(),
        train: place(root, &name),
        validation: None,
        test: None,
    })
}

/// The files that may be meant. A folder that holds nothing but another folder stands for that one, as after unpacking.
fn root_and_candidates(path: &Path) -> (PathBuf, Vec<Candidate>) {
    let found = candidates(path);
    if !found.is_empty() {
        return (path.to_path_buf(), found);
    }
    let names: Vec<String> = names(path);
    match &names[..] {
        [only] if path.join(only).is_dir() && Part::of(only).is_none() => {
            let inner = path.join(only);
            let found = candidates(&inner);
            (inner, found)
        }
        _ => (path.to_path_buf(), found),
    }
}

fn candidates(root: &Path) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut add = |name: String, folder_part: Option<Part>, place: u8| {
        let path = root.join(&name);
        let stem = stem(&name).to_lowercase();
        let part = words(&stem).find_map(Part::of);
        let usual = Part::of(&stem).is_some() || stem.contains("coco");
        let instances = stem.starts_with("instances");
        if is_json(&name) && path.is_file() && (usual || instances || looks_like_coco(&path)) {
            found.push(Candidate {
                part: folder_part.or(part),
                rank: (
                    place,
                    if usual {
                        0
                    } else if instances {
                        1
                    } else {
                        2
                    },
                ),
                name,
            });
        }
    };
    for name in names(root) {
        let folder = || root.join(&name).is_dir();
        if is_json(&name) {
            add(name, None, 0);
        } else if is_annotations(&name) && folder() {
            for file in names(&root.join(&name)) {
                add(format!("{name}/{file}"), None, 2);
            }
        } else if let Some(part) = Part::of(&name).filter(|_| folder()) {
            for file in IN_PARTS {
                add(format!("{name}/{file}"), Some(part), 1);
            }
        }
    }
    found
}

/// A file with the folders where its pictures may be.
fn place(root: &Path, name: &str) -> Place {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let stem = stem(name);
    // `instances_train2017` goes with `train2017`; `train` goes with `Train` and `training`, too.
    let part = Part::of(folder).or_else(|| words(&stem.to_lowercase()).find_map(Part::of));
    let tail = stem.rsplit_once('_').map_or(stem, |(_, tail)| tail);
    let mut pictures = vec![stem.to_string(), tail.to_string()];
    let same_part = |name: &String| part.is_some() && Part::of(name) == part;
    pictures.extend(names(root).into_iter().filter(same_part));
    pictures.extend(names(&root.join("images")).into_iter().filter(same_part));
    let mut folders = Vec::new();
    let mut add = |path: String| {
        if !path.is_empty() && !folders.contains(&path) && root.join(&path).is_dir() {
            folders.push(path);
        }
    };
    let bases = if is_annotations(folder) {
        vec![""]
    } else {
        vec![folder, ""]
    };
    for base in bases {
        let below = |name: &str| format!("{base}/{name}").trim_start_matches('/').to_string();
        for picture in &pictures {
            add(below(picture));
            add(below(&format!("images/{picture}")));
        }
        add(below("images"));
        add(below("data"));
        add(base.to_string());
    }
    Place {
        name: name.to_string(),
        folders,
    }
}

/// The entries of a folder except hidden ones, sorted; none if it can't be listed.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !is_companion(name))
        .collect();
    names.sort();
    names
}

/// Whether a file begins as COCO's do: an object with one of the usual keys.
fn looks_like_coco(path: &Path) -> bool {
    const FIRST: u64 = 4096;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST).read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let keys = [
        "\"images\"",
        "\"annotations\"",
        "\"categories\"",
        "\"licenses\"",
        "\"info\"",
    ];
    read.is_ok() && text.starts_with('{') && keys.iter().any(|key| text.contains(key))
}

fn is_json(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

fn is_annotations(folder: &str) -> bool {
    folder.eq_ignore_ascii_case("annotations")
}

/// The runs of letters and digits in a name.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The name of a JSON file without folder and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The last component.
fn last(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
