//! Images that were classified wrongly, and by whom.

use super::Report;
use super::suspects::paired;
use measure::record::Prediction;

/// An image that at least one contestant got wrong.
pub struct Mistake<'a> {
    /// One prediction per contestant, in their order.
    pub answers: Vec<&'a Prediction>,
    /// Confidence of the most confident wrong prediction.
    pub sure: f32,
}

impl Mistake<'_> {
    /// Which contestants were wrong.
    pub fn wrong(&self) -> Vec<usize> {
        let answers = self.answers.iter().enumerate();
        let wrong = answers.filter(|(_, answer)| !answer.is_correct());
        wrong.map(|(slot, _)| slot).collect()
    }
}

/// All mistakes, the most confident first; `None` without images, and when the contestants were not evaluated on the same
/// images, so that they can't be compared image by image.
pub fn mistakes<'a>(report: &Report<'a>) -> Option<Vec<Mistake<'a>>> {
    let images = paired(report)?.into_iter();
    let mistake = |answers: Vec<&'a Prediction>| {
        let wrong = answers.iter().filter(|a| !a.is_correct());
        let sure = wrong.map(|a| a.score).reduce(f32::max)?;
        Some(Mistake { answers, sure })
    };
    let mut mistakes: Vec<Mistake<'a>> = images.filter_map(mistake).collect();
    mistakes.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    Some(mistakes)
}
