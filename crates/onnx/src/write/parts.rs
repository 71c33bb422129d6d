//! What stands between the two parts of a detector.

use serde_json::json;

use super::features::Plan;
use super::regions::least_area;

/// What a program has to do between the two parts of a detector, as JSON.
pub fn between_parts(plan: &Plan) -> String {
    let rpn = &plan.recipe.rpn;
    let detections = &plan.recipe.detections;
    let levels = plan.pooling.aligns.iter().enumerate();
    let levels = levels.map(|(level, align)| {
        json!({
            "spatial-scale": align.scale,
            "least-area": least_area(&plan.pooling, level),
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
