//! Plans of commands that look at data.

use std::path::{Path, PathBuf};

use measure::detection::Options;
use nets::coco;
use recipe::{FasterRcnn, Model, Recipe, Scenes};

use crate::error::CommandError;
use crate::flags;

/// A source that is there, else a recipe's data, else a source that is not there, about which the reader complains.
pub fn data_of(source: &str) -> Result<recipe::Data, CommandError> {
    let path = Path::new(source);
    let is_toml = path.extension().is_some_and(|ending| ending == "toml");
    let is_built_in = recipe::names().contains(&source);
    if is_toml || (is_built_in && !path.exists()) {
        return Ok(Recipe::load::<String>(source, &[])?.data);
    }
    Ok(recipe::Data {
        source: source.to_string(),
        ..recipe::Data::default()
    })
}

/// Scenes to compose.
pub struct ScenesPlan {
    pub folder: PathBuf,
    /// Numbers of training and test scenes.
    pub images: [usize; 2],
    pub scenes: Scenes,
}

impl ScenesPlan {
    pub fn of(flags: &flags::DataScenes) -> Result<Self, CommandError> {
        let scenes = Scenes {
            // Zero is fine here, as in a data set for testing only.
            train_images: flags.images.max(1),
            test_images: flags.test_images.max(1),
            seed: flags.seed,
            size: flags.size,
            digits: flags.digits.0,
            side: flags.side.0,
            overlap: flags.overlap,
            noise: flags.noise,
            clutter: flags.clutter,
            background: flags.background,
        };
        scenes.check().map_err(|(name, what)| {
            let flag = match name.as_str() {
                "train-images" => "images",
                other => other,
            };
            CommandError::Usage(format!("--{flag} {what}"))
        })?;
        Ok(Self {
            folder: flags.out.clone(),
            images: [flags.images, flags.test_images],
            scenes,
        })
    }
}

/// A detector whose anchors are held against its data.
pub struct AnchorsPlan {
    pub name: String,
    pub detector: FasterRcnn,
    pub recipe: Recipe,
}

impl AnchorsPlan {
    pub fn of(flags: &flags::DataAnchors) -> Result<Self, CommandError> {
        let recipe = Recipe::load(&flags.recipe, &flags.sets)?;
        let Model::FasterRcnn(detector) = &recipe.model else {
            return Err(CommandError::Usage(format!(
                "{}: model.kind is {}, which has no anchors; name a detector's recipe",
                flags.recipe,
                recipe.model.kind()
            )));
        };
        Ok(Self {
            name: flags.recipe.clone(),
            detector: detector.clone(),
            recipe,
        })
    }
}

/// A picture of training images.
pub struct ContactSheetPlan {
    pub name: String,
    pub recipe: Recipe,
    /// Whether each image is shown as augmentation changes it.
    pub augment: bool,
    pub images: usize,
    pub file: PathBuf,
}

impl ContactSheetPlan {
    pub fn of(flags: &flags::DataShow) -> Result<Self, CommandError> {
        let recipe = Recipe::load(&flags.recipe, &flags.sets)?;
        if flags.augment && recipe.data.augment.is_none() {
            return Err(CommandError::Usage(format!(
                "{}: data.augment is off, so there is nothing to show; \
                 turn it on, as in --set data.augment.rotate=10 --set data.augment.elastic=1",
                flags.recipe
            )));
        }
        // An augmented image takes a row.
        let default = if flags.augment { 8 } else { 30 };
        Ok(Self {
            name: flags.recipe.clone(),
            recipe,
            augment: flags.augment,
            images: flags.count.map_or(default, |count| count as usize),
            file: flags.out.clone(),
        })
    }
}

/// Detections to evaluate.
pub struct CocoEvalPlan {
    pub request: coco::Request,
    /// The file of precision-recall curves.
    pub curves: Option<PathBuf>,
}

impl CocoEvalPlan {
    pub fn of(flags: &flags::CocoEval) -> Self {
        let most = flags.max_detections as usize;
        let request = coco::Request {
            ground_truth: flags.ground_truth.clone(),
            detections: flags.detections.clone(),
            iou: match flags.iou {
                flags::IouType::Bbox => coco::IouType::Boxes,
                flags::IouType::Segm => coco::IouType::Masks,
            },
            options: Options {
                pycocotools_quirks: flags.pycocotools_quirks,
                // As pycocotools' maxDets, but never more than was asked for.
                max_detections: [1, most.min(10), most],
            },
            other: flags.compare.as_ref().map(|other| coco::Other {
                detections: other.clone(),
                resamples: flags.resamples as usize,
            }),
        };
        Self {
            request,
            curves: flags.curves.clone(),
        }
    }
}
