//! `GET /v1/recipes` and `PUT /v1/recipes/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use recipe::{about, built_in};
use serde::Serialize;
use utoipa::ToSchema;

use super::MAX_TEXT;
use super::check::examined;
use super::folder::checked_name;
use super::recipe_failure::{RecipeFailure, RecipeFailureAnswer};
use crate::serve::failure::{Failure, FailureAnswer};
use crate::serve::{App, body};

/// All recipes that can be trained by name.
#[derive(Serialize, ToSchema)]
pub struct RecipeList {
    /// Those that come with the program, then those that were saved.
    recipes: Vec<RecipeAnswer>,
}

/// A recipe.
#[derive(Serialize, ToSchema)]
pub struct RecipeAnswer {
    /// What trainings call it.
    name: String,
    /// Its first comment.
    about: String,
    /// Its text.
    toml: String,
    /// Whether it was saved, rather than coming with the program.
    saved: bool,
}

impl RecipeAnswer {
    fn of(name: &str, toml: String, saved: bool) -> Self {
        Self {
            name: name.to_string(),
            about: about(&toml).to_string(),
            toml,
            saved,
        }
    }
}

/// All recipes
#[utoipa::path(
    get,
    path = "/v1/recipes",
    operation_id = "recipes",
    tag = "recipes",
    responses((status = 200, body = RecipeList))
)]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<RecipeList>, Failure> {
    app.blocking(|app| {
        let saved = &app.studio.saved;
        let known = recipe::names().into_iter().filter_map(built_in);
        let known = known.map(|it| RecipeAnswer::of(it.name, it.text.to_string(), false));
        let names = saved.names();
        // A file with the name of a built-in recipe can't be trained by its name.
        let names = names.iter().filter(|name| built_in(name).is_none());
        let saved = names.filter_map(|name| {
            let source = saved.source(name).ok()?;
            Some(RecipeAnswer::of(name, source.text, true))
        });
        let recipes = known.chain(saved).collect();
        Ok(Json(RecipeList { recipes }))
    })
    .await
}

/// Save a recipe
///
/// It becomes a file in the folder of the recipes, which `atelier train` reads as well.
#[utoipa::path(
    put,
    path = "/v1/recipes/{name}",
    tag = "recipes",
    params(("name" = String, Path, description = "What trainings call it")),
    request_body(content((String = "text/plain"), (String = "application/toml"))),
    responses(
        (status = 200, body = RecipeAnswer),
        (status = 400, description = "The name can't be that of a file", body = FailureAnswer),
        (status = 409, description = "A built-in recipe has this name", body = FailureAnswer),
        (status = 422, description = "The recipe is wrong", body = RecipeFailureAnswer),
        (status = 507, description = "The file can't be written", body = FailureAnswer),
    )
)]
pub async fn save(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<RecipeAnswer>, RecipeFailure> {
    let text = body::text(&app, request, MAX_TEXT).await?;
    app.blocking(move |app| {
        let name = checked_name(&name)?;
        if built_in(name).is_some() {
            let message = format!("{name} is a built-in recipe");
            return Err(Failure::conflict("built_in", message, "take another name").into());
        }
        examined(&text, None, &app.studio.known)
            .map_err(|problem| RecipeFailure::with(vec![*problem]))?;
        app.studio.saved.write(name, &text)?;
        Ok(Json(RecipeAnswer::of(name, text, true)))
    })
    .await
}
