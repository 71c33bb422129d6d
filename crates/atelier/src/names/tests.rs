use super::*;

#[test]
fn names_are_safe() {
    for (name, expected) in [
        ("digit", "digit"),
        ("été 2", "été 2"),
        ("e\u{301}te\u{301}", "e\u{301}te\u{301}"),
        ("हिन्दी", "हिन्दी"),
        ("..", "unnamed"),
        ("", "unnamed"),
        (" .hidden.", "hidden"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\x1b[2Jb\n", "a_[2Jb_"),
        ("con", "_con"),
        ("Aux.tar", "_Aux.tar"),
        ("COM1 .x", "_COM1 .x"),
        ("lpt²", "_lpt²"),
        ("com", "com"),
        ("com10", "com10"),
        ("console", "console"),
    ] {
        assert_eq!(safe_name(name), expected, "{name:?}");
    }
    assert_eq!(safe_name(&"数".repeat(200)).len(), 99);
}

#[test]
fn outputs_of_different_images_have_different_names() {
    let name = |path: &str| output_name(Path::new(path));
    assert_eq!(name("a/digit.png"), name("a/digit.png"));
    for other in ["b/digit.png", "a/digit.jpg", "digit.png"] {
        assert_ne!(name("a/digit.png"), name(other), "{other}");
    }
    assert!(name("...png").starts_with("unnamed-"));
}

#[test]
fn names_of_one_command_are_never_shared() {
    let mut names = OutputNames::default();
    let first = names.name(Path::new("a/digit.png"));
    assert_eq!(first, output_name(Path::new("a/digit.png")));
    assert_eq!(
        first,
        names.name(Path::new("a/digit.png")),
        "the same image"
    );
    // As if another image had the same digits.
    let mut names = OutputNames::default();
    names.reserve(&first.to_uppercase());
    let longer = names.name(Path::new("a/digit.png"));
    assert!(longer.starts_with(&first) && longer.len() == first.len() + 8);
}

#[test]
fn lookalikes_differ_in_case_or_in_control_characters() {
    assert!(look_alike("Cat", "cAT\u{7}"));
    assert!(!look_alike("cat", "cats"));
}
