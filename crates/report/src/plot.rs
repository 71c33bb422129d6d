//! Plots as inline SVG: colours come from the page's CSS variables (light, dark and print), text is
//! real text, and everything told by colour is told by shape, dash or order as well.

pub mod axis;
pub mod bars;
pub mod heat;
pub mod intervals;
pub mod lines;
pub mod parallel;
pub mod progress;
pub mod reliability;
pub mod scatter;

use std::fmt::Write as _;

use axis::Axis;

use super::format::Text;

/// Colours and marker shapes there are before they repeat.
pub const SLOTS: usize = 6;
/// Width of every plot in its own units: about CSS pixels, so that text keeps its size on a phone.
const WIDTH: f64 = 420.0;
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

/// Opens an image that a screen reader announces as `description`.
fn open(svg: &mut String, height: f64, description: &str) {
    let description = Text(description);
    put(
        svg,
        format_args!(
            "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{description}\">"
        ),
    );
}

/// Horizontal grid lines with labels, and the name of the axis above them.
fn vertical_axis(svg: &mut String, frame: Frame, axis: &Axis, name: &str) {
    let (left, right) = (frame.left, frame.right);
    for tick in &axis.ticks {
        let y = frame.y(tick.place);
        put(
            svg,
            format_args!(
                "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                Text(&tick.label)
            ),
        );
    }
    put(
        svg,
        format_args!(
            "<text class=\"axis\" x=\"0\" y=\"{:.1}\">{}</text>",
            frame.top - 12.0,
            Text(name)
        ),
    );
}

/// The base line with ticks and labels, and the name of the axis below them.
fn horizontal_axis(svg: &mut String, frame: Frame, axis: &Axis, name: &str) {
    let (left, right, bottom) = (frame.left, frame.right, frame.bottom);
    put(
        svg,
        format_args!("<path class=\"base\" d=\"M{left:.1} {bottom:.1}H{right:.1}\"/>"),
    );
    for tick in &axis.ticks {
        let x = frame.x(tick.place);
        put(
            svg,
            format_args!(
                "<path class=\"base\" d=\"M{x:.1} {bottom:.1}v4\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                kept_inside(x, &tick.label),
                bottom + 17.0,
                Text(&tick.label)
            ),
        );
    }
    put(
        svg,
        format_args!(
            "<text class=\"axis\" x=\"{right:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            bottom + 35.0,
            Text(name)
        ),
    );
}

/// The centre nearest to `x` at which a label is not cut off at the right edge.
fn kept_inside(x: f64, label: &str) -> f64 {
    // A percent sign is wider than a digit.
    let half = CHARACTER * (label.chars().count() as f64 + 0.7) / 2.0;
    x.min(WIDTH - half)
}

/// A marker whose shape tells the slot without colour: circle, square, triangle, diamond, cross,
/// ring. `tip` shows when the pointer rests on it.
fn marker(svg: &mut String, slot: usize, x: f64, y: f64, tip: &str) {
    let shape = shape(slot, x, y, 4.0);
    let tip = match tip {
        "" => String::new(),
        tip => format!("<title>{}</title>", Text(tip)),
    };
    let slot = slot % SLOTS;
    put(
        svg,
        format_args!("<path class=\"mark s{slot}\" d=\"{shape}\">{tip}</path>"),
    );
}

fn shape(slot: usize, x: f64, y: f64, r: f64) -> String {
    let circle = |r: f64| {
        format!(
            "M{:.1} {y:.1}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0z",
            x - r,
            2.0 * r,
            -2.0 * r
        )
    };
    match slot % SLOTS {
        0 => circle(r),
        1 => format!(
            "M{:.1} {:.1}h{s}v{s}h-{s}z",
            x - 0.9 * r,
            y - 0.9 * r,
            s = 1.8 * r
        ),
        2 => format!(
            "M{x:.1} {:.1}l{:.1} {h:.1}h-{:.1}z",
            y - 1.2 * r,
            1.2 * r,
            2.4 * r,
            h = 2.1 * r
        ),
        3 => format!(
            "M{x:.1} {:.1}l{d} {d}l-{d} {d}l-{d} -{d}z",
            y - 1.3 * r,
            d = 1.3 * r
        ),
        4 => format!(
            "M{:.1} {:.1}h{a}v-{a}h{a}v{a}h{a}v{a}h-{a}v{a}h-{a}v-{a}h-{a}z",
            x - 1.2 * r,
            y - 0.4 * r,
            a = 0.8 * r
        ),
        // The inner circle runs the same way round; 'evenodd' in the style sheet makes it a hole.
        _ => circle(r) + &circle(r / 2.0),
    }
}

/// A key to `names` by slot, in HTML so that it wraps on a phone.
pub fn legend<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for (slot, name) in names.into_iter().enumerate() {
        put(
            &mut html,
            format_args!("<li>{} {}</li>", swatch(slot), Text(name)),
        );
    }
    html + "</ul>"
}

/// The marker of a slot as a small picture to stand beside a name.
pub fn swatch(slot: usize) -> String {
    let (class, shape) = (slot % SLOTS, shape(slot, 7.0, 7.0, 4.5));
    format!(
        "<svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">\
         <path class=\"mark s{class}\" d=\"{shape}\"/></svg>"
    )
}

/// Appends to a string, which cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}
