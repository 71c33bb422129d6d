//! Points over two axes, and a line of steps through some of them: a Pareto front, or the best so far.

use super::axis::Measure;
use super::{SLOTS, Svg, Trace};
use crate::Language;

/// A point.
#[derive(Debug, Clone)]
pub struct Point {
    /// Which colour and marker.
    pub slot: usize,
    /// Where it is.
    pub at: [f64; 2],
    /// Where its height may lie, low and high; `None` where that is not known.
    pub interval: Option<[f64; 2]>,
    /// What its tip says.
    pub tip: String,
}

/// A chart of points.
#[derive(Debug, Clone)]
pub struct PointChart<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// The horizontal axis.
    pub x: Measure<'a>,
    /// The vertical axis.
    pub y: Measure<'a>,
    /// Room at both ends of the horizontal axis, as a factor.
    pub margin: f64,
    /// The points.
    pub points: Vec<Point>,
    /// The corners of the line of steps; beyond an axis they are drawn at its end.
    pub steps: Vec<[f64; 2]>,
    /// The class of that line.
    pub class: &'static str,
}

impl PointChart<'_> {
    /// The chart as SVG; `None` when there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let finite = |p: &&Point| p.at.iter().all(|value| value.is_finite());
        let points = || self.points.iter().filter(finite);
        let heights = points().flat_map(|p| p.interval.into_iter().flatten().chain([p.at[1]]));
        let y = self.y.axis(heights, 5, self.language)?;
        let ends = points().flat_map(|p| [p.at[0] / self.margin, p.at[0] * self.margin]);
        let x = self.x.axis(ends, 5, self.language)?;
        let (mut svg, frame) =
            Svg::with_axes(self.description, (&x, self.x.name), (&y, self.y.name));
        let at = |[across, up]: [f64; 2]| (frame.x(x.place(across)), frame.y(y.place(up)));
        let mut trace = Trace::default();
        for &corner in &self.steps {
            trace.step(at(corner));
        }
        svg.path(self.class, trace.0, "");
        for point in points() {
            if let Some([low, high]) = point.interval {
                let ((x, low), (_, high)) = (at([point.at[0], low]), at([point.at[0], high]));
                let class = format_args!("whisker s{}", point.slot % SLOTS);
                svg.path(class, format_args!("M{x:.1} {low:.1}V{high:.1}"), "");
            }
            svg.marker(point.slot, at(point.at), &point.tip);
        }
        Some(svg.finish())
    }
}
