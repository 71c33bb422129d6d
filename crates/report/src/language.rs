//! The languages of reports, and how each writes numbers, units and days.

use std::fmt;
use std::str::FromStr;

use super::format::{ABSENT, NARROW, with_unit};

/// A language of reports.
///
/// ```
/// use report::Language;
/// assert_eq!("fr".parse(), Ok(Language::French));
/// let error = "de".parse::<Language>().unwrap_err();
/// assert_eq!(error.to_string(), "there are no reports in 'de': choose 'en' or 'fr'");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, `en`.
    #[default]
    English,
    /// French, `fr`.
    French,
}

/// A language in which no report is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are no reports in '{found}': choose 'en' or 'fr'")]
pub struct UnknownLanguage {
    /// The language asked for.
    pub found: String,
}

impl Language {
    /// The language tag: `en`, `fr`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        match text {
            "en" => Ok(Self::English),
            "fr" => Ok(Self::French),
            found => Err(UnknownLanguage {
                found: found.to_string(),
            }),
        }
    }
}

const MONTHS: [&str; 2] = [
    "January February March April May June July August September October November December",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
];

impl Language {
    /// A number with `decimals` digits after the point, thousands grouped, a true minus sign:
    /// `−1,234.5`, in French `−1 234,5`.
    pub(super) fn decimal(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return ABSENT.to_string();
        }
        let digits = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let negative = value < 0.0 && digits.contains(|c: char| ('1'..='9').contains(&c));
        let sign = if negative { "−" } else { "" };
        let whole = self.grouped(whole);
        let point = match self {
            _ if fraction.is_empty() => "",
            Self::English => ".",
            Self::French => ",",
        };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// A whole number: `10,000`.
    pub fn whole(self, value: f64) -> String {
        self.decimal(value, 0)
    }

    /// A number of things: `10,000`.
    pub fn count(self, value: u64) -> String {
        self.grouped(&value.to_string())
    }

    /// A fraction as a percentage: `0.989` with two decimals is `98.90 %`.
    pub(super) fn percent(self, fraction: f64, decimals: usize) -> String {
        with_unit(&self.decimal(100.0 * fraction, decimals), "%")
    }

    /// A difference with its sign: `+0.16`, `−0.05`.
    pub(super) fn signed(self, value: f64, decimals: usize) -> String {
        let text = self.decimal(value, decimals);
        if value > 0.0 {
            format!("+{text}")
        } else {
            text
        }
    }

    /// Three significant digits and an SI prefix: `1.24 M`, `287 k`.
    pub(super) fn metric(self, value: f64) -> String {
        match value.abs() {
            v if v >= 1e4 => self.prefixed(value, ""),
            _ => self.decimal(value, 0),
        }
    }

    /// Bytes with a decimal prefix: `6.65 MB`, in French `6,65 Mo`.
    pub(super) fn bytes(self, value: f64) -> String {
        let byte = match self {
            Self::English => "B",
            Self::French => "o",
        };
        match value.abs() {
            v if v >= 1e3 => self.prefixed(value, byte),
            _ => with_unit(&self.decimal(value, 0), byte),
        }
    }

    /// Energy with a prefix: `12.3 kJ`, `4.56 mJ`.
    pub(super) fn joules(self, value: f64) -> String {
        self.prefixed(value, "J")
    }

    /// Three significant digits with a unit and its prefix.
    fn prefixed(self, value: f64, unit: &str) -> String {
        let (scaled, prefix) = match value.abs() {
            v if v >= 1e9 => (value / 1e9, "G"),
            v if v >= 1e6 => (value / 1e6, "M"),
            v if v >= 1e3 => (value / 1e3, "k"),
            v if v >= 1.0 => (value, ""),
            _ => (value * 1e3, "m"),
        };
        with_unit(&self.significant(scaled), &format!("{prefix}{unit}"))
    }

    /// Mebibytes: `402 MiB`.
    pub(super) fn mebibytes(self, value: f64) -> String {
        let unit = match self {
            Self::English => "MiB",
            Self::French => "Mio",
        };
        with_unit(&self.decimal(value, 0), unit)
    }

    /// Milliseconds: `0.39 ms`.
    pub(super) fn milliseconds(self, value: f64) -> String {
        with_unit(&self.significant(value), "ms")
    }

    /// A time span: `9.4 s`, `9 min 47 s`, `1 h 02 min`.
    pub(super) fn duration(self, seconds: f64) -> String {
        if !seconds.is_finite() || seconds < 0.0 {
            return ABSENT.to_string();
        }
        // Rounded first, or 59.96 s would become '60.0 s'.
        let whole = seconds.round() as u64;
        if seconds < 59.95 {
            let decimals = if seconds < 0.95 { 2 } else { 1 };
            return with_unit(&self.decimal(seconds, decimals), "s");
        }
        let (minutes, rest) = (whole / 60, whole % 60);
        match minutes {
            0..60 => format!("{minutes}{NARROW}min {rest:02}{NARROW}s"),
            _ => {
                let minutes = (seconds / 60.0).round() as u64;
                let (hours, minutes) = (minutes / 60, minutes % 60);
                format!("{}{NARROW}h {minutes:02}{NARROW}min", self.count(hours))
            }
        }
    }

    /// A rate or ratio: three significant digits below a thousand, whole above.
    pub(super) fn significant(self, value: f64) -> String {
        let decimals = match value.abs() {
            v if v >= 99.95 => 0,
            v if v >= 9.995 => 1,
            _ => 2,
        };
        self.decimal(value, decimals)
    }

    /// `p = 0.0312`, `p < 0.0001`; a dash where there is none.
    pub(super) fn p_value(self, p: f64) -> String {
        match p {
            p if !p.is_finite() => ABSENT.to_string(),
            p if p < 0.0001 => format!("p\u{a0}<\u{a0}{}", self.decimal(0.0001, 4)),
            p => format!(
                "p\u{a0}=\u{a0}{}",
                self.decimal(p, if p < 0.1 { 4 } else { 2 })
            ),
        }
    }

    /// The day of an RFC 3339 date: `31 January 2026`. Other text stays as it is.
    pub(super) fn day(self, date: &str) -> String {
        day(date).map_or(date.to_string(), |(year, month, day)| {
            let name = MONTHS[self as usize]
                .split(' ')
                .nth(month - 1)
                .unwrap_or_default();
            match (self, day) {
                (Self::French, 1) => format!("1er {name} {year}"),
                _ => format!("{day} {name} {year}"),
            }
        })
    }

    /// The day and time of an RFC 3339 date in UTC: `31 January 2026, 12:00:00 UTC`.
    pub(super) fn moment(self, date: &str) -> String {
        let time = date.strip_suffix('Z').and_then(|d| d.split_once('T'));
        match time {
            Some((day, time)) => format!("{}, {time} UTC", self.day(day)),
            None => date.to_string(),
        }
    }

    /// What stands between a name and what is said of it.
    pub(super) fn colon(self) -> &'static str {
        match self {
            Self::English => ": ",
            Self::French => "\u{a0}: ",
        }
    }

    fn grouped(self, digits: &str) -> String {
        let separator = match self {
            Self::English => ",",
            Self::French => NARROW,
        };
        recipe::grouped(digits, separator)
    }
}

/// Year, month (1 to 12) and day of a date that starts with `YYYY-MM-DD`.
fn day(date: &str) -> Option<(u32, usize, u32)> {
    let mut parts = date.get(..10)?.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((year, month, day))
}

#[cfg(test)]
mod tests;
