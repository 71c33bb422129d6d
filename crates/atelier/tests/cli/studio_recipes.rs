//! The studio's routes for recipes, for models in training, and for what runs come to, asked over TCP.

use std::io::{Read, Write};

use serde_json::json;

use super::serve::Server;
use super::studio::{ask, code, get, is, wait_for};
use super::support::{TINY_CNN, Value, success};

fn check(server: &Server, text: &str) -> Value {
    let (status, answer) = server.ask("POST /v1/recipes/check", &[], text.as_bytes());
    assert_eq!(status, 200, "{answer}");
    answer
}

#[test]
fn recipes_are_checked_changed_and_saved() {
    let server = Server::start(&["digits-cnn"]);
    let good = check(&server, TINY_CNN);
    assert_eq!((&good["ok"], &good["kind"]), (&json!(true), &json!("cnn")));
    let layers = good["layers"].as_array().expect("a list");
    assert_eq!(
        layers.len(),
        good["blocks"].as_array().expect("a list").len()
    );
    assert_eq!(
        (&layers[0]["output"], &layers[0]["block"]),
        (&json!([8, 14, 14]), &json!(0))
    );
    assert_eq!(layers[0]["receptive_field"], json!([5, 5]));
    assert_eq!(layers[8]["output"], json!([10]));
    assert_eq!(layers[0]["parameters"], json!(8 * 26));
    assert_eq!(
        good["blocks"][0],
        json!({"conv": 8, "kernel": 5, "stride": 2, "padding": 2})
    );
    assert_eq!(good["hyper"]["training"]["batch-size"], 128);
    let sum = |key: &str| {
        layers
            .iter()
            .map(|layer| layer[key].as_u64().expect("a number"))
            .sum::<u64>()
    };
    assert_eq!(good["parameters"], sum("parameters"));
    assert_eq!(good["memory_bytes"], sum("memory_bytes"));

    for (name, old, new, line, layer, reason) in [
        (
            "a kernel larger than its map",
            "kernel = 3",
            "kernel = 9",
            6,
            Some(3),
            "9 high",
        ),
        (
            "other classes",
            "linear = 10",
            "linear = 9",
            7,
            Some(8),
            "10 classes",
        ),
        (
            "no such layer",
            "\"batch-norm\"",
            "\"batchnorm\"",
            6,
            Some(4),
            "batchnorm",
        ),
        ("no such key", "epochs = 1", "epoch = 1", 12, None, "epoch"),
        ("no TOML", "[data]", "[data", 9, None, "unclosed"),
        (
            "no data",
            "[data]",
            "[data]\nsource = \"no-such\"",
            10,
            None,
            "no-such",
        ),
        (
            "pictures too large",
            "[data]",
            "[data]\nimage = 3",
            10,
            None,
            "image",
        ),
    ] {
        let bad = check(&server, &TINY_CNN.replace(old, new));
        assert_eq!(bad["ok"], false, "{name}");
        let problem = &bad["problems"][0];
        assert_eq!(
            (&problem["line"], &problem["layer"]),
            (&json!(line), &json!(layer)),
            "{name}: {problem}"
        );
        let message = problem["message"].as_str().expect("a text");
        assert!(message.contains(reason), "{name}: {message}");
    }
    for text in [
        "",
        "\0",
        "[[model]]",
        "model = 1",
        "[model]\nkind = \"cnn\"\nlayers = []",
    ] {
        assert_eq!(check(&server, text)["ok"], false, "{text:?}");
    }
    let names = get(&server, "/v1/recipes");
    let built_in = names["recipes"].as_array().expect("a list");
    for recipe in built_in {
        let checked = check(&server, recipe["toml"].as_str().expect("a text"));
        assert_eq!(checked["ok"], true, "{}: {checked}", recipe["name"]);
    }

    let change =
        json!({"toml": TINY_CNN, "set": {"training.epochs": 3, "model.layers[0].conv": 4}});
    let (status, changed) = ask(&server, "POST /v1/recipes/render", &change);
    assert_eq!(status, 200, "{changed}");
    let expected = TINY_CNN
        .replace("epochs = 1", "epochs = 3")
        .replace("conv = 8", "conv = 4");
    assert_eq!(changed["toml"], expected);
    let change = json!({"toml": expected, "layers": good["blocks"]});
    let (_, changed) = ask(&server, "POST /v1/recipes/render", &change);
    let changed = changed["toml"].as_str().expect("a text");
    assert_eq!(check(&server, changed)["layers"], good["layers"]);
    let wrong = json!({"toml": "[model", "layers": []});
    assert_eq!(
        code(&ask(&server, "POST /v1/recipes/render", &wrong)),
        (422, "recipe")
    );

    let put = |name: &str, text: &str| {
        server.ask(&format!("PUT /v1/recipes/{name}"), &[], text.as_bytes())
    };
    assert_eq!(code(&put("lab-cnn", TINY_CNN)), (409, "built_in"));
    assert_eq!(code(&put("mine", "[model]")), (422, "recipe"));
    for name in [
        "..",
        "%2e%2e%2fx",
        ".x",
        "x%2fy",
        "x%5Cy",
        "aux",
        "C:x",
        "%00",
        "x%0a",
        "~%2f..",
    ] {
        let (status, answer) = put(name, TINY_CNN);
        assert!(status == 400 || status == 404, "{name}: {status} {answer}");
    }
    let about = format!("# Mine, tiny\n{TINY_CNN}");
    let (status, saved) = put("mine", &about);
    assert_eq!(
        (status, &saved["about"], &saved["saved"]),
        (200, &json!("Mine, tiny"), &json!(true))
    );
    let all = get(&server, "/v1/recipes");
    let all = all["recipes"].as_array().expect("a list");
    assert_eq!(all.len(), built_in.len() + 1);
    assert_eq!(all[all.len() - 1]["toml"], about);
    let (status, queued) = ask(&server, "POST /v1/runs", &json!({"recipe": "mine"}));
    assert_eq!((status, &queued["queued"]["name"]), (202, &json!("mine")));
    let run = wait_for(&server, "mine", is("finished"));
    assert_eq!(run["recipe"], "mine");
}

#[test]
fn a_network_in_training_predicts_and_shows_what_it_learns() {
    let server = Server::start(&["digits-cnn"]);
    let recipe = TINY_CNN.replace("epochs = 1", "epochs = 2000");
    ask(
        &server,
        "POST /v1/runs",
        &json!({"toml": recipe, "name": "tiny"}),
    );
    let predict = || {
        server.ask(
            "POST /v1/predict?model=tiny",
            &["Content-Type: image/png"],
            &server.seven(),
        )
    };
    wait_for(&server, "tiny", |run| run["epoch"].as_u64() > Some(3));
    // Its first checkpoint may be a moment behind its first epochs.
    let begin = std::time::Instant::now();
    let answer = loop {
        let answer = predict();
        if answer.0 == 200 || begin.elapsed().as_secs() > 60 {
            break answer;
        }
        assert_eq!(code(&answer), (409, "not_loaded"));
    };
    assert_eq!(
        (answer.0, &answer.1["model"]),
        (200, &json!("tiny")),
        "{}",
        answer.1
    );
    let filters = get(&server, "/v1/runs/tiny/filters");
    assert_eq!(filters["size"], json!([5, 5]));
    assert_eq!(filters["filters"].as_array().expect("a list").len(), 8);
    let mistakes = get(&server, "/v1/runs/tiny/mistakes?limit=3");
    assert_eq!(
        (&mistakes["split"], &mistakes["images"]),
        (&json!("validation"), &json!(1000))
    );
    let shown = mistakes["mistakes"].as_array().expect("a list");
    assert!(shown.len() <= 3 && shown.iter().all(|it| it["label"] != it["predicted"]));
    // It is loaded anew when it has learned more.
    let first = answer.1["predictions"][0]["probabilities"].clone();
    let begin = std::time::Instant::now();
    while predict().1["predictions"][0]["probabilities"] == first {
        assert!(begin.elapsed().as_secs() < 60, "it never changes");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let models = get(&server, "/v1/models");
    let names: Vec<&Value> = models["models"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| &model["name"])
        .collect();
    assert_eq!(names, ["digits-cnn", "tiny"]);
    ask(&server, "POST /v1/runs/tiny/stop", &Value::Null);
    wait_for(&server, "tiny", is("stopped"));
    for name in ["..", "%2Fetc", "runs%2Ftiny", "nothing"] {
        let route = format!("POST /v1/predict?model={name}");
        assert_eq!(
            code(&server.ask(&route, &[], &server.seven())),
            (404, "unknown_model")
        );
    }
}

#[test]
fn finished_runs_have_mistakes_and_a_report() {
    let server = Server::start(&["digits-cnn"]);
    let at = server.folder.path();
    std::fs::write(at.join("tiny.toml"), TINY_CNN).expect("written");
    success(at, &["train", "tiny.toml", "--plain"]);
    success(at, &["train", "tiny.toml", "--plain", "--seed", "1"]);
    let mistakes = get(&server, "/v1/runs/tiny/mistakes");
    assert_eq!(
        (&mistakes["split"], &mistakes["images"]),
        (&json!("test"), &json!(10_000))
    );
    let run = get(&server, "/v1/runs/tiny");
    let accuracy = 1.0 - mistakes["wrong"].as_f64().expect("a number") / 10_000.0;
    assert!((run["run"]["accuracy"].as_f64().expect("a number") - accuracy).abs() < 1e-9);
    let shown = mistakes["mistakes"].as_array().expect("a list");
    assert_eq!(shown.len(), 24);
    assert!(shown[0]["score"].as_f64() >= shown[23]["score"].as_f64());
    assert!(
        shown[0]["image"]
            .as_str()
            .expect("a text")
            .starts_with("data:image/png;base64,")
    );

    let mut stream = server.connect();
    let request = server.request("GET /v1/report?run=tiny&run=tiny-2&language=fr", &[], b"");
    stream.write_all(&request).expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("<html lang=\"fr\">"),
        "{page}"
    );
    assert!(
        page.contains("content-security-policy: default-src 'none'; style-src 'unsafe-inline'")
    );
    for (query, status) in [
        ("", 400),
        ("run=x", 404),
        ("run=..", 404),
        ("run=tiny&language=de", 400),
        ("x=y", 400),
    ] {
        let (found, answer) = server.ask(&format!("GET /v1/report?{query}"), &[], b"");
        assert_eq!(found, status, "{query}: {answer}");
    }
}

#[test]
fn data_sets_are_looked_at() {
    let server = Server::start(&["digits-cnn"]);
    let marks = super::support::folder_with_two_classifiers();
    let source = marks.path().join("marks");
    let data = get(&server, &format!("/v1/data?source={}", source.display()));
    assert_eq!(data["images"].as_array().expect("a list").len(), 24);
    let classes = data["classes"].as_array().expect("a list");
    let train: u64 = classes
        .iter()
        .map(|class| class["train"].as_u64().expect("a number"))
        .sum();
    assert_eq!((classes.len(), train), (10, 600));
    assert!(data["findings"].is_array());
    for (query, expected) in [
        ("", (400, "bad_request")),
        ("source=nowhere", (409, "no_data")),
        ("source=scenes", (409, "no_data")),
    ] {
        let answer = server.ask(&format!("GET /v1/data?{query}"), &[], b"");
        assert_eq!(code(&answer), expected, "{query}: {}", answer.1);
    }
}
