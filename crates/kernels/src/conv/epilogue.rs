//! What follows a convolution in the same pass over memory: nothing, ReLU, or ReLU and 2x2 max pooling.

use crate::buffer::Shared;
use crate::simd::Lanes;

/// What happens to a convolution's sums before they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epilogue {
    /// Nothing.
    None,
    /// ReLU: max(0, y).
    Relu,
    /// ReLU, then 2x2 max pooling with stride 2; an odd last row or column is dropped.
    ReluPool,
}

impl Epilogue {
    /// Output pixels along an axis that make one stored pixel.
    pub fn factor(self) -> usize {
        if self == Epilogue::ReluPool { 2 } else { 1 }
    }
}

/// The argmax of a square that ReLU set to zero: no gradient flows through it.
pub(crate) const CUT: f32 = 4.0;

/// Where results go; `argmax` is present only where the backward pass needs it.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) epilogue: Epilogue,
    pub(crate) values: Shared<'a, f32>,
    pub(crate) argmax: Option<Shared<'a, u8>>,
}

impl Target<'_> {
    /// Stores one pixel; not for [`Epilogue::ReluPool`].
    ///
    /// # Safety
    /// The pixel at `at` must lie in the target and belong to the calling task.
    #[inline(always)]
    pub(crate) unsafe fn store<L: Lanes>(&self, l: L, at: usize, sum: L::V) {
        let value = match self.epilogue {
            Epilogue::Relu => relu(l, sum),
            _ => sum,
        };
        // SAFETY: the caller's promise.
        unsafe { l.store(self.values.at(at), value) };
    }

    /// Stores one pooled pixel of [`Epilogue::ReluPool`]; `square` holds its four pixels row by row.
    ///
    /// # Safety
    /// As for [`Target::store`].
    #[inline(always)]
    pub(crate) unsafe fn store_pooled<L: Lanes>(&self, l: L, at: usize, square: [L::V; 4]) {
        // SAFETY: the caller's promise; indices are 0 to 4, and the argmax is as long as the values.
        unsafe {
            if let Some(argmax) = self.argmax {
                let (value, index) = relu_pool(l, square);
                l.store(self.values.at(at), value);
                l.store_bytes(argmax.at(at), index);
            } else {
                l.store(self.values.at(at), relu_pool_value(l, square));
            }
        }
    }
}

/// max(0, v), NaN kept: a training run that diverged must show. (Pooling keeps a NaN only where it comes first.)
#[inline(always)]
pub(crate) fn relu<L: Lanes>(l: L, v: L::V) -> L::V {
    l.select_gt(l.zero(), v, l.zero(), v)
}

/// The greatest of four (the first of equals) after ReLU, and its index or [`CUT`].
#[inline(always)]
fn relu_pool<L: Lanes>(l: L, square: [L::V; 4]) -> (L::V, L::V) {
    let [a, b, c, d] = square;
    let top = l.select_gt(b, a, b, a);
    let top_index = l.select_gt(b, a, l.splat(1.0), l.zero());
    let bottom = l.select_gt(d, c, d, c);
    let bottom_index = l.select_gt(d, c, l.splat(3.0), l.splat(2.0));
    let best = l.select_gt(bottom, top, bottom, top);
    let index = l.select_gt(bottom, top, bottom_index, top_index);
    (
        relu(l, best),
        l.select_gt(best, l.zero(), index, l.splat(CUT)),
    )
}

/// The value of [`relu_pool`] alone; where one is NaN, the processor's own maximum decides. (With the operands in this
/// order, x86's gives the same.)
#[inline(always)]
pub(crate) fn relu_pool_value<L: Lanes>(l: L, square: [L::V; 4]) -> L::V {
    let [a, b, c, d] = square;
    relu(l, l.max(l.max(d, c), l.max(b, a)))
}
