//! `GET /v1/events`: what happens in the runs' folder, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use super::watcher::Event;
use crate::serve::App;
use crate::serve::failure::{Failure, FailureAnswer};

/// Time after which a stream without events shows that it lives.
const ALIVE: Duration = Duration::from_secs(15);

/// What happens in all runs, as it happens
///
/// Server-sent events, whose names are in the descriptions of `Event`: first `runs` and `queue`, then what changes, also in
/// trainings that were started from a terminal. `progress` comes from trainings that were started here.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "runs",
    responses(
        (status = 200, description = "A stream of events", body = Event, content_type = "text/event-stream"),
        (status = 503, description = "The server is stopping", body = FailureAnswer),
    )
)]
pub async fn events(
    State(app): State<Arc<App>>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Failure> {
    let watcher = Arc::clone(&app.studio.watcher);
    let listening = Arc::clone(&watcher);
    let listening = tokio::task::spawn_blocking(move || listening.listen());
    let listening = listening
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    let (first, receiver) = listening.ok_or_else(Failure::stopping)?;
    let first = stream::iter(first.into_iter().map(Arc::new));
    let rest = stream::unfold(receiver, move |mut receiver| {
        let watcher = Arc::clone(&watcher);
        async move {
            let event = match receiver.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => Arc::new(watcher.again()),
                Err(RecvError::Closed) => return None,
            };
            Some((event, receiver))
        }
    });
    let events = first.chain(rest).map(|event| {
        // Records always have a JSON form.
        let data = serde_json::to_string(&*event).unwrap_or_default();
        Ok(sse::Event::default().event(event.name()).data(data))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)))
}
