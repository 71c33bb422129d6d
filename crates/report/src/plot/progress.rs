//! A search: the result of each trial by its number, and the best so far as steps.

use super::axis::{Axis, Scale, Unit};
use super::{SLOTS, Svg, Trace};
use crate::Language;

/// A trial.
#[derive(Debug, Clone)]
pub struct Dot {
    /// Which colour and marker.
    pub slot: usize,
    /// Its number.
    pub number: usize,
    /// Its result.
    pub value: f64,
    /// Whether it can be the best.
    pub counts: bool,
    /// What its tip says.
    pub tip: String,
}

/// A chart of trials over their numbers.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// In which numbers are written.
    pub language: Language,
    /// Name of the horizontal axis.
    pub x_name: &'a str,
    /// Name of the vertical axis.
    pub y_name: &'a str,
    /// Scale of the vertical axis.
    pub y_scale: Scale,
    /// Unit of the vertical axis.
    pub y_unit: Unit,
    /// Whether the lower result is better.
    pub less_is_better: bool,
    /// Colour of the line of the best so far.
    pub slot: usize,
    /// By number.
    pub dots: Vec<Dot>,
}

impl Progress<'_> {
    /// The chart as SVG; `None` when there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let values = self.dots.iter().map(|dot| dot.value);
        let y = Axis::around(values, self.y_scale, self.y_unit, 5, self.language)?;
        let numbers = self.dots.iter().map(|dot| dot.number as f64);
        let x = Axis::around(numbers, Scale::Whole, Unit::Plain, 6, self.language)?;
        let (mut svg, frame) =
            Svg::with_axes(self.description, (&x, self.x_name), (&y, self.y_name));
        let at = |dot: &Dot| {
            (
                frame.x(x.place(dot.number as f64)),
                frame.y(y.place(dot.value)),
            )
        };
        let mut trace = Trace::default();
        let mut best: Option<f64> = None;
        for dot in self.dots.iter().filter(|dot| dot.counts) {
            let better = best.is_none_or(|best| match self.less_is_better {
                true => dot.value < best,
                false => dot.value > best,
            });
            if better {
                trace.step(at(dot));
                best = Some(dot.value);
            }
        }
        if let (Some(last), Some(_)) = (self.dots.last(), best) {
            let slot = self.slot % SLOTS;
            svg.path(
                format_args!("line s{slot}"),
                format_args!("{}H{:.1}", trace.0, at(last).0),
                "",
            );
        }
        for dot in &self.dots {
            svg.marker(dot.slot, at(dot), &dot.tip);
        }
        Some(svg.finish())
    }
}
