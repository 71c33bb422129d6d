//! Images whose annotation looks wrong: the models, together, see another class in them.
//!
//! After C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of
//! Artificial Intelligence Research 70, 2021, section 3.1: with `p_j` the probability of class j, here the mean over the
//! models, and `t_j` the mean of `p_j` over the images annotated as j, an image is taken for the class of largest `p_j`
//! among those with `p_j >= t_j`. Where that is not the annotated class, the annotation is a suspect; the smaller the
//! margin `p_annotated - p_j`, the stronger (ibid., section 3.2, 'normalized margin'). The models must not have been
//! trained on these images.

use super::Report;
use measure::record::Prediction;

/// An image whose annotation looks wrong.
pub struct Suspect<'a> {
    /// One prediction per contestant, in their order.
    pub answers: Vec<&'a Prediction>,
    /// The class that it looks like.
    pub class: usize,
    /// Mean probability of that class.
    pub probability: f64,
    /// Mean probability of the annotated class.
    pub annotated: f64,
}

/// All suspects, the strongest first; empty without probabilities, and when the contestants were not evaluated on the same
/// images.
pub fn suspects<'a>(report: &Report<'a>) -> Vec<Suspect<'a>> {
    let Some(images) = paired(report) else {
        return Vec::new();
    };
    let classes = report.class_names.len();
    let complete = |answers: &Vec<&Prediction>| {
        let of_all = answers.iter().all(|a| a.probabilities.len() == classes);
        of_all && answers[0].label < classes
    };
    if !images.iter().all(complete) {
        return Vec::new();
    }
    let mean = |answers: &[&Prediction], class: usize| {
        let sum: f64 = answers
            .iter()
            .map(|a| f64::from(a.probabilities[class]))
            .sum();
        sum / answers.len() as f64
    };
    let means: Vec<Vec<f64>> = images
        .iter()
        .map(|answers| (0..classes).map(|class| mean(answers, class)).collect())
        .collect();
    let usual: Vec<f64> = (0..classes)
        .map(|class| {
            let own = images.iter().zip(&means);
            let own = own.filter(|(answers, _)| answers[0].label == class);
            let own: Vec<f64> = own.map(|(_, means)| means[class]).collect();
            own.iter().sum::<f64>() / own.len() as f64
        })
        .collect();
    let suspect = |(answers, means): (Vec<&'a Prediction>, &Vec<f64>)| {
        // A class without images has no usual probability, and nothing is taken for it.
        let seen = (0..classes).filter(|class| means[*class] >= usual[*class]);
        let class = seen.reduce(|a, b| if means[b] > means[a] { b } else { a })?;
        let label = answers[0].label;
        (class != label).then(|| Suspect {
            class,
            probability: means[class],
            annotated: means[label],
            answers,
        })
    };
    let all = images.into_iter().zip(&means).filter_map(suspect);
    let mut suspects: Vec<Suspect<'a>> = all.collect();
    let margin = |s: &Suspect<'_>| s.annotated - s.probability;
    suspects.sort_by(|a, b| margin(a).total_cmp(&margin(b)));
    suspects
}

/// The predictions of all contestants, image by image; `None` without images, and when they were not evaluated on the same
/// images.
pub fn paired<'a>(report: &Report<'a>) -> Option<Vec<Vec<&'a Prediction>>> {
    let contestants = &report.contestants;
    let images = contestants.first()?.predictions.rows.len();
    let mut others = contestants.iter().map(|c| c.predictions.rows.len());
    if images == 0 || others.any(|rows| rows != images) {
        return None;
    }
    (0..images)
        .map(|row| {
            let answers = contestants.iter().map(|c| &c.predictions.rows[row]);
            let answers: Vec<&Prediction> = answers.collect();
            let what = |a: &Prediction| (a.index, a.label);
            let same = answers.iter().all(|a| what(a) == what(answers[0]));
            same.then_some(answers)
        })
        .collect()
}

#[cfg(test)]
mod tests;
