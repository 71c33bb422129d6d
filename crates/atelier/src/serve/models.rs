//! The models that the server answers with; they can be loaded anew while it answers.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::demand::Demand;
use super::engine::Engine;
use super::failure::{Failure, FailureAnswer};
use crate::error::CommandError;

/// Opens a model by what the command line calls it.
pub type Open = Box<dyn Fn(&str) -> Result<Engine, CommandError> + Send + Sync>;

/// Loaded models by their names; the first is the default.
pub struct Models {
    given: Vec<String>,
    open: Open,
    loaded: RwLock<Vec<Arc<Engine>>>,
    /// Those of other runs.
    demand: Demand,
}

impl Models {
    /// Loads those that the command line gives, at least one; others are loaded when they are asked for.
    pub fn load(given: Vec<String>, open: Open, demand: Demand) -> Result<Self, CommandError> {
        let loaded = Self::open_all(&given, &open)?;
        Ok(Self {
            given,
            open,
            loaded: RwLock::new(loaded),
            demand,
        })
    }

    fn open_all(given: &[String], open: &Open) -> Result<Vec<Arc<Engine>>, CommandError> {
        let mut loaded: Vec<Arc<Engine>> = Vec::with_capacity(given.len());
        for name in given {
            let engine = open(name)?;
            let name = &engine.model.name;
            if loaded.iter().any(|other| other.model.name == *name) {
                return Err(CommandError::Usage(format!(
                    "two models are called {name}; requests could not tell them apart"
                )));
            }
            loaded.push(Arc::new(engine));
        }
        Ok(loaded)
    }

    /// Loads all of them anew. Requests that wait are answered by the models that they came for.
    pub fn reload(&self) -> Result<(), CommandError> {
        let loaded = Self::open_all(&self.given, &self.open)?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        self.demand.clear();
        Ok(())
    }

    /// Those that the command line gives, the default first.
    fn given(&self) -> Vec<Arc<Engine>> {
        self.loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All that are loaded, the default first.
    pub fn all(&self) -> Vec<Arc<Engine>> {
        let demanded = self.demand.all().into_iter();
        self.given().into_iter().chain(demanded).collect()
    }

    /// The one of a name, or the default. A run that the command line does not give is loaded now.
    pub fn find(&self, name: Option<&str>) -> Result<Arc<Engine>, Failure> {
        match self.known(name) {
            (Some(engine), _) => Ok(engine),
            (None, given) => self.demanded(name.unwrap_or_default(), &given),
        }
    }

    /// The one of a name or the default among those that the command line gives, and all of these.
    fn known(&self, name: Option<&str>) -> (Option<Arc<Engine>>, Vec<Arc<Engine>>) {
        let given = self.given();
        let named = |engine: &&Arc<Engine>| name.is_none_or(|name| engine.model.name == name);
        (given.iter().find(named).cloned(), given)
    }

    fn demanded(&self, name: &str, given: &[Arc<Engine>]) -> Result<Arc<Engine>, Failure> {
        self.demand.find(name)?.ok_or_else(|| {
            let names: Vec<&str> = given.iter().map(|engine| &*engine.model.name).collect();
            Failure::new(
                StatusCode::NOT_FOUND,
                "unknown_model",
                format!("no model and no run is called `{name}`"),
                format!("loaded are {}", names.join(", ")),
            )
        })
    }
}

/// The model of a name, or the default. Requests for those that the command line gives wait for nothing.
pub async fn engine(app: &Arc<App>, name: Option<&str>) -> Result<Arc<Engine>, Failure> {
    if let (Some(engine), _) = app.models.known(name) {
        return Ok(engine);
    }
    let name = name.map(str::to_string);
    app.blocking(move |app| app.models.find(name.as_deref()))
        .await
}

/// The loaded models.
#[derive(Serialize, ToSchema)]
pub struct ModelList {
    /// The first answers requests that name none.
    models: Vec<ModelAnswer>,
}

/// What a model does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Says what the whole picture is.
    Classifier,
    /// Finds objects in it.
    Detector,
}

/// A loaded model.
#[derive(Serialize, ToSchema)]
struct ModelAnswer {
    /// What requests call it.
    name: String,
    /// What it does with a picture.
    kind: Kind,
    /// The names of its classes, in the order of the probabilities; empty where an ONNX file does not say.
    classes: Vec<String>,
    /// Channels, height and width of what it computes on; pictures of all sizes are brought to this one.
    input: [usize; 3],
}

fn list_of(app: &App) -> Json<ModelList> {
    let model = |engine: &Arc<Engine>| ModelAnswer {
        name: engine.model.name.clone(),
        kind: if engine.model.is_detector() {
            Kind::Detector
        } else {
            Kind::Classifier
        },
        classes: engine.model.classes().to_vec(),
        input: engine.model.predictor().input(),
    };
    Json(ModelList {
        models: app.models.all().iter().map(model).collect(),
    })
}

/// The loaded models
///
/// Those that the server was started with, then those of runs that were asked for since.
#[utoipa::path(
    get,
    path = "/v1/models",
    operation_id = "models",
    tag = "models",
    responses((status = 200, body = ModelList))
)]
pub async fn list(State(app): State<Arc<App>>) -> Json<ModelList> {
    list_of(&app)
}

/// Load all models anew
///
/// Requests that are under way are answered by the models that they came for.
#[utoipa::path(
    post,
    path = "/v1/models/reload",
    tag = "models",
    responses(
        (status = 200, body = ModelList),
        (status = 409, description = "A model can't be loaded; the old ones stay", body = FailureAnswer),
    )
)]
pub async fn reload(State(app): State<Arc<App>>) -> Result<Json<ModelList>, Failure> {
    let reloading = Arc::clone(&app);
    let reloaded = tokio::task::spawn_blocking(move || {
        reloading.models.reload().map_err(|error| {
            Failure::new(
                StatusCode::CONFLICT,
                "not_loaded",
                error.to_string(),
                "the models that were loaded before still answer",
            )
        })
    });
    reloaded
        .await
        .map_err(|error| Failure::internal(error.to_string()))??;
    Ok(list_of(&app))
}
