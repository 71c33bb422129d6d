//! The macro that defines a section of a recipe, and the rules that its values keep.
//!
//! Each field stands with its meaning, its default and its rule in one place.

use super::problem::{Problem, Segment};
use std::fmt::{Debug, Display};
use std::ops::{Bound, RangeBounds, RangeInclusive};

/// Values of the right type that may still make no sense.
pub(super) trait Check {
    /// The first value that breaks its rule, by its path from here.
    fn check(&self) -> Result<(), Problem>;
}

/// Defines a section: `field: type = default, rule;`. The rule may be left out; a condition on several
/// fields follows the struct as `also function;`.
///
/// Keys are the fields' names with `-` for `_`. A missing key takes its default, an unknown one is an error.
macro_rules! options {
    (
        $(#[$about:meta])*
        pub struct $section:ident {
            $($(#[$meaning:meta])* $field:ident: $kind:ty = $default:expr $(, $rule:expr)?;)*
        }
        $(also $also:expr;)?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $section {
            $(
                $(#[$meaning])*
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`.")]
                pub $field: $kind,
            )*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::options::Check for $section {
            fn check(&self) -> Result<(), $crate::problem::Problem> {
                $($(
                    let key = stringify!($field).replace('_', "-");
                    $crate::options::at(&key, ($rule)(&self.$field))?;
                )?)*
                $(($also)(self)?;)?
                Ok(())
            }
        }
    };
}
pub(super) use options;

/// What a rule says about a value.
pub(super) type Checked = Result<(), Problem>;

/// Adds the key to a problem with its value.
pub(super) fn at(key: &str, checked: Checked) -> Checked {
    checked.map_err(|problem| problem.inside_key(key))
}

/// `must be {rule}, found {value}` unless it `holds`.
pub(super) fn need(holds: bool, rule: &str, value: impl Display) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Problem::here(format!("must be {rule}, found {value}")))
    }
}

/// A section of its own.
pub(super) fn section<T: Check>(value: &T) -> Checked {
    value.check()
}

/// A value that may be left out.
pub(super) fn given<T>(rule: impl Fn(&T) -> Checked) -> impl Fn(&Option<T>) -> Checked {
    move |value| value.as_ref().map_or(Ok(()), &rule)
}

/// Every element of a list.
pub(super) fn each<T, L: AsRef<[T]>>(rule: impl Fn(&T) -> Checked) -> impl Fn(&L) -> Checked {
    move |list| {
        for (index, value) in list.as_ref().iter().enumerate() {
            rule(value).map_err(|problem| problem.inside(Segment::Index(index)))?;
        }
        Ok(())
    }
}

/// A list that is not empty.
pub(super) fn filled<T>(what: &str, list: &[T]) -> Checked {
    need(
        !list.is_empty(),
        &format!("a list of at least one {what}"),
        "none",
    )
}

/// A number in a range. NaN is in none.
pub(super) fn within<T>(range: impl RangeBounds<T>) -> impl Fn(&T) -> Checked
where
    T: PartialOrd + Display + Debug,
{
    move |value| {
        let rule = match (range.start_bound(), range.end_bound()) {
            (Bound::Included(least), Bound::Included(most)) => format!("from {least} to {most}"),
            (Bound::Included(least), Bound::Excluded(end)) => {
                format!("at least {least} and less than {end}")
            }
            (Bound::Excluded(start), Bound::Included(most)) => {
                format!("greater than {start} and at most {most}")
            }
            (Bound::Excluded(start), Bound::Excluded(end)) => {
                format!("greater than {start} and less than {end}")
            }
            (Bound::Included(least), Bound::Unbounded) => format!("at least {least}"),
            (Bound::Unbounded, Bound::Included(most)) => format!("at most {most}"),
            (start, end) => format!("between {start:?} and {end:?}"),
        };
        need(range.contains(value), &rule, value)
    }
}

/// The same with the unit of the number.
pub(super) fn within_unit<T>(range: RangeInclusive<T>, unit: &'static str) -> impl Fn(&T) -> Checked
where
    T: PartialOrd + Display,
{
    move |value| {
        let rule = format!("from {} to {} {unit}", range.start(), range.end());
        need(range.contains(value), &rule, value)
    }
}

/// The limit on counts that something is allocated for: channels, features, boxes.
///
/// No sensible network has more, and products of two of them fit into 64 bits.
pub(super) const MOST: usize = 1 << 20;
/// No image that is read has a longer side.
pub(super) const MOST_PIXELS: usize = 1 << 12;

pub(super) fn at_least_1(value: &usize) -> Checked {
    within(1..)(value)
}

pub(super) fn count(value: &usize) -> Checked {
    within(1..=MOST)(value)
}

pub(super) fn fraction(value: &f64) -> Checked {
    within(0.0..=1.0)(value)
}

pub(super) fn below_1(value: &f64) -> Checked {
    within(0.0..1.0)(value)
}

pub(super) fn positive_fraction(value: &f64) -> Checked {
    within((Bound::Excluded(0.0), Bound::Included(1.0)))(value)
}

// Networks compute in 32 bits, in which numbers outside of these limits, or their products, become 0 or infinite.
const SMALLEST: f64 = 1e-30;
const LARGEST: f64 = 1e30;

pub(super) fn positive(value: &f64) -> Checked {
    need(
        *value > 0.0 && value.is_finite(),
        "greater than 0 and finite",
        value,
    )?;
    let holds = (SMALLEST..=LARGEST).contains(value);
    need(holds, "from 1e-30 to 1e30", format!("{value:e}"))
}

pub(super) fn not_negative(value: &f64) -> Checked {
    need(
        *value >= 0.0 && value.is_finite(),
        "at least 0 and finite",
        value,
    )?;
    let holds = *value == 0.0 || (SMALLEST..=LARGEST).contains(value);
    need(holds, "0, or from 1e-30 to 1e30", format!("{value:e}"))
}
