//! Detectors with torchvision's options.

use super::*;

const MOBILE: &str =
    "[model]\nkind = \"faster-rcnn\"\nbackbone = \"mobilenet-v3-large\"\n[model.pyramid]\n";

fn detector(recipe: &Recipe) -> &FasterRcnn {
    match &recipe.model {
        Model::FasterRcnn(detector) => detector,
        Model::Cnn(_) => panic!("a detector"),
    }
}

#[test]
fn two_maps_of_one_stride_are_named() {
    let text = format!("{MOBILE}from = [\"stage-13\", \"backbone\"]\nextra-level = true\n");
    let recipe = parse(&text).unwrap();
    let found: Vec<_> = stages(detector(&recipe), [3, 64, 96])
        .unwrap()
        .iter()
        .map(|stage| (stage.stride, stage.channels, stage.cells))
        .collect();
    assert_eq!(found, [(32, 160, [2, 3]), (32, 960, [2, 3])]);
    assert!(recipe.summary([3, 64, 96], 5).is_ok());
    // Written out, names are those of the layers.
    let expanded = recipe.clone().expanded(3);
    assert_eq!(parse(&expanded.to_toml().unwrap()).unwrap(), expanded);
    let again = stages(detector(&expanded), [3, 64, 96]).unwrap();
    let channels: Vec<_> = again.iter().map(|stage| stage.channels).collect();
    assert_eq!(channels, [160, 960]);
}

#[test]
fn names_of_maps_that_are_wrong_are_errors() {
    for (from, expected) in [
        ("\"stage-16\"", "from[0]"),
        (
            "\"stage-4\", \"stage-2\"",
            "`stage-2` does not come after the one before it",
        ),
    ] {
        let error = message(parse(&format!("{MOBILE}from = [{from}]\n")));
        assert!(error.contains(expected), "{error}");
    }
    for (from, expected) in [
        (
            "\"stage-2\", \"backbone\"",
            "model.pyramid.from[1] (backbone): its stride is 32, that of the map before it 4",
        ),
        ("\"stage-13\"", "or add \"backbone\" to model.pyramid.from"),
    ] {
        let recipe = parse(&format!("{MOBILE}from = [{from}]\n")).unwrap();
        let error = recipe.summary([3, 64, 64], 5).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_named_backbone_takes_other_norms() {
    let text =
        "[model]\nkind = \"faster-rcnn\"\nbackbone = { name = \"resnet-18\", epsilon = 0 }\n";
    let recipe = parse(text).unwrap();
    let epsilon = |layer: &Layer| match layer {
        Layer::BatchNorm { epsilon, momentum } => Some((*epsilon, *momentum)),
        Layer::Stage(stage) => Some((stage.epsilon, stage.momentum)),
        _ => None,
    };
    let found: Vec<_> = recipe.model.layers().iter().filter_map(epsilon).collect();
    assert_eq!(found, [(0.0, 0.1); 5]);
    for (backbone, expected) in [
        ("{ epsilon = 0 }", "missing key `layers`"),
        ("{ name = \"resnet-19\" }", "resnet-18"),
        (
            "{ name = \"resnet-18\", layers = [\"relu\"] }",
            "keep one of them",
        ),
        ("{ name = \"resnet-18\", epsilon = -1 }", "epsilon"),
    ] {
        let text = format!("[model]\nkind = \"faster-rcnn\"\nbackbone = {backbone}\n");
        let error = message(parse(&text));
        assert!(error.contains(expected), "{backbone}: {error}");
    }
}

#[test]
fn what_is_as_before_is_not_written() {
    let text = "[model]\nkind = \"faster-rcnn\"\nbackbone = { layers = [\"relu\"] }\n[model.pyramid]\nstrides = [1]\n";
    let shown = parse(text).unwrap().to_toml().unwrap();
    for key in [
        "from =",
        "spacing",
        "convolutions = 1",
        "hidden-norm",
        "rpn.score",
    ] {
        assert!(!shown.contains(key), "{key}: {shown}");
    }
    let all = format!(
        "{text}from = [\"backbone\"]\n[model.anchors]\nspacing = \"divided\"\n\
         [model.rpn]\nconvolutions = 2\nscore-threshold = 0.05\n\
         [model.roi]\nnorm = \"batch\"\nhidden-norm = \"none\"\n"
    );
    let recipe = parse(&all).unwrap();
    assert_eq!(detector(&recipe).roi.norm_of_hidden(), Norm::None);
    let shown = recipe.to_toml().unwrap();
    assert_eq!(parse(&shown).unwrap(), recipe, "{shown}");
    assert!(shown.contains("hidden-norm = \"none\""), "{shown}");
}

#[test]
fn pictures_in_their_own_proportions_are_for_detectors() {
    let size = "[data.image]\nsize = { shorter = 80, longest = 120 }\n";
    let error = message(parse(&format!("{SMALL}{size}")));
    assert!(
        error.contains("is for detectors") && error.contains("write size = [height, width]"),
        "{error}"
    );
    let text = format!("[data.augment]\nmosaic = 0.5\n{size}{MOBILE}from = [\"backbone\"]\n");
    let error = message(parse(&text));
    assert!(error.contains("joins images of one size"), "{error}");
}

/// As many parameters as torchvision's models of 91 classes, background included.
#[test]
fn built_in_detectors_have_torchvisions_parameters() {
    for (name, parameters) in [("resnet-50-fpn", 41_808_406), ("mobilenet-fpn", 19_410_754)] {
        let recipe = Recipe::load::<&str>(name, &[]).unwrap();
        let size = recipe.data.image.size.unwrap().nominal();
        let summary = recipe.summary([3, size[0], size[1]], 90).unwrap();
        assert_eq!(summary.parameters, parameters, "{name}");
    }
}
