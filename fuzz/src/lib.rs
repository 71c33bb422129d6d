//! What the targets share: a bound on memory, and folders of files for readers that take a path.

mod memory;
pub mod pages;

pub use memory::bounded;

use std::path::{Path, PathBuf};

/// What stands between the files of an input. Lengths instead would be wrong after most mutations.
pub const BETWEEN: &[u8] = b"\n~~~\n";

/// The files that an input stands for; what is missing is empty.
pub fn files<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut rest = input;
    std::array::from_fn(|index| {
        let end = rest
            .windows(BETWEEN.len())
            .position(|window| window == BETWEEN)
            .filter(|_| index + 1 < N);
        let file = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[], |end| &rest[end + BETWEEN.len()..]);
        file
    })
}

/// A folder of this process that keeps its files from one input to the next.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder for a target. Readers run on this thread from now on: a pool's threads only wait for each other
    /// where files are this small.
    pub fn new(target: &str) -> Self {
        let here = rayon::ThreadPoolBuilder::new().num_threads(1);
        let _ = here.use_current_thread().build_global();
        let name = format!("atelier-fuzz-{target}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the folder of temporary files is writable");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the folders around it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        if std::fs::write(&path, bytes).is_err() {
            std::fs::create_dir_all(path.parent().unwrap_or(&self.0)).expect("a folder");
            std::fs::write(&path, bytes).expect("a file");
        }
        path
    }
}

/// The settings of a recipe that says nothing else.
pub fn settings(transposed: bool) -> recipe::Data {
    recipe::Data {
        transposed,
        ..recipe::Data::default()
    }
}
