//! Gain against cost: a point each, and the line of those that no other beats.

use super::axis::{Axis, Scale, Unit};
use super::{SLOTS, Svg, Trace};
use crate::Language;
use measure::cost::pareto_front;

/// What a contestant gains and costs.
#[derive(Debug, Clone)]
pub struct Point {
    /// Which colour and marker.
    pub slot: usize,
    /// The cost, positive.
    pub cost: f64,
    /// The gain, a fraction.
    pub gain: f64,
    /// Where the gain may lie, low and high; `None` where that is not known.
    pub interval: Option<[f64; 2]>,
    /// What its tip says.
    pub tip: String,
}

/// A chart of points; less cost is to the left, more gain above.
#[derive(Debug, Clone)]
pub struct Scatter<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// Name of the axis of costs.
    pub x_name: &'a str,
    /// Name of the axis of gains.
    pub y_name: &'a str,
    /// The points.
    pub points: Vec<Point>,
}

impl Scatter<'_> {
    /// The chart as SVG; `None` with fewer than two points, which say nothing.
    pub fn svg(&self) -> Option<String> {
        let drawn = |p: &&Point| p.cost.is_finite() && p.cost > 0.0 && p.gain.is_finite();
        let points: Vec<&Point> = self.points.iter().filter(drawn).collect();
        if points.len() < 2 {
            return None;
        }
        let gains = points
            .iter()
            .flat_map(|p| p.interval.into_iter().flatten().chain([p.gain]));
        let y = Axis::around(gains, Scale::TowardsOne, Unit::Percent, 5, self.language)?;
        let costs = || points.iter().map(|p| p.cost);
        // Room at both ends, so that no point sits on the frame.
        let ends = [
            costs().fold(f64::INFINITY, f64::min) / 1.25,
            costs().fold(0.0, f64::max) * 1.25,
        ];
        let x = Axis::around(ends, Scale::Log, Unit::Plain, 4, self.language)?;
        let (mut svg, frame) =
            Svg::with_axes(self.description, (&x, self.x_name), (&y, self.y_name));
        let at = |cost: f64, gain: f64| (frame.x(x.place(cost)), frame.y(y.place(gain)));
        let pairs: Vec<[f64; 2]> = points.iter().map(|p| [p.cost, p.gain]).collect();
        let mut front = Trace::default();
        for place in pareto_front(&pairs) {
            // Steps: between two points the best to be had is the cheaper one.
            front.step(at(pairs[place][0], pairs[place][1]));
        }
        svg.path("front", format_args!("{}H{:.1}", front.0, frame.right), "");
        for point in points {
            let (x, y_at) = at(point.cost, point.gain);
            if let Some([low, high]) = point
                .interval
                .filter(|ends| ends.iter().all(|e| e.is_finite()))
            {
                let (low, high) = (frame.y(y.place(low)), frame.y(y.place(high)));
                let slot = point.slot % SLOTS;
                svg.path(
                    format_args!("whisker s{slot}"),
                    format_args!("M{x:.1} {low:.1}V{high:.1}"),
                    "",
                );
            }
            svg.marker(point.slot, (x, y_at), &point.tip);
        }
        Some(svg.finish())
    }
}
