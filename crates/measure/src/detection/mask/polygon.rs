//! Which pixels a polygon covers, by the rules of pycocotools.
//!
//! Points are rounded to a grid five times as fine as the pixels, and the outline is walked on that grid in steps to a
//! neighbour. Where a step crosses the middle of a column of pixels, all pixels below it in that column change sides. The
//! position of such a crossing, counted down the columns, is all that is kept: sorted, every two enclose a span.

use super::MaskError;

/// Cells of the grid along a side of a pixel.
const FINE: i64 = 5;
/// The cell of a column that lies left of its middle, from which a step to the right crosses it.
const BEFORE_MIDDLE: i64 = 2;
/// Coordinates in pixels go this far: times five they fit into pycocotools' integers.
pub const FARTHEST: f64 = 1e8;
/// Its position, and its half of a span before and after spans of several polygons are put together.
const BYTES_PER_CROSSING: u64 = 3 * size_of::<u32>() as u64;

/// At most this much memory is taken to make a mask of polygons. Ask before making many: a few bytes of a file can say
/// that an outline runs to and fro across a wide image.
pub fn polygon_bytes([_, width]: [u32; 2], polygons: &[impl AsRef<[f64]>]) -> u64 {
    let crossings = polygons
        .iter()
        .map(|polygon| crossings(polygon.as_ref(), width));
    BYTES_PER_CROSSING.saturating_mul(crossings.fold(0, u64::saturating_add))
}

/// How many crossings a polygon has.
fn crossings(numbers: &[f64], width: u32) -> u64 {
    let each = edges(numbers).map(|edge| {
        let (first, end) = edge.columns(width);
        (end - first) as u64
    });
    each.sum()
}

/// The spans that a polygon covers, ascending.
pub fn spans(
    [height, width]: [u32; 2],
    numbers: &[f64],
    polygon: usize,
) -> Result<impl Iterator<Item = [u32; 2]>, MaskError> {
    let count = numbers.len();
    if count % 2 == 1 {
        let numbers = count;
        return Err(MaskError::OddNumbers { polygon, numbers });
    }
    if count < 6 {
        let numbers = count;
        return Err(MaskError::FewPoints { polygon, numbers });
    }
    // NaN is not within either.
    let within = |number: &&f64| number.abs() <= FARTHEST;
    if let Some(&found) = numbers.iter().find(|number| !within(number)) {
        return Err(MaskError::Coordinate { polygon, found });
    }
    let mut crossings = Vec::with_capacity(crossings(numbers, width) as usize);
    for edge in edges(numbers) {
        let (first, end) = edge.columns(width);
        for column in first..end {
            let row = rows_above(edge.crossing(column)).clamp(0, i64::from(height));
            // Both are within the image, whose pixels fit.
            crossings.push((column * i64::from(height) + row) as u32);
        }
    }
    crossings.sort_unstable();
    // A closed outline crosses every column an even number of times.
    let count = crossings.len() / 2;
    Ok((0..count).map(move |pair| [crossings[2 * pair], crossings[2 * pair + 1]]))
}

/// How many pixels of a column have their middle above a cell.
fn rows_above(y: i64) -> i64 {
    (y + FINE - 1 - BEFORE_MIDDLE).div_euclid(FINE)
}

/// A side of the polygon on the fine grid.
struct Edge {
    from: [i64; 2],
    to: [i64; 2],
}

/// The sides of a polygon, the last back to the first point.
fn edges(numbers: &[f64]) -> impl Iterator<Item = Edge> {
    // Rounded as C does. Clamped, because `polygon_bytes` is asked before numbers are checked.
    let fine = |number: f64| (FINE as f64 * number.clamp(-FARTHEST, FARTHEST) + 0.5) as i64;
    let points = numbers
        .as_chunks()
        .0
        .iter()
        .map(move |&[x, y]| [fine(x), fine(y)]);
    let next = points.clone().cycle().skip(1);
    points.zip(next).map(|(from, to)| Edge { from, to })
}

impl Edge {
    /// The columns whose middle it crosses, the end excluded.
    fn columns(&self, width: u32) -> (i64, i64) {
        let left = self.from[0].min(self.to[0]);
        let right = self.from[0].max(self.to[0]);
        let first = (left + FINE - 1 - BEFORE_MIDDLE).div_euclid(FINE).max(0);
        let end = (right + FINE - 1 - BEFORE_MIDDLE).div_euclid(FINE);
        (first, end.clamp(first, i64::from(width).max(first)))
    }

    /// The upper cell of the step that crosses the middle of a column, one of [`Edge::columns`].
    fn crossing(&self, column: i64) -> i64 {
        let before = FINE * column + BEFORE_MIDDLE;
        let across = (self.from[0] - self.to[0]).abs();
        let down = (self.from[1] - self.to[1]).abs();
        // Edges are walked rightwards or, if they are steep, downwards: one cell a step in that direction. The other
        // coordinate is rounded, so that the direction matters.
        let steep = across < down;
        let axis = usize::from(steep);
        let forwards = self.from[axis] <= self.to[axis];
        let [start, end] = if forwards {
            [self.from, self.to]
        } else {
            [self.to, self.from]
        };
        let other = 1 - axis;
        let slope = (end[other] - start[other]) as f64 / across.max(down) as f64;
        let at = |step: i64| (start[other] as f64 + slope * step as f64 + 0.5) as i64;
        if !steep {
            let step = before - start[0];
            return at(step).min(at(step + 1));
        }
        // The last step on the side where the edge starts. x only rises or only falls on the way.
        let rises = start[0] <= end[0];
        let (mut here, mut beyond) = (0, down);
        while beyond - here > 1 {
            let step = i64::midpoint(here, beyond);
            if (at(step) <= before) == rises {
                here = step;
            } else {
                beyond = step;
            }
        }
        start[1] + here
    }
}
