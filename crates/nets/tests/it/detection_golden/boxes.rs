//! IoU, clipping, suppression, anchors and box coding.

use data::anchors::{AnchorGrid, cell_anchors, lay_out};
use kernels::box_coder::BoxCoder;
use kernels::boxes::Xyxy;
use kernels::nms::{batched_nms, nms};

use super::{Golden, assert_near, assert_near_within, flat};

#[test]
fn overlap_clipping_and_small_boxes() {
    let golden = Golden::load("box_ops");
    let (a, b) = (golden.boxes("boxes1"), golden.boxes("boxes2"));
    let iou: Vec<f32> = a.iter().flat_map(|a| b.iter().map(|b| a.iou(*b))).collect();
    assert_near("iou", &iou, golden.floats("iou"));
    let clipped: Vec<Xyxy> = golden
        .boxes("unclipped")
        .iter()
        .map(|b| b.clip([50, 40]))
        .collect();
    assert_near("clip", &flat(&clipped), golden.floats("clipped_h50_w40"));
    let kept: Vec<usize> = (0..clipped.len())
        .filter(|&i| clipped[i].has_sides(1.0))
        .collect();
    assert_eq!(kept, golden.indices("kept_min_size_1"));
}

#[test]
fn suppression() {
    let golden = Golden::load("nms");
    for case in golden.cases() {
        let name = case.name();
        let boxes = golden.boxes(&format!("{name}.boxes"));
        let kept = nms(
            &boxes,
            golden.floats(&format!("{name}.scores")),
            case.get("iou_threshold"),
        );
        assert_eq!(kept, golden.indices(&format!("{name}.keep")), "{name}");
    }
}

#[test]
fn suppression_within_classes() {
    let golden = Golden::load("batched_nms");
    for case in golden.cases() {
        let name = case.name();
        let kept = batched_nms(
            &golden.boxes(&format!("{name}.boxes")),
            golden.floats(&format!("{name}.scores")),
            &golden.indices(&format!("{name}.class_ids")),
            case.get("iou_threshold"),
            usize::MAX,
        );
        assert_eq!(kept, golden.indices(&format!("{name}.keep")), "{name}");
    }
}

#[test]
fn anchors_of_torchvision_and_detectron2() {
    let golden = Golden::load("anchors");
    for case in golden.cases() {
        let name = case.name();
        let torchvision = name.starts_with("torchvision");
        let sizes: Vec<Vec<f64>> = case.get("sizes");
        let ratios: Vec<Vec<f64>> = case.get("aspect_ratios");
        let offset = if case.has("offset") {
            case.get("offset")
        } else {
            0.0
        };
        let cells: Vec<[usize; 2]> = case.get("grid_sizes");
        let strides: Vec<[usize; 2]> = case.get("strides");
        let mut anchors = Vec::new();
        for (level, (&cells, &stride)) in cells.iter().zip(&strides).enumerate() {
            let mut cell = cell_anchors(&sizes[level], &ratios[level], torchvision);
            if !torchvision {
                // detectron2 lists all ratios of the first size, then of the next.
                let [count, lists] = [sizes[level].len(), ratios[level].len()];
                cell = (0..cell.len())
                    .map(|i| cell[i % lists * count + i / lists])
                    .collect();
            }
            let around_cell = golden.floats(&format!("{name}.cell_anchors{level}"));
            assert_near(name, &flat(&cell), around_cell);
            anchors.extend(lay_out(&cell, AnchorGrid { cells, stride }, offset));
        }
        assert_near(
            name,
            &flat(&anchors),
            golden.floats(&format!("{name}.anchors")),
        );
    }
}

#[test]
fn box_coding() {
    let golden = Golden::load("box_coder");
    for case in golden.cases() {
        let name = case.name();
        let coder = BoxCoder {
            weights: case.get("weights"),
        };
        let (from, to) = (
            golden.boxes(&format!("{name}.source_boxes")),
            golden.boxes(&format!("{name}.target_boxes")),
        );
        let pairs = || from.iter().zip(&to);
        let codes: Vec<[f32; 4]> = pairs().map(|(a, g)| coder.encode(*g, *a)).collect();
        assert_near(
            name,
            codes.as_flattened(),
            golden.floats(&format!("{name}.encoded")),
        );
        let back: Vec<Xyxy> = codes
            .iter()
            .zip(&from)
            .map(|(d, a)| coder.decode(*d, *a))
            .collect();
        assert_near(
            name,
            &flat(&back),
            golden.floats(&format!("{name}.decoded_round_trip")),
        );
        let free = coder.decode_classes(
            golden.floats(&format!("{name}.free_codes")),
            case.get("free_codes_classes"),
            &from,
        );
        // Boxes of thousands of pixels: the limit on growth is tested here, and f32 has 24 bits.
        assert_near_within(
            name,
            &flat(&free),
            golden.floats(&format!("{name}.free_decoded")),
            |v| super::TOLERANCE * (1.0 + v.abs()),
        );
    }
}
