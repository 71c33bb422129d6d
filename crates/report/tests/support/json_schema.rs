//! A check of JSON documents against docs/*.schema.json: as much of JSON Schema as these files use, and every key must
//! be described. Included by the tests of several crates.

use serde_json::Value;

/// The schemas that refer to each other, by file name.
const FILES: [(&str, &str); 3] = [
    (
        "report.schema.json",
        include_str!("../../../../docs/report.schema.json"),
    ),
    (
        "evaluation.schema.json",
        include_str!("../../../../docs/evaluation.schema.json"),
    ),
    (
        "comparison.schema.json",
        include_str!("../../../../docs/comparison.schema.json"),
    ),
];

/// What is wrong with `document` by the schema of this file name.
pub fn faults(document: &Value, file: &str) -> Vec<String> {
    let root = schema(file);
    let mut wrong = Vec::new();
    check(document, &root, &root, "$", &mut wrong);
    wrong
}

fn schema(file: &str) -> Value {
    let text = FILES.iter().find(|(name, _)| *name == file);
    let (_, text) = text.unwrap_or_else(|| panic!("there is no schema {file}"));
    serde_json::from_str(text).expect("a schema is JSON")
}

fn check(value: &Value, schema_here: &Value, root: &Value, path: &str, wrong: &mut Vec<String>) {
    if let Some(name) = schema_here["$ref"].as_str() {
        let (file, pointer) = name.split_once('#').unwrap_or((name, ""));
        let other = (!file.is_empty()).then(|| schema(file));
        let root = other.as_ref().unwrap_or(root);
        let target = root.pointer(pointer);
        let target = target.unwrap_or_else(|| panic!("{path}: nothing at {name}"));
        return check(value, target, root, path, wrong);
    }
    if let Some(choices) = schema_here["oneOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut wrong = Vec::new();
            check(value, choice, root, path, &mut wrong);
            wrong.is_empty()
        };
        if choices.iter().filter(fits).count() != 1 {
            wrong.push(format!("{path}: not one of the choices"));
        }
        return;
    }
    let is = |name: &Value| match name.as_str().expect("a type's name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{path}: the schema has a type '{other}'"),
    };
    let right = match &schema_here["type"] {
        Value::Null => true,
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    };
    if !right {
        wrong.push(format!(
            "{path}: {value} is not of type {}",
            schema_here["type"]
        ));
    }
    if !schema_here["const"].is_null() && schema_here["const"] != *value {
        wrong.push(format!("{path}: {value} is not {}", schema_here["const"]));
    }
    if let Some(names) = schema_here["enum"].as_array()
        && !names.contains(value)
    {
        wrong.push(format!("{path}: {value} is none of {names:?}"));
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema_here["properties"].as_object())
    {
        for required in schema_here["required"].as_array().into_iter().flatten() {
            if !members.contains_key(required.as_str().expect("a key")) {
                wrong.push(format!("{path}: no {required}"));
            }
        }
        for (key, member) in members {
            match known.get(key) {
                Some(schema) => check(member, schema, root, &format!("{path}.{key}"), wrong),
                None => wrong.push(format!("{path}: '{key}' is not in the schema")),
            }
        }
    }
    if let (Some(items), Value::Object(_)) = (value.as_array(), &schema_here["items"]) {
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            check(item, &schema_here["items"], root, &path, wrong);
        }
    }
}
