use super::*;

#[test]
fn control_characters_are_escaped_but_lines_stay() {
    let text = "a\u{1b}[31m\n\tb\rc\u{9b}2J";
    assert_eq!(printable(text), "a\\u{1b}[31m\n\tb\\rc\\u{9b}2J");
}
