//! Drawings that were answered wrongly, kept with their right labels as class folders.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use data::image::{decode, png};
use measure::files::write_atomically;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::body;
use super::failure::{Failure, FailureAnswer};
use crate::names::safe_name;

/// Largest drawing in pixels.
const MAX_PIXELS: u64 = 16_000_000;
/// Characters of a label.
const LONGEST_LABEL: usize = 64;

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The right class.
    label: String,
}

/// What was kept.
#[derive(Serialize, ToSchema)]
pub struct Kept {
    /// The files.
    files: Vec<String>,
}

/// Keep drawings with their right label
///
/// They become PNG files in a folder of that label, which `atelier train` and `evaluate --data` read.
#[utoipa::path(
    post,
    path = "/v1/drawings",
    tag = "drawings",
    params(Asked),
    request_body(content((Vec<u8> = "image/png"), (String = "multipart/form-data"))),
    responses(
        (status = 200, body = Kept),
        (status = 400, description = "No label, or no image", body = FailureAnswer),
        (status = 422, description = "An image can't be read", body = FailureAnswer),
        (status = 507, description = "The file can't be written", body = FailureAnswer),
    )
)]
pub async fn keep(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Result<Json<Kept>, Failure> {
    const HINT: &str = "give the right class behind the `?`, as in ?label=7";
    let Query(Asked { label }) =
        asked.map_err(|error| Failure::bad_request(error.body_text(), HINT))?;
    let label = label.trim().to_string();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL {
        let rule = format!("a label has 1 to {LONGEST_LABEL} characters");
        return Err(Failure::bad_request(rule, HINT));
    }
    let images = body::images(&app, request).await?;
    let kept = tokio::task::spawn_blocking(move || {
        let folder = app.drawings.join(safe_name(&label));
        let bytes = images.images.into_iter().map(|(_, bytes)| bytes);
        bytes.map(|bytes| write(&folder, &bytes)).collect()
    });
    let files: Result<Vec<String>, Failure> = kept
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Json(Kept { files: files? }))
}

/// Writes an image as PNG under a name that no other has.
fn write(folder: &Path, bytes: &[u8]) -> Result<String, Failure> {
    let unreadable = |error: data::image::ImageError| {
        Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unreadable_image",
            error.to_string(),
            "send a PNG or JPEG file",
        )
    };
    let unwritten = |error: String| {
        let hint = "make room, or start the server with another --drawings";
        Failure::not_written(error, hint)
    };
    let name = Path::new("the drawing");
    let image = decode(name, bytes, MAX_PIXELS).map_err(unreadable)?.image;
    let bytes = png(name, &image).map_err(unreadable)?;
    std::fs::create_dir_all(folder)
        .map_err(|cause| unwritten(format!("{}: {cause}", folder.display())))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_micros());
    let free = (now..).map(|number| folder.join(format!("{number}.png")));
    let Some(path) = free.into_iter().find(|path| !path.exists()) else {
        return Err(unwritten("no free name".to_string()));
    };
    write_atomically(&path, bytes).map_err(|error| unwritten(error.to_string()))?;
    Ok(path.display().to_string())
}
