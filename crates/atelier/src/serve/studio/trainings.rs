//! Starts, stops and resumes trainings.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use measure::files;
use nets::run::Run;
use recipe::Recipe;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MAX_TEXT;
use super::answer::{NetworkKind, RunAnswer, RunState, command_line};
use super::check::examined;
use super::folder::{RunsFolder, checked_name};
use super::queue::{NotStopped, QueueAnswer};
use super::recipe_failure::{RecipeFailure, RecipeFailureAnswer};
use crate::plan::recipe_name;
use crate::serve::failure::{Failure, FailureAnswer};
use crate::serve::{App, body};

/// Where recipes wait that come as text. Hidden, so that it is no run.
const TEXTS: &str = ".recipes";

/// A training to start: `recipe` or `toml` is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// A built-in recipe, or one that was saved.
    recipe: Option<String>,
    /// A recipe's text.
    toml: Option<String>,
    /// What the run is called; a number is added where that is taken. By default the recipe's name.
    name: Option<String>,
    /// Epochs, instead of the recipe's.
    epochs: Option<usize>,
    /// The seed, instead of the recipe's.
    seed: Option<u64>,
}

/// A training that waits for its turn.
#[derive(Serialize, ToSchema)]
pub struct Queued {
    queued: QueuedRun,
}

/// Its run and place.
#[derive(Serialize, ToSchema)]
struct QueuedRun {
    /// Its number in the queue.
    id: u64,
    /// What its run is called.
    name: String,
    /// Trainings before it.
    position: usize,
}

/// Train a recipe
///
/// Trainings are done one at a time, in their order, by processes of their own.
#[utoipa::path(
    post,
    path = "/v1/runs",
    tag = "runs",
    request_body = NewRun,
    responses(
        (status = 202, body = Queued),
        (status = 400, description = "The request is not as described here", body = FailureAnswer),
        (status = 404, description = "No recipe has this name", body = FailureAnswer),
        (status = 422, description = "The recipe is wrong", body = RecipeFailureAnswer),
        (status = 507, description = "The recipe can't be written", body = FailureAnswer),
    )
)]
pub async fn start(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, Json<Queued>), RecipeFailure> {
    let new: NewRun = body::json(&app, request, MAX_TEXT).await?;
    app.blocking(move |app| enqueue(app, &new)).await
}

fn enqueue(app: &App, new: &NewRun) -> Result<(StatusCode, Json<Queued>), RecipeFailure> {
    const HINT: &str = "send {\"recipe\": NAME} or {\"toml\": TEXT}";
    let studio = &app.studio;
    let given_name = new.name.as_deref().map(checked_name).transpose()?;
    let (base, text, file) = match (&new.recipe, &new.toml) {
        (Some(name), None) => {
            let found = studio.saved.source(name)?;
            (recipe_name(name), found.text, Some(found.argument))
        }
        (None, Some(text)) => ("recipe".to_string(), text.clone(), None),
        _ => return Err(Failure::bad_request("one recipe is needed", HINT).into()),
    };
    let epochs = new.epochs.map(|epochs| format!("training.epochs={epochs}"));
    let seed = new.seed.map(|seed| format!("training.seed={seed}"));
    let sets: Vec<String> = epochs.into_iter().chain(seed).collect();
    let recipe = Recipe::parse(&text, "the recipe", &sets).map_err(RecipeFailure::of)?;
    examined(&text, None, &studio.known).map_err(|problem| RecipeFailure::with(vec![*problem]))?;
    let name = given_name.unwrap_or(&base);
    let name = studio.runs.free_name(name, |name| studio.queue.holds(name));
    let file = match file {
        Some(file) => file,
        None => {
            let folder = studio.runs.path().join(TEXTS);
            let file = folder.join(format!("{name}.toml"));
            let written = files::create_folder(studio.runs.path())
                .and_then(|()| files::create_folder(&folder))
                .and_then(|()| files::write_atomically(&file, &text));
            let hint = "make room in the folder of the runs";
            written.map_err(|error| Failure::not_written(error, hint))?;
            file.display().to_string()
        }
    };
    let mut arguments = vec!["train".to_string(), file.clone(), format!("--name={name}")];
    arguments.extend(new.epochs.map(|epochs| format!("--epochs={epochs}")));
    arguments.extend(new.seed.map(|seed| format!("--seed={seed}")));
    let answer = waiting_run(&name, &recipe_name(&file), &recipe, &arguments);
    let (job, position) = studio.queue.add(answer, arguments);
    Ok(queued(job.id, job.name, position))
}

/// A run that has no folder yet.
fn waiting_run(name: &str, recipe_name: &str, recipe: &Recipe, arguments: &[String]) -> RunAnswer {
    let command = ["atelier".to_string()];
    RunAnswer {
        name: name.to_string(),
        recipe: recipe_name.to_string(),
        kind: Some(NetworkKind::of(&recipe.model)),
        state: RunState::Queued,
        epoch: 0,
        epochs: recipe.training.epochs,
        accuracy: None,
        f1: None,
        loss: None,
        map: None,
        train_s: None,
        date: None,
        seed: Some(recipe.training.seed),
        tags: Vec::new(),
        command: command_line(&[&command, arguments].concat()),
    }
}

fn queued(id: u64, name: String, position: usize) -> (StatusCode, Json<Queued>) {
    let queued = QueuedRun { id, name, position };
    (StatusCode::ACCEPTED, Json(Queued { queued }))
}

/// Resume an unfinished run
#[utoipa::path(
    post,
    path = "/v1/runs/{name}/resume",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 202, body = Queued),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "It can't be resumed", body = FailureAnswer),
    )
)]
pub async fn resume(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Queued>), Failure> {
    app.blocking(move |app| {
        let studio = &app.studio;
        let run = studio.watcher.run(&name);
        let run = run.ok_or_else(|| RunsFolder::unknown(&name))?;
        let why = match run.state {
            RunState::Stopped => None,
            RunState::Queued => Some("it waits for its training already"),
            RunState::Training => Some("it trains already"),
            RunState::Finished => Some("it is finished"),
            RunState::Imported => Some("it was imported, not trained"),
            RunState::Damaged => Some("files of it are missing or were changed"),
        };
        if let Some(why) = why {
            let message = format!("{name} can't be resumed: {why}");
            let hint = "only a run that was stopped can be resumed";
            return Err(Failure::conflict("not_stopped", message, hint));
        }
        let arguments = vec!["train".to_string(), format!("--resume={name}")];
        let (job, position) = studio.queue.add(run, arguments);
        Ok(queued(job.id, job.name, position))
    })
    .await
}

/// Stop a training, so that it can be resumed
///
/// It ends after the current step. A run that waits for its training is taken out of the queue.
#[utoipa::path(
    post,
    path = "/v1/runs/{name}/stop",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 200, body = QueueAnswer),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "It does not train, or was not started here", body = FailureAnswer),
    )
)]
pub async fn stop(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<QueueAnswer>, Failure> {
    app.blocking(move |app| {
        let studio = &app.studio;
        match studio.queue.stop(&name) {
            Ok(()) => Ok(Json(studio.queue.answer())),
            Err(NotStopped::Refused(cause)) => {
                let message = format!("{name} can't be stopped: {cause}");
                Err(Failure::internal(message))
            }
            Err(NotStopped::Unknown) => Err(not_ours(&studio.runs.find(&name)?)),
        }
    })
    .await
}

/// Why a run that this server does not train can't be stopped.
fn not_ours(run: &Run) -> Failure {
    let name = run.name();
    if !run.is_in_use() {
        let message = format!("{name} does not train");
        return Failure::conflict("not_training", message, "there is nothing to stop");
    }
    let process = run.holder();
    let process = process.map_or(String::new(), |process| format!(", process {process}"));
    Failure::conflict(
        "not_ours",
        format!("{name} was not started by this server, but by another atelier{process}"),
        "stop it where it was started, with Ctrl-C",
    )
}
