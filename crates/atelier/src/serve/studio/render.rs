//! `POST /v1/recipes/render`: a recipe's text with other layers or values, and everything else as it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};
use utoipa::ToSchema;

use super::MAX_TEXT;
use super::check::syntax;
use super::recipe_failure::{RecipeFailure, RecipeFailureAnswer};
use super::toml_value::TomlValue;
use crate::serve::failure::{Failure, FailureAnswer};
use crate::serve::{App, body};

/// What to change in a recipe's text.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The recipe.
    toml: String,
    /// The list of layers, one element each, in place of the one in the text.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    layers: Option<Vec<TomlValue>>,
    /// Values by their keys, as in `training.epochs` or `model.layers[0].conv`; null takes a key out.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    set: BTreeMap<String, TomlValue>,
}

/// A recipe's text.
#[derive(Serialize, ToSchema)]
pub struct Rendered {
    /// As it is now.
    toml: String,
}

/// Change a recipe's text
///
/// Comments, spaces and everything that is not changed stay as they are.
#[utoipa::path(
    post,
    path = "/v1/recipes/render",
    tag = "recipes",
    request_body = Change,
    responses(
        (status = 200, body = Rendered),
        (status = 400, description = "A key leads nowhere", body = FailureAnswer),
        (status = 422, description = "The text is not TOML", body = RecipeFailureAnswer),
    )
)]
pub async fn render(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Json<Rendered>, RecipeFailure> {
    let change: Change = body::json(&app, request, MAX_TEXT).await?;
    let mut document: DocumentMut = match change.toml.parse() {
        Ok(document) => document,
        Err(error) => {
            let error: toml_edit::TomlError = error;
            let problem = syntax(&change.toml);
            let refused = || Failure::bad_request(error.to_string(), "correct the text first");
            return Err(match problem {
                Some(problem) => RecipeFailure::with(vec![problem]),
                None => refused().into(),
            });
        }
    };
    let wrong = |message: String| {
        let hint = "write keys as in training.epochs or model.layers[0].conv";
        Failure::bad_request(message, hint)
    };
    if let Some(layers) = change.layers {
        replace_layers(&mut document, layers).map_err(wrong)?;
    }
    for (key, TomlValue(value)) in change.set {
        let path = steps(&key).ok_or_else(|| wrong(format!("`{key}` is not a key")))?;
        set(document.as_table_mut(), &path, value)
            .map_err(|what| wrong(format!("{key}: {what}")))?;
    }
    let toml = document.to_string();
    Ok(Json(Rendered { toml }))
}

/// One layer a line.
fn replace_layers(document: &mut DocumentMut, layers: Vec<TomlValue>) -> Result<(), String> {
    let mut list = Array::new();
    for TomlValue(layer) in layers {
        let mut layer = layer.ok_or("a layer can't be null")?;
        layer.decor_mut().set_prefix("\n  ");
        list.push_formatted(layer);
    }
    if !list.is_empty() {
        list.set_trailing_comma(true);
        list.set_trailing("\n");
    }
    let model = document.get("model").ok_or("the recipe has no model")?;
    let has_backbone = model.get("backbone").is_some_and(Item::is_table_like);
    let path: &[&str] = if has_backbone {
        &["model", "backbone", "layers"]
    } else {
        &["model", "layers"]
    };
    let path: Vec<Step> = path.iter().map(|key| Step::Key(key.to_string())).collect();
    set(document.as_table_mut(), &path, Some(list.into()))
}

/// A step on the way to a value.
enum Step {
    Key(String),
    Index(usize),
}

/// `a.b[0].c` in steps.
fn steps(key: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in key.split('.') {
        let (name, indices) = part.split_once('[').unwrap_or((part, ""));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) {
            return None;
        }
        steps.push(Step::Key(name.to_string()));
        if part.contains('[') {
            for index in indices.strip_suffix(']')?.split("][") {
                steps.push(Step::Index(index.parse().ok()?));
            }
        }
    }
    Some(steps)
}

/// Puts a value where the steps lead from a table, or takes it out. Tables that are missing are made.
fn set(table: &mut dyn TableLike, path: &[Step], value: Option<Value>) -> Result<(), String> {
    let [Step::Key(key), rest @ ..] = path else {
        return Err("a table has keys, not numbers".to_string());
    };
    if rest.is_empty() {
        match value {
            None => {
                table.remove(key);
            }
            Some(value) => match table.get_mut(key).and_then(Item::as_value_mut) {
                Some(old) => replace(old, value),
                None => {
                    table.insert(key, Item::Value(value));
                }
            },
        }
        return Ok(());
    }
    if !table.contains_key(key) {
        if value.is_none() {
            return Ok(());
        }
        if matches!(rest.first(), Some(Step::Index(_))) {
            return Err(format!("there is no list `{key}`"));
        }
        table.insert(key, Item::Table(Table::new()));
    }
    match table.get_mut(key) {
        Some(Item::Value(inner)) => set_in(inner, rest, value),
        Some(item) => match item.as_table_like_mut() {
            Some(inner) => set(inner, rest, value),
            None => Err(format!("`{key}` is a list of tables")),
        },
        None => Ok(()),
    }
}

/// The same within a value.
fn set_in(inner: &mut Value, path: &[Step], value: Option<Value>) -> Result<(), String> {
    match (inner, path) {
        (Value::Array(list), [Step::Index(index), rest @ ..]) => {
            let length = list.len();
            let element = list.get_mut(*index);
            let element = element.ok_or_else(|| format!("there are {length} elements, from 0"))?;
            match (rest.is_empty(), value) {
                (true, Some(value)) => replace(element, value),
                (true, None) => {
                    list.remove(*index);
                }
                (false, value) => return set_in(element, rest, value),
            }
            Ok(())
        }
        (Value::InlineTable(table), path) => set(table, path, value),
        (other, _) => Err(format!("a {} has no parts", other.type_name())),
    }
}

/// What stands around the old value, a comment perhaps, stays.
fn replace(old: &mut Value, mut new: Value) {
    *new.decor_mut() = old.decor().clone();
    *old = new;
}

#[cfg(test)]
mod tests;
