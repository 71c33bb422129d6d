//! Heat map of a large confusion matrix: only cells that hold something are drawn.

use super::{WIDTH, open, put};
use crate::Language;
use crate::format::Text;

/// `rows` is `[truth][answer]`; cells off the diagonal stand out by their share of the largest
/// mistake. Names are in the tips: beside the cells they would be too small to read.
pub fn svg(
    rows: &[Vec<u64>],
    names: &[String],
    description: &str,
    language: Language,
) -> Option<String> {
    let classes = rows.len();
    let largest = |mistakes: bool| {
        let cells = rows.iter().enumerate().flat_map(move |(truth, row)| {
            let cells = row.iter().enumerate();
            cells.filter(move |(answer, _)| (*answer != truth) == mistakes)
        });
        cells.map(|(_, images)| *images).max().unwrap_or(0).max(1) as f64
    };
    if classes == 0 {
        return None;
    }
    let (hits, mistakes, cell) = (largest(false), largest(true), WIDTH / classes as f64);
    let colon = language.colon();
    let mut svg = String::new();
    open(&mut svg, WIDTH, description);
    put(
        &mut svg,
        format_args!("<path class=\"frame\" d=\"M0 0H{WIDTH}V{WIDTH}H0z\"/>"),
    );
    let name = |class: usize| Text(names.get(class).map_or("", String::as_str));
    for (truth, row) in rows.iter().enumerate() {
        for (answer, images) in row.iter().enumerate().filter(|(_, images)| **images > 0) {
            let (class, most) = if truth == answer {
                ("hit", hits)
            } else {
                ("miss", mistakes)
            };
            // The square root lets one image be seen beside a hundred.
            let strength = 0.15 + 0.85 * (*images as f64 / most).sqrt();
            put(
                &mut svg,
                format_args!(
                    "<path class=\"{class}\" fill-opacity=\"{strength:.2}\" d=\"M{:.1} {:.1}h{cell:.1}v{cell:.1}h-{cell:.1}z\">\
                 <title>{} → {}{colon}{}</title></path>",
                    answer as f64 * cell,
                    truth as f64 * cell,
                    name(truth),
                    name(answer),
                    language.count(*images)
                ),
            );
        }
    }
    Some(svg + "</svg>")
}
