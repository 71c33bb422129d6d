//! Text as pages take it; absent or undefined figures are a dash, never 'NaN'.

use std::fmt;

/// What stands where there is no figure.
pub const ABSENT: &str = "–";
/// Keeps a number and its unit on one line: a narrow no-break space.
pub const NARROW: &str = "\u{202f}";

/// Text with the characters escaped that mean something in HTML and SVG, attributes included.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Control characters are not allowed in HTML, not even escaped.
                c if c.is_control() && !matches!(c, '\n' | '\t') => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
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
        match !argument.is_empty() && argument.chars().all(plain) {
            true => argument.clone(),
            // A quote can't stand between quotes: they are closed for it.
            false => format!("'{}'", argument.replace('\'', "'\\''")),
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

/// A number and its unit; a dash stays a dash.
pub fn with_unit(number: &str, unit: &str) -> String {
    match number {
        ABSENT => ABSENT.to_string(),
        _ => format!("{number}{NARROW}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let cases = [
            ("tag", "<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;"),
            ("control", "a\u{0}b\u{1b}", "a\u{fffd}b\u{fffd}"),
            ("letters", "é 数字", "é 数字"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(Text(text).to_string(), expected, "{name}");
        }
    }

    #[test]
    fn commands_can_be_pasted() {
        let arguments = [
            ("name", "lab-cnn", "lab-cnn"),
            ("path", "../my_runs/a.toml", "../my_runs/a.toml"),
            ("setting", "training.epochs=1", "training.epochs=1"),
            ("space", "my net", "'my net'"),
            (
                "brackets",
                "model.layers[0].conv=16",
                "'model.layers[0].conv=16'",
            ),
            ("double quotes", "{name=\"sgd\"}", "'{name=\"sgd\"}'"),
            ("single quote", "l'un", "'l'\\''un'"),
            ("variable", "$HOME", "'$HOME'"),
            ("home", "~", "'~'"),
            ("nothing", "", "''"),
        ];
        for (name, argument, expected) in arguments {
            assert_eq!(shell_quoted(&[argument.to_string()]), expected, "{name}");
        }
        let all = arguments.map(|(_, argument, _)| argument.to_string());
        // The shell itself is asked, where there is one.
        let script = format!("printf '%s\\n' {}", shell_quoted(&all));
        if let Ok(output) = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
        {
            let told = String::from_utf8(output.stdout).unwrap();
            assert_eq!(told, all.map(|argument| argument + "\n").concat());
        }
    }

    #[test]
    fn templates() {
        let cases = [
            ("{a} and {b}", "1 and {a}"),
            ("no key", "no key"),
            ("{unknown} {a", "{unknown} 1"),
            ("}{a}{a}", "}11"),
        ];
        for (template, expected) in cases {
            assert_eq!(fill(template, &[("a", "1"), ("b", "{a}")]), expected);
        }
    }
}
