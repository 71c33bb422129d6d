//! Line charts: learning curves.

use super::axis::{Axis, Scale, Unit};
use super::{Frame, SLOTS, horizontal_axis, marker, open, put, vertical_axis};
use crate::Language;

const HEIGHT: f64 = 282.0;
const TOP: f64 = 32.0;
/// Of more points than this only some are marked.
const MARKED_POINTS: usize = 20;
/// Every so many of them, and the last.
const STRIDE: usize = 24;

/// How a number is written.
pub type Show = fn(Language, f64) -> String;

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
    /// Name of the horizontal axis.
    pub x_name: &'a str,
    /// Scale of the horizontal axis.
    pub x_scale: Scale,
    /// Unit of the horizontal axis.
    pub x_unit: Unit,
    /// How a tip writes where it stands on the horizontal axis.
    pub x_show: Show,
    /// Name of the vertical axis.
    pub y_name: &'a str,
    /// Scale of the vertical axis.
    pub y_scale: Scale,
    /// Unit of the vertical axis.
    pub y_unit: Unit,
    /// How a tip writes a value.
    pub y_show: Show,
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
        let y = Axis::around(
            points().map(|p| p[1]),
            self.y_scale,
            self.y_unit,
            5,
            self.language,
        )?;
        let x = Axis::around(
            points().map(|p| p[0]),
            self.x_scale,
            self.x_unit,
            6,
            self.language,
        )?;
        let frame = Frame::beside(&y, TOP, HEIGHT - TOP - 40.0);
        let mut svg = String::new();
        open(&mut svg, HEIGHT, self.description);
        vertical_axis(&mut svg, frame, &y, self.y_name);
        horizontal_axis(&mut svg, frame, &x, self.x_name);
        for series in &self.series {
            let points: Vec<&[f64; 2]> = series.points.iter().filter(finite).collect();
            let at = |p: &[f64; 2]| (frame.x(x.place(p[0])), frame.y(y.place(p[1])));
            let mut path = String::new();
            for (index, point) in points.iter().enumerate() {
                let (x, y) = at(point);
                let command = if index == 0 { 'M' } else { 'L' };
                put(&mut path, format_args!("{command}{x:.1} {y:.1}"));
            }
            let slot = series.slot % SLOTS;
            let dashed = if series.dashed { " dashed" } else { "" };
            put(
                &mut svg,
                format_args!("<path class=\"line s{slot}{dashed}\" d=\"{path}\"/>"),
            );
            for (index, point) in points.iter().enumerate() {
                // Staggered, so that markers of lines that run together can be told apart.
                let stagger = index % STRIDE == slot * STRIDE / SLOTS;
                if points.len() > MARKED_POINTS && index + 1 < points.len() && !stagger {
                    continue;
                }
                let (x, y) = at(point);
                let value = (self.y_show)(self.language, point[1]);
                let over = (self.x_show)(self.language, point[0]);
                let tip = format!(
                    "{}, {} {over}{}{value}",
                    series.name,
                    self.x_name,
                    self.language.colon()
                );
                marker(&mut svg, series.slot, x, y, &tip);
            }
        }
        Some(svg + "</svg>")
    }
}
