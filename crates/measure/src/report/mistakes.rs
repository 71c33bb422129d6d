//! Images that were answered wrongly, and by whom.

use super::Report;
use crate::record::Prediction;

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
    let contestants = &report.contestants;
    let images = contestants.first()?.predictions.rows.len();
    let others = || contestants.iter().map(|c| c.predictions.rows.len());
    if images == 0 || others().any(|rows| rows != images) {
        return None;
    }
    let mut mistakes: Vec<Mistake<'a>> = Vec::new();
    for row in 0..images {
        let answers: Vec<&'a Prediction> = contestants
            .iter()
            .map(|c| &c.predictions.rows[row])
            .collect();
        if answers
            .iter()
            .any(|a| (a.index, a.label) != (answers[0].index, answers[0].label))
        {
            return None;
        }
        let wrong = answers.iter().filter(|a| !a.is_correct());
        if let Some(sure) = wrong.map(|a| a.score).reduce(f32::max) {
            mistakes.push(Mistake { answers, sure });
        }
    }
    mistakes.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    Some(mistakes)
}
