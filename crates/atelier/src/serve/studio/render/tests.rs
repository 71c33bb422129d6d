use super::*;

const TEXT: &str = r#"# About
[model] # a network
kind = "cnn"
layers = [ # three
  { conv = 8, kernel = 3 }, "relu", # two of them
  "flatten",
]

[training]
epochs = 1 # one
"#;

fn changed(change: &str) -> Result<String, String> {
    let values: BTreeMap<String, TomlValue> = serde_json::from_str(change).expect("JSON");
    let mut document: DocumentMut = TEXT.parse().expect("TOML");
    for (key, TomlValue(value)) in values {
        let path = steps(&key).ok_or("not a key")?;
        set(document.as_table_mut(), &path, value)?;
    }
    Ok(document.to_string())
}

#[test]
fn values_change_and_comments_stay() {
    for (name, change, old, new) in [
        (
            "a number",
            r#"{"training.epochs": 3}"#,
            "epochs = 1",
            "epochs = 3",
        ),
        (
            "in a layer",
            r#"{"model.layers[0].conv": 16}"#,
            "conv = 8",
            "conv = 16",
        ),
        (
            "a layer",
            r#"{"model.layers[1]": "gelu"}"#,
            "\"relu\"",
            "\"gelu\"",
        ),
        (
            "taken out",
            r#"{"training.epochs": null}"#,
            "epochs = 1 # one\n",
            "",
        ),
        (
            "new in a table",
            r#"{"training.optimizer": {"name": "sgd", "learning-rate": 0.5}}"#,
            "epochs = 1 # one\n",
            "epochs = 1 # one\noptimizer = { name = \"sgd\", learning-rate = 0.5 }\n",
        ),
        (
            "in a new table",
            r#"{"data.augment.shift": 2}"#,
            "epochs = 1 # one\n",
            "epochs = 1 # one\n\n[data]\n\n[data.augment]\nshift = 2\n",
        ),
    ] {
        assert_eq!(changed(change), Ok(TEXT.replace(old, new)), "{name}");
    }
    for wrong in [
        r#"{"training..epochs": 1}"#,
        r#"{"model.layers[9]": 1}"#,
        r#"{"model.layers.0": 1}"#,
        r#"{"model.kind.x": 1}"#,
        r#"{"model.list[0]": 1}"#,
        r#"{"training[0]": 1}"#,
    ] {
        assert!(changed(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn layers_are_replaced_in_the_order_of_their_keys() {
    let layers = r#"[{"conv": 8, "kernel": [3, 5], "bias": false}, "relu", {"linear": 10}]"#;
    let layers = serde_json::from_str(layers).expect("JSON");
    let mut document: DocumentMut = TEXT.parse().expect("TOML");
    replace_layers(&mut document, layers).expect("replaced");
    let text = document.to_string();
    let list = "layers = [\n  { conv = 8, kernel = [3, 5], bias = false },\n  \"relu\",\n  { linear = 10 },\n]\n";
    assert!(text.contains(list), "{text}");
    assert!(text.starts_with("# About\n[model] # a network\n"), "{text}");
    assert!(text.ends_with("epochs = 1 # one\n"), "{text}");
}
