//! Shapes along the layers, and what is said where they do not fit.

use super::*;

#[test]
fn shape_errors_name_the_layer() {
    let wrong = |layers: &str| {
        let text = format!("[model]\nkind = \"cnn\"\nlayers = [{layers}]");
        match parse(&text).unwrap().summary([1, 28, 28], 10) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.to_string(),
        }
    };
    #[rustfmt::skip]
    let cases = [
        ("\"relu\", { linear = 10 }", "model.layers[1] (linear 10): needs flat features, but its input is 1 x 28 x 28"),
        ("\"flatten\", { max-pool = 2 }", "model.layers[1] (max-pool 2x2): needs rows and columns, but its input is flat: 784"),
        ("{ conv = 4, kernel = 27 }, { conv = 4, kernel = [1, 5] }", "model.layers[1] (conv 4, 1x5): its window is 5 wide, its input only 2"),
        ("{ conv = 4, kernel = 9, dilation = 4, padding = 2 }", "its window is 33 high, its input only 28 with padding 2"),
        ("\"flatten\", { linear = 9 }", "model.layers[1] (linear 9): the last layer gives 9, but the data has 10 classes"),
        ("\"relu\"", "the last layer gives 1 x 28 x 28"),
    ];
    for (layers, expected) in cases {
        let error = wrong(layers);
        assert!(error.contains(expected), "{layers}\n{error}");
        assert!(error.contains("help: "), "{error}");
    }
    let detector =
        "[model]\nkind = \"faster-rcnn\"\nbackbone = { layers = [\"relu\", \"flatten\"] }";
    let error = parse(detector)
        .unwrap()
        .summary([1, 28, 28], 10)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("model.backbone.layers[1] (flatten): a backbone gives a map"),
        "{error}"
    );
}

#[test]
fn pyramid_errors_say_why() {
    let wrong = |strides: &str, layers: &str| {
        let text = format!(
            "[model]\nkind = \"faster-rcnn\"\npyramid = {{ strides = {strides} }}\nbackbone = {{ layers = [{layers}] }}"
        );
        match parse(&text).unwrap().summary([1, 28, 28], 10) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.to_string(),
        }
    };
    let pool = "{ max-pool = 2 }";
    #[rustfmt::skip]
    let cases = [
        ("[2, 4]", format!("{pool}, \"relu\", {pool}, \"relu\""), "no error"),
        ("[4, 8]", format!("{pool}, {pool}, \"relu\""), "model.pyramid.strides[1] (stride 8): no map of the backbone has this stride\n  help: its maps have the strides 2, 4"),
        ("[2]", format!("{pool}, {pool}"), "model.backbone.layers[1] (max-pool 2x2): its output is not used\n  help: end the backbone before it, or add 4"),
    ];
    for (strides, layers, expected) in cases {
        let error = wrong(strides, &layers);
        assert!(error.contains(expected), "{strides}, {layers}\n{error}");
    }
}

/// PyTorch's output sizes for the same layers on 28 x 28.
#[test]
fn window_sizes_match_pytorch() {
    let cases = [
        ("{ conv = 1, kernel = 3 }", [26, 26]),
        (
            "{ conv = 1, kernel = 3, stride = 2, padding = 1 }",
            [14, 14],
        ),
        (
            "{ conv = 1, kernel = [5, 3], stride = [3, 2], dilation = 2 }",
            [7, 12],
        ),
        ("{ max-pool = 3 }", [9, 9]),
        ("{ max-pool = 3, stride = 2, padding = 1 }", [14, 14]),
        ("{ avg-pool = [28, 1] }", [1, 28]),
    ];
    for (layer, [rows, columns]) in cases {
        let text = format!("[model]\nkind = \"cnn\"\nlayers = [{layer}]");
        let recipe = parse(&text).unwrap();
        let output = summary(recipe.model.layers(), [1, 28, 28])
            .unwrap()
            .output();
        let expected = Shape::Map {
            channels: 1,
            height: rows,
            width: columns,
        };
        assert_eq!(output, expected, "{layer}");
    }
}

#[test]
fn the_summary_is_a_table() {
    let recipe = set(&[]).unwrap();
    let table = recipe.summary([1, 28, 28], 10).unwrap().to_string();
    assert_eq!(
        table,
        "layer              output    parameters   multiply-adds       sees
flatten               784             0               0        all
linear 10              10         7,850           7,840        all
total                  10         7,850           7,840"
    );
}
