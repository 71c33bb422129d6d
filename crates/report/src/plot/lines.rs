//! Line charts: learning curves, ROC, throughput.

use super::axis::Measure;
use super::{SLOTS, Svg, Trace};
use crate::Language;

/// Of more points than this only some are marked.
const MARKED_POINTS: usize = 20;
/// One in this many of them, and the last.
const STRIDE: usize = 24;

/// A line and its markers.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    /// Whose line it is, for tips.
    pub name: &'a str,
    /// Which colour and marker.
    pub slot: usize,
    /// Broken instead of solid.
    pub dashed: bool,
    /// From left to right; what is not finite is left out.
    pub points: Vec<[f64; 2]>,
}

/// A chart of lines over a common axis.
#[derive(Debug, Clone)]
pub struct LineChart<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// The horizontal axis.
    pub x: Measure<'a>,
    /// The vertical axis.
    pub y: Measure<'a>,
    /// The lines.
    pub series: Vec<Series<'a>>,
}

impl LineChart<'_> {
    /// The chart as SVG; `None` when there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let finite = |p: &&[f64; 2]| p[0].is_finite() && p[1].is_finite();
        let points = || {
            self.series
                .iter()
                .flat_map(|s| s.points.iter())
                .filter(finite)
        };
        let y = self.y.axis(points().map(|p| p[1]), 5, self.language)?;
        let x = self.x.axis(points().map(|p| p[0]), 6, self.language)?;
        let (mut svg, frame) =
            Svg::with_axes(self.description, (&x, self.x.name), (&y, self.y.name));
        for series in &self.series {
            let points: Vec<&[f64; 2]> = series.points.iter().filter(finite).collect();
            let at = |p: &[f64; 2]| (frame.x(x.place(p[0])), frame.y(y.place(p[1])));
            let mut trace = Trace::default();
            for point in &points {
                trace.line(at(point));
            }
            let slot = series.slot % SLOTS;
            let dashed = if series.dashed { " dashed" } else { "" };
            svg.path(format_args!("line s{slot}{dashed}"), trace.0, "");
            for (index, point) in points.iter().enumerate() {
                // Staggered, so that markers of lines that run together can be told apart.
                let stagger = index % STRIDE == slot * STRIDE / SLOTS;
                if points.len() > MARKED_POINTS && index + 1 < points.len() && !stagger {
                    continue;
                }
                let value = (self.y.show)(self.language, point[1]);
                let over = (self.x.show)(self.language, point[0]);
                let colon = self.language.colon();
                let tip = format!("{}, {} {over}{colon}{value}", series.name, self.x.name);
                svg.marker(series.slot, at(point), &tip);
            }
        }
        Some(svg.finish())
    }
}
