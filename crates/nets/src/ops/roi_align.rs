//! RoIAlign (He et al. 2017): regions of maps, each sampled to a map of one size.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use kernels::boxes::Xyxy;
use kernels::lanes::{LANES, blocks};
use kernels::roi_align::MapLayout;
pub use kernels::roi_align::RoiAlign;

use super::cpu;
use super::maps::{Layout, Maps, like};

impl Maps {
    /// RoIAlign of R boxes, each `[image, x1, y1, x2, y2]` in pixels of the image:
    /// `[N, C, H, W] -> [R, C, rows, columns]`, with `align.output` rows and columns. No gradient flows through the
    /// boxes, as in Faster R-CNN's joint training.
    pub fn roi_align(self, rois: &[[f32; 5]], align: &RoiAlign) -> Self {
        let align = *align;
        let images = rois.len();
        let layout = match self.layout {
            Layout::Channels(..) => {
                let x = self.into_nchw();
                return Self::new(on_planes(x, boxes(rois).into(), align));
            }
            Layout::Lanes(x) => Layout::Lanes(on_lanes(x, boxes(rois).into(), align)),
            Layout::Plain(x) => Layout::Plain(composed(x, rois, &align)),
        };
        Self { layout, images }
    }
}

fn boxes(rois: &[[f32; 5]]) -> Vec<(usize, Xyxy)> {
    let boxes = rois
        .iter()
        .map(|&[image, x1, y1, x2, y2]| (image as usize, Xyxy { x1, y1, x2, y2 }));
    boxes.collect()
}

/// `[N, C, H, W] -> [R, C, rows, columns]`
fn on_planes(x: Tensor<4>, rois: Arc<[(usize, Xyxy)]>, align: RoiAlign) -> Tensor<4> {
    let shape = x.dims();
    let [rows, columns] = align.output;
    let output = [rois.len(), shape[1], rows, columns];
    let backward_rois = Arc::clone(&rois);
    cpu::apply_linear(
        x,
        output,
        move |x| align.forward(MapLayout::Planes, x, shape, &rois),
        move |dy| align.backward(MapLayout::Planes, dy, shape, &backward_rois),
    )
}

/// `[B, C, H, W, 16] -> [ceil(R / 16), C, rows, columns, 16]`
fn on_lanes(x: Tensor<5>, rois: Arc<[(usize, Xyxy)]>, align: RoiAlign) -> Tensor<5> {
    let [input, channels, height, width, _] = x.dims();
    let shape = [input * LANES, channels, height, width];
    let [rows, columns] = align.output;
    let output = [blocks(rois.len()), channels, rows, columns, LANES];
    let backward_rois = Arc::clone(&rois);
    cpu::apply_linear(
        x,
        output,
        move |x| align.forward(MapLayout::Lanes, x, shape, &rois),
        move |dy| align.backward(MapLayout::Lanes, dy, shape, &backward_rois),
    )
}

/// Of Burn's operators, as two batched products `W_y F W_x^T`: averaging and bilinear weights are separable.
fn composed(x: Tensor<4>, rois: &[[f32; 5]], align: &RoiAlign) -> Tensor<4> {
    let device = x.device();
    let [_, channels, height, width] = x.dims();
    let [bins_y, bins_x] = align.output;
    let count = rois.len();
    let mut images = Vec::with_capacity(count);
    let mut weights_y = vec![0.0; count * bins_y * height];
    let mut weights_x = vec![0.0; count * bins_x * width];
    for (i, roi) in rois.iter().enumerate() {
        images.push(roi[0] as i32);
        let along_y = &mut weights_y[i * bins_y * height..][..bins_y * height];
        align.axis_weights(roi[2], roi[4], bins_y, height, along_y);
        let along_x = &mut weights_x[i * bins_x * width..][..bins_x * width];
        align.axis_weights(roi[1], roi[3], bins_x, width, along_x);
    }
    let weights = |values: Vec<f32>, shape: [usize; 4]| {
        let weights = Tensor::<4>::from_data(TensorData::new(values, shape), &device);
        like(weights, &x).repeat_dim(1, channels)
    };
    let weights_y = weights(weights_y, [count, 1, bins_y, height]);
    let weights_x = weights(weights_x, [count, 1, bins_x, width]);
    let images = Tensor::from_data(TensorData::new(images, [count]), &device);
    weights_y
        .matmul(x.select(0, images))
        .matmul(weights_x.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::check;

    #[test]
    fn region_pooling() {
        for aligned in [false, true] {
            let align = RoiAlign {
                output: [3, 2],
                scale: 0.5,
                sampling_ratio: 2,
                aligned,
            };
            let rois = [
                [0.0, 1.0, 2.0, 9.0, 11.0],
                [16.0, 0.0, 0.0, 15.0, 13.0],
                [3.0, 7.5, 3.25, 8.0, 4.0],
                [3.0, -4.0, 10.0, 30.0, 40.0],
            ];
            check(&format!("aligned {aligned}"), [17, 5, 7, 8], [], |x, []| {
                x.roi_align(&rois, &align)
            });
        }
    }
}
