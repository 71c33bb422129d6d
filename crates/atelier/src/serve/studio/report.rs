//! `GET /v1/report`: the report of finished runs.

use std::sync::Arc;

use ::report::{Format, Language};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderName, header};
use axum::response::Html;
use nets::run::Judged;

use crate::plan::Entrants;
use crate::report_files;
use crate::serve::App;
use crate::serve::failure::{Failure, FailureAnswer};

/// Runs in one report.
const MOST: usize = 50;
/// A report's style is within it; it has no script.
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; \
     form-action 'none'",
);

/// The report of finished runs
///
/// The page that `atelier report` writes. Several runs must have been tested on the same images.
#[utoipa::path(
    get,
    path = "/v1/report",
    tag = "runs",
    params(
        ("run" = Vec<String>, Query, description = "A finished run; may be repeated"),
        ("language" = Option<String>, Query, description = "`en` or `fr`"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 400, description = "The request is not as described here", body = FailureAnswer),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "A run is not finished, or they can't be compared", body = FailureAnswer),
    )
)]
pub async fn report(
    State(app): State<Arc<App>>,
    asked: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<([(HeaderName, &'static str); 1], Html<String>), Failure> {
    const HINT: &str = "ask as in ?run=A&run=B&language=en";
    let wrong = |message: String| Failure::bad_request(message, HINT);
    let Query(asked) = asked.map_err(|error| wrong(error.body_text()))?;
    let mut names = Vec::new();
    let mut language = Language::default();
    for (key, value) in asked {
        match key.as_str() {
            "run" => names.push(value),
            "language" => {
                let parsed = value.parse::<Language>();
                language = parsed.map_err(|error| wrong(error.to_string()))?;
            }
            other => return Err(wrong(format!("`{other}` means nothing here"))),
        }
    }
    if names.is_empty() || names.len() > MOST {
        return Err(wrong(format!("a report is of 1 to {MOST} runs")));
    }
    let html = app.blocking(move |app| text(app, &names, language)).await?;
    Ok(([POLICY], Html(html)))
}

fn text(app: &App, names: &[String], language: Language) -> Result<String, Failure> {
    let runs = &app.studio.runs;
    let refused = |error: String| {
        let hint = "choose finished runs that were tested on the same images";
        Failure::conflict("no_report", error, hint)
    };
    let mut judged = Vec::new();
    for name in names {
        let run = runs.find(name)?;
        judged.push(Judged::open(&run).map_err(|error| refused(error.to_string()))?);
    }
    let entrants = Entrants {
        runs: judged,
        models: Vec::new(),
    };
    let written = || {
        let (judged, split) = entrants.judge()?;
        let verdicts = report_files::verdicts(&judged)?;
        let command = ["atelier".to_string(), "report".to_string()];
        let command: Vec<String> = command.into_iter().chain(names.to_vec()).collect();
        report_files::text(
            &judged,
            &verdicts,
            &split,
            &command,
            language,
            Format::default(),
        )
    };
    written().map_err(|error: crate::error::CommandError| refused(error.to_string()))
}
