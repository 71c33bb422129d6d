//! What a run's network looks for, and what it gets wrong.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use data::Dataset;
use data::image::{from_planes, png};
use measure::record::{Prediction, Predictions};
use nets::device::Computer;
use nets::evaluation::evaluate;
use nets::run::{Run, RunError};
use nets::weights;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::serve::App;
use crate::serve::answers::png_url;
use crate::serve::failure::{Failure, FailureAnswer};

/// Mistakes in one answer.
const MOST_MISTAKES: usize = 200;
/// Filters in one answer.
const MOST_FILTERS: usize = 256;
/// Held-out images that an unfinished network is tried on.
const TRIED: usize = 1000;

/// What the address of a request says.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// How many at most; 24 by default.
    limit: Option<usize>,
}

/// Images that a network gets wrong.
#[derive(Serialize, ToSchema)]
pub struct Mistakes {
    /// Which images: `test`, or `validation` of an unfinished run.
    split: String,
    /// Images that were tried.
    images: usize,
    /// Those of them that it gets wrong.
    wrong: usize,
    /// The most confident first.
    mistakes: Vec<Mistake>,
}

/// An image that a network gets wrong.
#[derive(Serialize, ToSchema)]
struct Mistake {
    /// Its place in the split, from 0.
    index: usize,
    /// The right class.
    label: String,
    /// The predicted class.
    predicted: String,
    /// The probability of the predicted class.
    score: f32,
    /// The image, as the network gets it, as a `data:` URL.
    image: String,
}

/// Images that a classifier gets wrong
///
/// Of a finished run the test images, of an unfinished one up to 1000 of those that are held out.
#[utoipa::path(
    get,
    path = "/v1/runs/{name}/mistakes",
    tag = "runs",
    params(("name" = String, Path, description = "The run"), Asked),
    responses(
        (status = 200, body = Mistakes),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "It has none to show, with the reason", body = FailureAnswer),
    )
)]
pub async fn mistakes(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Mistakes>, Failure> {
    const HINT: &str = "behind the `?` may stand limit=NUMBER";
    let Query(asked) = asked.map_err(|error| Failure::bad_request(error.body_text(), HINT))?;
    let limit = asked.limit.unwrap_or(24).min(MOST_MISTAKES);
    app.blocking(move |app| {
        let run = app.studio.runs.find(&name)?;
        Ok(Json(found(&run, limit)?))
    })
    .await
}

fn found(run: &Run, limit: usize) -> Result<Mistakes, Failure> {
    let name = run.name();
    let refused = |reason: String| {
        let hint = "mistakes are shown of classifiers, from their first checkpoint on";
        Failure::conflict("no_mistakes", format!("{name}: {reason}"), hint)
    };
    let of_run = |error: RunError| refused(error.to_string());
    let recipe = run.recipe().map_err(of_run)?;
    if !matches!(recipe.model, recipe::Model::Cnn(_)) {
        return Err(refused("it is a detector".to_string()));
    }
    let seed = recipe.training.seed;
    let split = data::load(&recipe.data, seed).map_err(|error| refused(error.to_string()))?;
    if run.is_finished() {
        let recorded = run.environment().map_err(of_run)?.data.digest;
        if recorded.is_some_and(|recorded| recorded != split.digest()) {
            return Err(refused("its data has changed since".to_string()));
        }
        let predictions = run.finished().map_err(of_run)?.predictions;
        return Ok(listed("test", &predictions, &split.test, limit));
    }
    let held_out = split.hold_out(recipe.data.validation, seed);
    let (_, held_out) = held_out.map_err(|error| refused(error.to_string()))?;
    let held_out = held_out.ok_or_else(|| refused("it holds out no images".to_string()))?;
    let first: Vec<usize> = (0..held_out.count.min(TRIED)).collect();
    let tried = held_out.subset(&first);
    let computer = Computer::cpu();
    let trained = run.trained_so_far(&computer).map_err(of_run)?;
    let evaluated = evaluate(&trained.network, &tried, &computer);
    let evaluated = evaluated.map_err(|error| refused(error.to_string()))?;
    Ok(listed("validation", &evaluated.predictions, &tried, limit))
}

fn listed(split: &str, predictions: &Predictions, data: &Dataset, limit: usize) -> Mistakes {
    let wrong = predictions.rows.iter().filter(|row| !row.is_correct());
    let mut wrong: Vec<&Prediction> = wrong.filter(|row| row.index < data.count).collect();
    wrong.sort_by(|a, b| b.score.total_cmp(&a.score));
    let class = |at: usize| predictions.classes.get(at).cloned().unwrap_or_default();
    let shown = wrong.iter().take(limit);
    let mistakes = shown.filter_map(|row| {
        Some(Mistake {
            index: row.index,
            label: class(row.label),
            predicted: class(row.predicted),
            score: row.score,
            image: picture(&data.image(row.index), shape(data, row.index))?,
        })
    });
    Mistakes {
        split: split.to_string(),
        images: predictions.rows.len(),
        wrong: wrong.len(),
        mistakes: mistakes.collect(),
    }
}

/// Channels, height and width of an image.
pub fn shape(data: &Dataset, index: usize) -> [usize; 3] {
    let [height, width] = data.image_size(index);
    [data.channels, height, width]
}

/// Planes as a `data:` URL.
pub fn picture(planes: &[u8], shape: [usize; 3]) -> Option<String> {
    let image = from_planes(planes, shape)?;
    let png = png(FilePath::new("an image"), &image).ok()?;
    Some(png_url(&png))
}

/// The filters of a network's first convolution.
#[derive(Serialize, ToSchema)]
pub struct Filters {
    /// One picture for each, as a `data:` URL: of three input channels in colour, else the mean of the channels; grey is 0.
    filters: Vec<String>,
    /// Rows and columns of a filter.
    size: [usize; 2],
}

/// The filters of a network's first convolution
///
/// Of an unfinished run those of its newest checkpoint.
#[utoipa::path(
    get,
    path = "/v1/runs/{name}/filters",
    tag = "runs",
    params(("name" = String, Path, description = "The run")),
    responses(
        (status = 200, body = Filters),
        (status = 404, description = "No run has this name", body = FailureAnswer),
        (status = 409, description = "It has no weights yet, or no convolution", body = FailureAnswer),
    )
)]
pub async fn filters(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Filters>, Failure> {
    app.blocking(move |app| {
        let run = app.studio.runs.find(&name)?;
        let refused = |reason: String| {
            let hint = "filters are shown from the first checkpoint on";
            Failure::conflict("no_filters", reason, hint)
        };
        let trained = run.trained_so_far(&Computer::cpu());
        let trained = trained.map_err(|error| refused(error.to_string()))?;
        let drawn = first_filters(&trained.network);
        Ok(Json(drawn.ok_or_else(|| {
            refused(format!("{name} has no convolution"))
        })?))
    })
    .await
}

fn first_filters(network: &nets::network::Network) -> Option<Filters> {
    let all = weights::collect(network);
    let names = weights::order(network);
    let mut weights = names.iter().filter_map(|name| all.get(name));
    let first = weights.find(|weight| weight.shape.len() == 4)?;
    let &[count, channels, height, width] = &first.shape[..] else {
        return None;
    };
    let area = height * width;
    // All filters on one scale, so that weak ones look weak.
    let largest = first
        .values
        .iter()
        .fold(0.0_f32, |most, v| most.max(v.abs()));
    let level = |value: f32| (128.0 + 127.0 * value / largest.max(f32::MIN_POSITIVE)) as u8;
    let filters = first
        .values
        .chunks(channels * area)
        .take(count.min(MOST_FILTERS));
    let filters = filters.map(|filter| {
        if channels == 3 {
            let planes: Vec<u8> = filter.iter().map(|value| level(*value)).collect();
            return picture(&planes, [3, height, width]);
        }
        let mean = |at: usize| {
            let values = filter.iter().skip(at).step_by(area);
            values.sum::<f32>() / channels as f32
        };
        let plane: Vec<u8> = (0..area).map(|at| level(mean(at))).collect();
        picture(&plane, [1, height, width])
    });
    Some(Filters {
        filters: filters.collect::<Option<_>>()?,
        size: [height, width],
    })
}
