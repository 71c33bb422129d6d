//! Telling cases of the detector's anchors.

use super::*;

const MAP: AnchorGrid = AnchorGrid {
    cells: [7, 7],
    stride: [4, 4],
};

#[test]
fn defaults_cover_a_digit_image() {
    let recipe::Anchors { sizes, ratios, .. } = recipe::Anchors::default();
    let cell = cell_anchors(sizes.of_level(0), &ratios, false);
    let anchors = lay_out(&cell, MAP, 0.5);
    assert_eq!((anchors.len(), cell.len()), (294, 6));
    assert_eq!(
        anchors[0],
        Xyxy::new(-4., -4., 8., 8.),
        "size 12 around the centre (2, 2) of the first cell"
    );
    assert_eq!(anchors[6].x1 - anchors[0].x1, 4., "x changes before y");
    assert_eq!(anchors[42].y1 - anchors[0].y1, 4.);
}

#[test]
fn ratio_is_height_by_width_and_keeps_the_area() {
    let tall = cell_anchors(&[12.], &[3.], false)[0];
    assert!((tall.height() / tall.width() - 3.).abs() < 1e-5);
    assert!((tall.area() - 144.).abs() < 1e-3);
}

#[test]
fn halves_round_to_even() {
    assert_eq!(
        cell_anchors(&[5., 7.], &[1.], true),
        [Xyxy::new(-2., -2., 2., 2.), Xyxy::new(-4., -4., 4., 4.)]
    );
}

/// Configuration (b') of Faster R-CNN on scenes: 75, 38 and 19 cells a side, six anchors each.
#[test]
fn levels_of_a_pyramid_lie_in_a_row() -> Result<(), Box<dyn std::error::Error>> {
    let set = [
        "model.pyramid.extra-level=true",
        "model.anchors.sizes=[10, 14]",
    ];
    let recipe = recipe::Recipe::load("scenes-fpn", &set)?;
    let recipe::Model::FasterRcnn(detector) = &recipe.model else {
        return Err("a classifier".into());
    };
    let stages = recipe::stages(detector, [1, 300, 300])?;
    let AnchorLevels { anchors, levels } = AnchorLevels::new(detector, [300, 300], &stages);
    let counts: Vec<usize> = levels.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(counts, [75, 38, 19, 10].map(|side| 6 * side * side));
    assert_eq!(anchors.len(), levels[3].end);
    let centre = |i: usize| (anchors[i].x1 + anchors[i].x2) / 2.0;
    let firsts: Vec<f32> = levels.iter().map(|level| centre(level.start)).collect();
    assert_eq!(firsts, [2.0, 4.0, 8.0, 16.0]);
    assert_eq!(
        centre(levels[1].start + 6) - firsts[1],
        8.0,
        "a stride of 8, not 300 / 38"
    );
    Ok(())
}

/// torchvision 0.29.2 gives 800 // 13 = 61 and 1344 // 21 = 64 for the pooled level.
#[test]
fn spacing_may_be_the_quotient_of_image_and_map() -> Result<(), Box<dyn std::error::Error>> {
    let text = "[model]\nkind = \"faster-rcnn\"\nbackbone = \"resnet-18\"\n\
                pyramid = { strides = [4, 8, 16, 32], extra-level = true }\n\
                anchors = { sizes = [32], ratios = [1], spacing = \"divided\", offset = 0 }\n";
    let recipe = recipe::Recipe::parse::<&str>(text, "test", &[])?;
    let recipe::Model::FasterRcnn(detector) = &recipe.model else {
        return Err("a classifier".into());
    };
    let stages = recipe::stages(detector, [3, 800, 1344])?;
    let AnchorLevels { anchors, levels } = AnchorLevels::new(detector, [800, 1344], &stages);
    let last = &anchors[levels[4].clone()];
    assert_eq!(last.len(), 13 * 21);
    assert_eq!(
        [last[1].x1 - last[0].x1, last[21].y1 - last[0].y1],
        [64.0, 61.0]
    );
    Ok(())
}

#[test]
fn nothing_without_sizes_or_cells() {
    let cell = cell_anchors(&[12.], &[1.], false);
    let empty = AnchorGrid {
        cells: [0, 7],
        ..MAP
    };
    assert_eq!(cell_anchors(&[], &[1.], false), []);
    assert_eq!(lay_out(&[], MAP, 0.5), []);
    assert_eq!(lay_out(&cell, empty, 0.5), []);
}
