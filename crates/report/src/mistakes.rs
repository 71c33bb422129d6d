//! Images that were answered wrongly, and by whom.

use super::Report;
use super::suspects::paired;
use measure::record::Prediction;

/// An image that at least one contestant got wrong.
pub struct Mistake<'a> {
    /// One answer a contestant, in their order.
    pub answers: Vec<&'a Prediction>,
    /// Confidence of the surest wrong answer.
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

/// All mistakes, the surest first; `None` without images, and when
/// the contestants did not answer the same ones: then they can't be told apart image by image.
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
