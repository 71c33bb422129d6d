//! The OpenAPI document, and a page of it to read.

use axum::Json;
use axum::response::Html;
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
    Html(page_of(&document))
}

/// Routes with what goes in and comes out; schemas are links to where they stand below.
fn page_of(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>atelier: API</title><h1>API</h1>",
    );
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, route) in methods.as_object().into_iter().flatten() {
            let words = |key: &str| escaped(route[key].as_str().unwrap_or_default());
            page += &format!(
                "<h2><code>{} {}</code></h2><p><b>{}.</b> {}</p>",
                method.to_uppercase(),
                escaped(path),
                words("summary"),
                words("description")
            );
            for parameter in route["parameters"].as_array().into_iter().flatten() {
                page += &format!(
                    "<p><code>?{}=</code> {}</p>",
                    escaped(parameter["name"].as_str().unwrap_or_default()),
                    escaped(parameter["description"].as_str().unwrap_or_default())
                );
            }
            let body = &route["requestBody"]["content"];
            let kinds = body.as_object().into_iter().flatten();
            let kinds: Vec<String> = kinds
                .map(|(kind, of)| format!("<code>{}</code>{}", escaped(kind), schema_link(of)))
                .collect();
            if !kinds.is_empty() {
                page += &format!("<p>Body: {}</p>", kinds.join(", "));
            }
            page += "<table>";
            for (status, answer) in route["responses"].as_object().into_iter().flatten() {
                let content = answer["content"].as_object().into_iter().flatten();
                let links: String = content.map(|(_, of)| schema_link(of)).collect();
                page += &format!(
                    "<tr><td>{}<td>{}{links}",
                    escaped(status),
                    escaped(answer["description"].as_str().unwrap_or_default())
                );
            }
            page += "</table>";
        }
    }
    page += "<h1>Objects</h1>";
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let name = escaped(name);
        page += &format!(
            "<h2 id=\"{name}\">{name}</h2><p>{}</p><table>",
            escaped(schema["description"].as_str().unwrap_or_default())
        );
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            page += &format!(
                "<tr><td><code>{}</code><td>{}{}",
                escaped(key),
                escaped(property["description"].as_str().unwrap_or_default()),
                link_to(property)
            );
        }
        page += "</table>";
    }
    page
}

/// A link to the schema of some content, where it has a name.
fn schema_link(content: &Value) -> String {
    link_to(&content["schema"])
}

fn link_to(schema: &Value) -> String {
    let reference = schema["$ref"].as_str().or(schema["items"]["$ref"].as_str());
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    name.map_or(String::new(), |name| {
        let name = escaped(name);
        format!(" <a href=\"#{name}\">{name}</a>")
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
