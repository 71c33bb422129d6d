//! Pooling: maxima, averages and norms of windows, or of whole images.

use rayon::prelude::*;

use super::window::{AXES, Axis, Geometry, outputs};
use super::{Call, Outputs, like, one, with_floats, with_numbers};
use crate::tensor::{Element, Tensor};

/// A pooling operator's windows and the shape of its result.
struct Windows {
    axes: [Axis; AXES],
    /// Taps of each window along each axis that lie on the input: their places.
    places: [Vec<Vec<usize>>; AXES],
    shape: Vec<usize>,
}

impl Windows {
    fn read(call: &Call) -> Result<Self, String> {
        let x = call.input(0)?;
        let [_, _, size @ ..] = x.shape() else {
            return Err(format!("images of {} dimensions", x.rank()));
        };
        let kernel = call.attributes().ints("kernel_shape")?;
        let kernel = super::moves::sides(kernel.ok_or("attribute 'kernel_shape' is missing")?)?;
        if kernel.len() != size.len() {
            return Err(format!("windows {kernel:?} on images of {size:?}"));
        }
        let axes = Geometry::read(call, size.len())?.axes(size, &kernel)?;
        let mut shape = x.shape()[..2].to_vec();
        shape.extend(outputs(&axes, size.len()));
        call.room(&shape)?;
        for axis in &axes {
            // No more taps are kept than places of all windows on the input.
            call.room(&[axis.output, axis.kernel.min(axis.input)])?;
        }
        let places = axes.map(|axis| {
            let of_window = |window| axis.taps(window).map(|(_, place)| place).collect();
            (0..axis.output).map(of_window).collect()
        });
        Ok(Self {
            axes,
            places,
            shape,
        })
    }

    /// Places of an image, and windows on it.
    fn areas(&self) -> (usize, usize) {
        let input = self.axes.iter().map(|axis| axis.input).product();
        let output = self.axes.iter().map(|axis| axis.output).product();
        (input, output)
    }

    /// `f` of each window of each plane: it is given the plane, the window's number, and the places of its taps.
    fn each<T: Element + Copy, R: Element + Copy>(
        &self,
        x: &[T],
        f: impl Fn(&[T], [usize; AXES], [&[usize]; AXES]) -> R + Sync,
    ) -> Vec<R> {
        let (input, output) = self.areas();
        let planes = self.shape[0] * self.shape[1];
        let mut out = vec![R::default(); planes * output];
        if out.is_empty() {
            return out;
        }
        let of_plane = |(plane, out): (&[T], &mut [R])| {
            let mut to = out.iter_mut();
            let [outer, middle, inner] = &self.places;
            for (i, a) in outer.iter().enumerate() {
                for (j, b) in middle.iter().enumerate() {
                    for (k, c) in inner.iter().enumerate() {
                        if let Some(to) = to.next() {
                            *to = f(plane, [i, j, k], [a, b, c]);
                        }
                    }
                }
            }
        };
        x.par_chunks_exact(input)
            .zip(out.par_chunks_exact_mut(output))
            .with_min_len(1 + (1 << 13) / output)
            .for_each(of_plane);
        out
    }

    /// Folds the values of a window with their place on the plane.
    #[inline(always)]
    fn fold<T: Copy, A>(
        &self,
        plane: &[T],
        [outer, middle, inner]: [&[usize]; AXES],
        start: A,
        mut f: impl FnMut(A, T, usize) -> A,
    ) -> A {
        let mut sum = start;
        for a in outer {
            for b in middle {
                let row = (a * self.axes[1].input + b) * self.axes[2].input;
                for c in inner {
                    sum = f(sum, plane[row + c], row + c);
                }
            }
        }
        sum
    }
}

/// The largest value of each window, and if wanted its place in the whole tensor.
pub(super) fn max(call: &mut Call) -> Outputs {
    let windows = Windows::read(call)?;
    let by_columns = call.attributes().flag("storage_order", false)?;
    let x = call.input(0)?;
    let mut made: Vec<Tensor> = with_numbers!(x, values => {
        let largest = windows.each(values, |plane, _, taps| {
            let best = windows.fold(plane, taps, None, |best, v, _| match best {
                Some(best) if !(v > best) && !is_nan(v) => Some(best),
                _ => Some(v),
            });
            best.unwrap_or_default()
        });
        one(windows.shape.as_slice(), largest)
    })?;
    if call.wants(1) {
        let (area, output) = windows.areas();
        let [_, rows, columns] = windows.axes.map(|axis| axis.input);
        let mut places: Vec<i64> = with_numbers!(x, values => {
            Ok(windows.each(values, |plane, _, taps| {
                let best = windows.fold(plane, taps, None, |best, v, at| match best {
                    Some((best, place)) if !(v > best) => Some((best, place)),
                    _ => Some((v, at)),
                });
                let at = best.map_or(0, |(_, at)| at);
                if !by_columns {
                    return at as i64;
                }
                // The place where columns, not rows, lie one after the other.
                let (a, b, c) = (at / columns / rows, at / columns % rows, at % columns);
                ((a * columns + c) * rows + b) as i64
            }))
        })?;
        for (at, place) in places.iter_mut().enumerate() {
            *place += (at / output * area) as i64;
        }
        made.push(Tensor::of(windows.shape, places));
    }
    Ok(made)
}

#[expect(
    clippy::eq_op,
    reason = "the test for NaN of a type that may be a whole number"
)]
fn is_nan<T: PartialEq>(v: T) -> bool {
    v != v
}

/// The mean of each window: of the places on the input, or of those in the padding too.
pub(super) fn average(call: &mut Call) -> Outputs {
    let windows = Windows::read(call)?;
    let with_padding = call.attributes().flag("count_include_pad", false)?;
    let x = call.input(0)?;
    // Of a window that reaches beyond the padding (with `ceil_mode`), only places up to the padding count.
    let counted = |axis: &Axis, window: usize, on_input: usize| {
        if !with_padding {
            return on_input;
        }
        let end = axis.before + axis.input + axis.behind;
        let start = window * axis.stride;
        let taps = end.saturating_sub(start).div_ceil(axis.dilation);
        taps.min(axis.kernel)
    };
    with_floats!(x, values => {
        let means = windows.each(values, |plane, window, taps| {
            let sum = windows.fold(plane, taps, 0f64, |sum, v, _| sum + f64::from(v));
            let mut count = 1;
            for i in 0..AXES {
                count *= counted(&windows.axes[i], window[i], taps[i].len());
            }
            like(values, sum / count as f64)
        });
        one(windows.shape.as_slice(), means)
    })
}

/// The p-norm of each window.
pub(super) fn lp(call: &mut Call) -> Outputs {
    let windows = Windows::read(call)?;
    let p = call.attributes().int_or("p", 2)? as f64;
    let x = call.input(0)?;
    with_floats!(x, values => {
        let norms = windows.each(values, |plane, _, taps| {
            let sum = windows.fold(plane, taps, 0f64, |sum, v, _| sum + f64::from(v).abs().powf(p));
            like(values, sum.powf(1.0 / p))
        });
        one(windows.shape.as_slice(), norms)
    })
}

/// `f` of the values of each whole plane.
fn global(call: &mut Call, f: impl Fn(&mut dyn Iterator<Item = f64>, usize) -> f64) -> Outputs {
    let x = call.input(0)?;
    let [n, c, size @ ..] = x.shape() else {
        return Err(format!("images of {} dimensions", x.rank()));
    };
    let mut shape = vec![*n, *c];
    shape.resize(x.rank(), 1);
    let area: usize = size.iter().product();
    if area == 0 && n * c > 0 {
        return Err("images without pixels".into());
    }
    with_floats!(x, values => {
        let planes = values.chunks_exact(area.max(1));
        let of_plane = planes.map(|plane| like(values, f(&mut plane.iter().map(|&v| f64::from(v)), area)));
        one(shape, of_plane.collect())
    })
}

pub(super) fn global_average(call: &mut Call) -> Outputs {
    global(call, |values, count| values.sum::<f64>() / count as f64)
}

pub(super) fn global_max(call: &mut Call) -> Outputs {
    global(call, |values, _| {
        values.fold(f64::NEG_INFINITY, |best, v| {
            if v > best || v.is_nan() { v } else { best }
        })
    })
}

pub(super) fn global_lp(call: &mut Call) -> Outputs {
    let p = call.attributes().int_or("p", 2)? as f64;
    global(call, |values, _| {
        let sum: f64 = values.map(|v| v.abs().powf(p)).sum();
        sum.powf(1.0 / p)
    })
}
