//! Reliability diagram: accuracy against confidence, and how many images stand behind each point.

use super::axis::{Axis, Unit};
use super::{Frame, SLOTS, horizontal_axis, marker, open, put, vertical_axis};
use crate::Language;
use measure::calibration::Reliability;
use measure::significance::wilson_95;

const TOP: f64 = 28.0;
const SIDE: f64 = 260.0;
/// Height of the histogram below the diagram.
const COUNTS: f64 = 46.0;

/// What is written on the diagram.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// Horizontal axis.
    pub confidence: &'a str,
    /// Vertical axis.
    pub accuracy: &'a str,
    /// The histogram.
    pub images: &'a str,
    /// A number of images with its unit.
    pub count: fn(u64) -> String,
    /// In which numbers are written.
    pub language: Language,
}

/// Points with 95 % Wilson intervals, the diagonal of perfect calibration, and a histogram whose
/// bars grow with the logarithm of the number of images.
pub fn svg(reliability: &Reliability, slot: usize, names: Names<'_>) -> String {
    let axis = Axis::unit_interval(Unit::Percent, names.language);
    let frame = Frame::beside(&axis, TOP, SIDE);
    let (language, colon) = (names.language, names.language.colon());
    let class = slot % SLOTS;
    let mut svg = String::new();
    open(&mut svg, TOP + SIDE + COUNTS + 52.0, names.description);
    vertical_axis(&mut svg, frame, &axis, names.accuracy);
    let (left, right) = (frame.left, frame.right);
    put(
        &mut svg,
        format_args!(
            "<path class=\"ideal\" d=\"M{left:.1} {:.1}L{right:.1} {:.1}\"/>",
            frame.bottom, frame.top
        ),
    );
    let below = Frame {
        top: frame.bottom + 10.0,
        bottom: frame.bottom + 10.0 + COUNTS,
        ..frame
    };
    horizontal_axis(&mut svg, below, &axis, names.confidence);
    put(
        &mut svg,
        format_args!(
            "<text class=\"axis\" x=\"{left:.1}\" y=\"{:.1}\">{}</text>",
            below.bottom + 35.0,
            super::Text(names.images)
        ),
    );
    let filled = || reliability.bins.iter().filter(|bin| bin.images > 0);
    let most = filled().map(|bin| bin.images).max().unwrap_or(1);
    let height = |images: u64| (1.0 + images as f64).ln() / (1.0 + most as f64).ln() * COUNTS;
    for bin in filled() {
        let (start, end) = (frame.x(bin.lower), frame.x(bin.upper));
        put(
            &mut svg,
            format_args!(
                "<path class=\"bar s{class}\" d=\"M{:.1} {:.1}V{:.1}H{:.1}V{:.1}z\"><title>{} – {}{colon}{}</title></path>",
                start + 0.5,
                below.bottom,
                below.bottom - height(bin.images),
                (end - 0.5).max(start + 1.0),
                below.bottom,
                language.percent(bin.lower, 0),
                language.percent(bin.upper, 0),
                super::Text(&(names.count)(bin.images))
            ),
        );
    }
    for bin in filled() {
        let right_answers = (bin.accuracy * bin.images as f64).round() as u64;
        let interval = wilson_95(right_answers, bin.images);
        let x = frame.x(bin.confidence.clamp(0.0, 1.0));
        let (low, high) = (frame.y(interval.low), frame.y(interval.high));
        put(
            &mut svg,
            format_args!("<path class=\"whisker s{class}\" d=\"M{x:.1} {low:.1}V{high:.1}\"/>"),
        );
        let tip = format!(
            "{} {}, {} {} ({})",
            names.confidence,
            language.percent(bin.confidence, 1),
            names.accuracy,
            language.percent(bin.accuracy, 1),
            (names.count)(bin.images)
        );
        marker(&mut svg, slot, x, frame.y(bin.accuracy), &tip);
    }
    svg + "</svg>"
}
