//! PyTorch's and torchvision's names of our parameters.

use super::known::{Known, known};
use crate::network::Network;

/// PyTorch's counter of batches, beside `running_mean` and `running_var`.
pub(super) const BATCHES: &str = "num_batches_tracked";

/// Our prefixes and theirs. Other names stay, such as the detector's `backbone.0.weight`: PyTorch gives it to an
/// `nn.Sequential` called `backbone`.
const PREFIXES: [(&str, &str); 6] = [
    // A classifier is an nn.Sequential: its parameters begin with the layer's number.
    ("layers.", ""),
    ("rpn.conv.", "rpn.head.conv.0.0."),
    ("rpn.cls_logits.", "rpn.head.cls_logits."),
    ("rpn.bbox_pred.", "rpn.head.bbox_pred."),
    ("box_head.cls_score.", "roi_heads.box_predictor.cls_score."),
    ("box_head.bbox_pred.", "roi_heads.box_predictor.bbox_pred."),
];

/// Lists of blocks: ours, theirs, and how many they count from.
const BLOCKS: [(&str, &str, usize); 4] = [
    ("rpn.more.", "rpn.head.conv.", 1),
    ("box_head.convolutions.", BOX_HEAD, 0),
    ("pyramid.lateral.", "backbone.fpn.inner_blocks.", 0),
    ("pyramid.output.", "backbone.fpn.layer_blocks.", 0),
];

const HIDDEN: &str = "box_head.hidden.";
const BOX_HEAD: &str = "roi_heads.box_head.";

/// The names that other programs have for the parameters of a network.
pub struct PytorchNames {
    known: Known,
    /// Convolutions of a detector's box head.
    convolutions: usize,
}

impl PytorchNames {
    /// Of this network: torchvision's where it has the form of a ResNet or a MobileNet, otherwise those of
    /// [`pytorch_name`].
    pub fn new(network: &Network) -> Self {
        Self {
            known: known(network),
            convolutions: match network {
                Network::Cnn(_) => 0,
                Network::FasterRcnn(detector) => detector.head_convolutions(),
            },
        }
    }

    /// The name of the parameter that [`collect`](crate::weights::collect) gives this name.
    pub fn of(&self, ours: &str) -> String {
        // The layer's path is a beginning of the name, up to a point.
        let mut points = ours.rmatch_indices('.').map(|(at, _)| at);
        let layer = points.find_map(|at| Some((at, self.known.get(&ours[..at])?)));
        match layer {
            Some((at, theirs)) => format!("{theirs}{}", &ours[at..]),
            None => self.of_head(ours).unwrap_or_else(|| pytorch_name(ours)),
        }
    }

    /// Behind convolutions and a flatten, as in torchvision's `FastRCNNConvFCHead`, hidden layers with their ReLU go on
    /// with the numbers.
    fn of_head(&self, ours: &str) -> Option<String> {
        let rest = ours
            .strip_prefix(HIDDEN)
            .filter(|_| self.convolutions > 0)?;
        let (number, rest) = rest.split_once('.')?;
        let number = self.convolutions + 1 + 2 * number.parse::<usize>().ok()?;
        let part = rest.strip_prefix("linear.");
        Some(match (part, rest.split_once('.')) {
            (Some(part), _) => format!("{BOX_HEAD}{number}.{part}"),
            (None, Some((_, part))) => format!("{BOX_HEAD}{number}.norm.{part}"),
            (None, None) => return None,
        })
    }

    /// The name in files of older torchvision, whose convolutions in pyramid and proposal head were not in blocks of
    /// their own.
    pub(super) fn older(&self, ours: &str) -> String {
        let name = self.of(ours);
        for list in ["fpn.inner_blocks.", "fpn.layer_blocks.", "rpn.head.conv."] {
            let Some((before, rest)) = name.split_once(list) else {
                continue;
            };
            if let Some((number, part)) = rest.split_once(".0.") {
                return match list {
                    "rpn.head.conv." => format!("{before}{list}{part}"),
                    _ => format!("{before}{list}{number}.{part}"),
                };
            }
        }
        name
    }
}

/// PyTorch's name of a classifier's parameter, torchvision's of a detector's, from the name that
/// [`collect`](crate::weights::collect) gives it.
///
/// Hidden layers of the box head are `fc6`, `fc7`, ... as in torchvision's `TwoMLPHead`, after AlexNet's; their
/// normalisation, which that head lacks, is `bn6` or `gn6`. A block of convolution and normalisation numbers them 0 and 1, as torchvision's
/// `Conv2dNormActivation`; the layers of a feature pyramid are in the backbone's `fpn`.
///
/// ```
/// use nets::exchange::pytorch_name;
/// assert_eq!(pytorch_name("layers.9.weight"), "9.weight");
/// assert_eq!(pytorch_name("box_head.hidden.1.linear.bias"), "roi_heads.box_head.fc7.bias");
/// ```
pub fn pytorch_name(ours: &str) -> String {
    let in_block = BLOCKS
        .iter()
        .find_map(|(from, to, first)| block(ours.strip_prefix(from)?, to, *first))
        .or_else(|| hidden(ours.strip_prefix(HIDDEN)?));
    let by_prefix = || {
        PREFIXES
            .iter()
            .find_map(|(from, to)| Some(format!("{to}{}", ours.strip_prefix(from)?)))
    };
    in_block
        .or_else(by_prefix)
        .unwrap_or_else(|| ours.to_string())
}

/// `0.conv.bias` to `backbone.fpn.inner_blocks.0.0.bias`.
fn block(rest: &str, theirs: &str, first: usize) -> Option<String> {
    let (number, rest) = rest.split_once('.')?;
    let number = first + number.parse::<usize>().ok()?;
    Some(match rest.split_once('.') {
        Some(("conv", part)) => format!("{theirs}{number}.0.{part}"),
        Some(("batch_norm" | "group_norm", part)) => format!("{theirs}{number}.1.{part}"),
        Some(_) => return None,
        None => format!("{theirs}{number}.0.{rest}"),
    })
}

/// `1.linear.bias` to `roi_heads.box_head.fc7.bias`.
fn hidden(rest: &str) -> Option<String> {
    let mut parts = rest.splitn(3, '.');
    let number = 6 + parts.next()?.parse::<usize>().ok()?;
    let kind = match parts.next()? {
        "linear" => "fc",
        "batch_norm" => "bn",
        "group_norm" => "gn",
        _ => return None,
    };
    Some(format!("{BOX_HEAD}{kind}{number}.{}", parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_names() {
        for (ours, theirs) in [
            ("layers.0.weight", "0.weight"),
            ("layers.2.running_var", "2.running_var"),
            ("backbone.3.bias", "backbone.3.bias"),
            ("rpn.conv.weight", "rpn.head.conv.0.0.weight"),
            ("rpn.cls_logits.bias", "rpn.head.cls_logits.bias"),
            (
                "box_head.hidden.0.linear.weight",
                "roi_heads.box_head.fc6.weight",
            ),
            (
                "box_head.hidden.1.batch_norm.running_mean",
                "roi_heads.box_head.bn7.running_mean",
            ),
            (
                "box_head.convolutions.0.conv.weight",
                "roi_heads.box_head.0.0.weight",
            ),
            (
                "box_head.convolutions.3.batch_norm.bias",
                "roi_heads.box_head.3.1.bias",
            ),
            ("rpn.more.0.bias", "rpn.head.conv.1.0.bias"),
            (
                "pyramid.lateral.2.conv.bias",
                "backbone.fpn.inner_blocks.2.0.bias",
            ),
            (
                "pyramid.output.0.batch_norm.running_var",
                "backbone.fpn.layer_blocks.0.1.running_var",
            ),
            (
                "box_head.cls_score.weight",
                "roi_heads.box_predictor.cls_score.weight",
            ),
        ] {
            assert_eq!(pytorch_name(ours), theirs);
        }
    }
}
