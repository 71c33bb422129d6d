//! Parts of four images side by side (Bochkovskiy et al. 2020, 'YOLOv4'), so that a detector sees more objects, smaller
//! ones, and in other surroundings.

use kernels::boxes::Xyxy;

use super::{LEAST_SIDE, LEAST_VISIBLE};
use crate::random::Key;
use crate::resize::Resizer;
use crate::truth::Truth;

/// Where the four meet, as shares of height and width.
const MIDDLE: [f64; 2] = [0.25, 0.75];

/// Four images `[C, H, W]` with their objects as one, in the order upper left, upper right, lower left, lower right.
///
/// They meet at a random place. Each is shrunk by a random factor, but fills its part, and shows the corner of it that
/// lies at that place: the upper left image its lower right corner. An object is cut off where its part ends, and
/// dropped if [too little](LEAST_VISIBLE) of it is left.
///
/// # Panics
/// If an image has another size.
pub fn mosaic(parts: [(&[u8], &[Truth]); 4], shape: [usize; 3], key: Key) -> (Vec<u8>, Vec<Truth>) {
    let [channels, height, width] = shape;
    let area = height * width;
    let mut stream = key.stream();
    let [middle_y, middle_x] = [height, width].map(|side| {
        let place = stream.uniform(MIDDLE[0], MIDDLE[1]) * side as f64;
        (place.round() as usize).min(side)
    });
    let mut pixels = vec![0; channels * area];
    let mut truths = Vec::new();
    for (index, (source, objects)) in parts.into_iter().enumerate() {
        assert_eq!(source.len(), channels * area, "{shape:?}");
        let (is_right, is_lower) = (index % 2 == 1, index / 2 == 1);
        let span = |is_far: bool, middle: usize, side: usize| {
            if is_far { middle..side } else { 0..middle }
        };
        let rows = span(is_lower, middle_y, height);
        let columns = span(is_right, middle_x, width);
        // At least this large, or the part would not be filled.
        let least = (rows.len() as f64 / height as f64).max(columns.len() as f64 / width as f64);
        let scale = stream.uniform(least, 1.0);
        if rows.is_empty() || columns.is_empty() {
            continue;
        }
        let shrunk =
            |side: usize, room: usize| ((side as f64 * scale).round() as usize).clamp(room, side);
        let small = [shrunk(height, rows.len()), shrunk(width, columns.len())];
        // The part of the shrunk image that is seen: the end towards the middle.
        let seen = |is_far: bool, small: usize, room: usize| {
            if is_far { 0..room } else { small - room..small }
        };
        let visible = [
            seen(is_lower, small[0], rows.len()),
            seen(is_right, small[1], columns.len()),
        ];
        let resizer = Resizer::part([height, width], small, visible.clone());
        let planes = pixels.chunks_exact_mut(area).zip(source.chunks_exact(area));
        for (plane, source) in planes {
            let part = resizer.resize(source);
            let lines = plane.chunks_exact_mut(width).skip(rows.start);
            for (line, part) in lines.zip(part.chunks_exact(columns.len())) {
                line[columns.clone()].copy_from_slice(part);
            }
        }

        let scale = [0, 1].map(|axis| small[axis] as f32 / [height, width][axis] as f32);
        let shift = [
            rows.start as f32 - visible[0].start as f32,
            columns.start as f32 - visible[1].start as f32,
        ];
        truths.extend(objects.iter().filter_map(|&Truth { bounds, class }| {
            let whole = Xyxy::new(
                bounds.x1 * scale[1] + shift[1],
                bounds.y1 * scale[0] + shift[0],
                bounds.x2 * scale[1] + shift[1],
                bounds.y2 * scale[0] + shift[0],
            );
            let bounds = Xyxy::new(
                whole.x1.clamp(columns.start as f32, columns.end as f32),
                whole.y1.clamp(rows.start as f32, rows.end as f32),
                whole.x2.clamp(columns.start as f32, columns.end as f32),
                whole.y2.clamp(rows.start as f32, rows.end as f32),
            );
            let is_left = bounds.area() >= LEAST_VISIBLE * whole.area();
            (is_left && bounds.has_sides(LEAST_SIDE)).then_some(Truth { bounds, class })
        }));
    }
    (pixels, truths)
}
