//! Student's t distribution: p-values and the values that belong to them.

use std::f64::consts::PI;

/// Two-sided p-value: the chance that a value of Student's t distribution with `degrees` of freedom is as far from 0
/// as `t` ("Student", "The probable error of a mean", 1908). It is the regularized incomplete beta function
/// `I_x(degrees / 2, 1 / 2)` at `x = degrees / (degrees + t^2)`. NaN where `t` is NaN, and without degrees
/// of freedom.
///
/// ```
/// use measure::significance::student_t_two_sided;
/// // With one degree of freedom it is Cauchy's distribution: half of it lies within -1 to 1.
/// assert!((student_t_two_sided(1.0, 1) - 0.5).abs() < 1e-15);
/// ```
pub fn student_t_two_sided(t: f64, degrees: usize) -> f64 {
    if t.is_nan() || degrees == 0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    let (degrees_f, square) = (degrees as f64, t * t);
    let (half, whole) = (degrees_f / 2.0, degrees_f + square);
    let (x, rest) = (degrees_f / whole, square / whole);
    let scale = x.powf(half) * rest.sqrt() / beta_with_half(degrees);
    // The fraction converges fast on one side of the mean of the beta distribution; its mirror image on the other.
    if x < (half + 1.0) / (half + 2.5) {
        scale * fraction(half, 0.5, x) / half
    } else {
        1.0 - scale * fraction(0.5, half, rest) / 0.5
    }
}

/// The `t` whose [`student_t_two_sided`] p-value is `p`; for `p = 0.05` the factor of a 95 % interval. NaN without
/// degrees of freedom and for a `p` that is not above 0 and below 1.
pub fn student_t_critical(p: f64, degrees: usize) -> f64 {
    if degrees == 0 || !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    let mut low = 0.0;
    let mut high = 1.0;
    while student_t_two_sided(high, degrees) > p {
        (low, high) = (high, 2.0 * high);
    }
    // The p-value falls with t: halve until no number lies between.
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if student_t_two_sided(middle, degrees) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `B(degrees / 2, 1 / 2)`, from `B(1/2, 1/2) = pi` or `B(1, 1/2) = 2` by `B(a + 1, b) = B(a, b) a / (a + b)`.
fn beta_with_half(degrees: usize) -> f64 {
    let (first, start) = if degrees % 2 == 1 { (1, PI) } else { (2, 2.0) };
    (first..degrees)
        .step_by(2)
        .fold(start, |beta, d| beta * d as f64 / (d as f64 + 1.0))
}

/// The continued fraction of the incomplete beta function without its factor `x^a (1 - x)^b / (a B(a, b))`: NIST
/// Digital Library of Mathematical Functions, 8.17.22, by W. J. Lentz' method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) / (a + 1.0) * x);
    let mut value = d;
    // It needs about the square root of a's size in steps.
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            value *= d * c;
            change *= d * c;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!(student_t_two_sided(0.0, 3), 1.0);
        assert_eq!(student_t_two_sided(f64::INFINITY, 3), 0.0);
        assert!(student_t_two_sided(f64::NAN, 3).is_nan());
        assert!(student_t_two_sided(1.0, 0).is_nan());
        for (p, degrees) in [(0.0, 3), (1.0, 3), (f64::NAN, 3), (0.05, 0)] {
            assert!(student_t_critical(p, degrees).is_nan(), "{p} {degrees}");
        }
    }

    /// One and two degrees of freedom have short formulas.
    #[test]
    fn few_degrees_by_formula() {
        for i in 1..200 {
            let t = f64::from(i) * 0.1;
            let one = 1.0 - 2.0 / PI * t.atan();
            let two = 1.0 - t / (t * t + 2.0).sqrt();
            assert!((student_t_two_sided(t, 1) - one).abs() < 1e-14, "{t}");
            assert!((student_t_two_sided(-t, 2) - two).abs() < 1e-14, "{t}");
        }
    }
}
