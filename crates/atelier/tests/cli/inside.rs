//! What the server shows of the inside of a network.

use super::serve::Server;
use super::support::Value;

#[test]
fn the_inside_of_both_kinds_is_shown() {
    let server = Server::start(&[]);
    let png = ["Content-Type: image/png"];
    let ask = |route: &str| server.ask(&format!("POST /v1/inside{route}"), &png, &server.seven());
    let (status, cnn) = ask("?model=digits-cnn");
    assert_eq!(status, 200, "{cnn}");
    let layers = cnn["layers"].as_array().expect("layers");
    let shape = &layers[0]["shape"];
    let maps = layers[0]["maps"].as_array().expect("maps");
    assert_eq!(shape[0].as_u64(), Some(maps.len().min(32) as u64));
    for layer in layers {
        let [low, high] = [0, 1].map(|end| layer["range"][end].as_f64().expect("a number"));
        assert!(low <= high, "{layer}");
    }
    let picture = cnn["grad_cam"].as_str().expect("a seven has a place");
    assert!(picture.starts_with("data:image/png;base64,iVBOR"));
    assert_eq!(cnn["stages"], Value::Null);

    let convolution = layers.iter().find(|layer| layer["has_cells"] == true);
    let number = &convolution.expect("a CNN has one")["layer"];
    let place = format!("/cell?model=digits-cnn&layer={number}&channel=0&row=5&column=5");
    let (status, cell) = ask(&place);
    assert_eq!(status, 200, "{cell}");
    let values = |key: &str| -> Vec<f64> {
        let planes = cell[key].as_array().expect("planes").iter();
        let rows = planes.flat_map(|plane| plane.as_array().expect("rows"));
        let values = rows.flat_map(|row| row.as_array().expect("values"));
        values
            .map(|value| value.as_f64().expect("a number"))
            .collect()
    };
    let products = values("patch").into_iter().zip(values("kernel"));
    let sum: f64 = products.map(|(pixel, weight)| pixel * weight).sum();
    let bias = cell["bias"].as_f64().expect("a number");
    assert!((sum + bias - cell["value"].as_f64().expect("a number")).abs() < 1e-3);

    let (status, detector) = ask("?model=digits-detector");
    assert_eq!(status, 200, "{detector}");
    assert_eq!(detector["stages"]["detections"][0]["class"], "7");
    let count = |stage: &str| detector["stages"][stage].as_array().expect("boxes").len();
    assert!(count("before_suppression") > count("proposals"));

    for (route, status, code) in [
        ("?model=nobody", 404, "unknown_model"),
        ("?models=digits-cnn", 400, "bad_request"),
        ("/cell?layer=0", 400, "bad_request"),
        (
            "/cell?layer=-1&channel=0&row=0&column=0",
            400,
            "bad_request",
        ),
        (
            "/cell?layer=99&channel=0&row=0&column=0",
            409,
            "nothing_to_show",
        ),
        (
            "/cell?layer=0&channel=0&row=0&column=99",
            409,
            "nothing_to_show",
        ),
        (
            "/cell?layer=1&channel=0&row=0&column=0",
            409,
            "nothing_to_show",
        ),
        (
            "/cell?model=digits-detector&layer=0&channel=0&row=0&column=0",
            409,
            "nothing_to_show",
        ),
    ] {
        let (given, answer) = ask(route);
        assert_eq!(
            (given, &answer["error"]["code"]),
            (status, &Value::from(code)),
            "{route}"
        );
    }
    let (status, _) = server.ask("POST /v1/inside", &png, b"not a picture");
    assert_eq!(status, 422);
}
