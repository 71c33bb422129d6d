//! `POST /v1/recipes/check`: what a recipe's network is like, or what is wrong with the recipe.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use recipe::{LayerSummary, Recipe, RecipeError, Shape, ShapeError};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use super::MAX_TEXT;
use super::answer::NetworkKind;
use super::facts::{DataFacts, KnownData};
use super::recipe_failure::Problem;
use crate::serve::failure::{Failure, FailureAnswer};
use crate::serve::{App, body};

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Classes, instead of the number in the data.
    classes: Option<usize>,
}

/// What a recipe was found to be.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Checked {
    /// It can be trained.
    Good(Box<GoodRecipe>),
    /// It can't.
    Bad(BadRecipe),
}

/// A recipe that can be trained.
#[derive(Serialize, ToSchema)]
pub struct GoodRecipe {
    /// True.
    #[schema(schema_with = constant::<true>)]
    ok: Always<true>,
    kind: NetworkKind,
    /// Channels, height and width of the network's input.
    input: [usize; 3],
    /// Classes of the data.
    classes: usize,
    /// Why the data could not be looked at; null where it could.
    #[schema(required = true)]
    note: Option<String>,
    /// In their order; of a detector its heads come last.
    layers: Vec<LayerAnswer>,
    /// Trained numbers of all layers.
    parameters: u64,
    /// Multiply-adds for one image.
    multiply_adds: u64,
    /// The least memory that training takes.
    memory_bytes: u64,
    /// The list of layers as it is written, one element each; null where the recipe names its network instead.
    #[schema(value_type = Option<Vec<Value>>, required = true)]
    blocks: Option<Vec<Value>>,
    /// The tables `training` and `data` with every option.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Value>>)]
    hyper: Table,
    /// The command line that trains it.
    command: String,
}

/// A recipe with something wrong.
#[derive(Serialize, ToSchema)]
pub struct BadRecipe {
    /// False.
    #[schema(schema_with = constant::<false>)]
    ok: Always<false>,
    /// What is wrong.
    problems: Vec<Problem>,
}

/// A constant in JSON.
pub struct Always<const VALUE: bool>;

impl<const VALUE: bool> Serialize for Always<VALUE> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(VALUE)
    }
}

/// So that whoever is typed against the document can tell the two answers apart.
fn constant<const VALUE: bool>() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([VALUE]))
        .build()
}

/// A layer of a network.
#[derive(Serialize, ToSchema)]
struct LayerAnswer {
    /// Such as `conv 32, 3x3, padding 1`.
    name: String,
    /// The part that it belongs to, by the name that `training.freeze` takes (`stem`, `stage-1`, `backbone`); `head` behind
    /// the backbone.
    part: String,
    /// Its place in `blocks`; null where it is not written there.
    #[schema(required = true)]
    block: Option<usize>,
    /// Channels, height and width of its output, or its features alone.
    output: Vec<usize>,
    /// Trained numbers.
    parameters: u64,
    /// Multiply-adds for one image.
    multiply_adds: u64,
    /// Rows and columns of the image that one output sees; null where it sees all of it.
    #[schema(required = true)]
    receptive_field: Option<[usize; 2]>,
    /// What it takes of the memory of a training.
    memory_bytes: u64,
}

/// Check a recipe
///
/// Its shapes and costs, or what is wrong with it, and where.
#[utoipa::path(
    post,
    path = "/v1/recipes/check",
    tag = "recipes",
    params(Asked),
    request_body(content((String = "text/plain"), (String = "application/toml"))),
    responses(
        (status = 200, description = "Also where something is wrong with it", body = Checked),
        (status = 400, description = "The body is not UTF-8", body = FailureAnswer),
        (status = 413, description = "The body is too large", body = FailureAnswer),
    )
)]
pub async fn check(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Result<Json<Checked>, Failure> {
    let Query(Asked { classes }) = asked.map_err(|error| {
        let hint = "behind the `?` may stand classes=NUMBER";
        Failure::bad_request(error.body_text(), hint)
    })?;
    let text = body::text(&app, request, MAX_TEXT).await?;
    app.blocking(move |app| {
        Ok(Json(match examined(&text, classes, &app.studio.known) {
            Ok(good) => Checked::Good(Box::new(good)),
            Err(problem) => Checked::Bad(BadRecipe {
                ok: Always,
                problems: vec![*problem],
            }),
        }))
    })
    .await
}

/// What a recipe is like.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn examined(
    text: &str,
    classes: Option<usize>,
    known: &KnownData,
) -> Result<GoodRecipe, Box<Problem>> {
    let recipe = Recipe::parse::<&str>(text, "the recipe", &[]);
    let recipe = recipe.map_err(Problem::of)?;
    let facts = known
        .of(&recipe, classes)
        .map_err(|error| Problem::at(text, "data.source", error))?;
    let written: Table = text.parse().unwrap_or_default();
    let blocks = blocks(&written);
    let layers = recipe.model.layers().len();
    // Layers that a named backbone stands for come before those that are written.
    let named = layers - blocks.map_or(0, Vec::len).min(layers);
    let summary = recipe.summary(facts.input, facts.classes);
    let summary = summary.map_err(|error| misfit(text, error, named))?;
    let DataFacts { images, .. } = facts;
    let training = &recipe.training;
    let parts = recipe.layer_parts();
    let layer = |(at, layer): (usize, &LayerSummary)| LayerAnswer {
        name: layer.name.clone(),
        part: parts.get(at).cloned().unwrap_or("head".to_string()),
        block: at.checked_sub(named).filter(|_| at < layers),
        output: match layer.output {
            Shape::Map {
                channels,
                height,
                width,
            } => vec![channels, height, width],
            Shape::Features(features) => vec![features],
        },
        parameters: layer.parameters,
        multiply_adds: layer.multiply_adds,
        receptive_field: layer.receptive_field,
        memory_bytes: layer.memory(training, images),
    };
    let mut hyper = recipe.to_table().unwrap_or_default();
    hyper.retain(|key, _| key != "model");
    Ok(GoodRecipe {
        ok: Always,
        kind: NetworkKind::of(&recipe.model),
        input: facts.input,
        classes: facts.classes,
        note: facts.note,
        layers: summary.layers.iter().enumerate().map(layer).collect(),
        parameters: summary.parameters,
        multiply_adds: summary.multiply_adds,
        memory_bytes: summary.memory(training, images).total(),
        blocks: blocks.cloned(),
        hyper,
        command: "atelier train RECIPE.toml".to_string(),
    })
}

/// The list of layers as it is written.
fn blocks(written: &Table) -> Option<&Vec<Value>> {
    let model = written.get("model")?;
    let holder = model.get("backbone").filter(|backbone| backbone.is_table());
    holder.unwrap_or(model).get("layers")?.as_array()
}

/// A layer that does not fit, at its place in the text.
fn misfit(text: &str, error: ShapeError, named: usize) -> Box<Problem> {
    let ShapeError {
        layers,
        index,
        name,
        what,
        help,
    } = error;
    let is_list = layers.starts_with("model.layers") || layers.starts_with("model.backbone");
    let key = match index.checked_sub(if is_list { named } else { 0 }) {
        Some(index) => format!("{layers}[{index}]"),
        None => "model.backbone".to_string(),
    };
    let problem = Problem::at(text, &key, format!("{name}: {what}"));
    Box::new(Problem {
        help: Some(help),
        ..problem
    })
}

/// What is wrong with a text that is not even TOML.
pub fn syntax(text: &str) -> Option<Problem> {
    let parsed = Recipe::parse::<&str>(text, "the recipe", &[]);
    match parsed {
        Err(RecipeError::Line(wrong)) if wrong.key.is_empty() => {
            Some(Problem::of(RecipeError::Line(wrong)))
        }
        _ => None,
    }
}
