//! Numbers and text as a reader expects them: absent or undefined figures are a dash, never 'NaN'.

use std::fmt;

/// What stands where there is no figure.
pub const ABSENT: &str = "–";
/// Keeps a number and its unit on one line: a narrow no-break space.
const NARROW: &str = "\u{202f}";

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

/// A number with `decimals` digits after the point, thousands grouped, a true minus sign.
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return ABSENT.to_string();
    }
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let negative = value < 0.0 && digits.contains(|c: char| ('1'..='9').contains(&c));
    let sign = if negative { "−" } else { "" };
    format!("{sign}{}{fraction}", grouped(whole))
}

/// A number of things: `10,000`.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A fraction as a percentage: `0.989` with two decimals is `98.90 %`.
pub fn percent(fraction: f64, decimals: usize) -> String {
    with_unit(&decimal(100.0 * fraction, decimals), "%")
}

/// A difference with its sign: `+0.16`, `−0.05`.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = decimal(value, decimals);
    match value > 0.0 {
        true => format!("+{text}"),
        false => text,
    }
}

/// Three significant digits and an SI prefix: `1.24 M`, `287 k`.
pub fn metric(value: f64) -> String {
    let (scaled, prefix) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, "k"),
        _ => return decimal(value, 0),
    };
    with_unit(&significant(scaled), prefix)
}

/// Bytes with a decimal prefix: `6.65 MB`.
pub fn bytes(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v >= 1e9 => (value / 1e9, "GB"),
        v if v >= 1e6 => (value / 1e6, "MB"),
        v if v >= 1e3 => (value / 1e3, "kB"),
        _ => return with_unit(&decimal(value, 0), "B"),
    };
    with_unit(&significant(scaled), unit)
}

/// A time span: `9.4 s`, `9 min 47 s`, `1 h 02 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return ABSENT.to_string();
    }
    // Rounded first, or 59.96 s would become '60.0 s'.
    let whole = seconds.round() as u64;
    if seconds < 59.95 {
        return with_unit(&decimal(seconds, if seconds < 0.95 { 2 } else { 1 }), "s");
    }
    let (minutes, rest) = (whole / 60, whole % 60);
    match minutes {
        0..60 => format!("{minutes}{NARROW}min {rest:02}{NARROW}s"),
        _ => {
            let minutes = (seconds / 60.0).round() as u64;
            let (hours, minutes) = (minutes / 60, minutes % 60);
            format!("{}{NARROW}h {minutes:02}{NARROW}min", count(hours))
        }
    }
}

/// A rate or ratio: three significant digits below a thousand, whole above.
pub fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    decimal(value, decimals)
}

/// A number and its unit; a dash stays a dash.
pub fn with_unit(number: &str, unit: &str) -> String {
    match number {
        ABSENT => ABSENT.to_string(),
        _ => format!("{number}{NARROW}{unit}"),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases = [
            ("percent", percent(0.989, 2), "98.90 %"),
            ("rounds", percent(0.99999, 2), "100.00 %"),
            ("nan", percent(f64::NAN, 2), "–"),
            ("infinite", decimal(f64::INFINITY, 1), "–"),
            ("grouped", count(1_234_567), "1,234,567"),
            ("not grouped", count(999), "999"),
            ("minus", decimal(-1234.5, 1), "−1,234.5"),
            ("no negative zero", decimal(-0.001, 2), "0.00"),
            ("signed", signed(0.16, 2), "+0.16"),
            ("signed minus", signed(-0.16, 2), "−0.16"),
            ("tiny time", duration(0.034), "0.03 s"),
            ("seconds", duration(9.44), "9.4 s"),
            ("almost a minute", duration(59.96), "1 min 00 s"),
            ("minutes", duration(587.17), "9 min 47 s"),
            ("almost an hour", duration(3599.7), "1 h 00 min"),
            ("hours", duration(3725.0), "1 h 02 min"),
            ("nan time", duration(f64::NAN), "–"),
            ("metric", metric(1_236_000.0), "1.24 M"),
            ("metric small", metric(8_932.0), "8,932"),
            ("metric nan", metric(f64::NAN), "–"),
            ("bytes", bytes(6_650_000.0), "6.65 MB"),
            ("ratio", significant(3.8127), "3.81"),
            ("rate", significant(4120.4), "4,120"),
        ];
        for (name, found, expected) in cases {
            assert_eq!(found.replace(NARROW, " "), expected, "{name}");
        }
    }

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
