//! What a model costs: quantiles of timings, throughput, peak memory, and which models are not beaten.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::EpochRecord;

/// Quantile `q` (0 to 1) of `values`, linear between neighbours: type 7 of R. Hyndman and Y. Fan,
/// "Sample quantiles in statistical packages", 1996, which is numpy's default. `None` without values
/// and for a `q` outside 0 to 1.
///
/// ```
/// use measure::cost::quantile;
/// assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.5), Some(2.5));
/// ```
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// The value in the middle; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let low = sorted[below];
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + part * (high - low))
}

/// How long single answers take, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the answers take at most this.
    pub p50_ms: f64,
    /// 95 of 100 answers take at most this.
    pub p95_ms: f64,
    /// 99 of 100 answers take at most this.
    pub p99_ms: f64,
    /// The mean.
    pub mean_ms: f64,
}

impl Latency {
    /// Summarises timings; `None` without any.
    pub fn of(timings: &[Duration]) -> Option<Self> {
        let milliseconds = timings.iter().map(|timing| timing.as_secs_f64() * 1e3);
        let mut sorted: Vec<f64> = milliseconds.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self {
            p50_ms: quantile_of_sorted(&sorted, 0.50)?,
            p95_ms: quantile_of_sorted(&sorted, 0.95)?,
            p99_ms: quantile_of_sorted(&sorted, 0.99)?,
            mean_ms: sorted.iter().sum::<f64>() / sorted.len() as f64,
        })
    }
}

/// Images per second; 0 where no time passed, so that records stay finite.
pub fn images_per_s(images: usize, time: Duration) -> f64 {
    if time.is_zero() {
        0.0
    } else {
        images as f64 / time.as_secs_f64()
    }
}

/// The most memory this process held, in MiB; `None` where the system does not say.
pub fn peak_rss_mib() -> Option<f64> {
    peak_rss_bytes().map(|bytes| bytes as f64 / f64::from(1 << 20))
}

/// Seconds of training until the validation accuracy first reached `target`, at the end of an epoch;
/// `None` if it never did.
pub fn seconds_to_accuracy(history: &[EpochRecord], target: f64) -> Option<f64> {
    let reached = |epoch: &&EpochRecord| epoch.validation_accuracy.is_some_and(|a| a >= target);
    history.iter().find(reached).map(|epoch| epoch.seconds)
}

/// Indices of the `[cost, gain]` points that no other beats, by rising cost: none is as cheap and
/// better, or as good and cheaper. Of equal points the first stands.
pub fn pareto_front(points: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    // By cost, of equal cost the best first; the sort is stable.
    order.sort_by(|&a, &b| {
        let cost = points[a][0].total_cmp(&points[b][0]);
        cost.then(points[b][1].total_cmp(&points[a][1]))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|&point| {
        let gain = points[point][1];
        let better = gain > best;
        best = best.max(gain);
        better
    });
    order
}

/// The largest resident memory this process ever had, in bytes: `VmHWM` of `/proc/self/status`.
/// `None` where the system does not say (anything but Linux).
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Lets [`peak_rss_bytes`] start again from what is resident now, where the system can (Linux).
pub fn reset_peak_rss() {
    // 5 resets the high-water mark (proc(5)); where that fails the mark simply stays.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(test)]
mod tests;
