//! The page: files that stand in `page/`, sent as they are or compressed.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use measure::digest::blake3;

use super::App;

/// A file of the page.
struct File {
    route: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! file {
    ($route:literal, $file:literal, $kind:literal) => {
        File {
            route: $route,
            kind: $kind,
            bytes: include_bytes!(concat!("page/", $file)),
        }
    };
}

macro_rules! script {
    ($file:literal) => {
        File {
            route: concat!("/", $file),
            kind: "text/javascript; charset=utf-8",
            bytes: include_bytes!(concat!("page/", $file)),
        }
    };
}

const FILES: &[File] = &[
    file!("/", "index.html", "text/html; charset=utf-8"),
    file!("/style.css", "style.css", "text/css; charset=utf-8"),
    file!("/parts.css", "parts.css", "text/css; charset=utf-8"),
    file!("/studio.css", "studio.css", "text/css; charset=utf-8"),
    file!("/views.css", "views.css", "text/css; charset=utf-8"),
    file!("/icon.svg", "icon.svg", "image/svg+xml"),
    script!("answers.js"),
    script!("api.js"),
    script!("blocks.js"),
    script!("boxes.js"),
    script!("build.js"),
    script!("camera.js"),
    script!("canvas.js"),
    script!("cell.js"),
    script!("compare.js"),
    script!("curves.js"),
    script!("data.js"),
    script!("dom.js"),
    script!("drag.js"),
    script!("draw.js"),
    script!("figures.js"),
    script!("forms.js"),
    script!("gallery.js"),
    script!("hyper.js"),
    script!("inside.js"),
    script!("layers.js"),
    script!("live.js"),
    script!("main.js"),
    script!("paper.js"),
    script!("picker.js"),
    script!("recipe.js"),
    script!("run.js"),
    script!("runs.js"),
    script!("share.js"),
    script!("steps.js"),
    script!("train.js"),
    script!("words.js"),
    script!("words/build.js"),
    script!("words/common.js"),
    script!("words/draw.js"),
    script!("words/inside.js"),
    script!("words/train.js"),
];

/// What is sent of a file.
struct Sent {
    kind: HeaderValue,
    /// Changes with the content, so that browsers ask for it once.
    tag: HeaderValue,
    whole: &'static [u8],
    compressed: Vec<u8>,
}

impl Sent {
    fn of(file: &File) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Memory takes all of it.
        let compressed = encoder
            .write_all(file.bytes)
            .and_then(|()| encoder.finish());
        let tag = format!("\"{}\"", blake3([file.bytes]));
        Self {
            kind: HeaderValue::from_static(file.kind),
            tag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("")),
            whole: file.bytes,
            compressed: compressed.unwrap_or_default(),
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let known = asked.get(header::IF_NONE_MATCH) == Some(&self.tag);
        let accepted = asked.get(header::ACCEPT_ENCODING);
        let accepted = accepted.and_then(|kinds| kinds.to_str().ok());
        let zipped = accepted
            .is_some_and(|kinds| kinds.split(',').any(|kind| kind.trim().starts_with("gzip")));
        let mut response = match (known, zipped) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => self.compressed.clone().into_response(),
            (false, false) => self.whole.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if zipped && !known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// The same routes and those of the page.
pub fn add_to(routes: Router<Arc<App>>) -> Router<Arc<App>> {
    static SENT: LazyLock<Vec<Sent>> = LazyLock::new(|| FILES.iter().map(Sent::of).collect());
    FILES
        .iter()
        .enumerate()
        .fold(routes, |routes, (number, file)| {
            let answer = async move |asked: HeaderMap| SENT[number].answer(&asked);
            routes.route(file.route, get(answer))
        })
}
