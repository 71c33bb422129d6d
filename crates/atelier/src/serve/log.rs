//! A line for each request, an id that finds it again, and the headers of every answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use super::App;
use crate::console::write_message;

/// What clients and proxies call a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a client.
const LONGEST_ID: usize = 64;

/// Headers of every answer: nothing is loaded from elsewhere, framed, guessed or sent on.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
         manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=()",
    ),
];

/// Times a request, counts it, and says so.
pub async fn record(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let id = id_of(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_string();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("other", MatchedPath::as_str).to_string();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A report has a policy of its own.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    if app.is_stopping() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (took, status) = (begin.elapsed(), response.status().as_u16());
    app.metrics.answered(&route, status, took);
    if app.logs {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let line = json!({
            "time": now.map_or(0.0, |now| now.as_millis() as f64 / 1e3),
            "id": id,
            "method": method.as_str(),
            "path": path,
            "status": status,
            "ms": (took.as_secs_f64() * 1e6).round() / 1e3,
        });
        write_message(&format!("{line}\n"));
    }
    response
}

/// The id that the client gives the request, or a new one.
fn id_of(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        let fits = (1..=LONGEST_ID).contains(&id.len());
        fits && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    given.filter(plain).map_or_else(new_id, str::to_string)
}

/// The time of the first request and this one's number: unique on this machine.
fn new_id() -> String {
    static START: std::sync::LazyLock<u64> = std::sync::LazyLock::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_micros() as u64)
    });
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{:x}-{:x}", *START, NUMBER.fetch_add(1, Ordering::Relaxed))
}
