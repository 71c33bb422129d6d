//! A detector's mistakes by kind, from its record: one order for every format.

use serde::Serialize;

use super::Contestant;
use super::scenes::Kind;
use measure::detection::MistakeFigures;

/// The order of [`of`].
pub const KINDS: [Kind; 6] = Kind::ALL;

/// A kind of mistake, how often it was made and what it costs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Line {
    /// What is wrong.
    pub kind: Kind,
    /// How often.
    pub count: u64,
    /// Average precision at IoU 0.50 that would be gained if only these were corrected.
    pub ap_lost: Option<f64>,
}

/// One line a kind, in the order of [`KINDS`]; `None` where nothing was recorded.
pub fn of(contestant: &Contestant<'_>) -> Option<Vec<Line>> {
    let boxes = contestant.evaluation.localisation?;
    let all = boxes.mistakes?;
    let line = |kind: Kind| {
        let MistakeFigures { count, ap_lost } = match kind {
            Kind::Missed => all.missed,
            Kind::Classification => all.classification,
            Kind::Localisation => all.localisation,
            Kind::Both => all.both,
            Kind::Duplicate => all.duplicate,
            Kind::Background => all.background,
        };
        Line {
            kind,
            count,
            ap_lost: ap_lost.filter(|lost| lost.is_finite()),
        }
    };
    Some(KINDS.map(line).to_vec())
}
