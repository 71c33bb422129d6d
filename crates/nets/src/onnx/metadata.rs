//! What an ONNX file says about itself, as texts by their names.

use measure::digest::blake3;
use recipe::Model;
use serde_json::json;

use super::options::ExportError;
use crate::run::Trained;
use crate::weights::{Weights, digest};

/// Texts by their names.
pub(super) type Metadata = Vec<(&'static str, String)>;

/// What every file of a network says.
pub(super) fn of(trained: &Trained, weights: &Weights) -> Result<Metadata, ExportError> {
    let recipe = trained.recipe.to_toml()?;
    let task = match trained.recipe.model {
        Model::Cnn(_) => "classification",
        Model::FasterRcnn(_) => "detection",
    };
    Ok(vec![
        ("task", task.to_string()),
        ("classes", json!(trained.classes).to_string()),
        ("preparation", json!(trained.preparation).to_string()),
        ("recipe-digest", blake3([recipe.as_bytes()])),
        ("weights-digest", digest(weights)),
        ("recipe", recipe),
    ])
}
