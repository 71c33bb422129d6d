//! A quick model whose doubts point at labels to look at: likely label errors, as in confident learning (Northcutt, Jiang &
//! Chuang 2021, 'Confident Learning: Estimating Uncertainty in Dataset Labels', JAIR 70).
//!
//! N pictures, D values of each, K classes. Half of a probability is a linear discriminant's (Gaussians with one covariance,
//! solved exactly, so there is nothing to tune), half is the vote of the nearest neighbours; both only know pictures of the
//! other folds. All sums have a fixed order: the same pictures give the same bits on any number of threads.

mod discriminant;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use self::discriminant::{Linear, Moments, dot};
use super::look::{Look, VALUES};

/// Most pictures that are judged: the work for neighbours grows with the square of their number.
/// Re-check: 10,000 digits take 5 s of one core.
pub(super) const MOST: usize = 10_000;
/// Parts of the cross-validation.
const FOLDS: usize = 5;
/// Classes with fewer pictures are left out: a fold must leave some to learn from.
const LEAST_OF_CLASS: usize = 5;
/// With fewer pictures in all, no model is of any use.
const LEAST: usize = 40;
/// Neighbours that vote.
const NEIGHBOURS: usize = 10;
/// Pictures whose distances are computed together, while the others pass through the cache.
const TILE: usize = 8;

/// A picture to judge.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub look: &'a Look,
    pub class: usize,
}

/// What the model says of all pictures.
pub(super) struct Judgement {
    /// Share of pictures whose label it predicts.
    pub accuracy: f64,
    /// Share of the most frequent class.
    pub chance: f64,
    /// Pictures that were judged.
    pub items: usize,
    /// Labels that are likely wrong, the least likely label first.
    pub doubts: Vec<Doubt>,
}

impl Judgement {
    /// Whether the doubts are worth looking at: an accuracy of twice chance, or halfway from chance to 1 where that is less,
    /// as with two classes.
    pub fn is_trusted(&self) -> bool {
        self.accuracy >= (2.0 * self.chance).min((1.0 + self.chance) / 2.0)
    }
}

/// A label that is likely wrong.
pub(super) struct Doubt {
    /// Index of the item.
    pub item: usize,
    /// The class that the model finds likelier.
    pub better: usize,
    /// Probability of the label.
    pub own: f32,
    /// Probability of that class.
    pub other: f32,
}

/// Judges the labels of all pictures; `None` where there are too few pictures or classes to learn from.
pub(super) fn judge(items: &[Item<'_>], classes: usize) -> Option<Judgement> {
    let mut counts = vec![0_usize; classes];
    for item in items {
        counts[item.class] += 1;
    }
    // Classes get new numbers without those that are left out.
    let kept: Vec<usize> = (0..classes)
        .filter(|class| counts[*class] >= LEAST_OF_CLASS)
        .collect();
    let used: Vec<usize> = (0..items.len())
        .filter(|item| counts[items[*item].class] >= LEAST_OF_CLASS)
        .collect();
    if kept.len() < 2 || used.len() < LEAST {
        return None;
    }
    let number = |class: usize| kept.binary_search(&class).unwrap_or(0);
    let labels: Vec<usize> = used.iter().map(|item| number(items[*item].class)).collect();
    let looks: Vec<&Look> = used.iter().map(|item| items[*item].look).collect();
    let data = Data {
        values: centred(&looks),
        folds: folds(&labels, kept.len()),
        labels,
        classes: kept.len(),
    };
    let mut probabilities = data.discriminant();
    data.add_votes(&mut probabilities);

    let rows = || probabilities.chunks_exact(data.classes).zip(&data.labels);
    let right = rows().filter(|(row, label)| best(row, |_| true) == Some(**label));
    let accuracy = right.count() as f64 / used.len() as f64;
    let most = kept.iter().map(|class| counts[*class]).max().unwrap_or(0);
    // The mean probability of each class over the pictures with that label: what is usual for a correct label.
    let mut usual = vec![0.0_f64; data.classes];
    for (row, &label) in rows() {
        usual[label] += f64::from(row[label]) / counts[kept[label]] as f64;
    }
    let mut doubts: Vec<Doubt> = rows()
        .zip(&used)
        .filter_map(|((row, &label), &item)| {
            let is_likelier =
                |class: usize| row[class] > row[label] && f64::from(row[class]) >= usual[class];
            let better = best(row, is_likelier)?;
            Some(Doubt {
                item,
                better: kept[better],
                own: row[label],
                other: row[better],
            })
        })
        .collect();
    doubts.sort_by(|a, b| {
        let by_label = a.own.total_cmp(&b.own);
        by_label
            .then(b.other.total_cmp(&a.other))
            .then(a.item.cmp(&b.item))
    });
    Some(Judgement {
        accuracy,
        chance: most as f64 / used.len() as f64,
        items: used.len(),
        doubts,
    })
}

/// The most probable of some classes, the first of equals.
fn best(row: &[f32], is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
    let wanted = (0..row.len()).filter(|class| is_wanted(*class));
    wanted.reduce(|best, class| if row[class] > row[best] { class } else { best })
}

/// The fold of each picture: a fifth of each class in the order of the source. Pictures taken one after the other are
/// alike; in one fold they don't confirm each other's label.
fn folds(labels: &[usize], classes: usize) -> Vec<usize> {
    let mut totals = vec![0; classes];
    for &label in labels {
        totals[label] += 1;
    }
    let mut seen = vec![0; classes];
    let fold = |&label: &usize| {
        seen[label] += 1;
        (seen[label] - 1) * FOLDS / totals[label]
    };
    labels.iter().map(fold).collect()
}

/// `[N, D]`: the mean of each value becomes 0, and the mean of all squares 1. Values that hardly vary stay small, as they
/// carry little; scaled one by one, they cost 2 % of accuracy on digits and 5 of 74 wrong labels found.
fn centred(looks: &[&Look]) -> Vec<f32> {
    let count = looks.len() as f32;
    let mut mean = [0.0_f32; VALUES];
    for look in looks {
        for (mean, &value) in mean.iter_mut().zip(look.iter()) {
            *mean += f32::from(value) / count;
        }
    }
    let differences = looks.iter().flat_map(|look| {
        let values = look.iter().zip(mean);
        values.map(|(&value, mean)| f32::from(value) - mean)
    });
    let mut values: Vec<f32> = differences.collect();
    let squares: f64 = values.iter().map(|value| f64::from(value.powi(2))).sum();
    let deviation = (squares / values.len() as f64).sqrt().max(1.0) as f32;
    values.iter_mut().for_each(|value| *value /= deviation);
    values
}

struct Data {
    /// `[N, D]`
    values: Vec<f32>,
    labels: Vec<usize>,
    folds: Vec<usize>,
    /// K
    classes: usize,
}

impl Data {
    fn row(&self, index: usize) -> &[f32] {
        &self.values[index * VALUES..][..VALUES]
    }

    /// `[N, K]` half the probabilities of linear discriminants; the model for a fold is fitted to the other folds.
    fn discriminant(&self) -> Vec<f32> {
        let moments: Vec<Moments> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let of_fold = (0..self.labels.len()).filter(|index| self.folds[*index] == fold);
                let rows = of_fold.map(|index| (self.row(index), self.labels[index]));
                Moments::of(rows, self.classes)
            })
            .collect();
        let models: Vec<Linear> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| Linear::of(&moments, fold))
            .collect();
        let mut probabilities = vec![0.0; self.labels.len() * self.classes];
        probabilities
            .par_chunks_exact_mut(self.classes)
            .enumerate()
            .for_each(|(index, row)| models[self.folds[index]].predict(self.row(index), row));
        probabilities
    }

    /// Adds half the votes of the nearest neighbours in other folds, one vote being shared by all classes.
    fn add_votes(&self, probabilities: &mut [f32]) {
        let squares: Vec<f32> = (0..self.labels.len())
            .map(|index| dot(self.row(index), self.row(index)))
            .collect();
        let tiles = probabilities
            .par_chunks_mut(TILE * self.classes)
            .enumerate();
        tiles.for_each(|(tile, rows)| {
            let first = tile * TILE;
            let count = rows.len() / self.classes;
            let mut nearest = vec![Vec::with_capacity(NEIGHBOURS + 1); count];
            for (other, square) in squares.iter().enumerate() {
                for (place, nearest) in nearest.iter_mut().enumerate() {
                    let index = first + place;
                    if self.folds[index] == self.folds[other] {
                        continue;
                    }
                    let product = dot(self.row(index), self.row(other));
                    keep_nearest(nearest, square - 2.0 * product, other);
                }
            }
            for (row, nearest) in rows.chunks_exact_mut(self.classes).zip(nearest) {
                let vote = 0.5 / (nearest.len() + 1) as f32;
                for value in row.iter_mut() {
                    *value += vote / self.classes as f32;
                }
                for (_, other) in nearest {
                    row[self.labels[other]] += vote;
                }
            }
        });
    }
}

/// Adds a picture to the nearest, in order, if it is one of them.
fn keep_nearest(nearest: &mut Vec<(f32, usize)>, distance: f32, index: usize) {
    if nearest.len() == NEIGHBOURS && nearest.last().is_some_and(|last| distance >= last.0) {
        return;
    }
    let place = nearest.partition_point(|known| known.0 <= distance);
    nearest.insert(place, (distance, index));
    nearest.truncate(NEIGHBOURS);
}
