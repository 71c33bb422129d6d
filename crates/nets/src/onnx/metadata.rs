//! What an ONNX file says about itself, as texts by their names.

use data::preparation::scale_and_shift;
use measure::digest::blake3;
use recipe::Model;
use serde_json::json;

use super::features::Plan;
use super::graph::Attribute::{Int, Ints};
use super::graph::{BATCH, Graph, Value};
use super::options::ExportError;
use super::proto::DataType;
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

/// What a program has to do between the two parts of a detector, as JSON.
pub(super) fn between_parts(plan: &Plan) -> String {
    let rpn = &plan.recipe.rpn;
    let detections = &plan.recipe.detections;
    let levels = plan.pooling.levels.iter().enumerate();
    let levels = levels.map(|(level, align)| {
        json!({
            "spatial-scale": align.scale,
            "least-area": super::regions::least_area(&plan.pooling, level),
        })
    });
    json!({
        "proposals": {
            "best-of-level": rpn.pre_nms_test,
            "min-side": rpn.min_side,
            "nms": rpn.nms,
            "most": rpn.post_nms_test,
        },
        "roi-align": {
            "output": plan.recipe.roi.output,
            "sampling-ratio": plan.recipe.roi.sampling,
            "aligned": plan.recipe.roi.aligned,
            "levels": levels.collect::<Vec<_>>(),
        },
        "detections": {
            "score-threshold": detections.score_threshold,
            "min-side": detections.min_side,
            "nms": detections.nms,
            "most": detections.per_image,
        },
    })
    .to_string()
}

/// The graph's input `image`: values as the network takes them, `[N, C, H, W]`, or, with preparation, bytes of pictures of
/// its size, `[N, H, W, C]`. What is returned is the former.
pub(super) fn image(graph: &mut Graph, trained: &Trained, with_preparation: bool) -> Value {
    let [channels, height, width] = trained.input;
    if !with_preparation {
        let shape = [BATCH, channels.into(), height.into(), width.into()];
        return graph.input("image", DataType::Float, &shape);
    }
    let shape = [BATCH, height.into(), width.into(), channels.into()];
    let bytes = graph.input("image", DataType::Uint8, &shape);
    graph.enter("preparation");
    let (scale, shift): (Vec<f32>, Vec<f32>) = (0..channels)
        .map(|channel| scale_and_shift(&trained.preparation, channel))
        .unzip();
    let float = i64::from(i32::from(DataType::Float));
    let values = graph.node("Cast", &[bytes], &[("to", Int(float))]);
    let scale = graph.numbers(&scale);
    let values = graph.node("Mul", &[values, scale], &[]);
    let shift = graph.numbers(&shift);
    let values = graph.node("Add", &[values, shift], &[]);
    graph.node("Transpose", &[values], &[("perm", Ints(&[0, 3, 1, 2]))])
}
