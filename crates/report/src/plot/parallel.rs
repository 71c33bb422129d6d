//! Parallel coordinates, top to bottom: an axis a row, a line a trial from the first row to the last. Rows, not columns,
//! so that long names and the labels of ticks can be read on a phone.

use super::axis::Axis;
use super::{CHARACTER, Frame, SLOTS, Svg, Trace, WIDTH, half_width};

/// From one axis to the next.
const STEP: f64 = 66.0;
const TOP: f64 = 26.0;
const LEFT: f64 = 16.0;

/// An axis and its name.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Written above it.
    pub name: &'a str,
    /// Where values stand.
    pub ruler: Ruler,
}

/// Where values stand on an axis.
#[derive(Debug, Clone)]
pub enum Ruler {
    /// Numbers.
    Numbers(Axis),
    /// These, one beside the other.
    Choices(Vec<String>),
}

impl Ruler {
    /// Where a value stands, from 0 to 1. On a choice each line has a place of its own, or they would all be one.
    pub fn place(&self, number: Option<f64>, text: &str, line: usize) -> Option<f64> {
        match self {
            Self::Numbers(axis) => number
                .filter(|n| n.is_finite())
                .map(|number| axis.place(number)),
            Self::Choices(choices) => {
                let place = choices.iter().position(|choice| choice == text)? as f64;
                // The golden ratio spreads any run of numbers evenly.
                let spread = (line as f64 * 0.618_033_988_75).fract() - 0.5;
                Some((place + 0.5 + 0.36 * spread) / choices.len() as f64)
            }
        }
    }
}

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The best, in the colour of a slot, with markers.
    Best(usize),
    /// One of the good, in the colour of a slot.
    Good(usize),
    /// Any other.
    Other,
    /// One that did not come to its end.
    Stopped,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it stands for.
    pub kind: Kind,
    /// Where it crosses each row; it ends before the first that it does not cross.
    pub places: Vec<Option<f64>>,
    /// What shows when the pointer rests on it.
    pub tip: String,
}

/// Rows of axes and the lines across them.
#[derive(Debug, Clone)]
pub struct Parallel<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// Top to bottom.
    pub rows: Vec<Row<'a>>,
    /// The last is drawn on top.
    pub lines: Vec<Line>,
}

impl Parallel<'_> {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let frame = Frame {
            left: LEFT,
            right: WIDTH - LEFT,
            top: TOP,
            bottom: TOP + STEP * self.rows.len().saturating_sub(1) as f64,
        };
        let mut svg = Svg::new(frame.bottom + 24.0, self.description);
        for line in &self.lines {
            draw(&mut svg, frame, line);
        }
        for (index, row) in self.rows.iter().enumerate() {
            axis(&mut svg, frame, row, TOP + STEP * index as f64);
        }
        svg.finish()
    }
}

fn draw(svg: &mut Svg, frame: Frame, line: &Line) {
    let known = line.places.iter().map_while(|place| *place).enumerate();
    let points = known.map(|(index, place)| (frame.x(place), TOP + STEP * index as f64));
    let points: Vec<(f64, f64)> = points.collect();
    if points.len() < 2 {
        return;
    }
    let mut trace = Trace::default();
    for point in &points {
        trace.line(*point);
    }
    let class = match line.kind {
        Kind::Best(slot) => format!("trial thick s{}", slot % SLOTS),
        Kind::Good(slot) => format!("trial good s{}", slot % SLOTS),
        Kind::Other => "trial other".to_string(),
        Kind::Stopped => "trial stopped".to_string(),
    };
    svg.path(class, trace.0, &line.tip);
    if let Kind::Best(slot) = line.kind {
        for point in points {
            svg.marker(slot, point, &line.tip);
        }
    }
}

/// An axis with its name above and its ticks below; text has a halo, because lines run behind it.
fn axis(svg: &mut Svg, frame: Frame, row: &Row<'_>, y: f64) {
    let (left, right) = (frame.left, frame.right);
    svg.path("base", format_args!("M{left:.1} {y:.1}H{right:.1}"), "");
    svg.text("row-name halo", (0.0, y - 10.0), "start", row.name);
    let ticks: Vec<(f64, String)> = match &row.ruler {
        Ruler::Numbers(axis) => axis
            .ticks
            .iter()
            .map(|t| (t.place, t.label.clone()))
            .collect(),
        Ruler::Choices(choices) => {
            let count = choices.len() as f64;
            let room = ((right - left) / count / CHARACTER) as usize;
            let named = choices.iter().enumerate();
            named
                .map(|(place, name)| ((place as f64 + 0.5) / count, cut(name, room)))
                .collect()
        }
    };
    for (place, label) in ticks {
        let (x, half) = (frame.x(place), half_width(&label));
        svg.path("base", format_args!("M{x:.1} {:.1}v7", y - 3.5), "");
        let x = x.clamp(half, (WIDTH - half).max(half));
        svg.text("tick halo", (x, y + 17.0), "middle", &label);
    }
}

/// As much of a name as there is room for; nothing where that says nothing.
fn cut(name: &str, room: usize) -> String {
    match name.chars().count() {
        length if length < room => name.to_string(),
        _ if room < 4 => String::new(),
        _ => name.chars().take(room - 2).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
