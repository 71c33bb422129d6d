//! What a request is refused with: a status, a code for programs, and words for people.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why there is no other answer.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: String,
}

/// How a failure is written.
#[derive(Serialize, ToSchema)]
pub struct FailureAnswer {
    error: FailureText,
}

/// A failure's words.
#[derive(Serialize, ToSchema)]
pub struct FailureText {
    /// The kind, which does not change between versions.
    code: String,
    /// What is wrong, and with what.
    message: String,
    /// What to do about it.
    hint: String,
}

impl Failure {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }

    pub fn bad_request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message, hint)
    }

    /// There is no room for more.
    pub fn busy() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "busy",
            "more requests are waiting than the server has room for",
            "send it again after the seconds in Retry-After; --queue makes more room",
        )
    }

    /// A model's threads have ended, or a device failed.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            message,
            "send it again; if that does not help, restart the server",
        )
    }

    pub fn too_slow() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_slow",
            "the answer took longer than the server's time limit",
            "send it again, or smaller images; --timeout allows more time",
        )
    }

    /// The server ends.
    pub fn stopping() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the server is stopping",
            "ask another one",
        )
    }

    /// What is asked for can't be done now.
    pub fn conflict(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::CONFLICT, code, message, hint)
    }

    /// A file can't be written.
    pub fn not_written(error: impl std::fmt::Display, hint: impl Into<String>) -> Self {
        let status = StatusCode::INSUFFICIENT_STORAGE;
        Self::new(status, "not_written", error.to_string(), hint)
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// How it is written.
    pub fn text(self) -> FailureText {
        FailureText {
            code: self.code.to_string(),
            message: self.message,
            hint: self.hint,
        }
    }

    pub fn no_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is nothing at this path",
            "/docs lists what there is",
        )
    }

    pub fn no_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this path does not take this method",
            "/docs lists what there is",
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status;
        let error = self.text();
        let mut response = (status, Json(FailureAnswer { error })).into_response();
        let again = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if again.contains(&status) {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
