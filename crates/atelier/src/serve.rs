//! The HTTP server: what it holds, and its routes.
//!
//! A request's images are decoded on the threads that compute, wait in the queue of their model, and are computed
//! together with those of other requests. Nothing here predicts: that is [`Model::predictor`](crate::plan::Model).

mod accept;
mod answers;
mod body;
mod demand;
mod drawings;
mod engine;
mod failure;
mod guard;
mod inside;
mod log;
mod metrics;
mod models;
mod openapi;
mod page;
mod predict;
mod status;
mod studio;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use accept::serve;
pub use demand::Demand;
pub use engine::{Engine, EngineLimits};
pub use guard::Access;
pub use models::Models;
pub use studio::Studio;

use failure::Failure;
use metrics::Metrics;

/// Bytes of requests that have not been decoded yet, over all connections.
const UNDECODED: usize = 256 << 20;

/// What all requests share.
pub struct App {
    pub models: Models,
    pub access: Access,
    pub studio: Studio,
    /// Bytes of one body.
    max_body: usize,
    /// Of a body's arrival, and of the answer.
    timeout: Duration,
    /// Room for bodies, a permit a byte.
    room: Arc<Semaphore>,
    metrics: Metrics,
    logs: bool,
    /// Where drawings with their labels go.
    drawings: PathBuf,
    stopping: AtomicBool,
}

impl App {
    pub fn new(
        models: Models,
        access: Access,
        studio: Studio,
        max_body: usize,
        timeout: Duration,
        logs: bool,
        drawings: PathBuf,
    ) -> Self {
        Self {
            models,
            access,
            studio,
            max_body,
            timeout,
            room: Arc::new(Semaphore::new(UNDECODED)),
            metrics: Metrics::default(),
            logs,
            drawings,
            stopping: AtomicBool::new(false),
        }
    }

    /// From now on it is not ready, and its answers end their connections.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.studio.close();
    }

    /// Does what may take a while on a thread that nobody waits for.
    async fn blocking<T: Send + 'static, E: From<Failure> + Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.unwrap_or_else(|error| Err(Failure::internal(error.to_string()).into()))
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// All routes, and the document that describes them.
fn api() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let routes = OpenApiRouter::with_openapi(openapi::about())
        .routes(routes!(predict::predict))
        .routes(routes!(models::list))
        .routes(routes!(models::reload))
        .routes(routes!(drawings::keep))
        .routes(routes!(inside::look))
        .routes(routes!(inside::look_at_cell))
        .routes(routes!(status::healthz))
        .routes(routes!(status::readyz))
        .routes(routes!(metrics::show))
        .routes(routes!(openapi::document))
        .routes(routes!(openapi::page));
    studio::add_to(routes).split_for_parts()
}

/// The server's routes behind its guards.
fn router(app: Arc<App>) -> Router {
    let (routes, _) = api();
    page::add_to(routes)
        .fallback(async || Failure::no_route())
        .method_not_allowed_fallback(async || Failure::no_method())
        .layer(DefaultBodyLimit::disable()) // `body` has its own
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .layer(middleware::from_fn_with_state(app.clone(), log::record))
        .with_state(app)
}
