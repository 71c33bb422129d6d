//! Which folder or list `data.yaml` means, though it was often written on another machine.

use std::path::{Component, Path, PathBuf};

use crate::source::paths::Part;

/// Folders of another machine that may stand before those of the data set.
const MOST_FOLDERS: usize = 32;

/// The folder or list that `data.yaml` means by `place`. Other machines' folders and Roboflow's `../` are left out, as long
/// as what is left still names the part.
pub fn resolve(bases: &[PathBuf], place: &str) -> Option<PathBuf> {
    let place = place.replace('\\', "/");
    let names: Vec<&str> = place
        .split('/')
        .filter(|name| !matches!(*name, "" | "." | ".."))
        .collect();
    let least = names
        .iter()
        .rposition(|name| Part::of(name.trim_end_matches(".txt")).is_some());
    let least = least.unwrap_or(names.len().saturating_sub(1));
    let stated = bases.iter().map(|base| base.join(&place));
    let tails = (least.saturating_sub(MOST_FOLDERS)..=least)
        .flat_map(|start| bases.iter().map(move |base| (base, start)));
    let tails = tails.map(|(base, start)| base.join(names[start..].iter().collect::<PathBuf>()));
    // `../train/images` is meant within the folder, even if there is such a folder beside it.
    let (first, then): (Vec<PathBuf>, Vec<PathBuf>) = if place.starts_with("../") {
        (tails.collect(), stated.collect())
    } else {
        (stated.collect(), tails.collect())
    };
    let mut paths = first.into_iter().chain(then).map(|path| plain(&path));
    // The root folder holds no data set, but all that there is.
    paths.find(|path| path.parent().is_some() && (path.is_dir() || path.is_file()))
}

/// A path without `.` and `name/..`.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let last = plain.components().next_back();
        match (part, last) {
            // Above the root is the root.
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                plain.pop();
            }
            (part, _) => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_folder_is_never_meant() {
        let folder = tempfile::tempdir().unwrap();
        let own = plain(folder.path());
        for place in ["/", "//////.", "/..", "/../.", "\\"] {
            let found = resolve(std::slice::from_ref(&own), place);
            assert_eq!(found.as_deref(), Some(&*own), "{place}");
        }
    }
}
