//! What becomes of predictions: printed as they come, except for JSON, and written to files.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use data::image::DynamicImage;
use nets::predict::ImagePrediction;
use report::terminal::escaped;

use super::coco::Coco;
use super::inputs::Input;
use super::plan::PredictPlan;
use super::predicted::Predicted;
use super::rows;
use super::yolo::Yolo;
use crate::console::{Output, write_part};
use crate::error::CommandError;
use crate::names::OutputNames;
use crate::progress::Counter;

/// So few images are predicted before anybody could read how far it is.
const AT_ONCE: usize = 64;

/// The predictions of one command, and where they go.
pub struct Results<'a> {
    plan: &'a PredictPlan,
    output: Output,
    /// For JSON, which is one document.
    answers: Vec<ImagePrediction>,
    coco: Option<Coco>,
    yolo: Option<Yolo>,
    names: OutputNames,
    pub counter: Counter,
    /// Images predicted.
    done: usize,
    /// Whether somebody still reads standard output.
    is_read: bool,
}

impl<'a> Results<'a> {
    pub fn open(
        plan: &'a PredictPlan,
        inputs: &[Input],
        output: Output,
    ) -> Result<Self, CommandError> {
        let paths: Vec<&Path> = inputs.iter().map(Input::path).collect();
        let classes = plan.model.classes();
        let coco = match (&plan.coco, &plan.coco_images) {
            (Some(file), Some(annotations)) if !paths.is_empty() => {
                let (coco, notes) = Coco::with_ids_of(annotations, file, &paths, classes)?;
                for note in notes {
                    warn!("{note}");
                }
                Some(coco)
            }
            (Some(file), _) => Some(Coco::counted(file, paths.len(), classes)),
            (None, _) => None,
        };
        let yolo = plan.yolo.as_ref();
        let yolo = yolo.map(|folder| Yolo::new(folder, &paths, classes));
        // Results that scroll by on the same terminal show how far it is.
        let is_silent = output == Output::Json || !stdout().is_terminal();
        let counted = if is_silent && inputs.len() > AT_ONCE {
            inputs.len()
        } else {
            0
        };
        Ok(Self {
            plan,
            output,
            answers: Vec::new(),
            coco,
            yolo: yolo.transpose()?,
            names: OutputNames::default(),
            counter: Counter::new("images", counted),
            done: 0,
            is_read: true,
        })
    }

    /// Predicts decoded images; `places` are theirs among all inputs.
    pub fn predict(
        &mut self,
        inputs: &[Input],
        places: &[usize],
        images: &[DynamicImage],
    ) -> Result<(), CommandError> {
        let model = &self.plan.model;
        let predictor = model.predictor();
        let fitted = predictor.fit_all(images);
        let answers = predictor.predict_fitted(&fitted)?;
        let seen = images.iter().zip(&fitted).zip(places);
        for (answer, ((image, fitted), &place)) in answers.into_iter().zip(seen) {
            let input = &inputs[place];
            let answer = ImagePrediction {
                image: input.title(),
                ..answer
            };
            if answer.abreast > 1 {
                self.counter.hide();
                warn!(
                    "{}: this looks like {} digits, and {} reads one; use digits-detector",
                    escaped(&answer.image),
                    answer.abreast,
                    model.name
                );
            }
            self.write(&Predicted {
                index: place,
                path: input.path(),
                image,
                fitted,
                answer: &answer,
            })?;
            self.print(answer)?;
        }
        self.counter.done(self.done);
        Ok(())
    }

    /// Adds a prediction to the files that are asked for.
    fn write(&mut self, predicted: &Predicted<'_>) -> Result<(), CommandError> {
        let classes = self.plan.model.classes();
        let pictures = &self.plan.pictures;
        pictures.write(predicted, classes, &mut self.names)?;
        if let Some(yolo) = &self.yolo {
            yolo.write(predicted, classes)?;
        }
        if let Some(coco) = &mut self.coco {
            coco.add(predicted)?;
        }
        Ok(())
    }

    fn print(&mut self, answer: ImagePrediction) -> Result<(), CommandError> {
        self.done += 1;
        let of_detector = self.plan.pictures.of_detector;
        let lines = match self.output {
            Output::Json => {
                self.answers.push(answer);
                return Ok(());
            }
            Output::Text if self.plan.csv => {
                let header = (self.done == 1).then(|| rows::header(of_detector).to_string());
                let rows = rows::csv(&answer, of_detector);
                header
                    .into_iter()
                    .chain(rows)
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Output::Text => rows::text(&answer, of_detector),
        };
        if self.is_read && !lines.is_empty() {
            self.is_read = write_part(&lines)?;
        }
        Ok(())
    }

    /// Whether the rest of the predictions goes anywhere.
    pub fn are_wanted(&self) -> bool {
        let plan = self.plan;
        let files = plan.coco.is_some() || plan.yolo.is_some();
        self.is_read || files || plan.pictures.folders().next().is_some()
    }

    /// Writes what is known only at the end; nothing if no image could be read.
    pub fn finish(mut self) -> Result<(), CommandError> {
        self.counter.hide();
        if self.done == 0 {
            return Ok(());
        }
        if let Some(yolo) = &self.yolo {
            yolo.finish()?;
        }
        if let Some(coco) = &self.coco {
            coco.finish()?;
        }
        match self.output {
            Output::Json => self.output.show(&self.answers, String::new),
            Output::Text => Ok(()),
        }
    }
}
