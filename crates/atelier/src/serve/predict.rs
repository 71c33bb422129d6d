//! `POST /v1/predict`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::answers::{Answer, ImageAnswer};
use super::body::{self, Images, JsonImages};
use super::failure::{Failure, FailureAnswer};
use super::models::engine;

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A model's name, or any run's, also one that still trains; the first that is loaded where none is given.
    model: Option<String>,
    /// `input` for the images as the network sees them.
    #[param(inline)]
    show: Option<Shown>,
}

/// What answers show beside the prediction.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Shown {
    /// The image as the network sees it.
    Input,
}

/// Classify images, or detect objects in them
///
/// The body is the bytes of an image file, a form with several, or JSON with base64. Images of requests that come at the
/// same time are computed together.
#[utoipa::path(
    post,
    path = "/v1/predict",
    tag = "predictions",
    params(Asked),
    request_body(
        description = "One image or several",
        content(
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/jpeg"),
            (Vec<u8> = "application/octet-stream"),
            (JsonImages = "application/json"),
            (String = "multipart/form-data"),
        )
    ),
    responses(
        (status = 200, description = "A prediction for each image", body = Answer),
        (status = 400, description = "The request is not as described here", body = FailureAnswer),
        (status = 401, description = "The server's token is missing", body = FailureAnswer),
        (status = 404, description = "No model has this name", body = FailureAnswer),
        (status = 408, description = "The body came too slowly", body = FailureAnswer),
        (status = 409, description = "The run can't predict yet", body = FailureAnswer),
        (status = 413, description = "The body is too large, or has too many images", body = FailureAnswer),
        (status = 422, description = "An image can't be read", body = FailureAnswer),
        (status = 429, description = "The queue is full; Retry-After says when to come again", body = FailureAnswer),
        (status = 503, description = "The answer took too long", body = FailureAnswer),
    )
)]
pub async fn predict(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Result<Json<Answer>, Failure> {
    let Query(asked) = asked.map_err(|error| {
        Failure::bad_request(
            error.body_text(),
            "behind the `?` may stand `model=NAME` and `show=input`",
        )
    })?;
    let engine = engine(&app, asked.model.as_deref()).await?;
    let Images { images, room } = body::images(&app, request).await?;
    let (names, images): (Vec<String>, Vec<_>) = images
        .into_iter()
        .map(|(name, bytes)| (name.clone(), (body::title(&name), bytes)))
        .unzip();
    let predictions = engine.predict(images, asked.show.is_some()).await?;
    drop(room);
    let name = &engine.model.name;
    app.metrics.predicted(name, predictions.len());
    let answers = names.into_iter().zip(predictions);
    Ok(Json(Answer {
        model: name.clone(),
        predictions: answers
            .map(|(name, prediction)| ImageAnswer::of(name, prediction))
            .collect(),
    }))
}
