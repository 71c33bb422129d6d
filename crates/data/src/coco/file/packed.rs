//! Run lengths as pycocotools packs them into text.

/// Why a text holds no run lengths. Runs are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PackedError {
    /// Not one of the 64 characters.
    #[error(
        "expected packed run lengths, characters from '0' to 'o', found byte {byte} at place {place}"
    )]
    Character {
        /// Its value.
        byte: u8,
        /// Where it is in the text.
        place: usize,
    },
    /// The text ends where more characters should follow.
    #[error("expected the rest of packed run length {0}, found the end of the text")]
    CutOff(usize),
    /// A number that is negative or does not fit.
    #[error(
        "expected packed run length {run} from 0 to {}, found {found}",
        u32::MAX
    )]
    Range {
        /// Which run.
        run: usize,
        /// Its length; `None` if it has more digits than any number needs.
        found: Number,
    },
}

/// A number of any size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(Option<i64>);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("a larger number"),
        }
    }
}

/// Run lengths of a text: five bits a character, lowest first, the sixth for 'more follows', the highest bit of the last one
/// for the sign. Each number after the third is the difference from the one before the last.
///
/// # Errors
/// [`PackedError`] with the first run at fault.
pub fn unpack(text: &[u8]) -> Result<Vec<u32>, PackedError> {
    /// Seven characters hold any difference of two run lengths; more than ten would overflow.
    const MOST_BITS: u32 = 50;
    let mut runs: Vec<u32> = Vec::new();
    let mut number = 0i64;
    let mut bits = 0;
    for (place, &byte) in text.iter().enumerate() {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 64);
        let digit = i64::from(digit.ok_or(PackedError::Character { byte, place })?);
        let run = runs.len();
        if bits >= MOST_BITS {
            let found = Number(None);
            return Err(PackedError::Range { run, found });
        }
        number |= (digit & 31) << bits;
        bits += 5;
        if digit & 32 != 0 {
            continue;
        }
        if digit & 16 != 0 {
            number |= -1 << bits;
        }
        let before = if run > 2 { runs[run - 2] } else { 0 };
        let length = number + i64::from(before);
        let found = Number(Some(length));
        runs.push(u32::try_from(length).map_err(|_| PackedError::Range { run, found })?);
        number = 0;
        bits = 0;
    }
    if bits > 0 {
        return Err(PackedError::CutOff(runs.len()));
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other way round.
    fn packed(runs: &[u32]) -> String {
        let mut text = String::new();
        for (run, &length) in runs.iter().enumerate() {
            let before = if run > 2 { runs[run - 2] } else { 0 };
            let mut rest = i64::from(length) - i64::from(before);
            loop {
                let digit = (rest & 31) as u8;
                rest >>= 5;
                let last = rest == if digit & 16 != 0 { -1 } else { 0 };
                text.push(char::from(b'0' + digit + if last { 0 } else { 32 }));
                if last {
                    break;
                }
            }
        }
        text
    }

    #[test]
    fn known_texts() {
        // By pycocotools.mask.encode, of a mask of 6 x 8 with rows 1 to 4 of columns 2 to 4.
        assert_eq!(unpack(b"=42000a0").unwrap(), [13, 4, 2, 4, 2, 4, 19]);
        assert_eq!(unpack(b"").unwrap(), [0; 0]);
    }

    #[test]
    fn wrong_texts() {
        let cases: [(&[u8], &str); 6] = [
            (
                b"=4 2",
                "expected packed run lengths, characters from '0' to 'o', found byte 32 at place 2",
            ),
            (
                b"p",
                "expected packed run lengths, characters from '0' to 'o', found byte 112 at place 0",
            ),
            (
                b"=4P",
                "expected the rest of packed run length 2, found the end of the text",
            ),
            (
                b"=4@",
                "expected packed run length 2 from 0 to 4294967295, found -16",
            ),
            (
                b"PPPPPP4",
                "expected packed run length 0 from 0 to 4294967295, found 4294967296",
            ),
            (
                b"ooooooooooooo0",
                "expected packed run length 0 from 0 to 4294967295, found a larger number",
            ),
        ];
        for (text, expected) in cases {
            let error = unpack(text).unwrap_err().to_string();
            assert_eq!(error, expected, "{}", String::from_utf8_lossy(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_packed_comes_out(
            small in proptest::collection::vec(0..2000u32, 0..40),
            any in proptest::collection::vec(proptest::prelude::any::<u32>(), 0..9),
        ) {
            for runs in [small, any] {
                proptest::prop_assert_eq!(unpack(packed(&runs).as_bytes()).unwrap(), runs);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in proptest::collection::vec(40..120u8, 0..40)) {
            let _ = unpack(&text);
        }
    }
}
