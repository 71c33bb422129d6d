//! What is wrong with a recipe, for a page that shows it beside the text.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use recipe::{RecipeError, place_of};
use serde::Serialize;
use utoipa::ToSchema;

use crate::serve::failure::{Failure, FailureText};

/// What is wrong with a recipe, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    #[schema(required = true)]
    pub help: Option<String>,
    /// Line of the text, from 1.
    pub line: usize,
    /// Place in the line in characters, from 1.
    pub column: usize,
    /// Place of the layer in the list of layers, from 0; null where it is no layer.
    #[schema(required = true)]
    pub layer: Option<usize>,
}

impl Problem {
    /// What could not be read.
    pub fn of(error: RecipeError) -> Self {
        match error {
            RecipeError::Line(wrong) => Self {
                message: match wrong.key.as_str() {
                    "" => wrong.what,
                    key => format!("{key}: {}", wrong.what),
                },
                help: wrong.help,
                line: wrong.line,
                column: wrong.column,
                layer: layer_of(&wrong.key),
            },
            other => Self::at("", "", other.to_string()),
        }
    }

    /// What is wrong with the value of a key of `text`.
    pub fn at(text: &str, key: &str, message: String) -> Self {
        let [line, column] = place_of(text, key);
        Self {
            message,
            help: None,
            line,
            column,
            layer: layer_of(key),
        }
    }
}

/// The layer that a key is in: 3 for `model.layers[3].kernel` and `model.backbone.layers[3]`.
fn layer_of(key: &str) -> Option<usize> {
    let key = key.strip_prefix("model.")?;
    let key = key.strip_prefix("backbone.").unwrap_or(key);
    let (index, _) = key.strip_prefix("layers[")?.split_once(']')?;
    index.parse().ok()
}

/// A request that is refused, perhaps because of its recipe.
pub struct RecipeFailure {
    failure: Failure,
    problems: Vec<Problem>,
}

/// How a refused recipe is written.
#[derive(Serialize, ToSchema)]
pub struct RecipeFailureAnswer {
    error: FailureText,
    /// Each thing that is wrong; empty where the recipe is not the reason.
    problems: Vec<Problem>,
}

impl RecipeFailure {
    /// A recipe that can't be read.
    pub fn of(error: RecipeError) -> Self {
        Self::with(vec![Problem::of(error)])
    }

    /// A recipe with these problems.
    pub fn with(problems: Vec<Problem>) -> Self {
        let message = problems.first().map_or_else(
            || "the recipe is wrong".to_string(),
            |first| format!("line {}: {}", first.line, first.message),
        );
        let help = problems.first().and_then(|first| first.help.clone());
        let help = help.unwrap_or_else(|| "POST /v1/recipes/check says more".to_string());
        Self {
            failure: Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "recipe", message, help),
            problems,
        }
    }
}

impl From<Failure> for RecipeFailure {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            problems: Vec::new(),
        }
    }
}

impl IntoResponse for RecipeFailure {
    fn into_response(self) -> Response {
        if self.problems.is_empty() {
            return self.failure.into_response();
        }
        let status = self.failure.status();
        let error = self.failure.text();
        let problems = self.problems;
        (status, Json(RecipeFailureAnswer { error, problems })).into_response()
    }
}
