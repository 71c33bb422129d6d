//! What grey levels of a picture are like: quantiles, outliers, noise.

/// One in this many pixels may be an outlier.
const OUTLIER: usize = 5000;
/// Pixels between those that show coarse noise: a block of JPEG.
const COARSE: usize = 8;
/// Pictures with a shorter side than this have no room for shadows.
pub(super) const LEAST_SIDE: usize = 40;

/// The value at a share of the way from the smallest to the largest.
pub(super) fn quantile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// The largest value, outliers aside.
pub(super) fn strongest(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let at = values.len() - 1 - values.len() / OUTLIER;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// The standard deviation of the noise, from how much most neighbours differ.
pub(super) fn noise(values: &[f32], size: [usize; 2]) -> f32 {
    let [_, width] = size;
    let rows = || values.chunks_exact(width);
    let mut steps: Vec<f32> = rows()
        .flat_map(|row| row.windows(2).map(|pair| (pair[0] - pair[1]).abs()))
        .collect();
    // Half of all normal numbers are within 0.6745 standard deviations; the difference of two varies by the square root
    // of 2 more.
    let fine = quantile(&mut steps, 0.5) / (0.6745 * 2.0f32.sqrt());
    if size[0].min(size[1]) < 4 * LEAST_SIDE {
        return fine;
    }
    // JPEG leaves the coarse part of the noise. Even shadows cancel in these three; a quarter is within 0.3186.
    let mut bends: Vec<f32> = rows()
        .flat_map(|row| row.windows(2 * COARSE + 1))
        .map(|part| (part[0] - 2.0 * part[COARSE] + part[2 * COARSE]).abs())
        .collect();
    fine.max(quantile(&mut bends, 0.25) / (0.3186 * 6.0f32.sqrt()))
}
