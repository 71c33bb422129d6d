//! A convolution's geometry, and one pass over its images.

use super::epilogue::Target;

/// A convolution's geometry; kernel, stride, padding and dilation as `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Taps.
    pub kernel: [usize; 2],
    /// Input pixels from one output pixel to the next.
    pub stride: [usize; 2],
    /// Zeros around the input, on each side.
    pub padding: [usize; 2],
    /// Input pixels from one tap to the next.
    pub dilation: [usize; 2],
}

impl Conv {
    /// Size of the output for an input of this size; `None` if the kernel does not fit.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let axis = |i: usize| {
            // Checked: a geometry that overflows fits nothing, and must not slip past the checks of lengths.
            let span = self.kernel[i]
                .checked_sub(1)?
                .checked_mul(self.dilation[i])?
                .checked_add(1)?;
            let room = self.padding[i]
                .checked_mul(2)?
                .checked_add(size[i])?
                .checked_sub(span)?;
            Some(room.checked_div(self.stride[i])? + 1)
        };
        Some([axis(0)?, axis(1)?])
    }

    pub(crate) fn weights(&self) -> usize {
        [
            self.out_channels,
            self.in_channels,
            self.kernel[0],
            self.kernel[1],
        ]
        .into_iter()
        .try_fold(1, usize::checked_mul)
        .unwrap_or_else(|| panic!("{self:?} has more weights than memory has addresses"))
    }

    pub(crate) fn checked_output(&self, size: [usize; 2]) -> [usize; 2] {
        match self.output(size) {
            Some(out) => out,
            None => panic!("convolution: the kernel of {self:?} does not fit an input of {size:?}"),
        }
    }

    pub(super) fn check_weight(&self, weight: &[f32]) {
        assert_eq!(
            weight.len(),
            self.weights(),
            "convolution: weight of {self:?}"
        );
    }
}

/// One pass, checked: y from x, or dx from dy. Both sum source pixels, each times a weight, into every result pixel.
pub(super) struct Pass<'a> {
    pub(super) conv: &'a Conv,
    /// dx from dy: input and output change places.
    pub(super) backward: bool,
    /// `[blocks, source channels, rows, columns, 16]`
    pub(super) source: &'a [f32],
    pub(super) source_channels: usize,
    pub(super) source_size: [usize; 2],
    /// Channels of the result.
    pub(super) channels: usize,
    /// Size of the result, before pooling.
    pub(super) size: [usize; 2],
    pub(super) blocks: usize,
    /// `[out, in, kh, kw]`
    pub(super) weight: &'a [f32],
    pub(super) bias: Vec<f32>,
    pub(super) target: Target<'a>,
}

impl Pass<'_> {
    /// The kernel between a channel of the result and one of the source.
    #[inline(always)]
    pub(super) fn kernel(&self, channel: usize, source: usize) -> &[f32] {
        let pair = if self.backward {
            source * self.channels + channel
        } else {
            channel * self.source_channels + source
        };
        let taps = self.conv.kernel[0] * self.conv.kernel[1];
        &self.weight[pair * taps..][..taps]
    }
}
