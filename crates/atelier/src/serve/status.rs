//! Whether the server lives, and whether it takes requests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::failure::{Failure, FailureAnswer};

/// What a probe wants to know.
#[derive(Serialize, ToSchema)]
pub struct Status {
    /// `ok`.
    status: String,
    /// The program's version.
    version: String,
}

fn ok() -> Json<Status> {
    Json(Status {
        status: "ok".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
    })
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "status", responses((status = 200, body = Status)))]
pub async fn healthz() -> Json<Status> {
    ok()
}

/// Whether it takes requests
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "status",
    responses(
        (status = 200, body = Status),
        (status = 503, description = "It is stopping", body = FailureAnswer),
    )
)]
pub async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Status>, Failure> {
    if app.is_stopping() {
        return Err(Failure::stopping());
    }
    Ok(ok())
}
