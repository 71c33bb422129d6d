//! The losses of the detector: of both stages, and of one stage as sums over its elements.

use burn::tensor::{Int, Tensor, TensorData, activation};
use kernels::boxes::Xyxy;

use super::giou::giou;
use crate::loss::Losses;
use crate::ops::Scalar;
use kernels::box_coder::BoxCoder;
use recipe::BoxLoss;

/// The losses of the two stages.
#[derive(Clone, Debug)]
pub struct StageLosses {
    /// Objectness of the anchors.
    pub objectness: Tensor<1>,
    /// Box corrections of the anchors.
    pub rpn_box: Tensor<1>,
    /// Classes of the regions.
    pub class: Tensor<1>,
    /// Box corrections of the regions.
    pub roi_box: Tensor<1>,
}

impl StageLosses {
    /// Their plain sum, as torchvision and detectron2 train.
    pub(super) fn summed(self, correct: Scalar, counted: usize) -> (Tensor<1>, Losses) {
        let Self {
            objectness,
            rpn_box,
            class,
            roi_box,
        } = self;
        let value = |loss: &Tensor<1>| Scalar::of(loss.clone());
        let parts = vec![
            ("objectness", value(&objectness)),
            ("rpn_box", value(&rpn_box)),
            ("class", value(&class)),
            ("roi_box", value(&roi_box)),
        ];
        let losses = Losses {
            parts,
            correct,
            counted,
        };
        (objectness + rpn_box + class + roi_box, losses)
    }
}

/// The loss of predicted box corrections, from the options of either stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorrectionLoss {
    /// The kind of loss.
    pub loss: BoxLoss,
    /// The loss is multiplied by this.
    pub weight: f64,
    /// Where smooth L1 changes from square to linear.
    pub beta: f64,
    /// From boxes to corrections and back.
    pub coder: BoxCoder,
}

impl From<&recipe::Rpn> for CorrectionLoss {
    fn from(recipe: &recipe::Rpn) -> Self {
        Self {
            loss: recipe.box_loss,
            weight: recipe.box_loss_weight,
            beta: recipe.smooth_l1_beta,
            coder: BoxCoder::PROPOSALS,
        }
    }
}

impl From<&recipe::Roi> for CorrectionLoss {
    fn from(recipe: &recipe::Roi) -> Self {
        Self {
            loss: recipe.box_loss,
            weight: recipe.box_loss_weight,
            beta: recipe.smooth_l1_beta,
            coder: BoxCoder::new(recipe.box_weights),
        }
    }
}

/// The target of one row of corrections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxTarget {
    /// The box that is corrected.
    pub reference: Xyxy,
    /// The corrections to learn.
    pub deltas: [f32; 4],
}

impl CorrectionLoss {
    /// The weighted sum over corrections `[P, 4]` and as many targets, at least one.
    pub fn of(&self, deltas: Tensor<2>, targets: &[BoxTarget]) -> Tensor<1> {
        let sum = match self.loss {
            BoxLoss::SmoothL1 => {
                let wanted: Vec<f32> = targets.iter().flat_map(|target| target.deltas).collect();
                let shape = [targets.len(), 4];
                let wanted = Tensor::from_data(TensorData::new(wanted, shape), &deltas.device());
                smooth_l1(deltas, wanted, self.beta)
            }
            BoxLoss::Giou => {
                let decode =
                    |target: &BoxTarget| self.coder.decode(target.deltas, target.reference);
                let references: Vec<Xyxy> = targets.iter().map(|t| t.reference).collect();
                let truths: Vec<Xyxy> = targets.iter().map(decode).collect();
                let agreement = giou(deltas, &self.coder, &references, &truths);
                (agreement.neg() + 1.0).sum()
            }
        };
        sum * self.weight
    }
}

/// The rows of `x` with these numbers, `[M, C] -> [rows, C]`.
pub fn select_rows(x: Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let numbers: Vec<i32> = rows.iter().map(|row| *row as i32).collect();
    let shape = [numbers.len()];
    let numbers = Tensor::<1, Int>::from_data(TensorData::new(numbers, shape), &x.device());
    x.select(0, numbers)
}

/// Binary cross-entropy on logits, summed; targets 0 or 1, of the same shape.
///
/// (1 - t) x - ln sigmoid(x): no overflow for large logits, and the gradient sigmoid(x) - t at 0 too.
pub fn binary_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    ((targets.neg() + 1.0) * logits.clone() - activation::log_sigmoid(logits)).sum()
}

/// Smooth L1 (Girshick 2015), summed, for tensors of one shape.
///
/// d² / 2β where |d| < β, else |d| - β / 2; β = 0 is L1.
pub fn smooth_l1(prediction: Tensor<2>, target: Tensor<2>, beta: f64) -> Tensor<1> {
    let distance = (prediction - target).abs();
    if beta == 0.0 {
        return distance.sum();
    }
    // With m = min(d, β), m² / 2β + (d - m) is both branches at once.
    let near = distance.clone().clamp_max(beta);
    (near.clone().square() / (2.0 * beta) + (distance - near)).sum()
}
