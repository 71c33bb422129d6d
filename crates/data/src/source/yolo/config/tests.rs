use proptest::prelude::*;

use super::super::tests::mutated;
use super::*;

#[test]
fn configurations() {
    let full = parse("# made by hand\r\npath: ../x  # comment\r\ntrain:\r\n  - a\r\n  - b.txt\r\nval: c\r\ntest:\r\nkpt_shape: [2, 3]\r\nnames:\r\n  1: no\r\n  0: 'it''s'\r\n").unwrap();
    assert_eq!(full.classes, ["it's", "no"]);
    assert_eq!(full.path.as_deref(), Some("../x"));
    assert_eq!(
        full.parts,
        [
            (Part::Train, vec!["a".to_string(), "b.txt".to_string()]),
            (Part::Validation, vec!["c".to_string()])
        ]
    );
    assert_eq!(full.key_points, 6);
    assert_eq!(
        parse("names: [1, 2.0, yes, ~x]").unwrap().classes,
        ["1", "2.0", "yes", "~x"]
    );
    assert_eq!(parse("nc: 2\nnames: null").unwrap().classes, ["0", "1"]);
    for (text, expected) in [
        ("", "expected keys such as"),
        ("- a", "expected keys such as"),
        ("train: x", "`names`, the list of class names, is missing"),
        ("names: []", "names: expected 1 to 100000 names, found 0"),
        ("names: cat", "names: expected a list of names"),
        ("names: [a, [b]]", "names: class 1 has no name"),
        ("names: {0: a, 2: b}", "class 1 is missing or listed twice"),
        ("names: {0: a, 0: b}", "class 1 is missing or listed twice"),
        ("names: {a: 0}", "`a` is not the number of a class"),
        ("nc: many\nnames: [a]", "nc: expected the number of classes"),
        ("nc: 99999999999999", "nc: expected the number of classes"),
        ("nc: 2\nnames: [a]", "nc is 2, but `names` lists 1 classes"),
        ("train: {a: b}\nnames: [a]", "train: expected a folder"),
        (
            "kpt_shape: 3\nnames: [a]",
            "kpt_shape: expected two numbers",
        ),
        ("names: [a", "while parsing a flow sequence"),
        (
            "a: &x [1]\nnames: *x",
            "line 2: aliases (*name) are not supported",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn yaml_bombs_are_harmless() {
    // The scanner has a limit of its own for brackets.
    let error = yaml::parse(&"[".repeat(500_000)).unwrap_err();
    assert!(
        error.contains("recursion limit exceeded") || error.contains("16 deep"),
        "{error}"
    );
    let deep: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(
        yaml::parse(&deep)
            .unwrap_err()
            .contains("nested more than 16 deep")
    );
    let aliases = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert!(yaml::parse(aliases).unwrap_err().contains("aliases"));
    let pair = |key: &str, text: &str| (key.to_string(), Node::Text(text.to_string()));
    assert_eq!(
        yaml::parse("a: 1\nb: 'null'\n---\nc: 2"),
        Ok(Node::Map(vec![pair("a", "1"), pair("b", "null")]))
    );
}

/// Files to mutate.
const YAMLS: [&str; 4] = [
    "path: ../x\ntrain:\n  - a\n  - b\nval: c\nnames:\n  0: person\n  1: 'bi''cycle'\n",
    "names: ['a', \"b\\u00e9\", c]\nnc: 3\n",
    "%YAML 1.2\n--- !!map\na: &x |\n  text\n  more\nb: *x\n? [c]\n: {d: e}\n...\n",
    "a: >-\n  folded\n\tb: c\n<<: {x: 1}\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_yaml_panics(bytes in mutated(&YAMLS), random in prop::collection::vec(any::<u8>(), 0..60)) {
        for bytes in [bytes, random] {
            drop(parse(&String::from_utf8_lossy(&bytes)));
        }
    }
}
