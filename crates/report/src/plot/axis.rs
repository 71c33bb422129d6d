//! Axes: which part of the line of numbers a plot shows, and where its ticks stand.

use crate::Language;
use crate::format::with_unit;

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    Linear,
    /// Whole numbers, a tick only on them.
    Whole,
    /// Equal ratios are equal lengths.
    Log,
    /// For fractions near 1: equal ratios of what is missing to 1 are equal lengths, so that
    /// 99 % and 99.5 % are as far apart as 90 % and 95 %.
    TowardsOne,
}

/// What the tick labels say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The number.
    Plain,
    /// A fraction as a percentage.
    Percent,
}

/// What an axis measures.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    /// Its name.
    pub name: &'a str,
    /// How values are spread.
    pub scale: Scale,
    /// What ticks say.
    pub unit: Unit,
    /// How tips write a value.
    pub show: fn(Language, f64) -> String,
}

impl<'a> Measure<'a> {
    /// A number.
    pub fn plain(name: &'a str, scale: Scale, show: fn(Language, f64) -> String) -> Self {
        let unit = Unit::Plain;
        Self {
            name,
            scale,
            unit,
            show,
        }
    }

    /// A fraction as a percentage.
    pub fn share(name: &'a str, scale: Scale) -> Self {
        Self {
            unit: Unit::Percent,
            ..Self::plain(name, scale, |language, share| language.percent(share, 2))
        }
    }

    /// The axis around all finite `values`; see [`Axis::around`].
    pub fn axis(
        &self,
        values: impl IntoIterator<Item = f64>,
        wanted: usize,
        language: Language,
    ) -> Option<Axis> {
        Axis::around(values, self.scale, self.unit, wanted, language)
    }
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Place from 0 (start of the axis) to 1 (its end).
    pub place: f64,
    /// What is written beside it.
    pub label: String,
}

/// A stretch of numbers with ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    scale: Scale,
    /// Ends, transformed.
    low: f64,
    high: f64,
    /// From start to end.
    pub ticks: Vec<Tick>,
}

/// The smallest distance to 1 that [`Scale::TowardsOne`] tells apart when nothing smaller is shown.
const NEAREST_TO_ONE: f64 = 1e-4;

impl Axis {
    /// An axis around all finite `values`, with about `wanted` ticks at round numbers; `None`
    /// without any value that the scale can show.
    pub fn around(
        values: impl IntoIterator<Item = f64>,
        scale: Scale,
        unit: Unit,
        wanted: usize,
        language: Language,
    ) -> Option<Self> {
        let finite: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        match scale {
            Scale::Linear | Scale::Whole => {
                let (low, high) = extent(&finite)?;
                Some(Self::linear(low, high, scale, unit, wanted, language))
            }
            Scale::Log => {
                let positive: Vec<f64> = finite.into_iter().filter(|v| *v > 0.0).collect();
                let (low, high) = extent(&positive)?;
                // Within a factor of three a logarithm has hardly a round number to show.
                if high / low < 3.0 {
                    return Some(Self::linear(
                        low,
                        high,
                        Scale::Linear,
                        unit,
                        wanted,
                        language,
                    ));
                }
                Some(Self::log(low, high, unit, wanted, language))
            }
            Scale::TowardsOne => {
                let missing = finite.iter().map(|v| 1.0 - v).filter(|v| *v > 0.0);
                let (low, high) = extent(&missing.collect::<Vec<_>>())
                    .or_else(|| extent(&finite).map(|_| (NEAREST_TO_ONE, 0.01)))?;
                // A perfect score is drawn a little above the best of the others.
                let perfect = finite.iter().any(|v| *v >= 1.0);
                let low = if perfect { low / 2.0 } else { low };
                if high / low < 3.0 {
                    let (low, high) = extent(&finite)?;
                    return Some(Self::linear(
                        low,
                        high,
                        Scale::Linear,
                        unit,
                        wanted,
                        language,
                    ));
                }
                Some(Self::towards_one(low, high, wanted, language))
            }
        }
    }

    /// From 0 to 1 with a tick every fifth.
    pub fn unit_interval(unit: Unit, language: Language) -> Self {
        Self::linear(0.0, 1.0, Scale::Linear, unit, 6, language)
    }

    fn linear(
        low: f64,
        high: f64,
        scale: Scale,
        unit: Unit,
        wanted: usize,
        language: Language,
    ) -> Self {
        let factor = if unit == Unit::Percent { 100.0 } else { 1.0 };
        let span = if high > low {
            high - low
        } else {
            high.abs().max(1e-3) * 0.1
        };
        let mut step = round_step(span * factor / wanted.max(2) as f64) / factor;
        if scale == Scale::Whole {
            step = step.round().max(1.0);
        }
        // Ends on round numbers: the first and last tick close the frame.
        let (first, last) = match scale {
            Scale::Whole => (low.floor(), high.ceil().max(low.floor() + 1.0)),
            _ => (
                (low / step + 1e-9).floor() * step,
                (high / step - 1e-9).ceil() * step,
            ),
        };
        let (first, last) = if last > first {
            (first, last)
        } else {
            (first - step, first + step)
        };
        let decimals = (-(step * factor * 1.000_001).log10().floor()).max(0.0) as usize;
        let start = (first / step - 1e-9).ceil() as i64;
        let end = (last / step + 1e-9).floor() as i64;
        let ticks = (start..=end).map(|index| {
            let value = index as f64 * step;
            let number = language.decimal(value * factor, decimals);
            Tick {
                place: (value - first) / (last - first),
                label: labelled(number, unit),
            }
        });
        Self {
            scale,
            low: first,
            high: last,
            ticks: ticks.collect(),
        }
    }

    fn log(low: f64, high: f64, unit: Unit, wanted: usize, language: Language) -> Self {
        let steps = logarithmic_ticks(low, high, wanted);
        let (low, high) = widened(low, high, &steps);
        let factor = if unit == Unit::Percent { 100.0 } else { 1.0 };
        let ticks = steps
            .iter()
            .filter(|v| within(**v, low, high))
            .map(|value| Tick {
                place: (value.log10() - low.log10()) / (high.log10() - low.log10()),
                label: labelled(short(value * factor, language), unit),
            });
        Self {
            scale: Scale::Log,
            ticks: ticks.collect(),
            low: low.log10(),
            high: high.log10(),
        }
    }

    /// `low` and `high` are distances to 1: the axis starts at `1 - high`.
    fn towards_one(low: f64, high: f64, wanted: usize, language: Language) -> Self {
        let steps = logarithmic_ticks(low, high.min(1.0), wanted);
        let (low, high) = widened(low, high.min(1.0), &steps);
        let (start, end) = (-high.log10(), -low.log10());
        let ticks = steps
            .iter()
            .rev()
            .filter(|v| within(**v, low, high))
            .map(|missing| Tick {
                place: (-missing.log10() - start) / (end - start),
                label: labelled(short_percent(*missing, language), Unit::Percent),
            });
        Self {
            scale: Scale::TowardsOne,
            ticks: ticks.collect(),
            low: start,
            high: end,
        }
    }

    /// Where `value` stands, from 0 (start) to 1 (end); values beyond an end are put on it.
    pub fn place(&self, value: f64) -> f64 {
        let transformed = match self.scale {
            Scale::Linear | Scale::Whole => value,
            Scale::Log if value <= 0.0 => f64::NEG_INFINITY,
            Scale::Log => value.log10(),
            Scale::TowardsOne if value >= 1.0 => f64::INFINITY,
            Scale::TowardsOne => -(1.0 - value).log10(),
        };
        ((transformed - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

fn extent(values: &[f64]) -> Option<(f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    Some((low, high))
}

/// The round number (1, 2 or 5 times a power of ten) nearest above `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0]
        .iter()
        .find(|m| *m * power >= raw * 0.999_999);
    step.unwrap_or(&10.0) * power
}

/// Round numbers around `low..=high`, one beyond each end: 1-2-5 in each decade, powers of ten where that would be more
/// than `wanted`, 1-2-3-4-6-8 where it would be hardly any.
fn logarithmic_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let decades = (low.log10().floor() as i32 - 1)..=(high.log10().ceil() as i32 + 1);
    let of = |multiples: &[f64]| -> Vec<f64> {
        let all = decades
            .clone()
            .flat_map(|decade| multiples.iter().map(move |m| m * 10_f64.powi(decade)));
        let all: Vec<f64> = all.collect();
        let first = all.iter().rposition(|v| *v <= low * 1.000_001).unwrap_or(0);
        let last = all.iter().position(|v| *v >= high * 0.999_999);
        all[first..=last.unwrap_or(all.len() - 1)].to_vec()
    };
    let fine = of(&[1.0, 2.0, 5.0]);
    let inside = fine.iter().filter(|v| within(**v, low, high)).count();
    match inside {
        // With fewer than three, one can't see that the axis is logarithmic.
        0..3 => of(&[1.0, 2.0, 3.0, 4.0, 6.0, 8.0]),
        _ if fine.len() <= wanted + 3 => fine,
        _ => of(&[1.0]),
    }
}

/// Ends of an axis a little beyond the data, on a tick where one is near.
fn widened(low: f64, high: f64, ticks: &[f64]) -> (f64, f64) {
    let margin = (high / low).powf(0.06);
    let below = ticks.iter().copied().filter(|t| *t <= low).reduce(f64::max);
    let above = ticks
        .iter()
        .copied()
        .filter(|t| *t >= high)
        .reduce(f64::min);
    (
        below.unwrap_or(low).max(low / margin),
        above.unwrap_or(high).min(high * margin),
    )
}

fn within(value: f64, low: f64, high: f64) -> bool {
    (low * 0.999..=high * 1.001).contains(&value)
}

fn labelled(number: String, unit: Unit) -> String {
    match unit {
        Unit::Plain => number,
        Unit::Percent => with_unit(&number, "%"),
    }
}

/// As few digits as tell a 1-2-5 number: `0.02`, `5`, `10⁻⁵`.
fn short(value: f64, language: Language) -> String {
    let exponent = (value * 1.000_001).log10().floor() as i32;
    if !(-4..=5).contains(&exponent) {
        let digits = exponent.to_string();
        let superscript = digits.chars().map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
        });
        let superscript: String = superscript.collect();
        return match (value / 10_f64.powi(exponent)).round() as i32 {
            1 => format!("10{superscript}"),
            multiple => format!("{multiple}·10{superscript}"),
        };
    }
    language.decimal(value, (-exponent).max(0) as usize)
}

/// `1 - missing` as a percentage with just the digits it needs.
fn short_percent(missing: f64, language: Language) -> String {
    let exponent = (missing * 100.0 * 1.000_001).log10().floor() as i32;
    language.decimal(100.0 * (1.0 - missing), (-exponent).max(0) as usize)
}

#[cfg(test)]
mod tests;
