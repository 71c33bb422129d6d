//! Estimates with their intervals on a common axis (a forest plot).

use super::axis::{Axis, Scale, Unit};
use super::{Frame, SLOTS, WIDTH, horizontal_axis, marker, open, put};
use crate::report::Language;
use crate::report::format::Text;

const ROW: f64 = 40.0;

/// An estimate, its interval, and whose it is.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Written above the interval.
    pub name: &'a str,
    /// Which colour and marker.
    pub slot: usize,
    /// The estimate, a fraction.
    pub value: f64,
    /// Its interval, low and high.
    pub interval: [f64; 2],
}

/// Rows of intervals, as SVG; `None` when there is nothing to draw.
pub fn svg(
    rows: &[Row<'_>],
    x_name: &str,
    description: &str,
    language: Language,
) -> Option<String> {
    let all = rows
        .iter()
        .flat_map(|row| [row.value, row.interval[0], row.interval[1]]);
    let axis = Axis::around(all, Scale::Linear, Unit::Percent, 4, language)?;
    let frame = Frame {
        left: 24.0,
        right: WIDTH - 22.0,
        top: 0.0,
        bottom: ROW * rows.len() as f64 + 6.0,
    };
    let mut svg = String::new();
    open(&mut svg, frame.bottom + 42.0, description);
    for tick in &axis.ticks {
        let (x, bottom) = (frame.x(tick.place), frame.bottom);
        put(
            &mut svg,
            format_args!("<path class=\"grid\" d=\"M{x:.1} 0V{bottom:.1}\"/>"),
        );
    }
    horizontal_axis(&mut svg, frame, &axis, x_name);
    for (index, row) in rows.iter().enumerate() {
        let y = ROW * index as f64 + 28.0;
        put(
            &mut svg,
            format_args!(
                "<text class=\"row-name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                frame.left,
                y - 11.0,
                Text(row.name)
            ),
        );
        if !row.value.is_finite() {
            continue;
        }
        let [low, high] = row.interval.map(|end| frame.x(axis.place(end)));
        let slot = row.slot % SLOTS;
        if low.is_finite() && high.is_finite() {
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
            "{}{}{} ({} – {})",
            row.name,
            language.colon(),
            language.percent(row.value, 2),
            language.percent(row.interval[0], 2),
            language.percent(row.interval[1], 2)
        );
        marker(&mut svg, row.slot, frame.x(axis.place(row.value)), y, &tip);
    }
    Some(svg + "</svg>")
}
