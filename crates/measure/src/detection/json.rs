//! A cursor over JSON text that reads exactly what is asked for and skips the rest, without building a tree.
//!
//! Not serde_json, though no faster than its typed reader: here every error names its entry and field,
//! `NaN` and `Infinity`, which Python writes, get as far as a message that names them, and ids like
//! `3.0` are read.

use std::borrow::Cow;

/// Deeper nesting is refused: skipping a value recurses.
const DEEPEST: usize = 128;
/// Powers of ten that an f64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// What should stand at a byte of the text, and does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Problem<P> {
    pub at: usize,
    pub expected: &'static str,
    /// In which entry and field, once the reader of entries has added it.
    pub place: Option<P>,
}

type Outcome<T, P> = Result<T, Problem<P>>;

/// A place in JSON text. Every reading method skips white space first.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next value begins.
    pub fn position(&mut self) -> usize {
        self.space();
        self.at
    }

    /// Reports a problem at the next value.
    pub fn problem<T, P>(&mut self, expected: &'static str) -> Outcome<T, P> {
        self.space();
        Err(Problem {
            at: self.at,
            expected,
            place: None,
        })
    }

    /// Makes sure that nothing follows.
    pub fn end<P>(&mut self) -> Outcome<(), P> {
        self.space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.problem("the end of the file")
        }
    }

    /// Calls `item` at each value of a list, with its number.
    pub fn list<P>(
        &mut self,
        expected: &'static str,
        mut item: impl FnMut(&mut Self, usize) -> Outcome<(), P>,
    ) -> Outcome<(), P> {
        if !self.take(b'[') {
            return self.problem(expected);
        }
        if self.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            item(self, index)?;
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return self.problem("`,` or `]`");
            }
        }
        Ok(())
    }

    /// Calls `member` at each value of an object, with its key. It must read the value.
    pub fn object<P>(
        &mut self,
        expected: &'static str,
        mut member: impl FnMut(&mut Self, &str) -> Outcome<(), P>,
    ) -> Outcome<(), P> {
        if !self.take(b'{') {
            return self.problem(expected);
        }
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string("a key in quotes")?;
            if !self.take(b':') {
                return self.problem("`:`");
            }
            member(self, &key)?;
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return self.problem("`,` or `}`");
            }
        }
    }

    /// Reads a string.
    pub fn string<P>(&mut self, expected: &'static str) -> Outcome<Cow<'a, str>, P> {
        if !self.take(b'"') {
            return self.problem(expected);
        }
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0x20..) => self.at += 1,
                _ => {
                    self.at = self.at.min(self.text.len());
                    return Err(Problem {
                        at: self.at,
                        expected: "`\"`, the end of the string",
                        place: None,
                    });
                }
            }
        }
        let end = self.at;
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        // Rare: serde_json knows escapes and surrogate pairs.
        match serde_json::from_str::<String>(&self.text[start - 1..self.at]) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(_) => Err(Problem {
                at: start - 1,
                expected: "a string with valid escapes",
                place: None,
            }),
        }
    }

    /// Reads a number; also `NaN` and `Infinity`, which Python writes, so that their place can be named.
    pub fn number<P>(&mut self) -> Outcome<f64, P> {
        const EXPECTED: &str = "a number";
        self.space();
        let start = self.at;
        let negative = self.here(b'-');
        let first = self.at;
        let mut mantissa = 0u64;
        let whole = self.digits(&mut mantissa);
        if whole == 0 {
            self.at = start;
            for (literal, value) in [
                ("NaN", f64::NAN),
                ("Infinity", f64::INFINITY),
                ("-Infinity", f64::NEG_INFINITY),
            ] {
                if self.literal(literal) {
                    return Ok(value);
                }
            }
            return self.problem(EXPECTED);
        }
        let bytes = self.text.as_bytes();
        let fractional = self.here(b'.');
        let decimals = if fractional {
            self.digits(&mut mantissa)
        } else {
            0
        };
        let exponent = matches!(self.byte(), Some(b'e' | b'E'));
        let mut sound = (whole == 1 || bytes[first] != b'0') && (!fractional || decimals > 0);
        if exponent {
            self.at += 1;
            let _sign = self.here(b'+') || self.here(b'-');
            sound &= self.digits(&mut 0) > 0;
        }
        if !sound {
            self.at = start;
            return self.problem(EXPECTED);
        }
        // Exact by Clinger's argument: both sides of the division are exact, so it rounds once.
        if !exponent && whole + decimals <= 19 && mantissa < 1 << 53 && decimals < POWERS.len() {
            let value = mantissa as f64 / POWERS[decimals];
            return Ok(if negative { -value } else { value });
        }
        match self.text[start..self.at].parse() {
            Ok(value) => Ok(value),
            Err(_) => Err(Problem {
                at: start,
                expected: EXPECTED,
                place: None,
            }),
        }
    }

    /// Reads a whole number; `3.0`, which some programs write, is one.
    pub fn integer<P>(&mut self) -> Outcome<i64, P> {
        const EXPECTED: &str = "a whole number";
        self.space();
        let start = self.at;
        let value: f64 = match self.number() {
            Ok(value) => value,
            Err(problem) => {
                return Err(Problem {
                    expected: EXPECTED,
                    ..problem
                });
            }
        };
        // Up to 2^53 the f64 is the number itself; beyond, the digits are read again.
        let whole = if value.abs() < (1u64 << 53) as f64 && value.fract() == 0.0 {
            Some(value as i64)
        } else {
            self.text[start..self.at].parse().ok()
        };
        whole.ok_or(Problem {
            at: start,
            expected: EXPECTED,
            place: None,
        })
    }

    /// Skips a value of any kind.
    pub fn skip<P>(&mut self) -> Outcome<(), P> {
        self.skip_nested(0)
    }

    fn skip_nested<P>(&mut self, depth: usize) -> Outcome<(), P> {
        if depth > DEEPEST {
            return self.problem("at most 128 levels of nesting");
        }
        self.space();
        match self.byte() {
            Some(b'{') => self.object("an object", |cursor, _| cursor.skip_nested(depth + 1)),
            Some(b'[') => self.list("a list", |cursor, _| cursor.skip_nested(depth + 1)),
            Some(b'"') => self.string("a string").map(|_| ()),
            _ if self.literal("true") || self.literal("false") || self.literal("null") => Ok(()),
            _ => match self.number::<P>() {
                Ok(_) => Ok(()),
                Err(problem) => Err(Problem {
                    expected: "a value",
                    ..problem
                }),
            },
        }
    }

    /// Skips this word if it stands here.
    pub fn literal(&mut self, word: &str) -> bool {
        self.space();
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        self.here(byte)
    }

    fn here(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Appends digits to the mantissa, which wraps beyond 19 of them; returns how many there were.
    fn digits(&mut self, mantissa: &mut u64) -> usize {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            *mantissa = mantissa
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Outcome<f64, ()> {
        let mut cursor = Cursor::new(text);
        let value = cursor.number()?;
        cursor.end()?;
        Ok(value)
    }

    fn skips(text: &str) -> bool {
        let mut cursor = Cursor::new(text);
        cursor.skip::<()>().and_then(|()| cursor.end()).is_ok()
    }

    #[test]
    fn numbers() {
        for text in [
            "0",
            "-0",
            "1",
            "-12.5",
            "0.1",
            "1e3",
            "1E-7",
            "2.5e+10",
            "9007199254740993",
            "0.30000000000000004",
            "123456789012345678901234567890",
            "1e400",
            "-1e400",
            "5e-324",
            "0.00000000000000000000000001",
            " 7 ",
        ] {
            let expected: f64 = text.trim().parse().unwrap();
            assert_eq!(
                number(text).unwrap().to_bits(),
                expected.to_bits(),
                "{text}"
            );
        }
        assert!(number("NaN").unwrap().is_nan());
        assert_eq!(number("-Infinity"), Ok(f64::NEG_INFINITY));
        for text in [
            "", "-", "+1", ".5", "1.", "01", "1e", "1e+", "--1", "0x1", "1 2", "nan", "\"1\"",
            "1.e3",
        ] {
            assert!(number(text).is_err(), "{text:?} is no JSON number");
        }
    }

    #[test]
    fn whole_numbers() {
        let integer = |text| Cursor::new(text).integer::<()>();
        for (text, expected) in [
            ("0", 0),
            ("-3", -3),
            ("4.0", 4),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(integer(text), Ok(expected), "{text}");
        }
        for text in [
            "1.5",
            "9223372036854775808",
            "1e30",
            "NaN",
            "true",
            "\"1\"",
            "null",
        ] {
            assert!(integer(text).is_err(), "{text} is no whole number");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
        assert!(skips(&("[".repeat(100) + &"]".repeat(100))));
        assert!(!skips(&"[".repeat(1_000_000)));
        assert!(!skips(&"{\"a\":".repeat(1_000_000)));
    }

    proptest! {
        /// What serde_json takes for JSON, and only that, is skipped.
        #[test]
        fn skip_agrees_with_serde_json(text in r#"[\[\]{}",:\\ a0-2.eu+-]{0,12}"#) {
            // serde_json refuses numbers that overflow, Python and we read them as infinite.
            let sound = serde_json::from_str::<serde_json::Value>(&text);
            let sound = match sound { Ok(_) => true, Err(e) => e.to_string().contains("number out of range") };
            prop_assert_eq!(skips(&text), sound, "{}", text);
        }

        #[test]
        fn every_f64_is_read_exactly(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL, short in -1e6..1e6) {
            prop_assert_eq!(number(&format!("{value:?}")).unwrap().to_bits(), value.to_bits());
            let short = format!("{short:.3}");
            prop_assert_eq!(number(&short).unwrap(), short.parse::<f64>().unwrap());
        }

        #[test]
        fn strings_agree_with_serde_json(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let mut cursor = Cursor::new(&written);
            let read: Outcome<_, ()> = cursor.string("a string");
            prop_assert_eq!(read.unwrap(), text);
        }
    }
}
