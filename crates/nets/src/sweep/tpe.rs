//! Tree-structured Parzen estimators (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization").
//!
//! For each parameter, the good trials have a density l and the others a density g. Of some values drawn from l, the one
//! with the greatest l / g is used: where good trials are dense and bad ones are not. Parameters are independent.
//!
//! Numbers are scaled to 0..1 (see [`space::unit`]). There each trial adds a truncated normal distribution, as wide as the
//! greater distance to its neighbours; one more, as wide as the range, is the prior.

use std::f64::consts::SQRT_2;

use measure::record::{Domain, SettingValue, SweepParameter};

use super::space::{self, Point};
use data::random::Stream;

/// The share of the trials that counts as good.
const GAMMA: f64 = 0.25;
/// The largest number of good trials.
const MOST_GOOD: usize = 25;
/// Values that are drawn for each parameter, of which the best is used.
pub const CANDIDATES: usize = 24;

/// The number of good ones among the trials.
pub fn good(trials: usize) -> usize {
    ((GAMMA * trials as f64).ceil() as usize).min(MOST_GOOD)
}

/// The next point to try, given earlier points, the best first. Fewer `candidates` explore more.
pub fn suggest(
    parameters: &[SweepParameter],
    ranked: &[&Point],
    candidates: usize,
    stream: &mut Stream,
) -> Point {
    let (good, bad) = ranked.split_at(good(ranked.len()));
    let next = |(place, parameter): (usize, &SweepParameter)| {
        let domain = &parameter.domain;
        let values = |points: &[&Point]| -> Vec<SettingValue> {
            points
                .iter()
                .filter_map(|point| point.get(place).cloned())
                .collect()
        };
        let density = |points: &[&Point]| Density::of(domain, &values(points));
        let (l, g) = (density(good), density(bad));
        let mut best: Option<(f64, SettingValue)> = None;
        for _ in 0..candidates {
            let value = l.draw(domain, stream);
            let gain = l.log(domain, &value) - g.log(domain, &value);
            if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, value));
            }
        }
        best.map_or_else(|| space::at(domain, 0.5), |(_, value)| value)
    };
    parameters.iter().enumerate().map(next).collect()
}

/// The probability of each value.
enum Density {
    /// The probability of each choice.
    Choices(Vec<f64>),
    /// A mixture of normal distributions on 0..1, all of the same weight.
    Numbers(Vec<Normal>),
}

/// A normal distribution, truncated to 0..1.
#[derive(Clone, Copy, Debug)]
struct Normal {
    mean: f64,
    sd: f64,
}

impl Density {
    fn of(domain: &Domain, values: &[SettingValue]) -> Self {
        match domain {
            Domain::Choices { choices } => {
                // One of each, as a prior.
                let count = |choice: &String| {
                    let same = values.iter().filter(|value| value.to_string() == *choice);
                    1.0 + same.count() as f64
                };
                let all = (choices.len() + values.len()) as f64;
                Self::Choices(choices.iter().map(|choice| count(choice) / all).collect())
            }
            Domain::Numbers { .. } => {
                let units = values.iter().map(|value| space::unit(domain, value));
                Self::Numbers(mixture(units.collect()))
            }
        }
    }

    fn draw(&self, domain: &Domain, stream: &mut Stream) -> SettingValue {
        match self {
            Self::Choices(shares) => {
                let mut left = stream.unit();
                let mut place = 0;
                while place + 1 < shares.len() && left >= shares[place] {
                    left -= shares[place];
                    place += 1;
                }
                space::at(domain, (place as f64 + 0.5) / shares.len() as f64)
            }
            Self::Numbers(normals) => {
                let normal = normals[stream.below(normals.len())];
                space::at(domain, normal.draw(stream))
            }
        }
    }

    fn log(&self, domain: &Domain, value: &SettingValue) -> f64 {
        let unit = space::unit(domain, value);
        match self {
            Self::Choices(shares) => {
                shares[((unit * shares.len() as f64) as usize).min(shares.len() - 1)].ln()
            }
            Self::Numbers(normals) => {
                let sum: f64 = normals.iter().map(|normal| normal.density(unit)).sum();
                (sum / normals.len() as f64).ln()
            }
        }
    }
}

/// A normal distribution for each place, and the prior.
fn mixture(mut units: Vec<f64>) -> Vec<Normal> {
    units.sort_by(f64::total_cmp);
    let narrowest = 1.0 / (1.0 + units.len() as f64).min(100.0);
    let normals = units.iter().enumerate().map(|(place, &mean)| {
        let before = if place == 0 { 0.0 } else { units[place - 1] };
        let after = units.get(place + 1).copied().unwrap_or(1.0);
        let sd = (mean - before).max(after - mean).clamp(narrowest, 1.0);
        Normal { mean, sd }
    });
    let prior = Normal { mean: 0.5, sd: 1.0 };
    normals.chain([prior]).collect()
}

impl Normal {
    fn draw(self, stream: &mut Stream) -> f64 {
        // The mean is within 0..1 and the deviation at most 1, so at least a third of the draws are inside.
        for _ in 0..1000 {
            let place = self.mean + self.sd * stream.normal();
            if (0.0..=1.0).contains(&place) {
                return place;
            }
        }
        self.mean
    }

    fn density(self, place: f64) -> f64 {
        let z = (place - self.mean) / self.sd;
        let inside = cumulative((1.0 - self.mean) / self.sd) - cumulative(-self.mean / self.sd);
        (-0.5 * z * z).exp() / (self.sd * std::f64::consts::TAU.sqrt() * inside)
    }
}

/// The standard normal distribution below z: Abramowitz and Stegun 1964, 7.1.26, within 1e-7.
fn cumulative(z: f64) -> f64 {
    let x = z.abs() / SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let polynomial = series.iter().fold(0.0, |sum, factor| sum * t + factor) * t;
    let tail = 0.5 * polynomial * (-x * x).exp();
    if z < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests;
