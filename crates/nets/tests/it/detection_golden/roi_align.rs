//! RoIAlign, forward and gradient.

use kernels::boxes::Xyxy;
use kernels::roi_align::{MapLayout, RoiAlign};

use super::{Golden, assert_near};

#[test]
fn roi_align_and_its_gradient() {
    let golden = Golden::load("roi_align");
    for case in golden.cases() {
        let name = case.name();
        let op = RoiAlign {
            output: case.get("output_size"),
            scale: case.get("spatial_scale"),
            sampling_ratio: case.get("sampling_ratio"),
            aligned: case.get("aligned"),
        };
        let shape = golden.shape(&format!("{name}.input"));
        // Each row is the image, then the corners.
        let rows = golden.floats(&format!("{name}.rois")).as_chunks::<5>().0;
        let rois: Vec<_> = rows
            .iter()
            .map(|&[image, x1, y1, x2, y2]| (image as usize, Xyxy::new(x1, y1, x2, y2)))
            .collect();
        let out = op.forward(
            MapLayout::Planes,
            golden.floats(&format!("{name}.input")),
            shape,
            &rois,
        );
        assert_near(name, &out, golden.floats(&format!("{name}.output")));
        let grad = op.backward(
            MapLayout::Planes,
            golden.floats(&format!("{name}.grad_output")),
            shape,
            &rois,
        );
        assert_near(name, &grad, golden.floats(&format!("{name}.grad_input")));
    }
}
