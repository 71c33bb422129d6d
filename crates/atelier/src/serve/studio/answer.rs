//! A run as the studio lists it.

use measure::record;
use report::shell_quoted;
use serde::Serialize;
use utoipa::ToSchema;

use crate::entry::{Entry, EntryState};

/// Flags of a recorded command that change nothing in what comes out.
const SILENT: [&str; 2] = ["--plain", "--report-progress"];

/// What a run does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Waits for the trainings before it.
    Queued,
    /// Trains, in whatever process.
    Training,
    /// Unfinished, and nobody trains it.
    Stopped,
    /// Trained and evaluated.
    Finished,
    /// Has weights that were trained elsewhere.
    Imported,
    /// Files of it are missing or were changed.
    Damaged,
}

/// The kind of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// A classifier.
    Cnn,
    /// A detector.
    FasterRcnn,
}

impl NetworkKind {
    /// That of a recipe.
    pub fn of(model: &recipe::Model) -> Self {
        match model {
            recipe::Model::Cnn(_) => Self::Cnn,
            recipe::Model::FasterRcnn(_) => Self::FasterRcnn,
        }
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RunAnswer {
    /// Its folder's name.
    pub name: String,
    /// The name of its recipe.
    pub recipe: String,
    /// Null where its recipe can't be read.
    #[schema(required = true)]
    pub kind: Option<NetworkKind>,
    /// What it does now.
    pub state: RunState,
    /// Epochs finished.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Fraction of the test images classified correctly; null until it is finished, and where that means nothing.
    #[schema(required = true)]
    pub accuracy: Option<f64>,
    /// F1, the mean over the classes.
    #[schema(required = true)]
    pub f1: Option<f64>,
    /// Negative log-likelihood of the true classes.
    #[schema(required = true)]
    pub loss: Option<f64>,
    /// COCO's average precision of a detector.
    #[schema(required = true)]
    pub map: Option<f64>,
    /// Seconds spent training.
    #[schema(required = true)]
    pub train_s: Option<f64>,
    /// When it was begun, RFC 3339 in UTC.
    #[schema(required = true)]
    pub date: Option<String>,
    /// The seed of everything random.
    #[schema(required = true)]
    pub seed: Option<u64>,
    /// Words by which people find it again.
    pub tags: Vec<String>,
    /// The command line that repeats it.
    pub command: String,
}

impl RunAnswer {
    /// A run, as its files say.
    pub fn of(entry: &Entry) -> Self {
        let path = entry.run.path();
        let history = record::read_history(path.join(record::HISTORY)).unwrap_or_default();
        let figures = entry.evaluation.as_ref().ok();
        let classification = figures.and_then(|figures| figures.classification.as_ref());
        let finite = |figure: f64| figure.is_finite().then_some(figure);
        let training = entry.recipe.as_ref().map(|recipe| &recipe.training);
        let command = entry.environment.as_ref().map(|record| &record.command[..]);
        Self {
            name: entry.run.name(),
            recipe: entry.recipe_name(),
            kind: (entry.recipe.as_ref()).map(|recipe| NetworkKind::of(&recipe.model)),
            state: match entry.state() {
                EntryState::Finished => RunState::Finished,
                EntryState::Unfinished => RunState::Stopped,
                EntryState::Imported => RunState::Imported,
                EntryState::Damaged => RunState::Damaged,
            },
            epoch: history.last().map_or(0, |record| record.epoch),
            epochs: training.map_or(0, |training| training.epochs),
            accuracy: classification.and_then(|figures| finite(figures.accuracy)),
            f1: classification.and_then(|figures| finite(figures.f1_macro)),
            loss: classification.and_then(|figures| finite(figures.loss)),
            map: figures.and_then(|figures| finite(figures.localisation?.map?)),
            train_s: history.last().and_then(|record| finite(record.seconds)),
            date: entry.date().map(str::to_string),
            seed: entry.seed(),
            tags: record::read_json(path.join(record::TAGS)).unwrap_or_default(),
            command: command_line(command.unwrap_or_default()),
        }
    }
}

/// A recorded command line as people type it.
pub fn command_line(recorded: &[String]) -> String {
    let arguments = recorded.iter().skip(1);
    let arguments = arguments.filter(|argument| !SILENT.contains(&argument.as_str()));
    let program = (!recorded.is_empty()).then(|| "atelier".to_string());
    let line: Vec<String> = program.into_iter().chain(arguments.cloned()).collect();
    shell_quoted(&line)
}
