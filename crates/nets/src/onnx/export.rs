//! A trained network as ONNX files.

use std::path::{Path, PathBuf};

use measure::files::write_output;
use onnx::proto::ModelProto;
use onnx::write::{self, Picture, Plan, Scores};
use prost::Message;
use recipe::Model;

use super::metadata;
use super::options::{ExportError, MOST_BYTES, OnnxOptions, Part};
use super::verify::{Trial, verify};
use crate::cnn::PredictionOptions;
use crate::device::Computer;
use crate::network::Network;
use crate::run::Trained;
use crate::weights::collect;

/// Writes `trained` to `path` or, in parts, to two files named after it; returns the files.
///
/// Every file is read back, and run on `images` (`[C, H, W]`, prepared; without any, on made ones) beside the network,
/// before any is written.
///
/// # Errors
/// [`ExportError`] saying what was refused, or what differs; no file is written then.
pub fn export(
    path: &Path,
    trained: &Trained,
    options: OnnxOptions,
    images: Vec<Vec<u8>>,
    computer: &Computer,
) -> Result<Vec<PathBuf>, ExportError> {
    if let Some(recipe::InputSize::Sides(_)) = trained.preparation.size {
        let [_, height, width] = trained.input;
        return Err(ExportError::Sizes([height, width]));
    }
    let trial = Trial::new(images, trained, &computer.device);
    let mut files = Vec::new();
    for (part, model) in models(trained, options)? {
        let path = part.file(path);
        let bytes = model.encode_to_vec();
        if bytes.len() > MOST_BYTES {
            return Err(ExportError::TooLarge {
                path,
                bytes: bytes.len(),
            });
        }
        verify(&bytes, part, trained, options, &trial).map_err(|reason| {
            ExportError::Unfaithful {
                path: path.clone(),
                reason,
            }
        })?;
        files.push((path, bytes));
    }
    for (path, bytes) in &files {
        write_output(path, bytes)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// The models that `options` ask for, each with what it holds.
///
/// # Errors
/// [`ExportError::Recipe`] and [`ExportError::Shape`] for a recipe that was not checked.
pub fn models(
    trained: &Trained,
    options: OnnxOptions,
) -> Result<Vec<(Part, ModelProto)>, ExportError> {
    let weights = collect(&trained.network);
    let mut about = metadata::of(trained, &weights)?;
    let find = |name: &str| {
        let weight = weights.get(name)?;
        Some((&weight.shape[..], &weight.values[..]))
    };
    let picture = Picture {
        shape: trained.input,
        preparation: options.with_preparation.then_some(&trained.preparation),
    };
    let name = trained.recipe.model.kind();
    let text = "Written by atelier; its metadata hold classes, preparation and recipe.";
    match &trained.recipe.model {
        Model::Cnn(cnn) => {
            let predicting = match &trained.network {
                Network::Cnn(cnn) => cnn.options(),
                Network::FasterRcnn(_) => PredictionOptions::default(),
            };
            let scores = Scores {
                test_shift: predicting.test_shift,
                temperature: predicting.temperature,
                probabilities: options.softmax,
            };
            let graph = write::classifier(&find, cnn, &picture, scores)?;
            Ok(vec![(Part::Whole, graph.into_model(name, text, &about))])
        }
        Model::FasterRcnn(recipe) => {
            let plan = Plan::new(recipe, trained.input, trained.classes.len())?;
            if !options.parts {
                let graph = write::detector(&find, &plan, &picture)?;
                return Ok(vec![(Part::Whole, graph.into_model(name, text, &about))]);
            }
            let head = write::head(&find, &plan).into_model("head", text, &about);
            about.push(("between-parts", write::between_parts(&plan)));
            let trunk = write::trunk(&find, &plan, &picture)?;
            let trunk = trunk.into_model("trunk", text, &about);
            Ok(vec![(Part::Trunk, trunk), (Part::Head, head)])
        }
    }
}
