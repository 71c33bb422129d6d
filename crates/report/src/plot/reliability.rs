//! Reliability diagram: accuracy against confidence, and how many images stand behind each point.

use super::axis::{Axis, Unit};
use super::{Frame, SLOTS, Svg};
use crate::Language;
use crate::words::phrases;
use measure::calibration::Reliability;
use measure::significance::wilson_95;

const TOP: f64 = 28.0;
const SIDE: f64 = 260.0;
/// Height of the histogram below the diagram.
const COUNTS: f64 = 46.0;

/// What is written on the diagram.
#[derive(Debug, Clone, Copy)]
pub struct Diagram<'a> {
    /// What a screen reader says.
    pub description: &'a str,
    /// Horizontal axis.
    pub confidence: &'a str,
    /// Vertical axis.
    pub accuracy: &'a str,
    /// The histogram.
    pub images: &'a str,
    /// In which numbers are written.
    pub language: Language,
}

impl Diagram<'_> {
    /// Points with 95 % Wilson intervals, the diagonal of perfect calibration, and a histogram whose
    /// bars grow with the logarithm of the number of images.
    pub fn svg(&self, reliability: &Reliability, slot: usize) -> String {
        let (language, class) = (self.language, slot % SLOTS);
        let axis = Axis::unit_interval(Unit::Percent, language);
        let frame = Frame::beside(&axis, TOP, SIDE);
        let (left, right) = (frame.left, frame.right);
        let below = Frame {
            top: frame.bottom + 10.0,
            bottom: frame.bottom + 10.0 + COUNTS,
            ..frame
        };
        let mut svg = Svg::new(TOP + SIDE + COUNTS + 52.0, self.description);
        svg.vertical_axis(frame, &axis, self.accuracy);
        let diagonal = format_args!("M{left:.1} {:.1}L{right:.1} {:.1}", frame.bottom, frame.top);
        svg.path("ideal", diagonal, "");
        svg.horizontal_axis(below, &axis, self.confidence);
        svg.text("axis", (left, below.bottom + 35.0), "start", self.images);
        let filled = || reliability.bins.iter().filter(|bin| bin.images > 0);
        let most = filled().map(|bin| bin.images).max().unwrap_or(1);
        let height = |images: u64| (1.0 + images as f64).ln() / (1.0 + most as f64).ln() * COUNTS;
        for bin in filled() {
            let (start, end) = (frame.x(bin.lower) + 0.5, frame.x(bin.upper) - 0.5);
            let (end, bottom) = (end.max(start + 0.5), below.bottom);
            let top = bottom - height(bin.images);
            let range = [bin.lower, bin.upper]
                .map(|share| language.percent(share, 0))
                .join(" – ");
            let tip = format!(
                "{range}{}{}",
                language.colon(),
                phrases::images(language, bin.images)
            );
            let bar = format_args!("M{start:.1} {bottom:.1}V{top:.1}H{end:.1}V{bottom:.1}z");
            svg.path(format_args!("bar s{class}"), bar, &tip);
        }
        for bin in filled() {
            let correct = (bin.accuracy * bin.images as f64).round() as u64;
            let interval = wilson_95(correct, bin.images);
            let x = frame.x(bin.confidence.clamp(0.0, 1.0));
            let (low, high) = (frame.y(interval.low), frame.y(interval.high));
            svg.path(
                format_args!("whisker s{class}"),
                format_args!("M{x:.1} {low:.1}V{high:.1}"),
                "",
            );
            let tip = format!(
                "{} {}, {} {} ({})",
                self.confidence,
                language.percent(bin.confidence, 1),
                self.accuracy,
                language.percent(bin.accuracy, 1),
                phrases::images(language, bin.images)
            );
            svg.marker(slot, (x, frame.y(bin.accuracy)), &tip);
        }
        svg.finish()
    }
}
