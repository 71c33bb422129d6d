//! How much a single setting decides how good a trial is.
//!
//! The trials are ranked, and grouped by the setting's value (a number: into up to five groups of about equal size). The
//! importance is the share of the variance of the ranks that lies between the groups, less what chance alone would put
//! there: epsilon squared of the Kruskal-Wallis test (Kruskal and Wallis 1952; Kelley 1935 for the correction),
//!
//! `(H - k + 1) / (n - k)` for n trials in k groups, from 0 (nothing) to 1 (everything).
//!
//! Ranks, because trials that diverge would drown everything else in a variance of figures, and because trials that were
//! stopped early or failed have a rank but no final figure. It does not see settings that matter only together
//! (interactions), as fANOVA would. Where the sampler prefers good values of a setting, that setting varies less and looks
//! less important.

use std::cmp::Ordering;

use serde::Serialize;

use crate::record::{SettingValue, SweepMetric, SweepParameter, TrialRecord, compare};

/// With fewer trials no importance is given.
const LEAST_TRIALS: usize = 8;
/// Most groups that numbers are sorted into.
const MOST_GROUPS: usize = 5;
/// Trials that a group of numbers should hold.
const IN_A_GROUP: usize = 4;

/// What a sweep shows about a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The setting's key.
    pub key: String,
    /// From 0 to 1; `None` where there are too few trials, or only one value.
    pub importance: Option<f64>,
    /// Its values in the best quarter of the trials: of numbers the smallest and the greatest, of choices the one or two
    /// most frequent.
    pub best_quarter: Vec<SettingValue>,
}

/// The importance of each parameter, in their order.
pub fn importances(
    parameters: &[SweepParameter],
    trials: &[TrialRecord],
    metric: SweepMetric,
) -> Vec<Importance> {
    let ranks = mid_ranks(trials, |a, b| compare(a, b, metric));
    let of = |parameter: &SweepParameter| {
        let rows = trials.iter().zip(&ranks);
        let rows: Vec<(&SettingValue, f64)> = rows
            .filter_map(|(trial, rank)| Some((trial.values.get(&parameter.key)?, *rank)))
            .collect();
        Importance {
            key: parameter.key.clone(),
            importance: (rows.len() >= LEAST_TRIALS)
                .then(|| epsilon_squared(&groups(&rows)))
                .flatten(),
            best_quarter: best_quarter(&rows),
        }
    };
    parameters.iter().map(of).collect()
}

/// Ranks from 1 in the order of `compare`; equals share the mean of their places.
fn mid_ranks<T>(items: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Vec<f64> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| compare(&items[a], &items[b]));
    let mut ranks = vec![0.0; items.len()];
    let mut start = 0;
    while start < order.len() {
        let same = |place: &usize| compare(&items[order[start]], &items[*place]).is_eq();
        let end = start
            + order[start..]
                .iter()
                .take_while(|place| same(place))
                .count();
        for place in &order[start..end] {
            ranks[*place] = (start + end + 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

/// The ranks by the value: choices as they are, numbers in groups of neighbours. Equal values are in one group.
fn groups(rows: &[(&SettingValue, f64)]) -> Vec<Vec<f64>> {
    let mut rows: Vec<(&SettingValue, f64)> = rows.to_vec();
    rows.sort_by(|(a, _), (b, _)| order(a, b));
    let numbers = rows.iter().all(|(value, _)| value.number().is_some());
    let distinct = rows
        .chunk_by(|(a, _), (b, _)| order(a, b).is_eq())
        .map(|group| group.iter().map(|(_, rank)| *rank).collect::<Vec<f64>>());
    let distinct: Vec<Vec<f64>> = distinct.collect();
    let wanted = (rows.len() / IN_A_GROUP).clamp(2, MOST_GROUPS);
    if !numbers || distinct.len() <= wanted {
        return distinct;
    }
    // A group is full when it holds its share of what is left.
    let mut groups: Vec<Vec<f64>> = Vec::with_capacity(wanted);
    let mut current = Vec::new();
    let mut left = rows.len();
    for value in distinct {
        current.extend(value);
        let groups_left = wanted - groups.len();
        if groups_left > 1 && current.len() * groups_left >= left {
            left -= current.len();
            groups.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        groups.push(current);
    }
    groups
}

fn order(a: &SettingValue, b: &SettingValue) -> Ordering {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.to_string().cmp(&b.to_string()),
    }
}

/// Epsilon squared of the Kruskal-Wallis test with its correction for ties; `None` without two groups, or where each
/// trial is a group of its own, or all ranks are equal.
fn epsilon_squared(groups: &[Vec<f64>]) -> Option<f64> {
    let n: usize = groups.iter().map(Vec::len).sum();
    let k = groups.len();
    if k < 2 || n <= k {
        return None;
    }
    let mean = (n as f64 + 1.0) / 2.0;
    let between = groups.iter().map(|ranks| {
        let own = ranks.iter().sum::<f64>() / ranks.len() as f64;
        ranks.len() as f64 * (own - mean).powi(2)
    });
    let all = groups.iter().flatten().map(|rank| (rank - mean).powi(2));
    let (between, all): (f64, f64) = (between.sum(), all.sum());
    if all <= 0.0 {
        return None;
    }
    // H is the ratio of the sums of squares times n - 1; ties are corrected for by taking the ranks' own sum.
    let h = (n as f64 - 1.0) * between / all;
    Some(((h - k as f64 + 1.0) / (n - k) as f64).clamp(0.0, 1.0))
}

fn best_quarter(rows: &[(&SettingValue, f64)]) -> Vec<SettingValue> {
    let mut rows: Vec<(&SettingValue, f64)> = rows.to_vec();
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    rows.truncate(rows.len().div_ceil(4));
    let mut values: Vec<&SettingValue> = rows.iter().map(|(value, _)| *value).collect();
    if values.iter().all(|value| value.number().is_some()) {
        values.sort_by(|a, b| order(a, b));
        return match values[..] {
            [] => Vec::new(),
            [first, .., last] if first != last => vec![first.clone(), last.clone()],
            [first, ..] => vec![first.clone()],
        };
    }
    // The most frequent first, of equals the one that a better trial has.
    let mut counted: Vec<(&SettingValue, usize)> = Vec::new();
    for value in values {
        match counted.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counted.push((value, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.truncate(2);
    counted
        .into_iter()
        .map(|(value, _)| value.clone())
        .collect()
}

#[cfg(test)]
mod tests;
