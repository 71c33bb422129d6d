//! Tokens, and who can read them.

use super::*;

#[test]
fn long_enough_and_without_white_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    assert!(matches!(read(&path), Err(TokenError::File { .. })));
    std::fs::write(&path, " 0123456789abcdef\r\n").expect("written");
    assert_eq!(read(&path).expect("a token"), "0123456789abcdef");
    for short in ["", "\n", "x", "0123456789abcde\n", "0 \n               "] {
        std::fs::write(&path, short).expect("written");
        assert!(
            matches!(read(&path), Err(TokenError::Short(_))),
            "{short:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn who_can_open_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "secret\n").expect("written");
    for (mode, others) in [
        (0o600, false),
        (0o700, false),
        (0o640, true),
        (0o604, true),
        (0o620, true),
    ] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, permissions).expect("its owner's");
        assert_eq!(is_open_to_others(&path), others, "{mode:o}");
    }
}

#[cfg(feature = "remote")]
#[test]
fn made_once_and_for_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    make_if_missing(&path).expect("made");
    let made = read(&path).expect("a token");
    assert_eq!(made.len(), 64);
    assert!(!is_open_to_others(&path));
    make_if_missing(&path).expect("there already");
    assert_eq!(read(&path).expect("the same"), made);
    assert!(make_if_missing(&folder.path().join("no/such")).is_err());
}
