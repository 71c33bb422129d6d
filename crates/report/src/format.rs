//! Text as reports take it; absent or undefined values are a dash, never 'NaN'.

use std::borrow::Cow;

/// What stands where there is no figure.
pub const ABSENT: &str = "–";
/// Keeps a number and its unit on one line: a narrow no-break space.
pub const NARROW: &str = "\u{202f}";

/// Text for an HTML page: control characters are not allowed there, not even escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(forbidden) {
        text.replace(forbidden, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// A command line that a POSIX shell takes apart into `arguments` again: what it would not take as it is stands between
/// single quotes.
///
/// ```
/// let arguments = ["atelier", "train", "my net.toml"].map(str::to_string);
/// assert_eq!(report::shell_quoted(&arguments), "atelier train 'my net.toml'");
/// ```
pub fn shell_quoted(arguments: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    let quoted = arguments.iter().map(|argument| {
        if !argument.is_empty() && argument.chars().all(plain) {
            argument.clone()
        } else {
            // A quote can't stand between quotes: they are closed for it.
            format!("'{}'", argument.replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// `template` with each `{key}` replaced by its value; values are taken as they are.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    // One pass, so that a value that looks like a key (a model called '{b}') stays as it is.
    while let Some(start) = rest.find('{') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let key = rest[..end].trim_matches(['{', '}']);
        match values.iter().find(|(name, _)| *name == key) {
            Some((_, value)) => text.push_str(value),
            None => text.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    text + rest
}

/// [`fill`] with owned values.
pub fn filled(template: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    fill(template, &values)
}

/// A number and its unit; a dash stays a dash.
pub fn with_unit(number: &str, unit: &str) -> String {
    match number {
        ABSENT => ABSENT.to_string(),
        _ => format!("{number}{NARROW}{unit}"),
    }
}

#[cfg(test)]
mod tests;
