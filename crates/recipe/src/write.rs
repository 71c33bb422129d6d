//! Writing a recipe back, with every default written out.

use super::error::RecipeError;
use super::experiment::Recipe;
use toml::{Table, Value};

impl Recipe {
    /// The recipe as TOML with every default written out; [`Recipe::parse`] reads the same recipe back.
    ///
    /// # Errors
    /// Only for a recipe made in code with a seed of 2^63 or more, which TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        let mut text = String::new();
        for (name, section) in &self.to_table()? {
            if let Value::Table(section) = section {
                write_section(name, section, &mut text);
            }
        }
        Ok(text)
    }

    /// The same as a TOML table.
    ///
    /// # Errors
    /// As for [`Recipe::to_toml`].
    pub fn to_table(&self) -> Result<Table, RecipeError> {
        let mut root =
            Table::try_from(self).map_err(|error| RecipeError::Write(error.to_string()))?;
        if let Some(Value::Table(training)) = root.get_mut("training") {
            tag(training, "optimizer", "name");
            tag(training, "schedule", "name");
            tag(training, "loss", "name");
        }
        tag(&mut root, "model", "kind");
        if let Some(Value::Table(model)) = root.get_mut("model") {
            merge_layers(model, "layers");
            if let Some(Value::Table(backbone)) = model.get_mut("backbone") {
                merge_layers(backbone, "layers");
            }
        }
        Ok(root)
    }
}

/// `{ adam = { .. } }`, as serde writes an enum, to `{ name = "adam", .. }`.
fn tag(parent: &mut Table, key: &str, tag: &str) {
    let Some(Value::Table(outer)) = parent.get_mut(key) else {
        return;
    };
    if let Some((variant, Value::Table(options))) = std::mem::take(outer).into_iter().next() {
        outer.insert(tag.to_string(), Value::String(variant));
        outer.extend(options);
    }
}

/// `{ conv = { conv = 32, .. } }` to `{ conv = 32, .. }`, in the list with this key and those inside of its layers.
fn merge_layers(parent: &mut Table, key: &str) {
    let Some(Value::Array(layers)) = parent.get_mut(key) else {
        return;
    };
    for layer in layers {
        if let Value::Table(outer) = layer
            && let Some((name, Value::Table(options))) = outer.iter().next()
            && options.contains_key(name)
        {
            let mut options = options.clone();
            LISTS.iter().for_each(|key| merge_layers(&mut options, key));
            *layer = Value::Table(options);
        }
    }
}

/// The keys of a layer that hold layers.
const LISTS: [&str; 2] = ["residual", "shortcut"];

/// A layer on one line, or its lists with a line for each of their layers.
fn write_layer(layer: &Value, indent: usize, text: &mut String) {
    let margin = "  ".repeat(indent);
    let Value::Table(options) = layer else {
        text.push_str(&format!("{margin}{layer},\n"));
        return;
    };
    let Some(Value::Array(_)) = options.get(LISTS[0]) else {
        text.push_str(&format!("{margin}{layer},\n"));
        return;
    };
    text.push_str(&format!("{margin}{{ "));
    let lists = LISTS
        .iter()
        .filter_map(|key| Some((key, options.get(*key)?.as_array()?)));
    for (number, (key, layers)) in lists.enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        if layers.is_empty() {
            text.push_str(&format!("{key} = []"));
            continue;
        }
        text.push_str(&format!("{key} = [\n"));
        for layer in layers {
            write_layer(layer, indent + 1, text);
        }
        text.push_str(&format!("{margin}]"));
    }
    text.push_str(" },\n");
}

/// Writes one layer per line; tables of the model, of scenes and of random changes as sections of their own; everything
/// else as one line per key.
fn write_section(name: &str, section: &Table, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("[{name}]\n"));
    let is_subsection = |key: &str, value: &Value| {
        value.is_table()
            && (name == "model"
                || (name == "data" && matches!(key, "augment" | "cache" | "image" | "scenes")))
    };
    for (key, value) in section {
        match value {
            Value::Array(layers) if key == "layers" => {
                text.push_str("layers = [\n");
                for layer in layers {
                    write_layer(layer, 1, text);
                }
                text.push_str("]\n");
            }
            _ if is_subsection(key, value) => {}
            _ => text.push_str(&format!("{key} = {value}\n")),
        }
    }
    for (key, value) in section {
        if let Value::Table(inner) = value
            && is_subsection(key, value)
        {
            write_section(&format!("{name}.{key}"), inner, text);
        }
    }
}
