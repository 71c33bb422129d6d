//! The transforms of Winograd's F(4x4, 3x3), one vector of independent tiles at a time.
//!
//! Matrices as in Lavin & Gray, 'Fast Algorithms for Convolutional Neural Networks' (2015), section 4.3: an output
//! tile is A^T [ (G g G^T) . (B^T d B) ] A, with the interpolation points 0, 1, -1, 2, -2 and infinity. The first
//! functions apply one matrix to one line; applying it to the rows and then to the columns makes the two sides.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use super::tiles::{Place, TILE, Tiles};
use crate::lanes::LANES;
use crate::micro::{prefetch, read};
use crate::simd::Lanes;

/// Lines of a tile in the transformed domain.
pub(crate) const SIDE: usize = 6;
/// Products of a tile.
pub(crate) const POINTS: usize = SIDE * SIDE;

/// B^T: a line of six input pixels.
#[inline(always)]
fn input<L: Lanes>(l: L, d: [L::V; 6]) -> [L::V; 6] {
    let (two, four, five) = (l.splat(2.0), l.splat(4.0), l.splat(5.0));
    let even = l.neg_mul_add(four, d[2], d[4]);
    let odd = l.neg_mul_add(four, d[1], d[3]);
    let near = l.sub(d[4], d[2]);
    let far = l.mul(two, l.sub(d[3], d[1]));
    [
        l.mul_add(four, d[0], l.neg_mul_add(five, d[2], d[4])),
        l.add(even, odd),
        l.sub(even, odd),
        l.add(near, far),
        l.sub(near, far),
        l.mul_add(four, d[1], l.neg_mul_add(five, d[3], d[5])),
    ]
}

/// A^T: a line of six products to four output pixels.
#[inline(always)]
fn output<L: Lanes>(l: L, m: [L::V; 6]) -> [L::V; 4] {
    let (sum, difference) = (l.add(m[1], m[2]), l.sub(m[1], m[2]));
    let (sum2, difference2) = (l.add(m[3], m[4]), l.sub(m[3], m[4]));
    [
        l.add(l.add(m[0], sum), sum2),
        l.mul_add(l.splat(2.0), difference2, difference),
        l.mul_add(l.splat(4.0), sum2, sum),
        l.add(l.mul_add(l.splat(8.0), difference2, difference), m[5]),
    ]
}

/// A: a line of four output gradients; the transpose of [`output`].
#[inline(always)]
fn gradient<L: Lanes>(l: L, y: [L::V; 4]) -> [L::V; 6] {
    let four = l.splat(4.0);
    let (even, odd) = (l.add(y[0], y[2]), l.add(y[1], y[3]));
    let even2 = l.mul_add(four, y[2], y[0]);
    let odd2 = l.mul(l.splat(2.0), l.mul_add(four, y[3], y[1]));
    [
        y[0],
        l.add(even, odd),
        l.sub(even, odd),
        l.add(even2, odd2),
        l.sub(even2, odd2),
        y[3],
    ]
}

/// G: a line of three weights.
#[inline(always)]
fn weight<L: Lanes>(l: L, g: [L::V; 3]) -> [L::V; 6] {
    let outer = l.mul(l.splat(-1.0 / 6.0), l.add(g[0], g[2]));
    let middle = l.mul(l.splat(1.0 / 6.0), g[1]);
    let outer2 = l.mul_add(l.splat(1.0 / 24.0), g[0], l.mul(l.splat(1.0 / 6.0), g[2]));
    let middle2 = l.mul(l.splat(1.0 / 12.0), g[1]);
    [
        l.mul(l.splat(0.25), g[0]),
        l.sub(outer, middle),
        l.add(outer, middle),
        l.add(outer2, middle2),
        l.sub(outer2, middle2),
        g[2],
    ]
}

/// G^T: a line of six products to three weight gradients.
#[inline(always)]
pub(super) fn weight_gradient<L: Lanes>(l: L, u: [L::V; 6]) -> [L::V; 3] {
    let (sum, difference) = (l.add(u[1], u[2]), l.sub(u[2], u[1]));
    let (sum2, difference2) = (l.add(u[3], u[4]), l.sub(u[3], u[4]));
    let (sixth, twelfth) = (l.splat(1.0 / 6.0), l.splat(1.0 / 12.0));
    let outer = l.neg_mul_add(sixth, sum, l.mul(l.splat(1.0 / 24.0), sum2));
    [
        l.mul_add(l.splat(0.25), u[0], outer),
        l.mul_add(sixth, difference, l.mul(twelfth, difference2)),
        l.neg_mul_add(sixth, sum, l.mul_add(sixth, sum2, u[5])),
    ]
}

/// Applies one of the above to columns: `lines[i][j]` over `i` for a fixed `j`.
#[inline(always)]
pub(super) fn column<V: Copy, const N: usize, const M: usize>(
    lines: &[[V; M]; N],
    j: usize,
) -> [V; N] {
    let mut out = [lines[0][j]; N];
    let mut i = 0;
    while i < N {
        out[i] = lines[i][j];
        i += 1;
    }
    out
}

/// G g G^T of sixteen kernels `taps[tap][lane]`: each of the points goes to `to[point * step]`, sixteen lanes.
///
/// # Safety
/// `to` must be writable accordingly.
#[inline(always)]
pub(crate) unsafe fn weight_tile<L: Lanes>(
    l: L,
    taps: &[[f32; LANES]; 9],
    to: *mut f32,
    step: usize,
) {
    let mut lines = [[l.zero(); SIDE]; 3];
    for i in 0..3 {
        let taps = [&taps[3 * i], &taps[3 * i + 1], &taps[3 * i + 2]];
        lines[i] = weight(l, [read(l, taps[0]), read(l, taps[1]), read(l, taps[2])]);
    }
    for j in 0..SIDE {
        let points = weight(l, column(&lines, j));
        for i in 0..SIDE {
            // SAFETY: the caller's promise.
            unsafe { l.store(to.add((i * SIDE + j) * step), points[i]) };
        }
    }
}

/// What is read in place of pixels outside the image: selecting an address costs less than a branch.
static ZEROS: [f32; LANES] = [0.0; LANES];

/// B^T d B of one input tile. Pixels hold `values` floats each, which are independent of each other; the plane begins
/// at `plane`. The points go to `to[point * step]`, `values` floats each.
///
/// # Safety
/// `plane` must be readable for the source's size times `values`, a multiple of sixteen, and `to` writable as said.
#[inline(always)]
pub(crate) unsafe fn input_tile<L: Lanes>(
    l: L,
    tiles: &Tiles,
    place: Place,
    plane: *const f32,
    values: usize,
    to: *mut f32,
    step: usize,
) {
    let l = l.register();
    let [height, width] = tiles.source;
    let top = (place.row * TILE) as isize - tiles.pad[0] as isize;
    let left = (place.column * TILE) as isize - tiles.pad[1] as isize;
    let inside = left >= 0 && left + SIDE as isize <= width as isize;
    let valid = -left..width as isize - left;
    for part in (0..values).step_by(L::Register::WIDTH) {
        let mut lines = [[l.zero(); SIDE]; SIDE];
        for i in 0..SIDE {
            let y = top + i as isize;
            if y < 0 || y >= height as isize {
                continue;
            }
            let from = (y * width as isize + left) * values as isize + part as isize;
            let from = plane.wrapping_offset(from);
            if part == 0 && values == LANES {
                // The same row of the next channel: the processor's own prefetcher gives up at each row's end.
                for j in 0..SIDE {
                    prefetch(from.wrapping_add((height * width + j) * values));
                }
            }
            let mut pixels = [l.zero(); SIDE];
            // SAFETY: the row exists; a column is read only where it exists.
            unsafe {
                if inside {
                    for j in 0..SIDE {
                        pixels[j] = l.load(from.add(j * values));
                    }
                } else {
                    for j in 0..SIDE {
                        let exists = valid.contains(&(j as isize));
                        let pixel = from.wrapping_add(j * values);
                        pixels[j] = l.load(if exists { pixel } else { ZEROS.as_ptr() });
                    }
                }
            }
            lines[i] = input(l, pixels);
        }
        for j in 0..SIDE {
            let points = input(l, column(&lines, j));
            for i in 0..SIDE {
                // SAFETY: the caller's promise.
                unsafe { l.store(to.add((i * SIDE + j) * step + part), points[i]) };
            }
        }
    }
}

/// A^T m A + bias of one tile of products, which lie at `from[point * step]`. The result holds columns:
/// `[column][row]`.
///
/// # Safety
/// `from` must be readable for a vector at each point.
#[inline(always)]
pub(crate) unsafe fn output_tile<L: Lanes>(
    l: L,
    from: *const f32,
    step: usize,
    bias: L::V,
) -> [[L::V; TILE]; TILE] {
    let mut lines = [[l.zero(); TILE]; SIDE];
    for i in 0..SIDE {
        let mut products = [l.zero(); SIDE];
        for j in 0..SIDE {
            // SAFETY: the caller's promise.
            products[j] = unsafe { l.load(from.add((i * SIDE + j) * step)) };
        }
        lines[i] = output(l, products);
    }
    let mut y = [[bias; TILE]; TILE];
    for j in 0..TILE {
        let sums = output(l, column(&lines, j));
        for i in 0..TILE {
            y[j][i] = l.add(sums[i], bias);
        }
    }
    y
}

/// The four pixels, row by row, of the 2x2 square in row `i` and column `j` of an [`output_tile`].
#[inline(always)]
pub(crate) fn square<V: Copy>(y: &[[V; TILE]; TILE], i: usize, j: usize) -> [V; 4] {
    let (left, right) = (&y[2 * j], &y[2 * j + 1]);
    [left[2 * i], right[2 * i], left[2 * i + 1], right[2 * i + 1]]
}

/// B^T, for one line at a time.
const INPUT: [[f32; 6]; SIDE] = [
    [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
    [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
    [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
    [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
    [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
    [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
];

/// A, for one line at a time.
const GRADIENT: [[f32; TILE]; SIDE] = [
    [1.0, 0.0, 0.0, 0.0],
    [1.0, 1.0, 1.0, 1.0],
    [1.0, -1.0, 1.0, -1.0],
    [1.0, 2.0, 4.0, 8.0],
    [1.0, -2.0, 4.0, -8.0],
    [0.0, 0.0, 0.0, 1.0],
];

/// One line of a tile's transform along the rows: the pixels it reads, with their factors. Computed once for all
/// channels, so that the loop over channels has no branches.
pub(super) struct Line<const N: usize> {
    /// Rows that exist and have a factor.
    rows: usize,
    /// Floats from the plane's start to a row, and the row's factor.
    terms: [(usize, f32); 4],
    /// Floats from the row's start to each column; for a column outside, to one inside whose value is ignored.
    columns: [usize; N],
    inside: [bool; N],
}

impl<const N: usize> Line<N> {
    /// `first` is the position of the tile in the plane, `size` the plane's.
    fn new(factors: &[f32; N], first: [isize; 2], size: [usize; 2]) -> Line<N> {
        let [height, width] = size.map(|len| len as isize);
        let mut line = Line {
            rows: 0,
            terms: [(0, 0.0); 4],
            columns: [0; N],
            inside: [false; N],
        };
        for (y, &factor) in (first[0]..).zip(factors) {
            if factor != 0.0 && (0..height).contains(&y) {
                line.terms[line.rows] = ((y * width * 16) as usize, factor);
                line.rows += 1;
            }
        }
        for (j, x) in (first[1]..).take(N).enumerate() {
            line.columns[j] = (x.clamp(0, width - 1) * 16) as usize;
            line.inside[j] = (0..width).contains(&x);
        }
        line
    }

    /// The sums over the rows, for each column.
    ///
    /// # Safety
    /// `plane` must be readable for the plane's size times 16, and `part` one of the registers of sixteen lanes.
    #[inline(always)]
    unsafe fn sums<L: Lanes>(&self, l: L, plane: *const f32, part: usize) -> [L::V; N] {
        let mut sums = [l.zero(); N];
        for i in 0..self.rows {
            let (row, factor) = self.terms[i];
            let factor = l.splat(factor);
            for j in 0..N {
                // SAFETY: rows and columns lie within the plane.
                let pixel = unsafe { l.load(plane.add(row + self.columns[j] + part)) };
                sums[j] = l.mul_add(factor, pixel, sums[j]);
            }
        }
        for j in 0..N {
            if !self.inside[j] {
                sums[j] = l.zero();
            }
        }
        sums
    }
}

/// Line `i` of an input tile.
pub(super) fn input_line(tiles: &Tiles, place: Place, i: usize) -> Line<6> {
    let first = |at: usize, axis: usize| (at * TILE) as isize - tiles.pad[axis] as isize;
    let first = [first(place.row, 0), first(place.column, 1)];
    Line::new(&INPUT[i], first, tiles.source)
}

/// Line `i` of a tile of output gradients.
pub(super) fn gradient_line(tiles: &Tiles, place: Place, i: usize) -> Line<TILE> {
    let first = [place.row, place.column].map(|at| (at * TILE) as isize);
    Line::new(&GRADIENT[i], first, tiles.out)
}

/// Defines a function for the six points of a line of one channel, which go to `to[j * step]`, sixteen lanes each.
/// (A macro, because a transform passed as an argument might not be inlined.)
macro_rules! points_of_line {
    ($(#[$doc:meta])+ $name:ident, $pixels:ident, $transform:ident) => {
        $(#[$doc])+
        ///
        /// # Safety
        /// `plane` must be readable for the plane's size times 16, and `to` writable accordingly.
        #[inline(always)]
        pub(super) unsafe fn $name<L: Lanes>(
            l: L,
            line: &Line<$pixels>,
            plane: *const f32,
            to: *mut f32,
            step: usize,
        ) {
            let l = l.register();
            for part in (0..LANES).step_by(L::Register::WIDTH) {
                // SAFETY: the caller's promise.
                unsafe {
                    let points = $transform(l, line.sums(l, plane, part));
                    for j in 0..SIDE {
                        l.store(to.add(j * step + part), points[j]);
                    }
                }
            }
        }
    };
}
points_of_line!(
    /// The points of an [`input_line`].
    input_points, SIDE, input
);
points_of_line!(
    /// The points of a [`gradient_line`].
    gradient_points, TILE, gradient
);
