//! Who may ask: hosts against DNS rebinding, origins against other sites' pages, and the token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use super::failure::Failure;
use super::page;

/// Routes that need no token: what load balancers ask, and what describes the server. The page's files need none either: the
/// page asks for the token.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/docs", "/openapi.json"];

/// Who may ask.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub token: Option<String>,
    /// Names beside localhost and addresses.
    pub hosts: Vec<String>,
    /// Web sites whose pages may ask, as `https://example.org`.
    pub origins: Vec<String>,
}

impl Access {
    /// The origin that asked, where it is one that may and is not the server's own.
    fn check(&self, request: &Request) -> Result<Option<HeaderValue>, Failure> {
        let headers = request.headers();
        let host = self.check_host(request)?;
        let origin = self.check_origin(request, &host)?;
        // A browser asks without the token whether its page may send it.
        let is_preflight = request.method() == Method::OPTIONS && origin.is_some();
        let path = request.uri().path();
        let is_open = OPEN.contains(&path) || page::is_file(path);
        if !is_preflight && !is_open {
            self.check_token(headers)?;
        }
        Ok(origin)
    }

    /// The host and port that the request is for. A page of another site can give its own name this server's address, but
    /// its requests then carry that name; addresses are nobody's names.
    fn check_host(&self, request: &Request) -> Result<Authority, Failure> {
        let mut given = request.headers().get_all(header::HOST).iter();
        let header = match (given.next(), given.next()) {
            (Some(only), None) => only.to_str().ok(),
            _ => None,
        };
        let authority = header.and_then(|host| host.parse::<Authority>().ok());
        let authority = authority.filter(|authority| !authority.as_str().contains('@'));
        let Some(authority) = authority else {
            return Err(Failure::bad_request(
                "the request has no single valid Host header",
                "HTTP/1.1 needs one: the server's name and port",
            ));
        };
        let name = authority.host();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let is_known = bare.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self
                .hosts
                .iter()
                .any(|host| host.eq_ignore_ascii_case(name));
        if is_known {
            return Ok(authority);
        }
        Err(Failure::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            format!("the server does not answer to the name `{name}`"),
            format!("use its address, or start it with --allow-host {name}"),
        ))
    }

    fn check_origin(
        &self,
        request: &Request,
        host: &Authority,
    ) -> Result<Option<HeaderValue>, Failure> {
        let headers = request.headers();
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Browsers leave the origin out of some requests, but say where these come from. Links to the page from elsewhere
            // are welcome: what they ask for changes nothing, and scripts elsewhere can't read it.
            let site = headers.get(HeaderName::from_static("sec-fetch-site"));
            let foreign = site.is_some_and(|site| site == "cross-site" || site == "same-site");
            let is_read = [Method::GET, Method::HEAD].contains(request.method());
            return if foreign && !is_read {
                Err(foreign_origin("another site"))
            } else {
                Ok(None)
            };
        };
        let text = origin.to_str().unwrap_or_default();
        let own = text
            .split_once("://")
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host.as_str()));
        if own {
            return Ok(None);
        }
        if self.origins.iter().any(|allowed| allowed == text) {
            return Ok(Some(origin.clone()));
        }
        Err(foreign_origin(text))
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok()?.split_once(' '));
        let is_right = given.is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case("bearer") && equal(given.trim(), token)
        });
        if is_right {
            return Ok(());
        }
        Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "no_token",
            "the request does not carry the server's token",
            "send it as `Authorization: Bearer TOKEN`",
        ))
    }
}

fn foreign_origin(origin: &str) -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        format!("pages of {origin} may not ask this server"),
        "name it with --allow-origin when starting the server, if they should",
    )
}

/// In a time that says nothing of where the two differ.
fn equal(a: &str, b: &str) -> bool {
    let differing = a
        .bytes()
        .zip(b.bytes())
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differing) == 0
}

/// Lets a request through that may ask, with what its browser has to know.
pub async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let origin = match app.access.check(&request) {
        Ok(origin) => origin,
        Err(failure) => return failure.into_response(),
    };
    let is_preflight = request.method() == Method::OPTIONS && origin.is_some();
    let mut response = if is_preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let answer = tokio::time::timeout(app.timeout * 2, next.run(request)).await;
        answer.unwrap_or_else(|_| Failure::too_slow().into_response())
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if is_preflight {
            let methods = HeaderValue::from_static("GET, POST, PUT, DELETE");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let names = HeaderValue::from_static("authorization, content-type, x-request-id");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        }
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
