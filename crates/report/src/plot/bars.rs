//! Horizontal bars in groups: figures of each class, side by side.

use super::axis::{Axis, Scale, Unit};
use super::{CHARACTER, Frame, SLOTS, Svg, WIDTH};
use crate::Language;

const BAR: f64 = 11.0;
const GAP: f64 = 10.0;
/// Longer group names are cut: the tip still has the whole.
const LONGEST_NAME: usize = 16;

/// Bars from zero, one a series in every group.
#[derive(Debug, Clone)]
pub struct BarChart<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// Name of the horizontal axis.
    pub x_name: &'a str,
    /// Names of the groups, top to bottom.
    pub groups: Vec<&'a str>,
    /// Name of each series and its fraction in every group; `None` draws no bar.
    pub series: Vec<(&'a str, Vec<Option<f64>>)>,
}

impl BarChart<'_> {
    /// The chart as SVG; `None` when there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let values = self.series.iter().flat_map(|(_, values)| values.iter());
        let values = values.filter_map(|v| v.filter(|v| v.is_finite()));
        // Bars start at zero, or their lengths would lie.
        let axis = Axis::around(
            values.chain([0.0, 0.005]),
            Scale::Linear,
            Unit::Percent,
            4,
            self.language,
        )?;
        if self.groups.is_empty() || self.series.is_empty() {
            return None;
        }
        let longest = self
            .groups
            .iter()
            .map(|name| cut(name).chars().count())
            .max();
        let thickness = if self.groups.len() * self.series.len() > 60 {
            7.0
        } else {
            BAR
        };
        let step = thickness * self.series.len() as f64 + GAP;
        let frame = Frame {
            left: 10.0 + CHARACTER * 1.1 * longest.unwrap_or(0) as f64,
            // Room for the value behind the longest bar.
            right: WIDTH - 48.0,
            top: 4.0,
            bottom: 4.0 + step * self.groups.len() as f64,
        };
        let mut svg = Svg::new(frame.bottom + 42.0, self.description);
        svg.vertical_grid(frame, &axis);
        svg.horizontal_axis(frame, &axis, self.x_name);
        let left = frame.left;
        for (index, group) in self.groups.iter().enumerate() {
            let top = frame.top + GAP / 2.0 + step * index as f64;
            let middle = top + (step - GAP) / 2.0 + 4.0;
            svg.text("tick", (left - 8.0, middle), "end", &cut(group));
            for (slot, (series, values)) in self.series.iter().enumerate() {
                let value = values.get(index).copied().flatten();
                let Some(value) = value.filter(|v| v.is_finite()) else {
                    continue;
                };
                let y = top + thickness * slot as f64;
                let end = frame.x(axis.place(value));
                let text = self.language.percent(value, 1);
                let tip = format!("{group}, {series}{}{text}", self.language.colon());
                let (start, height) = (y + 0.5, thickness - 1.0);
                let bar = format_args!("M{left:.1} {start:.1}H{end:.1}v{height:.1}H{left:.1}z");
                svg.path(format_args!("bar s{}", slot % SLOTS), bar, &tip);
                svg.text(
                    "value",
                    (end + 4.0, y + thickness / 2.0 + 3.5),
                    "start",
                    &text,
                );
            }
        }
        svg.path(
            "base",
            format_args!("M{left:.1} {}V{:.1}", frame.top, frame.bottom),
            "",
        );
        Some(svg.finish())
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() > LONGEST_NAME {
        name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
    } else {
        name.to_string()
    }
}
