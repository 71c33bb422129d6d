//! `GET /v1/runs` and `GET /v1/runs/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use measure::files::read_text;
use measure::record::{self, EpochRecord, Evaluation};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::RunAnswer;
use super::history::EpochAnswer;
use super::watcher::RunList;
use crate::serve::App;
use crate::serve::failure::{Failure, FailureAnswer};

/// A run with its recipe and what it came to.
#[derive(Serialize, ToSchema)]
pub struct RunDetail {
    /// As in the list.
    run: RunAnswer,
    /// Its recipe with every option, as TOML; empty before it has begun.
    toml: String,
    /// Its epochs.
    #[schema(value_type = Vec<EpochAnswer>)]
    history: Vec<EpochRecord>,
    /// Its figures on the test images, as docs/evaluation.schema.json describes them; null until it is finished.
    #[schema(value_type = Option<BTreeMap<String, Value>>, required = true)]
    evaluation: Option<Evaluation>,
    /// What its training said before it failed, if it was started here.
    #[schema(required = true)]
    error: Option<String>,
}

/// All runs
///
/// The newest first; those that wait for their training come before them.
#[utoipa::path(
    get,
    path = "/v1/runs",
    operation_id = "runs",
    tag = "runs",
    responses((status = 200, body = RunList))
)]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<RunList>, Failure> {
    app.blocking(|app| Ok(Json(app.studio.watcher.list())))
        .await
}

/// A run
#[utoipa::path(
    get,
    path = "/v1/runs/{name}",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 200, body = RunDetail),
        (status = 404, description = "No run has this name", body = FailureAnswer),
    )
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<RunDetail>, Failure> {
    app.blocking(move |app| {
        let studio = &app.studio;
        let error = studio.queue.error(&name);
        let Some(run) = studio.watcher.run(&name) else {
            return Err(match error {
                // Its training failed before it had a folder.
                Some(error) => {
                    let hint = "put it right, and train again";
                    Failure::new(StatusCode::NOT_FOUND, "not_begun", error, hint)
                }
                None => super::folder::RunsFolder::unknown(&name),
            });
        };
        // One that waits for its first training has no folder.
        let folder = studio.runs.find(&name).ok();
        let path = |file| folder.as_ref().map(|run| run.path().join(file));
        let toml = path(record::RECIPE).and_then(|path| read_text(path).ok());
        let history = path(record::HISTORY).and_then(|path| record::read_history(path).ok());
        let finished = folder.as_ref().and_then(|run| run.finished().ok());
        Ok(Json(RunDetail {
            run,
            toml: toml.unwrap_or_default(),
            history: history.unwrap_or_default(),
            evaluation: finished.map(|finished| finished.evaluation),
            error,
        }))
    })
    .await
}
