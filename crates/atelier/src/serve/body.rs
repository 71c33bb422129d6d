//! The images of a request: its body, the parts of a form, or base64 in JSON.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::App;
use super::failure::Failure;

/// Images by the names that the request gives them, and the room that they take.
pub struct Images {
    pub images: Vec<(String, Vec<u8>)>,
    /// Held until they are decoded.
    pub room: Option<OwnedSemaphorePermit>,
}

/// Images as JSON: base64, with or without `data:image/png;base64,` before it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonImages {
    /// One image.
    #[serde(default)]
    image: Option<String>,
    /// Several images.
    #[serde(default)]
    images: Vec<String>,
}

/// What to do about images that are too large.
const LARGE_IMAGES: &str = "send smaller or fewer images; --max-body allows more";
/// What messages call an image that has no name.
const NAMELESS: &str = "the image";

/// Reads the images of a request.
///
/// # Errors
/// A body that is too large, too slow, empty, or not what its content type says.
pub async fn images(app: &Arc<App>, request: Request) -> Result<Images, Failure> {
    let (parts, body) = request.into_parts();
    let (bytes, room) = in_time(app, body, app.max_body, LARGE_IMAGES).await?;
    let images = match content_type(&parts.headers).as_str() {
        "multipart/form-data" => {
            let request = Request::from_parts(parts, Body::from(bytes));
            of_form(request).await?
        }
        "application/json" => of_json(&bytes)?,
        _ => vec![(String::new(), bytes)],
    };
    if images.is_empty() || images.iter().any(|(_, bytes)| bytes.is_empty()) {
        return Err(Failure::bad_request(
            "the request holds an empty image, or none",
            "send the bytes of an image file as the body, or several as multipart/form-data",
        ));
    }
    Ok(Images { images, room })
}

/// The text of a request, of at most so many bytes.
///
/// # Errors
/// A body that is too large, too slow or not UTF-8.
pub async fn text(app: &Arc<App>, request: Request, most: usize) -> Result<String, Failure> {
    let most = most.min(app.max_body);
    let (bytes, _) = in_time(app, request.into_body(), most, "send a shorter text").await?;
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("the body is not UTF-8: {}", error.utf8_error());
        Failure::bad_request(message, "save the text as UTF-8")
    })
}

/// The JSON of a request, of at most so many bytes.
///
/// # Errors
/// Those of [`text`], and what the JSON lacks.
pub async fn json<T: DeserializeOwned>(
    app: &Arc<App>,
    request: Request,
    most: usize,
) -> Result<T, Failure> {
    let text = text(app, request, most).await?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("the JSON is not as expected: {error}");
        Failure::bad_request(message, "/docs says what it holds")
    })
}

/// All of a body, if it comes in time.
async fn in_time(
    app: &Arc<App>,
    body: Body,
    most: usize,
    hint: &str,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Failure> {
    let all = timeout(app.timeout, all_of(body, most, hint, &app.room)).await;
    all.map_err(|_| {
        Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "the body did not arrive within the server's time limit",
            "send it faster; --timeout allows more time",
        )
    })?
}

/// The kind of a body, in small letters and without its parameters.
fn content_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// The bytes of a body as they come, each with its place in the room that all connections share.
async fn all_of(
    mut body: Body,
    most: usize,
    hint: &str,
    room: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Failure> {
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Failure::bad_request(
                format!("the body can't be read: {error}"),
                "send all of it, with its right length",
            )
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > most {
            return Err(Failure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("the body has more than {} MiB", most >> 20),
                hint,
            ));
        }
        let count = data.len() as u32; // below `most`
        let more = Arc::clone(room).try_acquire_many_owned(count);
        let more = more.map_err(|_| Failure::busy())?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, held))
}

async fn of_form(request: Request) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let wrong = |error: String| {
        Failure::bad_request(
            format!("the form can't be read: {error}"),
            "send multipart/form-data with a file in each part",
        )
    };
    let broken = |error: MultipartError| wrong(error.body_text());
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| wrong(error.body_text()))?;
    let mut images = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field
            .file_name()
            .or(field.name())
            .unwrap_or_default()
            .to_string();
        let bytes: Bytes = field.bytes().await.map_err(broken)?;
        images.push((name, bytes.to_vec()));
    }
    Ok(images)
}

fn of_json(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    const FORM: &str = "send {\"image\": BASE64} or {\"images\": [BASE64, ...]}";
    let given: JsonImages = serde_json::from_slice(bytes).map_err(|error| {
        Failure::bad_request(format!("the JSON is not as expected: {error}"), FORM)
    })?;
    let decoded = |(number, text): (usize, String)| {
        let text = match text.split_once(";base64,") {
            Some((before, text)) if before.starts_with("data:") => text,
            _ => &text,
        };
        let bytes = BASE64_STANDARD.decode(text.trim());
        bytes.map(|bytes| (String::new(), bytes)).map_err(|error| {
            Failure::bad_request(format!("image {} is not base64: {error}", number + 1), FORM)
        })
    };
    given
        .image
        .into_iter()
        .chain(given.images)
        .enumerate()
        .map(decoded)
        .collect()
}

/// What messages call an image.
pub fn title(name: &str) -> String {
    if name.is_empty() {
        NAMELESS.to_string()
    } else {
        name.to_string()
    }
}
