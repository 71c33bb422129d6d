//! Class names in the note that Hugging Face's `datasets` leaves in a file.

use std::collections::BTreeMap;

use serde_json::Value;

/// The key of the note in a file's metadata.
pub const KEY: &str = "huggingface";

/// The names of the classes of the column `path`, such as `label` or `objects`, `category`; empty if it has none.
pub fn class_names(note: &str, path: &[String]) -> BTreeMap<i64, String> {
    let root: Value = serde_json::from_str(note).unwrap_or_default();
    let mut feature = &root["info"]["features"];
    for name in path {
        let Some(inner) = field(feature, name) else {
            return BTreeMap::new();
        };
        feature = inner;
    }
    let names = names(feature).into_iter().flatten();
    let all = names.enumerate().map(|(index, name)| {
        let name = name
            .as_str()
            .map_or_else(|| name.to_string(), str::to_string);
        (index as i64, name)
    });
    all.collect()
}

/// A field by its name, in a structure or in a list of structures.
fn field<'a>(feature: &'a Value, name: &str) -> Option<&'a Value> {
    let list = || feature.get("feature").or_else(|| feature.get(0));
    feature.get(name).or_else(|| field(list()?, name))
}

/// The names of a `ClassLabel`, or of a list of such.
fn names(feature: &Value) -> Option<&Vec<Value>> {
    let list = || feature.get("feature").or_else(|| feature.get(0));
    let own = feature.get("names").and_then(Value::as_array);
    own.or_else(|| names(list()?))
}
