//! Plots as inline SVG: colours come from the page's CSS variables (light, dark and print), text is
//! real text, and everything told by colour is told by shape, dash or order as well.

pub mod axis;
pub mod bars;
pub mod heat;
pub mod intervals;
pub mod lines;
pub mod parallel;
pub mod points;
pub mod reliability;

use std::fmt::{Display, Write as _};

use maud::{Markup, html};

use crate::format::printable;
use axis::Axis;

/// Colours and marker shapes there are before they repeat.
pub const SLOTS: usize = 6;
/// Width of every plot in its own units: about CSS pixels, so that text keeps its size on a phone.
const WIDTH: f64 = 420.0;
/// Height of plots with two axes.
const HEIGHT: f64 = 282.0;
/// Where their frame starts.
const TOP: f64 = 32.0;
/// Mean width of a character of tick labels. Labels are mostly digits, which are all this wide.
const CHARACTER: f64 = 6.9;

/// The rectangle inside the axes.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    /// A frame of `height` with room for the labels of the axis at its left.
    fn beside(y: &Axis, top: f64, height: f64) -> Self {
        let longest = y.ticks.iter().map(|tick| tick.label.chars().count()).max();
        Self {
            left: 10.0 + CHARACTER * longest.unwrap_or(0) as f64,
            right: WIDTH - 12.0,
            top,
            bottom: top + height,
        }
    }

    fn x(&self, place: f64) -> f64 {
        self.left + place * (self.right - self.left)
    }

    /// Places grow upwards, pixels downwards.
    fn y(&self, place: f64) -> f64 {
        self.bottom - place * (self.bottom - self.top)
    }
}

/// A path in the making: the value of its `d`.
#[derive(Debug, Default)]
struct Trace(String);

impl Trace {
    /// A straight line to a point; the first point starts the path.
    fn line(&mut self, (x, y): (f64, f64)) {
        let command = if self.0.is_empty() { 'M' } else { 'L' };
        let _ = write!(self.0, "{command}{x:.1} {y:.1}");
    }

    /// Across, then up or down to a point.
    fn step(&mut self, (x, y): (f64, f64)) {
        let _ = if self.0.is_empty() {
            write!(self.0, "M{x:.1} {y:.1}")
        } else {
            write!(self.0, "H{x:.1}V{y:.1}")
        };
    }
}

/// An image that is being drawn.
struct Svg {
    text: String,
    height: f64,
    description: String,
}

impl Svg {
    /// An image that a screen reader announces as `description`.
    fn new(height: f64, description: &str) -> Self {
        Self {
            text: String::new(),
            height,
            description: printable(description).into_owned(),
        }
    }

    /// A plot with two axes, and its frame.
    fn with_axes(
        description: &str,
        (x, x_name): (&Axis, &str),
        (y, y_name): (&Axis, &str),
    ) -> (Self, Frame) {
        let frame = Frame::beside(y, TOP, HEIGHT - TOP - 40.0);
        let mut svg = Self::new(HEIGHT, description);
        svg.vertical_axis(frame, y, y_name);
        svg.horizontal_axis(frame, x, x_name);
        (svg, frame)
    }

    fn finish(self) -> String {
        let open = format!(
            "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\"",
            self.height
        );
        let label = html! { (self.description) }.into_string();
        format!("{open} aria-label=\"{label}\">{}</svg>", self.text)
    }

    /// A path; `tip`, if any, shows when the pointer rests on it.
    fn path(&mut self, class: impl Display, d: impl Display, tip: &str) {
        let tip = printable(tip);
        let path = html! {
            path class=(class) d=(d) { @if !tip.is_empty() { title { (tip) } } }
        };
        self.text += &path.into_string();
    }

    /// A path of a strength from 0 to 1.
    fn shaded(&mut self, class: &str, strength: f64, d: impl Display, tip: &str) {
        let strength = format!("{strength:.2}");
        let path = html! {
            path class=(class) fill-opacity=(strength) d=(d) { title { (printable(tip)) } }
        };
        self.text += &path.into_string();
    }

    /// Text that starts, ends or has its middle (`anchor`) at a point.
    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let anchor = (anchor != "start").then_some(anchor);
        let text = html! {
            text class=(class) x=(format!("{x:.1}")) y=(format!("{y:.1}")) text-anchor=[anchor] { (printable(text)) }
        };
        self.text += &text.into_string();
    }

    /// A marker whose shape tells the slot without colour: circle, square, triangle, diamond, cross, ring.
    fn marker(&mut self, slot: usize, (x, y): (f64, f64), tip: &str) {
        self.path(
            format_args!("mark s{}", slot % SLOTS),
            shape(slot, x, y, 4.0),
            tip,
        );
    }

    /// Horizontal grid lines with labels, and the name of the axis above them.
    fn vertical_axis(&mut self, frame: Frame, axis: &Axis, name: &str) {
        let (left, right) = (frame.left, frame.right);
        for tick in &axis.ticks {
            let y = frame.y(tick.place);
            self.path("grid", format_args!("M{left:.1} {y:.1}H{right:.1}"), "");
            self.text("tick", (left - 6.0, y + 4.0), "end", &tick.label);
        }
        self.text("axis", (0.0, frame.top - 12.0), "start", name);
    }

    /// The base line with ticks and labels, and the name of the axis below them.
    fn horizontal_axis(&mut self, frame: Frame, axis: &Axis, name: &str) {
        let (left, right, bottom) = (frame.left, frame.right, frame.bottom);
        self.path(
            "base",
            format_args!("M{left:.1} {bottom:.1}H{right:.1}"),
            "",
        );
        for tick in &axis.ticks {
            let x = frame.x(tick.place);
            self.path("base", format_args!("M{x:.1} {bottom:.1}v4"), "");
            let x = x.min(WIDTH - half_width(&tick.label));
            self.text("tick", (x, bottom + 17.0), "middle", &tick.label);
        }
        self.text("axis", (right, bottom + 35.0), "end", name);
    }

    /// Vertical grid lines.
    fn vertical_grid(&mut self, frame: Frame, axis: &Axis) {
        for tick in &axis.ticks {
            let (x, top, bottom) = (frame.x(tick.place), frame.top, frame.bottom);
            self.path("grid", format_args!("M{x:.1} {top}V{bottom:.1}"), "");
        }
    }
}

/// Half the width of a label. A percent sign is wider than a digit.
fn half_width(label: &str) -> f64 {
    CHARACTER * (label.chars().count() as f64 + 0.7) / 2.0
}

fn shape(slot: usize, x: f64, y: f64, r: f64) -> String {
    let circle = |r: f64| {
        let (left, d) = (x - r, 2.0 * r);
        format!("M{left:.1} {y:.1}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z")
    };
    match slot % SLOTS {
        0 => circle(r),
        1 => {
            let (x, y, s) = (x - 0.9 * r, y - 0.9 * r, 1.8 * r);
            format!("M{x:.1} {y:.1}h{s}v{s}h-{s}z")
        }
        2 => {
            let (y, half, h) = (y - 1.2 * r, 1.2 * r, 2.1 * r);
            format!("M{x:.1} {y:.1}l{half:.1} {h:.1}h-{:.1}z", 2.0 * half)
        }
        3 => {
            let (y, d) = (y - 1.3 * r, 1.3 * r);
            format!("M{x:.1} {y:.1}l{d} {d}l-{d} {d}l-{d} -{d}z")
        }
        4 => {
            let (x, y, a) = (x - 1.2 * r, y - 0.4 * r, 0.8 * r);
            format!("M{x:.1} {y:.1}h{a}v-{a}h{a}v{a}h{a}v{a}h-{a}v{a}h-{a}v-{a}h-{a}z")
        }
        // The inner circle runs the same way round; 'evenodd' in the style sheet makes it a hole.
        _ => circle(r) + &circle(r / 2.0),
    }
}

/// The marker of a slot as a small picture to stand beside a name.
pub fn swatch(slot: usize) -> Markup {
    html! {
        svg.swatch viewBox="0 0 14 14" aria-hidden="true" {
            path class={ "mark s" (slot % SLOTS) } d=(shape(slot, 7.0, 7.0, 4.5)) {}
        }
    }
}
