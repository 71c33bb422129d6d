//! Where the windows of convolutions and pooling lie: strides, dilations, padding and the size of the result.

use super::Call;

/// Axes that windows move along, at most; fewer are filled up with sides of 1.
pub(super) const AXES: usize = 3;

/// Windows along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// Places of the input.
    pub(super) input: usize,
    /// Places of a window.
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    /// Places before the input.
    pub(super) before: usize,
    /// Places behind it.
    pub(super) behind: usize,
    /// Windows.
    pub(super) output: usize,
}

impl Axis {
    /// An axis that is not there.
    const NONE: Axis = Axis {
        input: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
        behind: 0,
        output: 1,
    };

    /// Places that a window spans.
    pub(super) fn span(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// The taps of a window that lie on the input, and their places there.
    pub(super) fn taps(&self, window: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Axis {
            input,
            dilation,
            before,
            ..
        } = *self;
        let start = window * self.stride;
        (0..self.kernel).filter_map(move |tap| {
            let place = (start + tap * dilation).checked_sub(before)?;
            (place < input).then_some((tap, place))
        })
    }
}

/// The attributes that convolutions and pooling share.
pub(super) struct Geometry {
    pub(super) strides: Vec<usize>,
    pub(super) dilations: Vec<usize>,
    pads: Option<Vec<usize>>,
    auto_pad: AutoPad,
    ceil: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AutoPad {
    /// What the attribute `pads` says.
    NotSet,
    Valid,
    SameUpper,
    SameLower,
}

/// Numbers that lead to no useful network, but to overflows.
const LARGEST: i64 = 1 << 30;

impl Geometry {
    /// For windows that move along `rank` axes.
    pub(super) fn read(call: &Call, rank: usize) -> Result<Self, String> {
        if rank == 0 || rank > AXES {
            return Err(format!(
                "windows along {rank} axes; 1 to {AXES} are supported"
            ));
        }
        let numbers =
            |name: &str, least: i64, count: usize| -> Result<Option<Vec<usize>>, String> {
                let Some(given) = call.attributes().ints(name)? else {
                    return Ok(None);
                };
                let fits = given
                    .iter()
                    .all(|number| (least..=LARGEST).contains(number));
                if given.len() != count || !fits {
                    return Err(format!(
                        "attribute '{name}' can't be {given:?} for {rank} axes"
                    ));
                }
                Ok(Some(given.iter().map(|&number| number as usize).collect()))
            };
        Ok(Self {
            strides: numbers("strides", 1, rank)?.unwrap_or_else(|| vec![1; rank]),
            dilations: numbers("dilations", 1, rank)?.unwrap_or_else(|| vec![1; rank]),
            pads: numbers("pads", 0, 2 * rank)?,
            auto_pad: match call.attributes().text_or("auto_pad", "NOTSET")? {
                "NOTSET" | "" => AutoPad::NotSet,
                "VALID" => AutoPad::Valid,
                "SAME_UPPER" => AutoPad::SameUpper,
                "SAME_LOWER" => AutoPad::SameLower,
                other => return Err(format!("attribute 'auto_pad' can't be '{other}'")),
            },
            ceil: call.attributes().flag("ceil_mode", false)?,
        })
    }

    /// Padding before and behind along one axis, where it is given.
    pub(super) fn pads(&self, axis: usize) -> [usize; 2] {
        match &self.pads {
            Some(pads) if self.auto_pad == AutoPad::NotSet => {
                [pads[axis], pads[pads.len() / 2 + axis]]
            }
            _ => [0, 0],
        }
    }

    pub(super) fn auto_pad(&self) -> AutoPad {
        self.auto_pad
    }

    /// The windows of size `kernel` on an input of size `input`, as three axes of which the first may not be there.
    pub(super) fn axes(&self, input: &[usize], kernel: &[usize]) -> Result<[Axis; AXES], String> {
        let mut axes = [Axis::NONE; AXES];
        let missing = AXES - input.len();
        for (i, axis) in axes[missing..].iter_mut().enumerate() {
            let (side, kernel) = (input[i], kernel[i]);
            if kernel == 0 || kernel > LARGEST as usize || side > LARGEST as usize {
                return Err(format!("windows of {kernel} on {side} places"));
            }
            let stride = self.strides[i];
            let mut axis_here = Axis {
                input: side,
                kernel,
                stride,
                dilation: self.dilations[i],
                ..Axis::NONE
            };
            let span = axis_here.span();
            let [mut before, mut behind] = self.pads(i);
            if matches!(self.auto_pad, AutoPad::SameUpper | AutoPad::SameLower) {
                // As many windows as strides fit; the odd place of padding goes behind ('upper') or before.
                let windows = side.div_ceil(stride);
                let total = (windows.saturating_sub(1) * stride + span).saturating_sub(side);
                let half = total / 2;
                [before, behind] = match self.auto_pad {
                    AutoPad::SameUpper => [half, total - half],
                    _ => [total - half, half],
                };
            }
            let room = (side + before + behind)
                .checked_sub(span)
                .ok_or_else(|| format!("a window of {span} does not fit {side} places"))?;
            let mut output = room / stride + 1;
            if self.ceil && room % stride != 0 && room / stride * stride + stride < side + before {
                // One more window that begins on the input or the padding before it.
                output += 1;
            }
            if side == 0 {
                return Err("an image without pixels".into());
            }
            (axis_here.before, axis_here.behind, axis_here.output) = (before, behind, output);
            *axis = axis_here;
        }
        Ok(axes)
    }
}

/// The sizes of the result along the axes that are there.
pub(super) fn outputs(axes: &[Axis; AXES], rank: usize) -> Vec<usize> {
    axes[AXES - rank..].iter().map(|axis| axis.output).collect()
}
