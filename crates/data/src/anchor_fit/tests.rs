//! Telling cases of the detector's anchor fit.

use super::*;
use recipe::{Model, Recipe};

fn detector(sizes: &str, ratios: &str) -> recipe::FasterRcnn {
    let text = format!(
        "[model]\nkind = \"faster-rcnn\"\n[model.backbone]\nlayers = [{{ max-pool = 4 }}]\n\
         [model.anchors]\nsizes = {sizes}\nratios = {ratios}\n"
    );
    match Recipe::parse::<&str>(&text, "test", &[]).unwrap().model {
        Model::FasterRcnn(detector) => detector,
        Model::Cnn(_) => unreachable!("a detector was written"),
    }
}

#[test]
fn a_fit_counts_what_each_object_can_reach() {
    // One square anchor of 8 pixels on each of 4 x 4 cells, centres at 2, 6, 10, 14.
    let detector = detector("[8]", "[1]");
    let objects = [
        Xyxy::new(2., 2., 10., 10.), // itself
        Xyxy::new(2., 2., 10., 6.),  // half of one
        Xyxy::new(0., 0., 1., 1.),   // 1/64
        Xyxy::new(0., 0., 16., 16.), // 64 of 256
    ];
    let fit = AnchorFit::of(&detector, [1, 16, 16], &objects).unwrap();
    assert_eq!((fit.anchors, fit.objects, fit.unreached), (16, 4, 2));
    assert_eq!(fit.histogram, [1, 0, 1, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!((fit.share_50, fit.share_70), (0.5, 0.25));
    assert!((fit.mean_iou - (1.0 + 0.5 + 1.0 / 64.0 + 0.25) / 4.0).abs() < 1e-6);
    let none = AnchorFit::of(&detector, [1, 16, 16], &[]).unwrap();
    assert_eq!((none.objects, none.mean_iou, none.share_50), (0, 0.0, 0.0));
}

#[test]
fn the_suggestion_finds_the_sizes_and_ratios_that_are_there() {
    let mut objects = Vec::new();
    for (size, ratio) in [(10.0f32, 1.0f32), (10.0, 4.0), (30.0, 1.0), (30.0, 4.0)] {
        for step in -3..=3 {
            let size = size * (1.0 + 0.02 * step as f32);
            let (width, height) = (size / ratio.sqrt(), size * ratio.sqrt());
            objects.push(Xyxy::new(0., 0., width, height));
        }
    }
    let poor = detector("[20, 21]", "[0.5, 9]");
    let better = suggest(&poor, &objects).unwrap().anchors;
    for (found, expected) in [
        (better.sizes.all(), [10.0, 30.0]),
        (better.ratios, [1.0, 4.0]),
    ] {
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found / expected - 1.0).abs() < 0.02,
                "{found} for {expected}"
            );
        }
    }
    assert!(suggest(&poor, &[]).is_none());
}
