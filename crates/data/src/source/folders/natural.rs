//! The natural order of names, in which numbers count as numbers: 9 before 10.

use std::cmp::Ordering;

/// Compares two names.
pub fn order(a: &str, b: &str) -> Ordering {
    let mut rest = [a, b];
    while let [Some(x), Some(y)] = rest.map(|text| text.chars().next()) {
        let step = if x.is_ascii_digit() && y.is_ascii_digit() {
            let [x, y] = [number(&mut rest[0]), number(&mut rest[1])];
            x.len().cmp(&y.len()).then(x.cmp(y))
        } else {
            rest = [&rest[0][x.len_utf8()..], &rest[1][y.len_utf8()..]];
            x.cmp(&y)
        };
        if step != Ordering::Equal {
            return step;
        }
    }
    // `1` and `01` are different names.
    rest[0].len().cmp(&rest[1].len()).then(a.cmp(b))
}

/// Cuts off a number and returns its digits without leading zeros.
fn number<'a>(text: &mut &'a str) -> &'a str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}
