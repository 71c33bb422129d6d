//! `explain`: pictures of how a trained network reached its prediction for one image.

use std::path::PathBuf;

use nets::explain::explain;
use report::terminal::escaped;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags;
use crate::names::output_name;
use crate::plan::Model;

/// An image to explain.
pub struct ExplainPlan {
    pub model: Model,
    pub image: PathBuf,
    /// Of the largest picture that is read.
    pub max_pixels: u64,
    /// Where the pictures go.
    pub folder: PathBuf,
}

impl ExplainPlan {
    pub fn of(flags: &flags::Explain) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine, &flags.onnx)?;
        let default = || {
            let folder = model.folder().join("explain");
            folder.join(output_name(&flags.image))
        };
        Ok(Self {
            folder: flags.out.clone().unwrap_or_else(default),
            image: flags.image.clone(),
            max_pixels: model.max_pixels(&flags.pictures),
            model,
        })
    }
}

pub fn run(plan: &ExplainPlan, output: Output) -> Result<(), CommandError> {
    let explanation = explain(
        plan.model.predictor(),
        &plan.image,
        plan.max_pixels,
        &plan.folder,
    )?;
    output.show(&explanation, || {
        let mut text = format!(
            "{}: {} ({:.2} %)",
            escaped(&explanation.image),
            escaped(&explanation.class),
            100.0 * explanation.score
        );
        for picture in &explanation.files {
            text += &format!("\n{}  {}", escaped(&picture.path), picture.shows);
        }
        text
    })
}
