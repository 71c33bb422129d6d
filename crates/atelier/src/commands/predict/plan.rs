//! What `predict` is asked for, checked.

use std::path::PathBuf;

use nets::detector::postprocess::DetectionOptions;
use recipe::Fit;
use report::terminal::escaped;

use super::pictures::Pictures;
use crate::error::CommandError;
use crate::flags;
use crate::plan::Model;

/// Images to predict, and what is made of the predictions.
pub struct PredictPlan {
    pub model: Model,
    /// Files, folders, patterns and `-`.
    pub images: Vec<PathBuf>,
    /// Of the largest picture that is read.
    pub max_pixels: u64,
    pub csv: bool,
    pub coco: Option<PathBuf>,
    /// Annotations with the ids for `coco`.
    pub coco_images: Option<PathBuf>,
    pub yolo: Option<PathBuf>,
    pub pictures: Pictures,
}

impl PredictPlan {
    pub fn of(flags: &flags::Predict) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine, &flags.onnx)?;
        let results = &flags.results;
        let plan = Self {
            max_pixels: model.max_pixels(&flags.pictures),
            images: flags.images.clone(),
            csv: results.csv,
            coco: results.coco.clone(),
            coco_images: results.coco_images.clone(),
            yolo: results.yolo.clone(),
            pictures: Pictures {
                of_detector: model.is_detector(),
                annotate: results.annotate.clone(),
                crops: results.crops.clone(),
                show_input: results.show_input.clone(),
            },
            model,
        };
        plan.check(&flags.limits)?;
        Ok(plan.limited_by(&flags.limits))
    }

    /// Refuses what can't be made, before anything is predicted.
    fn check(&self, limits: &flags::PredictLimits) -> Result<(), CommandError> {
        let reads_ink = self.model.preparation().fit.is_some_and(Fit::is_ink);
        let for_detectors = [
            ("coco", self.coco.is_some()),
            ("yolo", self.yolo.is_some()),
            ("crops", self.pictures.crops.is_some() && !reads_ink),
            ("score-threshold", limits.score_threshold.is_some()),
            ("nms", limits.nms.is_some()),
            ("max-detections", limits.max_detections.is_some()),
        ];
        let asked = for_detectors.iter().find(|(_, asked)| *asked);
        if let Some((flag, _)) = asked.filter(|_| !self.pictures.of_detector) {
            return Err(CommandError::Usage(format!(
                "--{flag} is for detectors, but {} is a classifier: it finds no boxes",
                escaped(&self.model.name)
            )));
        }
        for folder in self.pictures.folders().chain(&self.yolo) {
            if folder.exists() && !folder.is_dir() {
                return Err(CommandError::Usage(format!(
                    "{}: a file of that name is in the way of the folder",
                    folder.display()
                )));
            }
        }
        match &self.coco {
            Some(file) if file.is_dir() => Err(CommandError::Usage(format!(
                "{}: this is a folder; name a file for --coco",
                file.display()
            ))),
            _ => Ok(()),
        }
    }

    /// With the network's detections limited as asked.
    fn limited_by(self, limits: &flags::PredictLimits) -> Self {
        let options = DetectionOptions {
            score_threshold: limits.score_threshold,
            nms: limits.nms,
            max_detections: limits.max_detections.map(|most| most as usize),
        };
        Self {
            model: self.model.detecting_with(options),
            ..self
        }
    }
}
