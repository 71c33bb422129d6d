//! Tests of `classifier`.

use super::*;

#[test]
fn maps_are_shown_after_their_activation_function() {
    let conv = || Layer::Conv {
        channels: 4,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: recipe::Groups::default(),
        bias: true,
    };
    let norm = Layer::BatchNorm {
        momentum: 0.1,
        epsilon: 1e-5,
    };
    let layers = [
        conv(),
        norm,
        Layer::Relu,
        conv(),
        conv(),
        Layer::Gelu,
        Layer::Flatten,
    ];
    assert_eq!(shown_layers(&layers), [(0, 2), (3, 3), (4, 5)]);
}

#[test]
fn a_residual_block_is_shown_as_one() {
    let text = "[model]\nkind = \"cnn\"\nlayers = [{ conv = 4, kernel = 3 }, \"batch-norm\", \"hard-swish\", \
         { stage = 2, block = \"basic\", channels = 4 }, { residual = [{ conv = 4, kernel = 1 }] }, \"relu\", \
         { inverted = 4, expand = 8 }, \"global-avg-pool\", { residual = [{ linear = 4 }] }, \"relu\", { linear = 2 }]";
    let recipe = recipe::Recipe::parse::<&str>(text, "test", &[]).expect("a recipe");
    let shown = shown_layers(recipe.model.layers());
    assert_eq!(shown, [(0, 2), (3, 3), (4, 5), (6, 6)]);
}

#[test]
fn grad_cam_of_two_maps() {
    let maps = Weight {
        shape: vec![1, 2, 1, 2],
        values: vec![1.0, 2.0, 3.0, 0.5],
    };
    // Mean gradients 0.5 and -1: 0.5 * [1, 2] - [3, 0.5] = [-2.5, 0.5].
    let cam = grad_cam(Some(&maps), &[0.0, 1.0, -2.0, 0.0]);
    assert_eq!(cam.rows(), [[0.0, 0.5]]);
    assert_eq!(cam.at(0.0, 0.5), 0.0);
    assert_eq!(cam.at(0.5, 0.5), 0.25);
    assert_eq!(cam.at(1.0, 0.5), 0.5);
}
