//! A trained network as ONNX files.

use std::path::{Path, PathBuf};

use measure::files::write_output;
use prost::Message;
use recipe::Model;

use super::features::Plan;
use super::layers::Writer;
use super::options::{ExportError, MOST_BYTES, OnnxOptions, Part};
use super::proto::ModelProto;
use super::verify::{Trial, verify};
use super::{classifier, detector, metadata};
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
    let about = metadata::of(trained, &weights)?;
    let with_preparation = options.with_preparation;
    let name = trained.recipe.model.kind();
    let text = "Written by atelier; its metadata hold classes, preparation and recipe.";
    let mut writer = Writer::new(&weights);
    match &trained.recipe.model {
        Model::Cnn(cnn) => {
            let predicting = match &trained.network {
                Network::Cnn(cnn) => cnn.options(),
                Network::FasterRcnn(_) => PredictionOptions::default(),
            };
            let image = metadata::image(&mut writer.graph, trained, with_preparation);
            let input = trained.input;
            classifier::add(&mut writer, cnn, input, predicting, image, options.softmax)?;
            let model = writer.graph.into_model(name, text, &about);
            Ok(vec![(Part::Whole, model)])
        }
        Model::FasterRcnn(recipe) => {
            let plan = Plan::new(recipe, trained.input, trained.classes.len())?;
            let image = metadata::image(&mut writer.graph, trained, with_preparation);
            if !options.parts {
                detector::add_whole(&mut writer, &plan, image)?;
                let model = writer.graph.into_model(name, text, &about);
                return Ok(vec![(Part::Whole, model)]);
            }
            detector::add_trunk(&mut writer, &plan, image)?;
            let mut about = about;
            about.push(("between-parts", metadata::between_parts(&plan)));
            let trunk = writer.graph.into_model("trunk", text, &about);
            let mut writer = Writer::new(&weights);
            detector::add_head(&mut writer, &plan);
            let head = writer.graph.into_model("head", text, &about);
            Ok(vec![(Part::Trunk, trunk), (Part::Head, head)])
        }
    }
}
