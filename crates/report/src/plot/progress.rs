//! A search: the figure of each trial by its number, and the best so far as steps.

use super::axis::{Axis, Scale, Unit};
use super::{Frame, SLOTS, horizontal_axis, marker, open, put, vertical_axis};
use crate::Language;

const HEIGHT: f64 = 282.0;
const TOP: f64 = 32.0;

/// A trial.
#[derive(Debug, Clone)]
pub struct Dot {
    /// Which colour and marker.
    pub slot: usize,
    /// Its number.
    pub number: usize,
    /// Its figure.
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
    /// Whether the lower figure is better.
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
        let frame = Frame::beside(&y, TOP, HEIGHT - TOP - 40.0);
        let mut svg = String::new();
        open(&mut svg, HEIGHT, self.description);
        vertical_axis(&mut svg, frame, &y, self.y_name);
        horizontal_axis(&mut svg, frame, &x, self.x_name);
        let at = |dot: &Dot| {
            (
                frame.x(x.place(dot.number as f64)),
                frame.y(y.place(dot.value)),
            )
        };
        let mut path = String::new();
        let mut best: Option<f64> = None;
        for dot in self.dots.iter().filter(|dot| dot.counts) {
            let better = best.is_none_or(|best| match self.less_is_better {
                true => dot.value < best,
                false => dot.value > best,
            });
            if better {
                let (x, y) = at(dot);
                match best {
                    None => put(&mut path, format_args!("M{x:.1} {y:.1}")),
                    Some(_) => put(&mut path, format_args!("H{x:.1}V{y:.1}")),
                }
                best = Some(dot.value);
            }
        }
        if let (Some(last), false) = (self.dots.last(), path.is_empty()) {
            put(&mut path, format_args!("H{:.1}", at(last).0));
            let slot = self.slot % SLOTS;
            put(
                &mut svg,
                format_args!("<path class=\"line s{slot}\" d=\"{path}\"/>"),
            );
        }
        for dot in &self.dots {
            let (x, y) = at(dot);
            marker(&mut svg, dot.slot, x, y, &dot.tip);
        }
        Some(svg + "</svg>")
    }
}
