//! The passes over memory that both normalizations consist of.

use std::mem::MaybeUninit;

use super::shape::Shape;
use crate::lanes::{LANES, Row};
use crate::micro::{read, update, write};
use crate::simd::{Lanes, Task};

/// Rows that are summed in f32 before the sum goes to f64.
pub(crate) const RUN: usize = 64;

/// What shows where the ReLU let values through: `y`, or without ReLU anything of the right length.
pub(crate) fn mask<'a>(x: &'a [f32], y: &'a [f32], relu: bool, shape: Shape) -> &'a [f32] {
    if relu {
        shape.check(y, "norm: y");
        y
    } else {
        x
    }
}

/// A value for each lane that has an image, zero in the others.
pub(crate) fn lanes(used: usize, value: impl Fn(usize) -> f32) -> Row {
    std::array::from_fn(|lane| if lane < used { value(lane) } else { 0.0 })
}

/// For each lane the sum of `x - centre` and of its square.
#[inline(always)]
pub(crate) fn centred_sums<L: Lanes>(
    l: L,
    x: &[Row],
    centre: &Row,
) -> ([f64; LANES], [f64; LANES]) {
    let centre = read(l, centre);
    let mut sums = ([0f64; LANES], [0f64; LANES]);
    for run in x.chunks(RUN) {
        let (mut sum, mut squares) = (l.zero(), l.zero());
        for x in run {
            let d = l.sub(read(l, x), centre);
            sum = l.add(sum, d);
            squares = l.mul_add(d, d, squares);
        }
        add(l, &mut sums.0, sum);
        add(l, &mut sums.1, squares);
    }
    sums
}

#[inline(always)]
fn add<L: Lanes>(l: L, to: &mut [f64; LANES], v: L::V) {
    let mut values = [0f32; LANES];
    update(l, &mut values, v);
    for lane in 0..LANES {
        to[lane] += f64::from(values[lane]);
    }
}

/// `y = (x - mean) scale + shift`, then the ReLU. Not `x scale + ...`: a mean far from zero would cost digits.
pub(crate) struct Normalize<'a> {
    pub(crate) x: &'a [Row],
    pub(crate) y: &'a mut [MaybeUninit<f32>],
    pub(crate) mean: Row,
    pub(crate) scale: Row,
    pub(crate) shift: Row,
    pub(crate) relu: bool,
}

impl Task for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [mean, scale, shift] = [&self.mean, &self.scale, &self.shift].map(|row| read(l, row));
        // A floor below every float without ReLU costs one operation and saves a second loop.
        let floor = l.splat(if self.relu { 0.0 } else { f32::NEG_INFINITY });
        for (x, y) in self.x.iter().zip(self.y.as_chunks_mut().0) {
            let v = l.mul_add(l.sub(read(l, x), mean), scale, shift);
            write(l, y, l.select_gt(floor, v, floor, v));
        }
    }
}

/// For each lane the sum of `dy` where the ReLU was open, and of that times `x - mean`.
pub(crate) struct GradientSums<'a> {
    pub(crate) x: &'a [Row],
    pub(crate) y: &'a [Row],
    pub(crate) dy: &'a [Row],
    pub(crate) mean: Row,
    pub(crate) relu: bool,
}

impl Task for GradientSums<'_> {
    type Output = ([f64; LANES], [f64; LANES]);

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> Self::Output {
        let mean = read(l, &self.mean);
        let mut sums = ([0f64; LANES], [0f64; LANES]);
        let runs = self
            .x
            .chunks(RUN)
            .zip(self.y.chunks(RUN))
            .zip(self.dy.chunks(RUN));
        for ((x, y), dy) in runs {
            let (mut plain, mut centred) = (l.zero(), l.zero());
            for ((x, y), dy) in x.iter().zip(y).zip(dy) {
                let dy = open(l, dy, y, self.relu);
                plain = l.add(plain, dy);
                centred = l.mul_add(dy, l.sub(read(l, x), mean), centred);
            }
            add(l, &mut sums.0, plain);
            add(l, &mut sums.1, centred);
        }
        sums
    }
}

#[inline(always)]
fn open<L: Lanes>(l: L, dy: &Row, y: &Row, relu: bool) -> L::V {
    let dy = read(l, dy);
    if relu {
        l.select_gt(read(l, y), l.zero(), dy, l.zero())
    } else {
        dy
    }
}

/// `dx = of_dy dy + of_x (x - mean) + shift`, `dy` where the ReLU was open.
pub(crate) struct InputGradient<'a> {
    pub(crate) x: &'a [Row],
    pub(crate) y: &'a [Row],
    pub(crate) dy: &'a [Row],
    pub(crate) dx: &'a mut [MaybeUninit<f32>],
    pub(crate) mean: Row,
    pub(crate) of_dy: Row,
    pub(crate) of_x: Row,
    pub(crate) shift: Row,
    pub(crate) relu: bool,
}

impl Task for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let mean = read(l, &self.mean);
        let [of_dy, of_x, shift] = [&self.of_dy, &self.of_x, &self.shift].map(|row| read(l, row));
        let rows = self.x.iter().zip(self.y).zip(self.dy);
        for (((x, y), dy), dx) in rows.zip(self.dx.as_chunks_mut().0) {
            let dy = open(l, dy, y, self.relu);
            let centred = l.mul_add(l.sub(read(l, x), mean), of_x, shift);
            write(l, dx, l.mul_add(dy, of_dy, centred));
        }
    }
}
