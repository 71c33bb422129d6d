//! Where pixels move to: cropping, rotation, scale, shear, mirroring, shift and bending composed into one map, sampled
//! once.

use kernels::boxes::Xyxy;

use super::elastic::Field;

/// Pixels from one point to the next on the edge of a box that is bent.
const EDGE_STEP: f64 = 2.0;
/// Most points on one edge.
const EDGE_POINTS: usize = 64;
/// Steps of the iteration that finds where bending moves a place.
const INVERSION_STEPS: usize = 12;

/// What moves pixels, in this order: cropping; mirroring, slanting, then turning and scaling, about the centre; shift;
/// bending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moves {
    /// Radians, clockwise as images are shown.
    pub angle: f64,
    /// A factor.
    pub scale: f64,
    /// Pixels to the right for each pixel down.
    pub slant: f64,
    pub flip: bool,
    pub flip_vertical: bool,
    /// Pixels `[x, y]`.
    pub shift: [f64; 2],
    /// The part of the source that fills the image: `[x1, y1, x2, y2]`, pixels, right and bottom excluded.
    pub crop: Option<[usize; 4]>,
}

/// A map between places in the source and places in the result.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    size: [usize; 2],
    /// From the result, about the centre, to the source.
    back: [[f64; 2]; 2],
    shift: [f64; 2],
    crop: Option<Crop>,
    field: Option<Field>,
}

/// A part of the source that is enlarged to the whole.
#[derive(Clone, Copy, Debug)]
struct Crop {
    /// Its upper left corner, `[x, y]`.
    corner: [f64; 2],
    /// Source pixels per pixel of the whole, `[x, y]`.
    scale: [f64; 2],
}

impl Crop {
    /// From a place in the enlarged part to the source.
    fn back(self, place: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| place[axis] * self.scale[axis] + self.corner[axis])
    }

    fn forth(self, place: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| (place[axis] - self.corner[axis]) / self.scale[axis])
    }
}

impl Warp {
    pub fn new(size: [usize; 2], moves: Moves, field: Option<Field>) -> Self {
        let Moves {
            angle,
            scale,
            slant,
            flip,
            flip_vertical,
            shift,
            crop,
        } = moves;
        let (sin, cos) = (angle.sin() / scale, angle.cos() / scale);
        // Each step undone, the last first.
        let [[a, b], [c, d]] = [[cos, sin], [-sin, cos]];
        let (a, b) = (a - slant * c, b - slant * d);
        let (a, b) = if flip { (-a, -b) } else { (a, b) };
        let (c, d) = if flip_vertical { (-c, -d) } else { (c, d) };
        let [height, width] = size.map(|side| side as f64);
        let crop = crop.map(|part| {
            let [x1, y1, x2, y2] = part.map(|place| place as f64);
            Crop {
                corner: [x1, y1],
                scale: [(x2 - x1) / width, (y2 - y1) / height],
            }
        });
        Self {
            size,
            back: [[a, b], [c, d]],
            shift,
            crop,
            field,
        }
    }

    fn is_translation(&self) -> bool {
        self.field.is_none() && self.crop.is_none() && self.back == [[1.0, 0.0], [0.0, 1.0]]
    }

    pub fn is_identity(&self) -> bool {
        self.is_translation() && self.shift == [0.0; 2]
    }

    fn centre(&self) -> [f64; 2] {
        let [height, width] = self.size;
        [width as f64 / 2.0, height as f64 / 2.0]
    }

    /// Fills `result` from `source`, both `[C, H, W]`; bilinear, black outside.
    pub fn resample(&self, source: &[u8], result: &mut [u8]) {
        let area = (self.size[0] * self.size[1]).max(1);
        let planes = source.chunks_exact(area).zip(result.chunks_exact_mut(area));
        if self.is_translation() {
            planes.for_each(|(source, result)| self.translate(source, result));
        } else {
            planes.for_each(|(source, result)| self.sample(source, result));
        }
    }

    /// Whole rows at a time: the same pixels as [`Warp::sample`] gives, in a tenth of the time.
    fn translate(&self, source: &[u8], result: &mut [u8]) {
        let [height, width] = self.size;
        let [right, down] = self.shift.map(|shift| shift as i64);
        // [from, to) of the result that comes from inside of the source.
        let inside = |shift: i64, side: usize| {
            let limit = |place: i64| place.clamp(0, side as i64) as usize;
            limit(shift)..limit(side as i64 + shift).max(limit(shift))
        };
        let columns = inside(right, width);
        if columns.is_empty() {
            return;
        }
        for y in inside(down, height) {
            let from = (y as i64 - down) as usize * width;
            let first = from + (columns.start as i64 - right).max(0) as usize;
            result[y * width..][columns.clone()]
                .copy_from_slice(&source[first..first + columns.len()]);
        }
    }

    fn sample(&self, source: &[u8], result: &mut [u8]) {
        let [_, width] = self.size;
        let [[a, b], [c, d]] = self.back;
        let [centre_x, centre_y] = self.centre();
        let [shift_x, shift_y] = self.shift;
        let mut field = self.field.as_ref().map(|field| field.pixels(width));
        let mut bend = vec![[0.0; 2]; width];
        for (y, line) in result.chunks_exact_mut(width.max(1)).enumerate() {
            if let Some(field) = &mut field {
                field.row(y, &mut bend);
            }
            for ((x, pixel), [bend_x, bend_y]) in line.iter_mut().enumerate().zip(&bend) {
                let dx = x as f64 + 0.5 + bend_x - centre_x - shift_x;
                let dy = y as f64 + 0.5 + bend_y - centre_y - shift_y;
                let mut from_x = a * dx + b * dy + centre_x - 0.5;
                let mut from_y = d * dy + c * dx + centre_y - 0.5;
                if let Some(crop) = self.crop {
                    let [x, y] = crop.back([from_x + 0.5, from_y + 0.5]);
                    (from_x, from_y) = (x - 0.5, y - 0.5);
                }
                *pixel = bilinear(source, self.size, from_x, from_y);
            }
        }
    }

    /// Where a place of the result comes from.
    #[cfg(test)]
    pub fn back(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [[a, b], [c, d]] = self.back;
        let centre = self.centre();
        let bend = self.field.as_ref().map_or([0.0; 2], |field| field.at(x, y));
        let dx = x + bend[0] - centre[0] - self.shift[0];
        let dy = y + bend[1] - centre[1] - self.shift[1];
        let place = [a * dx + b * dy + centre[0], c * dx + d * dy + centre[1]];
        self.crop.map_or(place, |crop| crop.back(place))
    }

    /// Where a place of the source is in the result.
    pub fn forth(&self, place: [f64; 2]) -> [f64; 2] {
        let [x, y] = self.crop.map_or(place, |crop| crop.forth(place));
        let [[a, b], [c, d]] = self.back;
        let [centre_x, centre_y] = self.centre();
        let (x, y) = (x - centre_x, y - centre_y);
        let determinant = a * d - b * c;
        let straight = [
            (d * x - b * y) / determinant + centre_x + self.shift[0],
            (a * y - c * x) / determinant + centre_y + self.shift[1],
        ];
        let Some(field) = &self.field else {
            return straight;
        };
        // Solves q + bend(q) = straight for q. Bending changes slowly, so that repeating q = straight - bend(q) converges.
        let mut place = straight;
        for _ in 0..INVERSION_STEPS {
            let bend = field.at(place[0], place[1]);
            place = [straight[0] - bend[0], straight[1] - bend[1]];
        }
        place
    }

    /// The smallest box around what lies in `bounds` of the source, by its corners; where it is bent, by points all
    /// along its edges.
    pub fn hull(&self, bounds: Xyxy) -> Xyxy {
        let [x1, y1, x2, y2] = <[f32; 4]>::from(bounds).map(f64::from);
        let steps = |length: f64| match self.field {
            Some(_) => ((length / EDGE_STEP).ceil() as usize).clamp(1, EDGE_POINTS),
            None => 1,
        };
        let along = |from: f64, to: f64, steps: usize| {
            (0..=steps).map(move |step| from + (to - from) * (step as f64 / steps as f64))
        };
        let upright = along(y1, y2, steps(y2 - y1)).flat_map(|y| [[x1, y], [x2, y]]);
        let level = along(x1, x2, steps(x2 - x1)).flat_map(|x| [[x, y1], [x, y2]]);
        let start = [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ];
        let hull = upright.chain(level).fold(start, |hull, place| {
            let [x, y] = self.forth(place);
            [
                hull[0].min(x),
                hull[1].min(y),
                hull[2].max(x),
                hull[3].max(y),
            ]
        });
        hull.map(|side| side as f32).into()
    }
}

/// The bilinear value at a place given in pixel centres, black outside.
fn bilinear(plane: &[u8], [height, width]: [usize; 2], x: f64, y: f64) -> u8 {
    let (left, top) = (floor(x), floor(y));
    let (right_share, bottom_share) = (x - left as f64, y - top as f64);
    let inside = |place: i64, side: usize| place >= 0 && place < side as i64;
    let value = if inside(left, width.saturating_sub(1)) && inside(top, height.saturating_sub(1)) {
        // All four neighbours are there: nearly always.
        let at = top as usize * width + left as usize;
        let (above, below) = (&plane[at..at + 2], &plane[at + width..at + width + 2]);
        [above[0], above[1], below[0], below[1]].map(f64::from)
    } else {
        let pixel = |column: i64, row: i64| {
            if inside(column, width) && inside(row, height) {
                f64::from(plane[row as usize * width + column as usize])
            } else {
                0.0
            }
        };
        let (right, bottom) = (left.saturating_add(1), top.saturating_add(1));
        [
            pixel(left, top),
            pixel(right, top),
            pixel(left, bottom),
            pixel(right, bottom),
        ]
    };
    let above = value[0] * (1.0 - right_share) + value[1] * right_share;
    let below = value[2] * (1.0 - right_share) + value[3] * right_share;
    round(above * (1.0 - bottom_share) + below * bottom_share)
}

// Casts, because without SSE4.1 `f64::floor` and `f64::round` are calls.

fn floor(value: f64) -> i64 {
    let whole = value as i64;
    whole.saturating_sub(i64::from(whole as f64 > value))
}

/// Of a value from 0 to 255; halves up, as `f64::round`.
fn round(value: f64) -> u8 {
    let whole = value as u8;
    whole + u8::from(value - f64::from(whole) >= 0.5)
}
