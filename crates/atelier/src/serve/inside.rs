//! `POST /v1/inside`: the maps of a network's layers, or a detector's boxes from anchors to detections.

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use data::draw::{heat_map, png as drawn};
use data::image::{Fitted, decode, from_planes, png};
use nets::device::guard::guarded;
use nets::explain::{
    Cell, ClassifierInside, DetectorStages, Inside, LayerOutput, Place, ScoredBox, cell, inside,
};
use recipe::Model;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::answers::png_url;
use super::body;
use super::engine::{Engine, unreadable};
use super::failure::{Failure, FailureAnswer};
use super::models::engine;

/// Maps that are sent of a layer; a network for photographs has thousands.
const MAPS: usize = 32;
/// Boxes that are sent of a stage.
const BOXES: usize = 300;

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A model's name; the first that is loaded where none is given.
    model: Option<String>,
}

/// What a model computes for a picture.
#[derive(Serialize, ToSchema)]
pub struct InsideAnswer {
    /// The model's name.
    model: String,
    /// The picture as the network sees it, as a `data:` URL.
    input: String,
    /// Width and height of that picture.
    size: [usize; 2],
    /// The layers of a classifier whose outputs are maps, in order; empty for a detector.
    layers: Vec<LayerAnswer>,
    /// Where a classifier sees its class (Grad-CAM), as a `data:` URL of a picture to lay over the input.
    grad_cam: Option<String>,
    /// The boxes of a detector, stage by stage.
    stages: Option<StagesAnswer>,
    /// The command that draws the same.
    command: String,
}

/// What one layer gives out.
#[derive(Serialize, ToSchema)]
struct LayerAnswer {
    /// The layer's number in the recipe, from 0.
    layer: usize,
    /// Such as `conv 32, 3x3, padding 1`.
    name: String,
    /// Maps, rows, columns.
    shape: [usize; 3],
    /// The first maps, as `data:` URLs: dark is the least value of the layer, light the greatest.
    maps: Vec<String>,
    /// The least and the greatest value.
    range: [f32; 2],
    /// Whether `/v1/inside/cell` says how its values come about.
    has_cells: bool,
}

/// The boxes of a detector in pixels of its input, the best first.
#[derive(Serialize, ToSchema)]
struct StagesAnswer {
    /// The number of anchors.
    anchors: usize,
    /// Those most likely to hold an object.
    best_anchors: Vec<BoxAnswer>,
    /// Corrected anchors before non-maximum suppression.
    before_suppression: Vec<BoxAnswer>,
    /// What is left after it.
    proposals: Vec<BoxAnswer>,
    /// The same with their most likely class, `background` included.
    regions: Vec<BoxAnswer>,
    /// The result.
    detections: Vec<BoxAnswer>,
}

/// A box.
#[derive(Serialize, ToSchema)]
struct BoxAnswer {
    /// Corners x1, y1, x2, y2.
    #[serde(rename = "box")]
    bounds: [f32; 4],
    /// 0 to 1.
    score: f32,
    /// The class, where the stage knows it.
    class: Option<String>,
}

/// Look inside of a network
///
/// What every layer of a classifier gives out for one picture, or the boxes of a detector from anchors to detections.
#[utoipa::path(
    post,
    path = "/v1/inside",
    tag = "inside",
    params(Asked),
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, body = InsideAnswer),
        (status = 404, description = "No model has this name", body = FailureAnswer),
        (status = 409, description = "The model shows nothing", body = FailureAnswer),
        (status = 422, description = "The image can't be read", body = FailureAnswer),
    )
)]
pub async fn look(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Result<Json<InsideAnswer>, Failure> {
    const HINT: &str = "behind the `?` may stand `model=NAME`";
    let Query(asked) = asked.map_err(|error| Failure::bad_request(error.body_text(), HINT))?;
    let engine = engine(&app, asked.model.as_deref()).await?;
    let looked = with_image(&app, &engine, request, |engine, fitted| {
        let found = inside(engine.model.predictor(), &fitted).map_err(nothing_to_show)?;
        answer(engine, &fitted, &found)
    });
    looked.await.map(Json)
}

/// What the address of a request for one value says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskedCell {
    /// A model's name; the first that is loaded where none is given.
    model: Option<String>,
    /// The layer's number in the recipe, from 0; a convolution.
    layer: usize,
    /// The map, from 0.
    channel: usize,
    /// From the top, from 0.
    row: usize,
    /// From the left, from 0.
    column: usize,
}

/// How a convolution comes to one value: the sum over patch times kernel, plus the bias.
#[derive(Serialize, ToSchema)]
pub struct CellAnswer {
    /// Rows and columns of each channel that the value is made of; zeros outside of the input.
    patch: Vec<Vec<Vec<f32>>>,
    /// The weights, in the same order.
    kernel: Vec<Vec<Vec<f32>>>,
    /// 0 for a convolution without biases.
    bias: f32,
    /// The value.
    value: f32,
}

/// How a value comes about
///
/// Patch, kernel and bias behind one value of a convolution.
#[utoipa::path(
    post,
    path = "/v1/inside/cell",
    tag = "inside",
    params(AskedCell),
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, body = CellAnswer),
        (status = 404, description = "No model has this name", body = FailureAnswer),
        (status = 409, description = "There is no such value", body = FailureAnswer),
        (status = 422, description = "The image can't be read", body = FailureAnswer),
    )
)]
pub async fn look_at_cell(
    State(app): State<Arc<App>>,
    asked: Result<Query<AskedCell>, QueryRejection>,
    request: Request,
) -> Result<Json<CellAnswer>, Failure> {
    const HINT: &str =
        "behind the `?` stand `layer=`, `channel=`, `row=` and `column=`, all numbers from 0";
    let Query(asked) = asked.map_err(|error| Failure::bad_request(error.body_text(), HINT))?;
    let engine = engine(&app, asked.model.as_deref()).await?;
    let place = Place {
        layer: asked.layer,
        channel: asked.channel,
        row: asked.row,
        column: asked.column,
    };
    let looked = with_image(&app, &engine, request, move |engine, fitted| {
        cell(engine.model.predictor(), &fitted, place).map_err(nothing_to_show)
    });
    let Cell {
        patch,
        kernel,
        bias,
        value,
    } = looked.await?;
    Ok(Json(CellAnswer {
        patch,
        kernel,
        bias,
        value,
    }))
}

/// What `look` makes of a request's only image, on a thread that may compute.
async fn with_image<T: Send + 'static>(
    app: &Arc<App>,
    engine: &Arc<Engine>,
    request: Request,
    look: impl FnOnce(&Engine, Fitted) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let body::Images { mut images, room } = body::images(app, request).await?;
    let (Some((name, bytes)), true) = (images.pop(), images.is_empty()) else {
        return Err(Failure::bad_request(
            "several images in one request",
            "send one image",
        ));
    };
    // One at a time: it holds the values of all layers.
    let turn = Arc::clone(&engine.looking).lock_owned().await;
    let engine = Arc::clone(engine);
    let looked = tokio::task::spawn_blocking(move || {
        let looked = guarded(|| {
            let path = Path::new(&name);
            let image = decode(path, &bytes, engine.max_pixels())
                .map_err(|error| unreadable(&error))?
                .image;
            drop(room);
            look(&engine, engine.model.predictor().fit(&image))
        });
        drop(turn);
        looked.unwrap_or_else(|failure| Err(Failure::internal(failure.to_string())))
    });
    let failed = |error: tokio::task::JoinError| Failure::internal(error.to_string());
    looked.await.map_err(failed)?
}

fn nothing_to_show(error: impl std::fmt::Display) -> Failure {
    Failure::new(
        StatusCode::CONFLICT,
        "nothing_to_show",
        error.to_string(),
        "ask another model, or for another place",
    )
}

fn answer(engine: &Engine, fitted: &Fitted, found: &Inside) -> Result<InsideAnswer, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::internal(error.to_string());
    let shape = [fitted.channels, fitted.height, fitted.width];
    let seen = from_planes(&fitted.pixels, shape);
    let seen = seen
        .map(|seen| png(Path::new("the input"), &seen))
        .transpose();
    let seen = seen.map_err(|error| failed(&error))?;
    let model = &engine.model.name;
    let mut answer = InsideAnswer {
        model: model.clone(),
        input: png_url(&seen.unwrap_or_default()),
        size: [fitted.width, fitted.height],
        layers: Vec::new(),
        grad_cam: None,
        stages: None,
        command: format!("atelier explain {model} drawing.png"),
    };
    match found {
        Inside::Detector(stages) => answer.stages = Some(StagesAnswer::of(stages)),
        Inside::Classifier(found) => {
            let names = names(engine);
            let layers = found.layers.iter();
            let layers = layers.map(|output| LayerAnswer::of(output, &names));
            answer.layers = layers.collect::<Result<_, _>>()?;
            answer.grad_cam = cam(found)?;
        }
    }
    Ok(answer)
}

/// The name of each layer, and whether it is a convolution.
fn names(engine: &Engine) -> Vec<(String, bool)> {
    let Some(trained) = engine.model.network() else {
        return Vec::new();
    };
    let Model::Cnn(cnn) = &trained.recipe.model else {
        return Vec::new();
    };
    let summary = trained.recipe.summary(trained.input, trained.classes.len());
    let names = summary.map_or_else(|_| Vec::new(), |summary| summary.layers);
    let is_conv = |layer: &recipe::Layer| matches!(layer, recipe::Layer::Conv { .. });
    let names = names.into_iter().zip(&cnn.layers);
    names
        .map(|(line, layer)| (line.name, is_conv(layer)))
        .collect()
}

impl LayerAnswer {
    fn of(output: &LayerOutput, names: &[(String, bool)]) -> Result<Self, Failure> {
        let [_, height, width] = output.shape;
        let range = range(&output.values);
        let maps = output.values.chunks_exact((height * width).max(1));
        let (name, has_cells) = names.get(output.layer).cloned().unwrap_or_default();
        Ok(Self {
            layer: output.layer,
            name,
            shape: output.shape,
            maps: maps
                .take(MAPS)
                .map(|map| picture(map, width, range))
                .collect::<Result<_, _>>()?,
            range,
            has_cells,
        })
    }
}

/// Grad-CAM as a picture; `None` where no place supports the class.
fn cam(found: &ClassifierInside) -> Result<Option<String>, Failure> {
    let width = found.grad_cam.first().map_or(0, Vec::len);
    let values = found.grad_cam.concat();
    let [_, most] = range(&values);
    if width == 0 || most <= 0.0 {
        return Ok(None);
    }
    picture(&values, width, [0.0, most]).map(Some)
}

fn range(values: &[f32]) -> [f32; 2] {
    let ends = [f32::INFINITY, f32::NEG_INFINITY];
    let [low, high] = values.iter().fold(ends, |[low, high], &value| {
        [low.min(value), high.max(value)]
    });
    if low <= high { [low, high] } else { [0.0, 0.0] }
}

/// Rows of values as a picture in the colours of heat.
fn picture(values: &[f32], width: usize, range: [f32; 2]) -> Result<String, Failure> {
    let picture = heat_map(values, width, range);
    let png = drawn(&picture).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(png_url(&png))
}

impl StagesAnswer {
    fn of(stages: &DetectorStages) -> Self {
        let boxes = |all: &[ScoredBox]| {
            let best = all.iter().take(BOXES);
            best.map(|one| BoxAnswer {
                bounds: one.bounds,
                score: one.score,
                class: one.class.clone(),
            })
            .collect()
        };
        Self {
            anchors: stages.anchors,
            best_anchors: boxes(&stages.best_anchors),
            before_suppression: boxes(&stages.before_suppression),
            proposals: boxes(&stages.proposals),
            regions: boxes(&stages.regions),
            detections: boxes(&stages.detections),
        }
    }
}
