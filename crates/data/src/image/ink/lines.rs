//! Lines across the whole picture: ruled and squared paper, and the sides of frames that do not meet.

/// Pictures with a shorter side than this are too coarse to tell lines from strokes.
const LEAST_SIDE: usize = 40;
/// Lines may rise or fall by this share of the picture's width: 3.4 degrees.
const TILT: f32 = 0.06;
/// Different tilts that are tried, at most, either way.
const TILTS: usize = 40;
/// Places along a line that are looked at.
const PLACES: usize = 96;
/// Share of them that must show the line, apart from those where something crosses it.
const SHARE: f32 = 0.85;
/// Largest share of them where something may cross it.
const CROSSED: f32 = 0.75;
/// Lines are thinner than this share of the picture's shorter side.
const THICK: f32 = 0.025;
/// Nine tenths of a line are at least this strong, relative to its middle level.
const EVEN: f32 = 0.5;
/// Frames are within this share of the height from the upper or lower edge.
const FRAME: f32 = 0.08;
/// Lines as strong as this may be strokes of the digit.
const STRONG: f32 = 0.8;
/// What is so much stronger than a line is ink that crosses it.
const CROSSING: f32 = 1.35;

/// The levels without lines, or `None` if there is no line. `least` is the level from which there is ink at all.
pub(super) fn without(levels: &[f32], size: [usize; 2], least: f32) -> Option<Vec<f32>> {
    if size[0].min(size[1]) < LEAST_SIDE {
        return None;
    }
    let mut left = levels.to_vec();
    let across = remove(&mut left, levels, size, least);
    let turned = transposed(levels, size);
    let mut left_turned = transposed(&left, size);
    let down = remove(&mut left_turned, &turned, [size[1], size[0]], least);
    (across || down).then(|| transposed(&left_turned, [size[1], size[0]]))
}

fn transposed(levels: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let columns = (0..width).flat_map(|x| (0..height).map(move |y| levels[y * width + x]));
    columns.collect()
}

/// A line from the left to the right edge.
#[derive(Clone, Copy)]
struct Line {
    /// Its row at the left edge, and how far it falls up to the right edge.
    start: f32,
    fall: f32,
}

impl Line {
    fn row(self, x: usize, width: usize) -> isize {
        (self.start + self.fall * (x as f32 + 0.5) / width as f32).round() as isize
    }
}

/// Clears lines from left to right in `left`, and says whether there are any in `levels`.
fn remove(left: &mut [f32], levels: &[f32], [height, width]: [usize; 2], least: f32) -> bool {
    let thick = ((height.min(width) as f32 * THICK) as isize).max(1);
    let most_fall = TILT * width as f32;
    let steps = (most_fall as usize).clamp(1, TILTS) as isize;
    let mut found = Vec::new();
    for step in -steps..=steps {
        let fall = most_fall * step as f32 / steps as f32;
        // Some lines leave the picture above or below before they have crossed it.
        let outside = fall.abs() as isize * 2 / 3;
        for start in -outside..height as isize + outside {
            let line = Line {
                start: start as f32,
                fall,
            };
            if let Some(level) = level_of(line, levels, [height, width], least, thick) {
                found.push((line, level));
            }
        }
    }
    // What is as strong as ink is a frame if it is at two opposite sides, and else may be the digit.
    let is_near = |row: isize| row as f32 <= FRAME * height as f32;
    let is_side = |line: Line, far: bool| {
        [0, width - 1].into_iter().all(|x| {
            let row = line.row(x, width);
            is_near(if far { height as isize - 1 - row } else { row })
        })
    };
    let has_sides = [false, true].map(|far| found.iter().any(|(line, _)| is_side(*line, far)));
    let is_framed = has_sides == [true; 2];
    found.retain(|(line, level)| {
        *level < STRONG || is_framed && (is_side(*line, false) || is_side(*line, true))
    });
    for &(line, level) in &found {
        let ink = if level < STRONG {
            (CROSSING * level + 0.05).min(0.95)
        } else {
            1.0
        };
        for x in 0..width {
            let row = line.row(x, width);
            for y in (row - thick).max(0)..=(row + thick).min(height as isize - 1) {
                let at = y as usize * width + x;
                if levels[at] > least && levels[at] <= ink {
                    left[at] = 0.0;
                }
            }
        }
    }
    !found.is_empty()
}

/// The level of a line, if there is one here.
fn level_of(
    line: Line,
    levels: &[f32],
    [height, width]: [usize; 2],
    least: f32,
    thick: isize,
) -> Option<f32> {
    let at = |x: usize, y: isize| {
        if y < 0 || y >= height as isize {
            0.0
        } else {
            levels[y as usize * width + x]
        }
    };
    let places = PLACES.min(width);
    let mut hits = Vec::new();
    let mut crossed = 0;
    let mut outside = 0;
    for place in 0..places {
        let x = (2 * place + 1) * width / (2 * places);
        let y = line.row(x, width);
        if y < 0 || y >= height as isize {
            outside += 1;
            continue;
        }
        // It may step from row to row a little earlier or later.
        let own = at(x, y).max(at(x, y - 1)).max(at(x, y + 1));
        let beside = at(x, y - thick - 1).max(at(x, y + thick + 1));
        if own > least && beside <= 0.5 * own {
            hits.push(own);
        } else if own > least {
            crossed += 1;
        } else if (place + 1) as f32 * (1.0 - SHARE)
            < (place + 1 - hits.len() - crossed - outside) as f32
            && place >= places / 4
        {
            return None;
        }
    }
    if 3 * outside > 2 * places {
        return None;
    }
    let free = places - crossed - outside;
    let is_line = hits.len() as f32 >= SHARE * free as f32
        && crossed as f32 <= CROSSED * places as f32
        && !hits.is_empty();
    if !is_line {
        return None;
    }
    hits.sort_unstable_by(f32::total_cmp);
    let level = hits[hits.len() / 2];
    // Noise is as strong only here and there.
    (hits[hits.len() / 10] >= EVEN * level && level >= 2.0 * least).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 100;

    fn picture(level: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        places.map(|(x, y)| level(x, y)).collect()
    }

    #[test]
    fn what_is_a_line() {
        let bar = |x: usize, y: usize| (30..70).contains(&x) && (40..48).contains(&y);
        let stem = |x: usize, y: usize| (60..70).contains(&x) && (40..90).contains(&y);
        let seven = move |x: usize, y: usize| bar(x, y) || stem(x, y);
        type Drawn = Box<dyn Fn(usize, usize) -> f32>;
        let cases: [(&str, Drawn, bool); 7] = [
            ("nothing", Box::new(|_, _| 0.0), false),
            (
                "ruled",
                Box::new(|_, y| if y % 20 == 10 { 0.5 } else { 0.0 }),
                true,
            ),
            (
                "ruled askew",
                Box::new(|x, y| if (y + x / 30) % 20 == 10 { 0.5 } else { 0.0 }),
                true,
            ),
            (
                "squared",
                Box::new(|x, y| {
                    if x % 20 == 10 || y % 20 == 10 {
                        0.5
                    } else {
                        0.0
                    }
                }),
                true,
            ),
            (
                "too short",
                Box::new(|x, y| if y == 50 && x < 80 { 0.5 } else { 0.0 }),
                false,
            ),
            (
                "too thick",
                Box::new(|_, y| if (50..60).contains(&y) { 0.5 } else { 0.0 }),
                false,
            ),
            (
                "as strong as ink",
                Box::new(|_, y| if y == 50 { 1.0 } else { 0.0 }),
                false,
            ),
        ];
        for (name, drawn, is_line) in cases {
            let levels = picture(|x, y| if seven(x, y) { 1.0 } else { drawn(x, y) });
            let left = without(&levels, [SIDE, SIDE], 0.05);
            assert_eq!(left.is_some(), is_line, "{name}");
            for (index, level) in left.into_iter().flatten().enumerate() {
                let (x, y) = (index % SIDE, index / SIDE);
                let expected = if seven(x, y) { 1.0 } else { 0.0 };
                assert_eq!(level, expected, "{name}: {x}, {y}");
            }
        }
    }

    #[test]
    fn a_frame_has_two_sides() {
        let above = |y: usize| y == 3;
        let below = |y: usize| y == 96;
        let one = picture(|_, y| f32::from(u8::from(above(y))));
        assert!(without(&one, [SIDE, SIDE], 0.05).is_none());
        let both = picture(|_, y| f32::from(u8::from(above(y) || below(y))));
        let left = without(&both, [SIDE, SIDE], 0.05).unwrap();
        assert!(left.iter().all(|level| *level == 0.0));
    }
}
