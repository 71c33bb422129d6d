//! Heat map of a large confusion matrix: only cells that hold something are drawn.

use super::{Svg, WIDTH};
use crate::Language;

/// `rows` is `[truth][prediction]`; cells off the diagonal stand out by their share of the largest
/// mistake. Names are in the tips: beside the cells they would be too small to read.
pub fn svg(
    rows: &[Vec<u64>],
    names: &[String],
    description: &str,
    language: Language,
) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let cells = || {
        let cells = rows.iter().enumerate().flat_map(|(truth, row)| {
            let row = row.iter().enumerate();
            row.map(move |(answer, images)| (truth, answer, *images))
        });
        cells.filter(|(_, _, images)| *images > 0)
    };
    let largest = |hit: bool| {
        let alike = cells().filter(|(truth, answer, _)| (truth == answer) == hit);
        alike.map(|(_, _, images)| images).max().unwrap_or(1) as f64
    };
    let (hits, mistakes) = (largest(true), largest(false));
    let side = WIDTH / rows.len() as f64;
    let name = |class: usize| names.get(class).map_or("", String::as_str);
    let mut svg = Svg::new(WIDTH, description);
    svg.path("frame", format_args!("M0 0H{WIDTH}V{WIDTH}H0z"), "");
    for (truth, answer, images) in cells() {
        let (class, most) = if truth == answer {
            ("hit", hits)
        } else {
            ("miss", mistakes)
        };
        // The square root lets one image be seen beside a hundred.
        let strength = 0.15 + 0.85 * (images as f64 / most).sqrt();
        let (x, y) = (answer as f64 * side, truth as f64 * side);
        let tip = format!(
            "{} → {}{}{}",
            name(truth),
            name(answer),
            language.colon(),
            language.count(images)
        );
        svg.shaded(
            class,
            strength,
            format_args!("M{x:.1} {y:.1}h{side:.1}v{side:.1}h-{side:.1}z"),
            &tip,
        );
    }
    Some(svg.finish())
}
