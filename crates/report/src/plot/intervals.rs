//! Estimates with their intervals on a common axis (a forest plot).

use super::axis::{Axis, Scale, Unit};
use super::{Frame, SLOTS, WIDTH, horizontal_axis, marker, open, put};
use crate::Language;
use crate::format::Text;

const ROW: f64 = 40.0;
/// With points below the interval.
const ROW_WITH_POINTS: f64 = 50.0;

/// An estimate, its interval, and whose it is.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Written above the interval.
    pub name: &'a str,
    /// Which colour and marker.
    pub slot: usize,
    /// The estimate.
    pub value: f64,
    /// Its interval, low and high; without one, twice what is not a number.
    pub interval: [f64; 2],
    /// Single values, drawn below the interval; may be empty.
    pub points: Vec<f64>,
}

/// Rows of intervals over an axis.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// Name of the axis.
    pub x_name: &'a str,
    /// Its scale.
    pub x_scale: Scale,
    /// Its unit.
    pub x_unit: Unit,
    /// How tips write a value.
    pub show: fn(Language, f64) -> String,
}

impl Intervals<'_> {
    /// The rows as SVG; `None` when there is nothing to draw.
    pub fn svg(&self, rows: &[Row<'_>]) -> Option<String> {
        let (language, show) = (self.language, self.show);
        let all = rows.iter().flat_map(|row| {
            let ends = row.interval.into_iter().chain([row.value]);
            ends.chain(row.points.iter().copied())
        });
        let axis = Axis::around(all, self.x_scale, self.x_unit, 4, language)?;
        let step = match rows.iter().all(|row| row.points.is_empty()) {
            true => ROW,
            false => ROW_WITH_POINTS,
        };
        let frame = Frame {
            left: 24.0,
            right: WIDTH - 22.0,
            top: 0.0,
            bottom: step * rows.len() as f64 + 6.0,
        };
        let mut svg = String::new();
        open(&mut svg, frame.bottom + 42.0, self.description);
        for tick in &axis.ticks {
            let (x, bottom) = (frame.x(tick.place), frame.bottom);
            put(
                &mut svg,
                format_args!("<path class=\"grid\" d=\"M{x:.1} 0V{bottom:.1}\"/>"),
            );
        }
        horizontal_axis(&mut svg, frame, &axis, self.x_name);
        for (index, row) in rows.iter().enumerate() {
            let y = step * index as f64 + 28.0;
            put(
                &mut svg,
                format_args!(
                    "<text class=\"row-name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    frame.left,
                    y - 11.0,
                    Text(row.name)
                ),
            );
            let slot = row.slot % SLOTS;
            for point in row.points.iter().filter(|point| point.is_finite()) {
                let x = frame.x(axis.place(*point));
                put(
                    &mut svg,
                    format_args!(
                        "<path class=\"point s{slot}\" d=\"M{x:.1} {:.1}v7\"><title>{}{}{}</title></path>",
                        y + 8.0,
                        Text(row.name),
                        language.colon(),
                        show(language, *point)
                    ),
                );
            }
            if !row.value.is_finite() {
                continue;
            }
            let known = row.interval.iter().all(|end| end.is_finite());
            let [low, high] = row.interval.map(|end| frame.x(axis.place(end)));
            if known {
                put(
                    &mut svg,
                    format_args!(
                        "<path class=\"line s{slot}\" d=\"M{low:.1} {:.1}v8M{low:.1} {y:.1}H{high:.1}M{high:.1} {:.1}v8\"/>",
                        y - 4.0,
                        y - 4.0
                    ),
                );
            }
            let tip = format!(
                "{}{}{}",
                row.name,
                language.colon(),
                show(language, row.value)
            );
            let tip = match known {
                false => tip,
                true => {
                    let [low, high] = row.interval.map(|end| show(language, end));
                    format!("{tip} ({low} – {high})")
                }
            };
            marker(&mut svg, row.slot, frame.x(axis.place(row.value)), y, &tip);
        }
        Some(svg + "</svg>")
    }
}
