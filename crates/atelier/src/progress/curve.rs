//! A curve that takes any number of values and keeps a bounded number of points.

/// Largest number of points, even: about the columns of dots in a chart, so that single steps don't hide the curve.
const CAPACITY: usize = 128;

/// The mean of each group of `every` values; whenever there are too many points, the groups double.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The last may still be open, with fewer than `every` values.
    points: Vec<Sum>,
    every: usize,
}

/// Values that became one point, summed with their weights.
#[derive(Clone, Copy, Debug)]
struct Sum {
    x: f64,
    y: f64,
    weight: f64,
    values: usize,
}

impl Sum {
    fn and(self, other: Self) -> Self {
        Self {
            x: self.x + other.x,
            y: self.y + other.y,
            weight: self.weight + other.weight,
            values: self.values + other.values,
        }
    }
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            every: 1,
        }
    }
}

impl Curve {
    /// Adds the value `y` at `x`, unless it is not finite or has no weight.
    pub fn push(&mut self, x: f64, y: f64, weight: f64) {
        if !y.is_finite() || weight <= 0.0 {
            return;
        }
        let value = Sum {
            x: x * weight,
            y: y * weight,
            weight,
            values: 1,
        };
        match self.points.last_mut() {
            Some(open) if open.values < self.every => *open = open.and(value),
            _ => self.points.push(value),
        }
        if self.points.len() > CAPACITY {
            let pairs = self.points.chunks(2);
            self.points = pairs
                .filter_map(|pair| pair.iter().copied().reduce(Sum::and))
                .collect();
            self.every *= 2;
        }
    }

    /// The points to draw, from left to right.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points
            .iter()
            .map(|sum| (sum.x / sum.weight, sum.y / sum.weight))
    }
}

#[cfg(test)]
mod tests;
