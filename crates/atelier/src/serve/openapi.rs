//! The OpenAPI document, and a page of it to read.

use axum::Json;
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

/// The head of the document.
pub fn about() -> OpenApi {
    let info = InfoBuilder::new()
        .title("atelier")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Predictions of trained networks. Errors are {\"error\": {\"code\", \"message\", \"hint\"}}.",
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "status",
    responses((status = 200, description = "OpenAPI 3.1", body = Value))
)]
pub async fn document() -> Json<OpenApi> {
    Json(super::api().1)
}

/// This document as a page
#[utoipa::path(
    get,
    path = "/docs",
    tag = "status",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub async fn page() -> Html<String> {
    let document = serde_json::to_value(super::api().1).unwrap_or_default();
    Html(page_of(&document).into_string())
}

/// Routes with what goes in and comes out; schemas are links to where they stand below.
fn page_of(document: &Value) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "atelier: API" }
                link rel="icon" href="/icon.svg";
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    h1 { a href="/" { "atelier" } }
                    nav { a href="/openapi.json" { "openapi.json" } }
                }
                main class="text" {
                    @for (path, methods) in entries(&document["paths"]) {
                        @for (method, route) in entries(methods) { (route_of(path, method, route)) }
                    }
                    h2 { "Objects" }
                    @for (name, schema) in entries(&document["components"]["schemas"]) {
                        h3 id=(name) { (name) }
                        p { (words(&schema["description"])) }
                        table {
                            @for (key, property) in entries(&schema["properties"]) {
                                tr {
                                    td { code { (key) } }
                                    td { (words(&property["description"])) " " (link_to(property)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn route_of(path: &str, method: &str, route: &Value) -> Markup {
    let body = &route["requestBody"]["content"];
    html! {
        h2 { code { (method.to_uppercase()) " " (path) } }
        p { b { (words(&route["summary"])) "." } " " (words(&route["description"])) }
        @for parameter in route["parameters"].as_array().into_iter().flatten() {
            p { code { "?" (words(&parameter["name"])) "=" } " " (words(&parameter["description"])) }
        }
        @if body.is_object() {
            p {
                "Body:"
                @for (kind, content) in entries(body) { " " code { (kind) } " " (link_to(&content["schema"])) }
            }
        }
        table {
            @for (status, answer) in entries(&route["responses"]) {
                tr {
                    td { (status) }
                    td {
                        (words(&answer["description"]))
                        @for (_, content) in entries(&answer["content"]) { " " (link_to(&content["schema"])) }
                    }
                }
            }
        }
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn words(text: &Value) -> &str {
    text.as_str().unwrap_or_default()
}

/// A link to a schema, or to that of a list's elements, where it has a name.
fn link_to(schema: &Value) -> Markup {
    let reference = schema["$ref"].as_str();
    let reference = reference.or(schema["items"]["$ref"].as_str());
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    html! {
        @if let Some(name) = name { a href={ "#" (name) } { (name) } }
    }
}
