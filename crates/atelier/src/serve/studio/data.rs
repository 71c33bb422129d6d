//! `GET /v1/data`: what a data set holds, and what is wrong or odd in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::data::doctor::{self, ClassSummary, Examination, Finding, LabelErrors, Severity, Shown};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::pictures::picture;
use crate::error::CommandError;
use crate::plan::data_of;
use crate::serve::App;
use crate::serve::failure::{Failure, FailureAnswer};

/// Pictures of the data set.
const PICTURES: usize = 24;
/// Data sets that are remembered, and how long.
const MOST: usize = 4;
const FRESH: Duration = Duration::from_secs(600);
/// Longer side of a picture in pixels.
const SIDE: u32 = 96;

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// `mnist`, a folder or a file, or a built-in recipe or .toml file, whose data is meant.
    source: String,
}

/// Data sets that were looked at, which takes a while.
#[derive(Default)]
pub struct SeenData {
    seen: Mutex<Vec<(String, Instant, DataAnswer)>>,
}

impl SeenData {
    /// What a source holds; several who ask for it at a time wait for the first.
    fn look(&self, source: &str) -> Result<DataAnswer, CommandError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(_, since, _)| since.elapsed() < FRESH);
        if let Some((.., answer)) = seen.iter().find(|(known, ..)| known == source) {
            return Ok(answer.clone());
        }
        let data = data_of(source)?;
        let listing = doctor::list(&data)?;
        let examined = doctor::examine(listing, &data, LabelErrors::Leave, &|_, _| {});
        let answer = answer(source, &examined);
        seen.insert(0, (source.to_string(), Instant::now(), answer.clone()));
        seen.truncate(MOST);
        Ok(answer)
    }
}

/// A data set.
#[derive(Clone, Serialize, ToSchema)]
pub struct DataAnswer {
    /// What recipes call it.
    source: String,
    /// Its classes, with the number of their pictures (boxes, where there are boxes).
    classes: Vec<ClassAnswer>,
    /// A few training pictures, evenly spread.
    images: Vec<PictureAnswer>,
    /// What must be fixed comes first.
    findings: Vec<FindingAnswer>,
    /// What was assumed.
    notes: Vec<String>,
    /// The command line that says more.
    command: String,
}

/// A class.
#[derive(Clone, Serialize, ToSchema)]
struct ClassAnswer {
    /// Its name.
    name: String,
    /// For training.
    train: usize,
    /// For validation.
    validation: usize,
    /// For the test.
    test: usize,
}

/// A picture.
#[derive(Clone, Serialize, ToSchema)]
struct PictureAnswer {
    /// A small copy, as a `data:` URL.
    image: String,
    /// Its class; empty where it has boxes.
    label: String,
    /// Its boxes in pixels of the small copy: x1, y1, x2, y2.
    boxes: Vec<[f32; 4]>,
}

/// Something to fix, or to look at.
#[derive(Clone, Serialize, ToSchema)]
struct FindingAnswer {
    /// A few words.
    title: String,
    /// How many there are.
    count: usize,
    /// Whether training stops at it, or its figures would be wrong.
    must_fix: bool,
    /// Why it matters, and what to do.
    text: String,
}

/// Look at a data set
///
/// What `atelier data check` finds, without the quick model that looks for label errors.
#[utoipa::path(
    get,
    path = "/v1/data",
    tag = "data",
    params(Asked),
    responses(
        (status = 200, body = DataAnswer),
        (status = 400, description = "No source", body = FailureAnswer),
        (status = 409, description = "The source can't be read", body = FailureAnswer),
    )
)]
pub async fn look(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<DataAnswer>, Failure> {
    const HINT: &str = "ask as in ?source=mnist";
    let Query(Asked { source }) =
        asked.map_err(|error| Failure::bad_request(error.body_text(), HINT))?;
    app.blocking(move |app| {
        let looked = app.studio.data.look(&source);
        Ok(Json(looked.map_err(|error| {
            let hint = "give `mnist`, a folder or a file; see docs/data.md";
            Failure::conflict("no_data", error.to_string(), hint)
        })?))
    })
    .await
}

fn answer(source: &str, examined: &Examination) -> DataAnswer {
    let checkup = examined.checkup();
    let class = |class: &ClassSummary| ClassAnswer {
        name: class.class.clone(),
        train: class.train,
        validation: class.validation,
        test: class.test,
    };
    let picture = |shown: &Shown| {
        let small = examined.thumbnail(shown, SIDE)?;
        let plane = |channel: usize| small.pixels.iter().skip(channel).step_by(3).copied();
        let planes: Vec<u8> = (0..3).flat_map(plane).collect();
        Some(PictureAnswer {
            image: picture(&planes, [3, small.height, small.width])?,
            label: shown.class.clone().unwrap_or_default(),
            boxes: small.boxes,
        })
    };
    let finding = |finding: &Finding| FindingAnswer {
        title: finding.title.to_string(),
        count: finding.count,
        must_fix: finding.severity == Severity::MustFix,
        text: match finding.detail.as_str() {
            "" => finding.advice.to_string(),
            detail => format!("{} ({detail})", finding.advice),
        },
    };
    let samples = examined.samples(PICTURES);
    let command = ["atelier", "data", "check", source].map(str::to_string);
    DataAnswer {
        source: checkup.source.clone(),
        classes: checkup.classes.iter().map(class).collect(),
        images: samples.iter().filter_map(picture).collect(),
        findings: checkup.findings.iter().map(finding).collect(),
        notes: checkup.notes.clone(),
        command: report::shell_quoted(&command),
    }
}
