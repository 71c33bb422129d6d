//! Where the ink of a picture is.

/// The smallest `[x1, y1, x2, y2]` that holds every pixel above `threshold` of a `[height, width]` image, in
/// pixels from the left and upper edge; `x2` and `y2` lie beyond the last ink. `None` without ink.
pub fn ink_box(pixels: &[u8], height: usize, width: usize, threshold: u8) -> Option<[f32; 4]> {
    if width == 0 {
        return None;
    }
    let (mut left, mut right) = (width, 0);
    let (mut top, mut bottom) = (height, 0);
    for (y, row) in pixels.chunks_exact(width).take(height).enumerate() {
        let Some(first) = row.iter().position(|&pixel| pixel > threshold) else {
            continue;
        };
        let last = row
            .iter()
            .rposition(|&pixel| pixel > threshold)
            .unwrap_or(first);
        left = left.min(first);
        right = right.max(last + 1);
        top = top.min(y);
        bottom = y + 1;
    }
    (right > 0).then(|| [left, top, right, bottom].map(|side| side as f32))
}

#[cfg(test)]
mod tests {
    use super::ink_box;

    #[test]
    fn boxes_end_after_the_last_ink() {
        #[rustfmt::skip]
        let cases = [
            ("no ink", &[0, 0, 0, 0][..], 2, None),
            ("no pixels", &[], 0, None),
            ("one pixel", &[0, 0, 0, 9], 2, Some([1.0, 1.0, 2.0, 2.0])),
            ("faintest ink counts", &[1, 0, 0, 0], 2, Some([0.0, 0.0, 1.0, 1.0])),
            ("all", &[1; 6], 3, Some([0.0, 0.0, 3.0, 2.0])),
            ("two corners", &[
                0, 0, 7, 0,
                0, 0, 0, 0,
                0, 7, 0, 0,
            ], 4, Some([1.0, 0.0, 3.0, 3.0])),
        ];
        for (name, pixels, width, expected) in cases {
            let height = pixels.len().checked_div(width).unwrap_or(0);
            assert_eq!(ink_box(pixels, height, width, 0), expected, "{name}");
        }
    }
}
