//! Writing files while the file system fails.

use std::io;

use measure::files::{names, read_text, write_atomically};

use super::fault;

#[test]
fn whatever_step_fails_the_old_content_stays_or_the_new_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.txt");
    for fault in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied] {
        for steps in 0..6 {
            write_atomically(&path, "old").unwrap();
            let failing = fault::after(steps, fault);
            let written = write_atomically(&path, "new");
            let met = failing.is_met();
            drop(failing);
            // Create, write, sync, rename; after the last step the folder is synced.
            let expected = if steps < 4 { "old" } else { "new" };
            assert_eq!(read_text(&path).unwrap(), expected, "{steps}");
            assert_eq!((written.is_err(), met), (steps < 5, steps < 5), "{steps}");
            assert_eq!(names(folder.path()).unwrap(), ["file.txt"], "{steps}");
            if let Err(error) = written {
                assert!(error.to_string().contains("file.txt: "), "{error}");
            }
        }
    }
}
