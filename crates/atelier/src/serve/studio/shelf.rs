//! Deletes runs so that they can be brought back, and gives them tags.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use measure::files;
use measure::record::{self, write_json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MAX_TEXT;
use super::answer::RunAnswer;
use super::folder::RunsFolder;
use crate::serve::failure::{Failure, FailureAnswer};
use crate::serve::{App, body};

/// Tags of a run.
const MOST_TAGS: usize = 20;
/// Characters of a tag.
const LONGEST_TAG: usize = 40;
/// What to do where the folder of the runs can't be changed.
const HINT: &str = "look at the folder of the runs: it must be writable, and have room";

/// A run that was deleted.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    /// Its name, by which it can be brought back.
    deleted: String,
}

/// Words by which people find a run again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// All of them.
    tags: Vec<String>,
}

/// Delete a run
///
/// It goes into the hidden folder `.trash` in the folder of the runs, from which it can be brought back.
#[utoipa::path(
    delete,
    path = "/v1/runs/{name}",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 200, body = Deleted),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "It trains", body = FailureAnswer),
        (status = 507, description = "The folder can't be changed", body = FailureAnswer),
    )
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Deleted>, Failure> {
    app.blocking(move |app| {
        let studio = &app.studio;
        let in_use = |reason: String| {
            let hint = "stop it first, and delete it when it has ended";
            Failure::conflict("in_use", reason, hint)
        };
        if studio.queue.holds(&name) {
            return Err(in_use(format!("{name} trains, or waits for its training")));
        }
        let run = studio.runs.find(&name)?;
        let path = run.path().to_path_buf();
        let held = run.lock().map_err(|error| in_use(error.to_string()))?;
        let trash = studio.runs.trash();
        let place = trash.join(&name);
        let refused = |error: String| Failure::not_written(error, HINT);
        files::create_folder(&trash).map_err(|error| refused(error.to_string()))?;
        if place.exists() {
            // The newer of two is the one that its name brings back.
            let trash = RunsFolder::new(trash);
            let aside = trash.path().join(trash.free_name(&name, |_| false));
            std::fs::rename(&place, aside).map_err(|cause| refused(cause.to_string()))?;
        }
        // Windows does not move a folder with an open file in it.
        let held = (!cfg!(windows)).then_some(held);
        let moved = std::fs::rename(&path, &place);
        drop(held);
        moved.map_err(|cause| refused(format!("{}: {cause}", path.display())))?;
        Ok(Json(Deleted { deleted: name }))
    })
    .await
}

/// Bring a deleted run back
#[utoipa::path(
    post,
    path = "/v1/runs/{name}/restore",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 200, body = RunAnswer),
        (status = 404, description = "No deleted run has this name", body = FailureAnswer),
        (status = 409, description = "There is a run of this name", body = FailureAnswer),
        (status = 507, description = "The folder can't be changed", body = FailureAnswer),
    )
)]
pub async fn restore(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<RunAnswer>, Failure> {
    app.blocking(move |app| {
        let studio = &app.studio;
        let deleted = RunsFolder::new(studio.runs.trash()).find(&name)?;
        let place = studio.runs.path().join(&name);
        if place.exists() || studio.queue.holds(&name) {
            let message = format!("there is a run called {name}");
            let hint = "delete or rename that one first";
            return Err(Failure::conflict("taken", message, hint));
        }
        std::fs::rename(deleted.path(), &place)
            .map_err(|cause| Failure::not_written(cause, HINT))?;
        let restored = studio.watcher.run(&name);
        Ok(Json(restored.ok_or_else(|| RunsFolder::unknown(&name))?))
    })
    .await
}

/// Give a run tags
///
/// They are kept in its folder, in `tags.json`.
#[utoipa::path(
    put,
    path = "/v1/runs/{name}/tags",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    request_body = Tags,
    responses(
        (status = 200, body = RunAnswer),
        (status = 400, description = "The request is not as described here", body = FailureAnswer),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 507, description = "The file can't be written", body = FailureAnswer),
    )
)]
pub async fn tag(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<RunAnswer>, Failure> {
    let Tags { tags } = body::json(&app, request, MAX_TEXT).await?;
    app.blocking(move |app| {
        let run = app.studio.runs.find(&name)?;
        let fits = |tag: &String| {
            let length = tag.chars().count();
            (1..=LONGEST_TAG).contains(&length) && !tag.contains(char::is_control)
        };
        if tags.len() > MOST_TAGS || !tags.iter().all(fits) {
            return Err(Failure::bad_request(
                format!("a run has at most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters"),
                "send {\"tags\": [\"...\"]}",
            ));
        }
        write_json(run.path().join(record::TAGS), &tags)
            .map_err(|error| Failure::not_written(error, HINT))?;
        let tagged = app.studio.watcher.run(&name);
        Ok(Json(tagged.ok_or_else(|| RunsFolder::unknown(&name))?))
    })
    .await
}
