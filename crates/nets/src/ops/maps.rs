//! Feature maps, and how they lie in memory.

use burn::tensor::{DType, Device, FloatDType, Tensor};
use kernels::channels;
use kernels::lanes::{self, LANES, blocks};

use super::cpu;

/// Feature maps of some images, `[N, C, H, W]` in meaning; rows of features are maps of one pixel.
#[derive(Clone, Debug)]
pub struct Maps {
    pub(super) layout: Layout,
    pub(super) images: usize,
}

/// How maps lie in memory, which decides what computes on them.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// `[ceil(N / 16), C, H, W, 16]` on the CPU: sixteen images side by side, the layout of the kernels.
    Lanes(Tensor<5>),
    /// `[N, ceil(C / 16), H, W, 16]` on the CPU and C: sixteen channels side by side, for few or large images.
    Channels(Tensor<5>, usize),
    /// `[N, C, H, W]` on other devices: Burn's operators.
    Plain(Tensor<4>),
}

/// Whether the kernels run on this device.
pub(crate) fn has_lanes(device: &Device) -> bool {
    *device == Device::flex()
}

/// `x` in the data type of `other`, which differs only when training in 16 bits.
pub(super) fn like<const A: usize, const B: usize>(x: Tensor<A>, other: &Tensor<B>) -> Tensor<A> {
    if x.dtype() == other.dtype() {
        x
    } else {
        x.cast(FloatDType::from(other.dtype()))
    }
}

/// `x` in f32.
pub(super) fn full<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if x.dtype() == DType::F32 {
        x
    } else {
        x.cast(FloatDType::F32)
    }
}

impl Maps {
    /// Takes images or maps `[N, C, H, W]`, in the layout that is fastest on their device.
    pub fn new(x: Tensor<4>) -> Self {
        let [images, channels, height, width] = x.dims();
        let device = x.device();
        let has_channels = if device.is_autodiff() {
            channels::suits_training(images)
        } else {
            channels::suits(images, height * width)
        };
        let layout = if !has_lanes(&device) {
            Layout::Plain(x)
        } else if has_channels {
            Layout::Channels(pack_channels(x), channels)
        } else {
            Layout::Lanes(pack(x))
        };
        Self { layout, images }
    }

    /// Maps on which nothing but Burn's operators run, as on a device without kernels.
    #[cfg(test)]
    pub(super) fn plain(x: Tensor<4>) -> Self {
        Self {
            images: x.dims()[0],
            layout: Layout::Plain(x),
        }
    }

    /// The same maps in lanes, which must be on the CPU.
    pub(super) fn into_lanes(self) -> Self {
        let layout = match self.layout {
            Layout::Lanes(x) => Layout::Lanes(x),
            Layout::Plain(x) => Layout::Lanes(pack(x)),
            Layout::Channels(x, channels) => Layout::Lanes(pack(unpack_channels(x, channels))),
        };
        Self { layout, ..self }
    }

    /// The same maps with channels side by side, which must be on the CPU.
    pub(super) fn into_channels(self) -> Self {
        let [channels, ..] = self.shape();
        let layout = match self.layout {
            Layout::Channels(x, channels) => Layout::Channels(x, channels),
            Layout::Plain(x) => Layout::Channels(pack_channels(x), channels),
            Layout::Lanes(x) => Layout::Channels(pack_channels(unpack(x, self.images)), channels),
        };
        Self { layout, ..self }
    }

    /// The number of images, N.
    pub fn images(&self) -> usize {
        self.images
    }

    /// `[C, H, W]`
    pub fn shape(&self) -> [usize; 3] {
        match &self.layout {
            Layout::Lanes(x) => {
                let [_, channels, height, width, _] = x.dims();
                [channels, height, width]
            }
            Layout::Channels(x, channels) => {
                let [_, _, height, width, _] = x.dims();
                [*channels, height, width]
            }
            Layout::Plain(x) => {
                let [_, channels, height, width] = x.dims();
                [channels, height, width]
            }
        }
    }

    /// Where the values live.
    pub fn device(&self) -> Device {
        match &self.layout {
            Layout::Lanes(x) | Layout::Channels(x, _) => x.device(),
            Layout::Plain(x) => x.device(),
        }
    }

    /// The maps as an ordinary tensor, `[N, C, H, W]`.
    pub fn into_nchw(self) -> Tensor<4> {
        match self.layout {
            Layout::Lanes(x) => unpack(x, self.images),
            Layout::Channels(x, channels) => unpack_channels(x, channels),
            Layout::Plain(x) => x,
        }
    }

    /// The channels of each cell in a row, `[N, C, H, W] -> [N, H * W, C]`; in f32.
    pub fn into_cells(self) -> Tensor<3> {
        let [channels, height, width] = self.shape();
        let images = self.images;
        match self.layout {
            Layout::Lanes(x) => unpack_cells(x, images),
            layout => {
                let cells = Self { layout, images }.into_nchw().permute([0, 2, 3, 1]);
                full(cells.reshape([images, height * width, channels]))
            }
        }
    }

    /// All features of each image in a row, `[N, C, H, W] -> [N, C * H * W]`; in f32.
    pub fn into_rows(self) -> Tensor<2> {
        let features = self.shape().iter().product();
        let images = self.images;
        full(self.into_nchw().reshape([images, features]))
    }

    /// The features of each image in a row, as maps of one pixel: `[N, C, H, W] -> [N, C * H * W, 1, 1]`.
    pub fn flatten(self) -> Self {
        let [channels, height, width] = self.shape();
        let features = channels * height * width;
        let images = self.images;
        let layout = match self.layout {
            Layout::Lanes(x) => Layout::Lanes(x.reshape([blocks(images), features, 1, 1, LANES])),
            Layout::Channels(x, _) if height * width == 1 => Layout::Channels(x, features),
            Layout::Channels(x, _) => {
                let x = unpack_channels(x, channels).reshape([images, features, 1, 1]);
                Layout::Channels(pack_channels(x), features)
            }
            Layout::Plain(x) => Layout::Plain(x.reshape([images, features, 1, 1])),
        };
        Self { layout, images }
    }

    /// Applies `on_planes` to maps in which sixteen images or channels lie side by side and are treated alike, `on_nchw` to
    /// others.
    pub(super) fn map(
        self,
        on_planes: impl FnOnce(Tensor<5>) -> Tensor<5>,
        on_nchw: impl FnOnce(Tensor<4>) -> Tensor<4>,
    ) -> Self {
        let layout = match self.layout {
            Layout::Lanes(x) => Layout::Lanes(on_planes(x)),
            Layout::Channels(x, channels) => Layout::Channels(on_planes(x), channels),
            Layout::Plain(x) => Layout::Plain(on_nchw(x)),
        };
        Self { layout, ..self }
    }

    /// Applies `on_planes` to two maps of the same images where neither is in plain NCHW, `on_nchw` otherwise.
    pub(super) fn zip(
        self,
        other: Self,
        on_planes: impl FnOnce(Tensor<5>, Tensor<5>) -> Tensor<5>,
        on_nchw: impl FnOnce(Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Self {
        let images = self.images;
        let layout = match (self.layout, other.layout) {
            (Layout::Lanes(a), Layout::Lanes(b)) => Layout::Lanes(on_planes(a, b)),
            (Layout::Channels(a, channels), Layout::Channels(b, _)) => {
                Layout::Channels(on_planes(a, b), channels)
            }
            (Layout::Plain(a), Layout::Plain(b)) => Layout::Plain(on_nchw(a, b)),
            // A network may bring some maps of few images into lanes.
            (a, b) => {
                let [a, b] = [a, b].map(|layout| Self { layout, images }.into_channels());
                return a.zip(b, on_planes, on_nchw);
            }
        };
        Self { layout, images }
    }
}

/// `[N, C, H, W]` into channels side by side, `[N, ceil(C / 16), H, W, 16]`.
pub(super) fn pack_channels(x: Tensor<4>) -> Tensor<5> {
    let [images, channels, height, width] = x.dims();
    let area = height * width;
    cpu::apply_linear(
        x,
        [images, channels::blocks(channels), height, width, LANES],
        move |x| channels::pack(x, channels, area),
        move |dy| channels::unpack(dy, channels, area),
    )
}

/// Channels side by side into `[N, C, H, W]`.
fn unpack_channels(x: Tensor<5>, channels: usize) -> Tensor<4> {
    let [images, _, height, width, _] = x.dims();
    let area = height * width;
    cpu::apply_linear(
        x,
        [images, channels, height, width],
        move |x| channels::unpack(x, channels, area),
        move |dy| channels::pack(dy, channels, area),
    )
}

/// `[N, C, H, W]` into lanes, `[ceil(N / 16), C, H, W, 16]`.
pub(super) fn pack(x: Tensor<4>) -> Tensor<5> {
    let [images, channels, height, width] = x.dims();
    let features = channels * height * width;
    cpu::apply_linear(
        x,
        [blocks(images), channels, height, width, LANES],
        move |x| lanes::pack(x, images, features),
        move |dy| lanes::unpack(dy, images, features),
    )
}

/// Lanes into `[N, C, H, W]`.
fn unpack(x: Tensor<5>, images: usize) -> Tensor<4> {
    let [_, channels, height, width, _] = x.dims();
    let features = channels * height * width;
    cpu::apply_linear(
        x,
        [images, channels, height, width],
        move |x| lanes::unpack(x, images, features),
        move |dy| lanes::pack(dy, images, features),
    )
}

/// Lanes into `[N, H * W, C]`.
fn unpack_cells(x: Tensor<5>, images: usize) -> Tensor<3> {
    let [_, channels, height, width, _] = x.dims();
    let cells = height * width;
    cpu::apply_linear(
        x,
        [images, cells, channels],
        move |x| lanes::unpack_channels_last(x, images, channels, cells),
        move |dy| lanes::pack_channels_last(dy, images, channels, cells),
    )
}
