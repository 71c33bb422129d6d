//! Made-up runs on MNIST's real test images, and the reports of them. Their answers are drawn at random with plausible
//! rates of mistakes: no model is behind them.

mod lab;
mod scenes;

use std::error::Error;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use measure::detection::{self, Detection, GroundTruth};
use measure::files::write_atomically;
use measure::record::{
    self, Environment, EpochRecord, Evaluation, ModelKind, Outcome, Predictions, SeedRun, SeedRuns,
    SeedsVerdict, Verdict, write_history, write_json,
};
use report::{Contestant, Image, Language, Report};

const SIDE: usize = 28;

/// What there are runs of: one detector, the lab's two models, both with three seeds, two detectors on scenes.
pub const EXAMPLES: [&str; 4] = ["one", "lab", "seeds", "scenes"];

/// Runs that a report can be made of.
pub struct Runs {
    runs: Vec<Run>,
    images: Vec<Image>,
    objects: Option<GroundTruth>,
    command: &'static str,
    several_seeds: bool,
}

impl Runs {
    /// One of [`EXAMPLES`].
    pub fn of(example: &str) -> Result<Self, Box<dyn Error>> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
        let pixels = content(&data.join("t10k-images-idx3-ubyte.gz"), 16)?;
        let labels = content(&data.join("t10k-labels-idx1-ubyte.gz"), 8)?;
        let digits: Vec<Image> = pixels.chunks(SIDE * SIDE).map(image).collect();
        let kinds = [ModelKind::Cnn, ModelKind::FasterRcnn];
        let trainings = |kinds: &[ModelKind], seeds: u64| -> Vec<Run> {
            let of = |kind: &ModelKind| {
                let kind = *kind;
                let (digits, labels) = (&digits, &labels);
                (0..seeds).map(move |seed| lab::made_up(digits, labels, kind, seed))
            };
            kinds.iter().flat_map(of).collect()
        };
        let (runs, command) = match example {
            "one" => (
                trainings(&kinds[1..], 1),
                "atelier train lab-faster-rcnn --seed 0",
            ),
            "lab" => (
                trainings(&kinds, 1),
                "atelier compare lab-cnn lab-faster-rcnn --seed 0",
            ),
            "seeds" => (
                trainings(&kinds, 3),
                "atelier compare lab-cnn lab-faster-rcnn --seeds 3",
            ),
            "scenes" => {
                let (truths, images) = scenes::compose(&digits, &labels);
                let runs = [("scenes-faster-rcnn", 0.93), ("scenes-fpn", 0.97)];
                let runs = runs.map(|(name, skill)| scenes::made_up(name, skill, &truths));
                return Ok(Self {
                    runs: runs.into_iter().collect::<Result<_, _>>()?,
                    images,
                    objects: Some(truths),
                    command: "atelier compare scenes-faster-rcnn scenes-fpn --seed 0",
                    several_seeds: false,
                });
            }
            other => {
                return Err(format!("no example '{other}': {}", EXAMPLES.join(", ")).into());
            }
        };
        Ok(Self {
            runs,
            images: digits,
            objects: None,
            command,
            several_seeds: example == "seeds",
        })
    }

    /// Stores the runs under `folder` as `atelier train` does, so that `atelier report` opens them; without weights.
    pub fn keep(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        for run in &self.runs {
            let path = folder.join(&run.evaluation.recipe);
            write_json(path.join(record::ENVIRONMENT), &run.environment)?;
            write_history(path.join(record::HISTORY), &run.history)?;
            match run.evaluation.classification {
                Some(_) => run.predictions.write(path.join(record::PREDICTIONS))?,
                None => {
                    let detections = detection::to_json(&run.detections);
                    write_atomically(path.join(record::DETECTIONS), detections)?;
                }
            }
            write_json(path.join(record::EVALUATION), &run.evaluation)?;
            // Seeds of a recipe differ in nothing else.
            let seed = format!("[training]\nseed = {}\n", run.evaluation.seed);
            let recipe = run.recipe.replace("[training]\n", &seed);
            write_atomically(path.join(record::RECIPE), recipe)?;
        }
        Ok(())
    }

    /// What `write` makes of their report.
    pub fn report<R>(
        &self,
        language: Language,
        write: impl Fn(&Report<'_>) -> R,
    ) -> Result<R, Box<dyn Error>> {
        let runs = &self.runs;
        let seeds = match self.several_seeds {
            true => Some(over_seeds(runs)?),
            false => None,
        };
        let models: Vec<(&str, &Predictions)> = runs
            .iter()
            .map(|run| (run.evaluation.recipe.as_str(), &run.predictions))
            .collect();
        // A single run has none, nor have scenes.
        let verdict = Verdict::among(&models, 0)
            .ok()
            .filter(|_| seeds.is_none())
            .map(report::with_sentence);
        let classes: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        Ok(write(&Report {
            contestants: runs.iter().map(Run::contestant).collect(),
            verdict: verdict.as_ref(),
            seeds: seeds.as_ref(),
            image: &|index| self.images.get(index).cloned(),
            objects: self.objects.as_ref(),
            class_names: &classes,
            command: self.command,
            language,
        }))
    }
}

/// Both recipes, each over its half of the runs.
fn over_seeds(runs: &[Run]) -> Result<SeedsVerdict, Box<dyn Error>> {
    let trainings: Vec<SeedRun<'_>> = runs
        .iter()
        .map(|run| SeedRun {
            seed: run.evaluation.seed,
            run: &run.evaluation.recipe,
            outcome: Outcome::Answers(&run.predictions),
        })
        .collect();
    let (cnn, detector) = trainings.split_at(runs.len() / 2);
    let recipes = [("lab-cnn", cnn), ("lab-faster-rcnn", detector)];
    let recipes = recipes.map(|(recipe, runs)| SeedRuns { recipe, runs });
    let images = runs[0].predictions.rows.len() as u64;
    Ok(report::with_sentence_over_seeds(SeedsVerdict::among(
        &recipes, images, 0,
    )?))
}

struct Run {
    recipe: String,
    predictions: Predictions,
    detections: Vec<Detection>,
    evaluation: Evaluation,
    history: Vec<EpochRecord>,
    environment: Environment,
}

impl Run {
    fn contestant(&self) -> Contestant<'_> {
        Contestant {
            name: &self.evaluation.recipe,
            recipe_toml: &self.recipe,
            evaluation: &self.evaluation,
            history: &self.history,
            predictions: &self.predictions,
            detections: &self.detections,
            environment: &self.environment,
        }
    }
}

/// What follows the header of a gzipped IDX file.
fn content(path: &Path, header: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes.split_off(header.min(bytes.len())))
}

fn image(pixels: &[u8]) -> Image {
    let ink = || (0..pixels.len()).filter(|place| pixels[*place] > 0);
    let (x1, x2) = (
        ink().map(|p| p % SIDE).min(),
        ink().map(|p| p % SIDE + 1).max(),
    );
    let (y1, y2) = (
        ink().map(|p| p / SIDE).min(),
        ink().map(|p| p / SIDE + 1).max(),
    );
    let truth = [x1, y1, x2, y2].map(|edge| edge.unwrap_or(0) as f32);
    Image {
        width: SIDE,
        height: SIDE,
        pixels: pixels.to_vec(),
        frame: None,
        truth: Some(truth),
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// Uniform in 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
