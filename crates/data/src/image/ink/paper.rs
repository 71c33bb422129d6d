//! Which grey levels are paper: light or dark, and how they vary over the picture with the light.

use super::levels::{LEAST_SIDE, quantile, strongest};
use super::shade;

/// Points of the grid of paper levels, along the longer side.
const GRID: usize = 32;
/// Points either way among which the paper is looked for: a third of the picture in all, so that a stroke never fills it.
const REACH: usize = 5;
/// The same while it is not known yet whether the paper is light: far enough that most of it must be paper.
const WIDE_REACH: usize = 10;
/// The share of those points that may show ink.
const INK: f32 = 0.75;
/// Paper whose levels differ by less than this share of the ink's contrast is even.
const EVEN: f32 = 0.03;
/// Light that varies by this share of all contrast makes some of the paper darker than some of the ink.
const VARIED: f32 = 0.3;
/// The share of the border's values between which paper is even: the digit may reach the edge.
const MOST_BORDER: f32 = 0.9;
/// Frames are within this part of the sides.
const MARGIN: usize = 14;
/// The border is this part of the shorter side.
const BAND: usize = 20;
/// Share of the border that a frame, or the desk around the paper, covers at least.
const FRAME: f32 = 0.8;

/// Whether the paper is lighter than what is on it.
pub(super) fn is_light(values: &[f32], size: [usize; 2]) -> bool {
    let [darkest, brightest] = range(values);
    let middle = (brightest + darkest) / 2.0;
    let is_light = |value: f32| value > middle;
    if has_room(size) {
        // Where the light varies much, and not only between a frame and the rest, the surroundings of a pixel tell whether
        // it is dark.
        let varies = |grid: &Grid| {
            let [low, high] = grid.range();
            high - low > VARIED * (brightest - darkest)
        };
        let grid = Grid::of(values, size, 0.5, WIDE_REACH);
        let (inside, inside_size) = inner(values, size);
        if varies(&grid) && varies(&Grid::of(&inside, inside_size, 0.5, WIDE_REACH)) {
            return shade::is_light(values, size);
        }
    }
    let mut border = border_of(values, size);
    let around = is_light(quantile(&mut border, 0.5));
    let in_all = is_light(quantile(&mut values.to_vec(), 0.5));
    if around == in_all {
        return around;
    }
    if has_room(size) {
        // Nothing but a frame ends so near to the edge.
        let (values, size) = inner(values, size);
        if is_light(quantile(&mut border_of(&values, size), 0.5)) == in_all {
            return in_all;
        }
    }
    // A frame, or a desk under the paper, is all around. Strokes that reach the border are not.
    let alike = border
        .iter()
        .filter(|value| is_light(**value) == around)
        .count();
    if alike as f32 >= FRAME * border.len() as f32 {
        in_all
    } else {
        around
    }
}

/// The values along the edges.
fn border_of(values: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let band = (height.min(width) / BAND).max(1);
    let mut border = Vec::new();
    for (y, row) in values.chunks_exact(width).enumerate() {
        for (x, &value) in row.iter().enumerate() {
            if y.min(x) < band || y + band >= height || x + band >= width {
                border.push(value);
            }
        }
    }
    border
}

/// The picture without what is near its edges.
fn inner(values: &[f32], [height, width]: [usize; 2]) -> (Vec<f32>, [usize; 2]) {
    let [top, left] = [height / MARGIN, width / MARGIN];
    let rows = values.chunks_exact(width).skip(top).take(height - 2 * top);
    let inside = rows.flat_map(|row| &row[left..width - left]);
    (
        inside.copied().collect(),
        [height - 2 * top, width - 2 * left],
    )
}

/// The smallest and the largest value, outliers aside.
fn range(values: &[f32]) -> [f32; 2] {
    let darkest = -strongest(values.iter().map(|value| -value));
    [darkest, strongest(values.iter().copied())]
}

fn has_room(size: [usize; 2]) -> bool {
    size[0].min(size[1]) >= LEAST_SIDE
}

/// How far each value is on the ink's side of the paper, negative on the other.
pub(super) fn above_paper(values: &[f32], size: [usize; 2], is_light: bool) -> Vec<f32> {
    let [_, width] = size;
    // Turned so that ink is bright; where the paper is light, 0 is the brightest there can be.
    let sign = if is_light { -1.0 } else { 1.0 };
    let even = even_paper(values, is_light);
    let difference = |value: f32, paper: f32| sign * (value - paper);
    let flat: Vec<f32> = values
        .iter()
        .map(|&value| difference(value, even))
        .collect();
    if !has_room(size) {
        return flat;
    }
    let share = if is_light { INK } else { 1.0 - INK };
    let grid = Grid::of(values, size, share, REACH);
    let [lowest, highest] = grid.range();
    if highest - lowest <= EVEN * strongest(flat.iter().copied()) {
        return flat;
    }
    // A thick stroke may fill all that the grid looks at, but only light reaches the edges of the picture on all sides.
    let mut border = border_of(values, size);
    let spread = quantile(&mut border, MOST_BORDER) - quantile(&mut border, 1.0 - MOST_BORDER);
    if spread <= EVEN * strongest(flat.iter().copied()) {
        return flat;
    }
    // Points so far apart can't follow the edges of shadows.
    let shaded = shade::paper(values, size, is_light);
    let mut raised = Vec::with_capacity(values.len());
    for (y, row) in values.chunks_exact(width).enumerate() {
        for (x, &value) in row.iter().enumerate() {
            let paper = match &shaded {
                Some(paper) => paper[y * width + x],
                None => grid.at(x, y),
            };
            let difference = difference(value, paper);
            raised.push(if is_light {
                // Less light falls on ink in a shadow as well.
                difference * highest / paper.max(1.0)
            } else {
                difference
            });
        }
    }
    raised
}

/// The most frequent kind of value: the median of those on the paper's side of the middle.
fn even_paper(values: &[f32], is_light: bool) -> f32 {
    let [darkest, brightest] = range(values);
    let middle = (brightest + darkest) / 2.0;
    let mut paper: Vec<f32> = values
        .iter()
        .copied()
        .filter(|&value| (value > middle) == is_light)
        .collect();
    quantile(&mut paper, 0.5)
}

/// Levels of the paper at points spread over the picture.
struct Grid {
    /// Pixels from one point to the next, down and across.
    step: [f32; 2],
    rows: usize,
    columns: usize,
    levels: Vec<f32>,
}

impl Grid {
    /// The paper is taken to be at this share of the way from the darkest to the brightest nearby.
    fn of(values: &[f32], [height, width]: [usize; 2], share: f32, reach: usize) -> Self {
        let step = height.max(width) as f32 / GRID as f32;
        let [rows, columns] =
            [height, width].map(|side| ((side as f32 / step).round() as usize).max(2));
        let step = [height as f32 / rows as f32, width as f32 / columns as f32];
        let place = |index: usize, step: f32, count: usize| {
            (((index as f32 + 0.5) / step) as usize).min(count - 1)
        };
        let mut sums = vec![(0.0f32, 0.0f32); rows * columns];
        for (y, row) in values.chunks_exact(width).enumerate() {
            let line = place(y, step[0], rows) * columns;
            for (x, value) in row.iter().enumerate() {
                let (sum, count) = &mut sums[line + place(x, step[1], columns)];
                *sum += value;
                *count += 1.0;
            }
        }
        let means: Vec<f32> = sums
            .iter()
            .map(|(sum, count)| sum / count.max(1.0))
            .collect();
        let grid = |levels| Self {
            step,
            rows,
            columns,
            levels,
        };
        let of_paper = grid(means).neighbours(reach, |values| quantile(values, share));
        grid(of_paper).smoothed()
    }

    fn smoothed(self) -> Self {
        let mean = |values: &mut [f32]| values.iter().sum::<f32>() / values.len() as f32;
        let levels = self.neighbours(2, mean);
        Self { levels, ..self }
    }

    /// For each point a number from all points that are `reach` away at most.
    fn neighbours(&self, reach: usize, number: impl Fn(&mut [f32]) -> f32) -> Vec<f32> {
        let around =
            |at: usize, count: usize| at.saturating_sub(reach)..(at + reach + 1).min(count);
        let mut numbers = Vec::with_capacity(self.levels.len());
        for row in 0..self.rows {
            for column in 0..self.columns {
                let columns = around(column, self.columns);
                let mut values: Vec<f32> = around(row, self.rows)
                    .flat_map(|row| self.levels[row * self.columns..][columns.clone()].iter())
                    .copied()
                    .collect();
                numbers.push(number(&mut values));
            }
        }
        numbers
    }

    /// The lowest and the highest level.
    fn range(&self) -> [f32; 2] {
        let start = [f32::INFINITY, f32::NEG_INFINITY];
        self.levels.iter().fold(start, |[low, high], &level| {
            [low.min(level), high.max(level)]
        })
    }

    /// Bilinear between the points, each of which is the middle of its cell.
    fn at(&self, x: usize, y: usize) -> f32 {
        let between = |index: usize, step: f32, count: usize| {
            let place = ((index as f32 + 0.5) / step - 0.5).clamp(0.0, (count - 1) as f32);
            let before = (place as usize).min(count - 2);
            (before, place - before as f32)
        };
        let (row, down) = between(y, self.step[0], self.rows);
        let (column, right) = between(x, self.step[1], self.columns);
        let corner = row * self.columns + column;
        let mix = |from: f32, to: f32, share: f32| from + (to - from) * share;
        let along = |at: usize| mix(self.levels[at], self.levels[at + 1], right);
        mix(along(corner), along(corner + self.columns), down)
    }
}
