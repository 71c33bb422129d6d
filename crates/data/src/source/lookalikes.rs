//! Classes whose names people take for each other.

use std::collections::HashMap;

use super::paths::fold;
use crate::listing::Class;

/// A note on classes whose names look the same; `None` if there are none.
pub fn note(classes: &[Class]) -> Option<String> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut pairs = Vec::new();
    for Class { name, .. } in classes {
        if let Some(first) = seen.insert(visible(name), name) {
            pairs.push([first, name]);
        }
    }
    let [first, second] = *pairs.first()?;
    let others = match pairs.len() {
        1 => String::new(),
        2 => " (and another pair)".to_string(),
        many => format!(" (and {} other pairs)", many - 1),
    };
    Some(format!(
        "the classes '{}' and '{}' are easily confused{others}: their names differ at most in case or in control characters",
        escaped(first),
        escaped(second)
    ))
}

/// A name without what the eye can't distinguish or easily overlooks.
fn visible(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !c.is_control()).collect();
    fold(&visible)
}

/// The name with its control characters written as escapes.
fn escaped(name: &str) -> String {
    let mut shown = String::new();
    for c in name.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_look_the_same_are_noted() {
        for (names, says) in [
            (&["cat", "dog"][..], None),
            (&["cat", "cats", "c at"], None),
            (&[], None),
            (
                &["Cat", "dog", "cat"],
                Some("'Cat' and 'cat' are easily confused:"),
            ),
            (&["cat", "cat"], Some("'cat' and 'cat' are")),
            (&["cat", "c\u{7}at"], Some("'cat' and 'c\\u{7}at' are")),
            (
                &["\u{e9}t\u{e9}", "E\u{301}TE\u{301}"],
                Some("are easily confused:"),
            ),
            (
                &["a", "A", "b", "B"],
                Some("'a' and 'A' are easily confused (and another pair):"),
            ),
            (
                &["a", "A", "b", "B", "c", "C"],
                Some("(and 2 other pairs):"),
            ),
        ] {
            let classes: Vec<Class> = names.iter().copied().map(Class::named).collect();
            match (note(&classes), says) {
                (None, None) => {}
                (Some(note), Some(says)) => assert!(note.contains(says), "{names:?}: {note}"),
                (note, _) => panic!("{names:?}: {note:?}"),
            }
        }
    }
}
