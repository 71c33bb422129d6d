//! The studio: trainings that are started, watched and compared over HTTP.
//!
//! Nothing here trains: the server starts `atelier train` as a child process, and reads the folder of the runs.

mod answer;
mod check;
mod data;
mod events;
mod facts;
mod folder;
mod history;
mod pictures;
mod queue;
mod recipe_failure;
mod recipes;
mod render;
mod report;
mod runs;
mod saved;
mod shelf;
mod toml_value;
mod trainings;
mod watcher;

use std::path::PathBuf;
use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use data::SeenData;
use facts::KnownData;
use folder::RunsFolder;
use queue::Queue;
use saved::SavedRecipes;
use watcher::Watcher;

/// Bytes of a recipe, or of a request's JSON.
const MAX_TEXT: usize = 1 << 20;

/// What the studio holds.
pub struct Studio {
    runs: RunsFolder,
    saved: SavedRecipes,
    /// What is known of recipes' data.
    known: KnownData,
    data: SeenData,
    queue: Arc<Queue>,
    watcher: Arc<Watcher>,
}

impl Studio {
    /// For runs and recipes in these folders; trainings are started with the flags `machine`.
    pub fn new(runs: PathBuf, recipes: PathBuf, machine: Vec<String>) -> Self {
        let queue = Queue::start(&runs, machine);
        let runs = RunsFolder::new(runs);
        Self {
            watcher: Arc::new(Watcher::new(runs.clone(), Arc::clone(&queue))),
            runs,
            saved: SavedRecipes::new(recipes),
            known: KnownData::default(),
            data: SeenData::default(),
            queue,
        }
    }

    /// Ends the streams of events, which would go on for ever, and stops the training that was started here.
    pub fn close(&self) {
        self.watcher.close();
        self.queue.close();
    }

    /// Waits until the training that was stopped has written what it is resumed from.
    pub fn finish(&self) {
        self.queue.finish();
    }
}

/// The studio's routes.
pub fn add_to(routes: OpenApiRouter<Arc<App>>) -> OpenApiRouter<Arc<App>> {
    routes
        .routes(routes!(runs::list, trainings::start))
        .routes(routes!(runs::show, shelf::delete))
        .routes(routes!(trainings::stop))
        .routes(routes!(trainings::resume))
        .routes(routes!(shelf::restore))
        .routes(routes!(shelf::tag))
        .routes(routes!(events::events))
        .routes(routes!(pictures::mistakes))
        .routes(routes!(pictures::filters))
        .routes(routes!(report::report))
        .routes(routes!(data::look))
        .routes(routes!(recipes::list))
        .routes(routes!(recipes::save))
        .routes(routes!(check::check))
        .routes(routes!(render::render))
}
