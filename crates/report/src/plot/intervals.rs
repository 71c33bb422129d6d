//! Estimates with their intervals on a common axis (a forest plot).

use super::axis::Measure;
use super::{Frame, SLOTS, Svg, WIDTH};
use crate::Language;

const ROW: f64 = 40.0;
/// With points below the interval.
const ROW_WITH_POINTS: f64 = 50.0;

/// An estimate, its interval, and whose it is.
#[derive(Debug, Clone)]
pub struct Interval<'a> {
    /// Written above the interval.
    pub name: &'a str,
    /// Which colour and marker.
    pub slot: usize,
    /// The estimate.
    pub value: f64,
    /// Its ends, low and high; not finite where there is no interval.
    pub ends: [f64; 2],
    /// Single values, drawn below the interval; may be empty.
    pub points: Vec<f64>,
}

/// Intervals over an axis.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// The axis.
    pub x: Measure<'a>,
}

impl Intervals<'_> {
    /// The chart as SVG; `None` when there is nothing to draw.
    pub fn svg(&self, rows: &[Interval<'_>]) -> Option<String> {
        let show = |value: f64| (self.x.show)(self.language, value);
        let colon = self.language.colon();
        let all = rows.iter().flat_map(|row| {
            let ends = row.ends.into_iter().chain([row.value]);
            ends.chain(row.points.iter().copied())
        });
        let axis = self.x.axis(all, 4, self.language)?;
        let step = if rows.iter().all(|row| row.points.is_empty()) {
            ROW
        } else {
            ROW_WITH_POINTS
        };
        let frame = Frame {
            left: 24.0,
            right: WIDTH - 22.0,
            top: 0.0,
            bottom: step * rows.len() as f64 + 6.0,
        };
        let at = |value: f64| frame.x(axis.place(value));
        let mut svg = Svg::new(frame.bottom + 42.0, self.description);
        svg.vertical_grid(frame, &axis);
        svg.horizontal_axis(frame, &axis, self.x.name);
        for (index, row) in rows.iter().enumerate() {
            let y = step * index as f64 + 28.0;
            let slot = row.slot % SLOTS;
            svg.text("row-name", (frame.left, y - 11.0), "start", row.name);
            for point in row.points.iter().copied().filter(|point| point.is_finite()) {
                let tip = format!("{}{colon}{}", row.name, show(point));
                svg.path(
                    format_args!("point s{slot}"),
                    format_args!("M{:.1} {:.1}v7", at(point), y + 8.0),
                    &tip,
                );
            }
            if !row.value.is_finite() {
                continue;
            }
            let mut tip = format!("{}{colon}{}", row.name, show(row.value));
            if row.ends.iter().all(|end| end.is_finite()) {
                let ([low, high], top) = (row.ends.map(at), y - 4.0);
                let line =
                    format!("M{low:.1} {top:.1}v8M{low:.1} {y:.1}H{high:.1}M{high:.1} {top:.1}v8");
                svg.path(format_args!("line s{slot}"), line, "");
                tip += &format!(" ({})", row.ends.map(show).join(" – "));
            }
            svg.marker(row.slot, (at(row.value), y), &tip);
        }
        Some(svg.finish())
    }
}
