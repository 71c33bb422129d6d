//! The two-stage detector: its forward passes, losses and detections.
//!
//! N images, A anchors per image (of all L levels in a row), R regions of all images, K classes without background.

use std::ops::Range;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::boxes::Xyxy;
use rayon::prelude::*;

use super::box_head::{BoxHead, BoxOutput, box_losses};
use super::losses::{CorrectionLoss, StageLosses};
use super::postprocess::{DetectionOptions, detect};
use super::proposals::{LevelOutput, ProposalLimits, propose};
use super::pyramid::FeaturePyramid;
use super::region_pooling::pool;
use super::roi_targets::{RoiTarget, roi_targets};
use super::rpn::{RpnHead, RpnOutput, rpn_losses};
use super::rpn_targets::{RpnTargets, rpn_targets};
use super::sampler;
use crate::batch::Batch;
use crate::layers::{self, Initializer, LayerModule, Mode};
use crate::loss::Losses;
use crate::ops::{Maps, Scalar, both_to_host};
use crate::prediction::{Prediction, count_correct};
use data::anchors::{AnchorLevels, region_levels};
use data::random::{Key, Purpose};
use data::resized::Resized;
use data::truth::BadTruth;
use kernels::roi_align::Levels;
use kernels::scores::{argmax, softmax};
use recipe::{ShapeError, Stage};

/// A two-stage detector: where something may be, then what it is and where exactly.
#[derive(Module, Debug)]
pub struct FasterRcnn {
    backbone: Vec<LayerModule>,
    pyramid: Option<FeaturePyramid>,
    pub(super) rpn: RpnHead,
    box_head: BoxHead,
    #[module(skip)]
    pub(super) settings: Arc<Settings>,
    /// How predictions are made of the outputs.
    #[module(skip)]
    detections: recipe::Detections,
    /// Classes that are never predicted.
    #[module(skip)]
    unused: Vec<usize>,
}

/// Everything that is not trained.
#[derive(Debug)]
pub(super) struct Settings {
    pub recipe: recipe::FasterRcnn,
    pub classes: usize,
    /// `[height, width]`
    pub image: [usize; 2],
    /// Channels of an image.
    channels: usize,
    /// How many layers of the backbone give each map that is read, finest first.
    stages: Vec<usize>,
    /// For images of that size.
    layout: Arc<AnchorLevels>,
    regions: Levels,
}

impl FasterRcnn {
    /// The detector for images `[C, H, W]` with objects of K `classes`.
    ///
    /// # Errors
    /// [`ShapeError`] naming the backbone's layer that does not fit.
    pub fn new(
        recipe: &recipe::FasterRcnn,
        input: [usize; 3],
        classes: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ShapeError> {
        let mut init = Initializer::new(seed, device);
        let stages = recipe::stages(recipe, input)?;
        let ends: Vec<usize> = stages.iter().map(|stage| stage.end).collect();
        let (backbone, _) = layers::build(&recipe.backbone.layers, input, &ends, &mut init)?;
        let of_stages: Vec<usize> = stages.iter().map(|stage| stage.channels).collect();
        let pyramid = recipe
            .pyramid
            .as_ref()
            .map(|pyramid| FeaturePyramid::new(&of_stages, pyramid, &mut init));
        let channels = match &recipe.pyramid {
            Some(pyramid) => pyramid.channels,
            None => of_stages.iter().copied().next_back().unwrap_or(input[0]),
        };
        let settings = Settings::new(recipe, &stages, input, classes);
        Ok(Self {
            rpn: RpnHead::new(channels, &recipe.rpn, recipe.anchors.per_cell(), &mut init),
            box_head: BoxHead::new(channels, classes, &recipe.roi, &mut init),
            backbone,
            pyramid,
            settings: Arc::new(settings),
            detections: recipe.detections.clone(),
            unused: Vec::new(),
        })
    }

    /// The same detector, with these layers of its backbone frozen in training, and with `norms` all of the backbone's batch
    /// normalisations.
    pub(crate) fn freezing(self, frozen: &[bool], norms: bool) -> Self {
        Self {
            backbone: layers::freeze(self.backbone, frozen, norms),
            ..self
        }
    }

    /// The layers of its backbone.
    pub(crate) fn backbone(&self) -> &[LayerModule] {
        &self.backbone
    }

    /// Convolutions of its box head.
    pub(crate) fn head_convolutions(&self) -> usize {
        self.settings.recipe.roi.convolutions.len()
    }

    /// The same detector with other options of its postprocessing.
    pub fn detecting_with(self, options: DetectionOptions) -> Self {
        Self {
            detections: options.over(&self.settings.recipe.detections),
            ..self
        }
    }

    /// The same detector, which never predicts these classes; the scores of all others stay.
    pub(crate) fn without_classes(self, unused: Vec<usize>) -> Self {
        Self { unused, ..self }
    }

    /// The four losses of a batch and their sum; anchors and regions are drawn by (seed, epoch, image).
    ///
    /// # Errors
    /// [`BadTruth`] for a box without area.
    pub fn losses(
        &self,
        batch: &Batch,
        smoothing: f64,
        mode: Mode,
    ) -> Result<(Tensor<1>, Losses), BadTruth> {
        let seed = match mode {
            Mode::Training { seed, .. } => seed,
            Mode::Inference => 0,
        };
        let epoch = batch.epoch as u64;
        let draw = |purpose, image| {
            let key = Key {
                seed,
                purpose,
                epoch,
                index: image as u64,
            };
            sampler::keys(key.stream().bits())
        };
        let (losses, (correct, counted)) = self.stage_losses(batch, smoothing, mode, draw)?;
        Ok(losses.summed(correct, counted))
    }

    /// The four losses of a batch, and how many regions with an object were classified correctly, out of how many.
    ///
    /// `smoothing` is the label smoothing of the regions' classes. `draw` returns, for a purpose and an image's number
    /// in its data set, the random key of each candidate; candidates with the smallest keys are sampled.
    ///
    /// # Errors
    /// [`BadTruth`] for a box without area.
    pub fn stage_losses<K: Fn(usize) -> u64>(
        &self,
        batch: &Batch,
        smoothing: f64,
        mode: Mode,
        draw: impl Fn(Purpose, usize) -> K + Sync,
    ) -> Result<(StageLosses, (Scalar, usize)), BadTruth> {
        let settings = &self.settings;
        let sizes = sizes(&batch.images, &batch.resized);
        let layout = self.layout(&batch.images);
        let features = self.features(batch.images.clone(), mode);
        let rpn = self.rpn.forward(&features);
        let limits = ProposalLimits::training(&settings.recipe.rpn);
        let proposals = self.proposals(rpn.clone(), limits, &layout, &sizes);
        let (anchors, regions) = self.targets(batch, &layout.anchors, &proposals, draw)?;
        let output = self.regions(&features, boxes_of(&regions), mode);
        let regions = regions.concat();
        let correct = count_hits(&output, &regions);
        let [objectness, rpn_box] = rpn_losses(
            rpn,
            &anchors,
            &layout.anchors,
            &CorrectionLoss::from(&settings.recipe.rpn),
        );
        let [class, roi_box] = box_losses(
            output,
            &regions,
            &CorrectionLoss::from(&settings.recipe.roi),
            smoothing,
        );
        Ok((
            StageLosses {
                objectness,
                rpn_box,
                class,
                roi_box,
            },
            correct,
        ))
    }

    /// Detections of each image of `[N, C, H, W]`, and its class distribution.
    ///
    /// The distribution is the sum of the regions' class probabilities without background, divided by its total: each
    /// region counts as much as it is likely to be an object. Where images were `resized`, boxes are in pixels of what they
    /// were before.
    pub fn predict(&self, images: Tensor<4>, resized: &[Resized]) -> Vec<Prediction> {
        let sizes = sizes(&images, resized);
        let layout = self.layout(&images);
        let features = self.features(images, Mode::Inference);
        let rpn = self.rpn.forward(&features);
        let limits = ProposalLimits::detection(&self.settings.recipe.rpn);
        let proposals = self.proposals(rpn, limits, &layout, &sizes);
        let output = self.regions(
            &features,
            proposals.iter().map(|boxes| boxes.to_vec()),
            Mode::Inference,
        );
        let columns = self.settings.classes + 1;
        let numbers = output.deltas.dims()[1];
        let (logits, deltas) = both_to_host(output.logits, output.deltas);
        let mut start = 0;
        let ranges: Vec<_> = proposals
            .iter()
            .map(|boxes| {
                let range = start..start + boxes.len();
                start = range.end;
                range
            })
            .collect();
        let mut predictions: Vec<Prediction> = proposals
            .par_iter()
            .zip(ranges)
            .zip(&sizes)
            .map(|((boxes, range), size)| {
                let logits = &logits[range.start * columns..range.end * columns];
                let deltas = &deltas[range.start * numbers..range.end * numbers];
                self.answer(logits, deltas, boxes, *size)
            })
            .collect();
        for (prediction, resized) in predictions.iter_mut().zip(resized) {
            for found in &mut prediction.detections {
                found.bounds = resized.back(found.bounds);
            }
        }
        predictions
    }

    /// The anchors on these images: of the usual size, or of another.
    pub(super) fn layout(&self, images: &Tensor<4>) -> Arc<AnchorLevels> {
        let settings = &self.settings;
        let [_, _, height, width] = images.dims();
        if [height, width] == settings.image {
            return settings.layout.clone();
        }
        let input = [settings.channels, height, width];
        // Layers that fit one size fit any that is not smaller; where one does not, the backbone says so next.
        let stages = recipe::stages(&settings.recipe, input).unwrap_or_default();
        Arc::new(AnchorLevels::new(
            &settings.recipe,
            [height, width],
            &stages,
        ))
    }

    /// `[N, C, H, W]` to feature maps, finest first: the backbone's last, or the levels of the pyramid.
    pub(super) fn features(&self, images: Tensor<4>, mode: Mode) -> Vec<Maps> {
        let mut map = Maps::new(images);
        let mut maps = Vec::with_capacity(self.settings.stages.len());
        let mut start = 0;
        for &end in &self.settings.stages {
            map = layers::forward(&self.backbone[start..end], map, mode);
            maps.push(map.clone());
            start = end;
        }
        match &self.pyramid {
            Some(pyramid) => pyramid.forward(maps, mode),
            None => maps,
        }
    }

    /// The proposals of each image, best first; no gradient flows through them.
    fn proposals(
        &self,
        rpn: RpnOutput,
        limits: ProposalLimits,
        layout: &AnchorLevels,
        sizes: &[[usize; 2]],
    ) -> Vec<Vec<Xyxy>> {
        let count = layout.anchors.len();
        let (logits, deltas) = both_to_host(rpn.objectness, rpn.deltas);
        logits
            .par_chunks_exact(count)
            .zip(deltas.par_chunks_exact(count * 4))
            .zip(sizes)
            .map(|((logits, deltas), size)| {
                let levels = level_outputs(layout, logits, deltas);
                let proposals = propose(&self.settings.recipe.rpn, limits, *size, &levels);
                proposals
                    .into_iter()
                    .map(|proposal| proposal.bounds)
                    .collect()
            })
            .collect()
    }

    /// The training targets of both stages: sampled anchors and sampled regions of each image.
    fn targets<K: Fn(usize) -> u64>(
        &self,
        batch: &Batch,
        anchors: &[Xyxy],
        proposals: &[Vec<Xyxy>],
        draw: impl Fn(Purpose, usize) -> K + Sync,
    ) -> Result<(Vec<RpnTargets>, Vec<Vec<RoiTarget>>), BadTruth> {
        let settings = &self.settings;
        batch
            .truths
            .par_iter()
            .zip(proposals)
            .zip(&batch.indices)
            .map(|((truths, proposals), &image)| {
                let anchors = rpn_targets(
                    &settings.recipe.rpn,
                    image,
                    anchors,
                    truths,
                    draw(Purpose::AnchorSample, image),
                )?;
                let regions = roi_targets(
                    &settings.recipe.roi,
                    image,
                    proposals,
                    truths,
                    draw(Purpose::RegionSample, image),
                )?;
                Ok((anchors, regions))
            })
            .collect::<Result<Vec<_>, BadTruth>>()
            .map(|targets| targets.into_iter().unzip())
    }

    /// The second stage on the given boxes of each image.
    pub(super) fn regions(
        &self,
        features: &[Maps],
        boxes: impl IntoIterator<Item = Vec<Xyxy>>,
        mode: Mode,
    ) -> BoxOutput {
        let regions: Vec<(usize, Xyxy)> = boxes
            .into_iter()
            .enumerate()
            .flat_map(|(image, boxes)| boxes.into_iter().map(move |bounds| (image, bounds)))
            .collect();
        let pooled = pool(&self.settings.regions, features, &regions);
        self.box_head.forward(pooled, mode)
    }

    /// What is predicted of an image of `[height, width]`, without padding.
    pub(super) fn answer(
        &self,
        logits: &[f32],
        deltas: &[f32],
        boxes: &[Xyxy],
        size: [usize; 2],
    ) -> Prediction {
        let settings = &self.settings;
        let classes = settings.classes;
        let mut options = self.detections.clone();
        if !self.unused.is_empty() {
            // What is left out below must take no other's place.
            options.per_image = usize::MAX;
        }
        let mut detections = detect(
            &options,
            &settings.recipe.roi,
            classes,
            logits,
            deltas,
            boxes,
            size,
        );
        detections.retain(|found| !self.unused.contains(&found.class));
        detections.truncate(self.detections.per_image);
        let mut probabilities = vec![0.0; classes];
        for row in logits.chunks_exact(classes + 1) {
            for (sum, probability) in probabilities.iter_mut().zip(&softmax(row)[1..]) {
                *sum += probability;
            }
        }
        for &class in &self.unused {
            probabilities[class] = 0.0;
        }
        let total: f32 = probabilities.iter().sum();
        if total > 0.0 {
            probabilities
                .iter_mut()
                .for_each(|probability| *probability /= total);
        } else {
            probabilities.fill(1.0 / classes as f32); // without proposals all classes are equally likely
        }
        let (class, score) = match detections.first() {
            Some(best) => (best.class, best.score),
            None => {
                let class = argmax(&probabilities);
                (class, probabilities[class])
            }
        };
        Prediction {
            class,
            score,
            probabilities,
            detections,
        }
    }
}

impl Settings {
    /// For images `[C, H, W]`, of which the backbone makes the maps of `stages`.
    fn new(
        recipe: &recipe::FasterRcnn,
        stages: &[Stage],
        input: [usize; 3],
        classes: usize,
    ) -> Self {
        let image = [input[1], input[2]];
        Self {
            recipe: recipe.clone(),
            classes,
            image,
            channels: input[0],
            stages: stages.iter().map(|stage| stage.end).collect(),
            layout: Arc::new(AnchorLevels::new(recipe, image, stages)),
            regions: region_levels(recipe, stages),
        }
    }
}

/// `[height, width]` of each image without padding.
pub(super) fn sizes(images: &Tensor<4>, resized: &[Resized]) -> Vec<[usize; 2]> {
    let [count, _, height, width] = images.dims();
    match resized {
        [] => vec![[height, width]; count],
        _ => resized.iter().map(|image| image.to).collect(),
    }
}

/// The outputs of the proposal head on one image by level.
pub(super) fn level_outputs<'a>(
    layout: &'a AnchorLevels,
    logits: &'a [f32],
    deltas: &'a [f32],
) -> Vec<LevelOutput<'a>> {
    let of_level = |range: &Range<usize>| LevelOutput {
        anchors: &layout.anchors[range.clone()],
        logits: &logits[range.clone()],
        deltas: &deltas[range.start * 4..range.end * 4],
    };
    layout.levels.iter().map(of_level).collect()
}

fn boxes_of(regions: &[Vec<RoiTarget>]) -> impl Iterator<Item = Vec<Xyxy>> {
    regions
        .iter()
        .map(|image| image.iter().map(|target| target.bounds).collect())
}

/// Of the regions with an object, how many are classified correctly, out of how many.
fn count_hits(output: &BoxOutput, targets: &[RoiTarget]) -> (Scalar, usize) {
    let columns: Vec<Option<usize>> = targets
        .iter()
        .map(|target| Some(target.label.column()).filter(|&column| column > 0))
        .collect();
    let counted = columns.iter().flatten().count();
    (count_correct(output.logits.clone(), &columns), counted)
}
