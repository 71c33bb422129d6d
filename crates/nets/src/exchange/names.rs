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

/// Lists of blocks: ours, theirs, and how many they count from (torchvision names the box head's first hidden layer
/// `fc6`, after AlexNet's).
const BLOCKS: [(&str, &str, usize); 4] = [
    ("box_head.hidden.", "roi_heads.box_head.", 6),
    ("box_head.convolutions.", "roi_heads.box_head.conv", 1),
    ("pyramid.lateral.", "backbone.fpn.inner_blocks.", 0),
    ("pyramid.output.", "backbone.fpn.layer_blocks.", 0),
];

/// The names that other programs have for the parameters of a network.
pub struct PytorchNames(Known);

impl PytorchNames {
    /// Of this network: torchvision's where it has the form of a ResNet or a MobileNet, otherwise those of
    /// [`pytorch_name`].
    pub fn new(network: &Network) -> Self {
        Self(known(network))
    }

    /// The name of the parameter that [`collect`](crate::weights::collect) gives this name.
    pub fn of(&self, ours: &str) -> String {
        // The layer's path is a beginning of the name, up to a point.
        let mut points = ours.rmatch_indices('.').map(|(at, _)| at);
        let layer = points.find_map(|at| Some((at, self.0.get(&ours[..at])?)));
        match layer {
            Some((at, theirs)) => format!("{theirs}{}", &ours[at..]),
            None => pytorch_name(ours),
        }
    }
}

/// PyTorch's name of a classifier's parameter, torchvision's of a detector's, from the name that
/// [`collect`](crate::weights::collect) gives it.
///
/// Hidden layers of the box head are `fc6`, `fc7`, ... as in torchvision's `TwoMLPHead`; their normalisation, which that
/// head lacks, is `bn6` or `gn6`. A block of convolution and normalisation numbers them 0 and 1, as torchvision's
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
        .find_map(|(from, to, first)| block(ours.strip_prefix(from)?, to, *first));
    let by_prefix = || {
        PREFIXES
            .iter()
            .find_map(|(from, to)| Some(format!("{to}{}", ours.strip_prefix(from)?)))
    };
    in_block
        .or_else(by_prefix)
        .unwrap_or_else(|| ours.to_string())
}

/// `1.linear.bias` to `roi_heads.box_head.fc7.bias`, `0.conv.bias` to `backbone.fpn.inner_blocks.0.0.bias`.
fn block(rest: &str, theirs: &str, first: usize) -> Option<String> {
    let mut parts = rest.splitn(3, '.');
    let number = first + parts.next()?.parse::<usize>().ok()?;
    let (kind, part) = (parts.next()?, parts.next()?);
    Some(match (theirs, kind) {
        ("roi_heads.box_head.", "linear") => format!("{theirs}fc{number}.{part}"),
        ("roi_heads.box_head.", "batch_norm") => format!("{theirs}bn{number}.{part}"),
        ("roi_heads.box_head.", "group_norm") => format!("{theirs}gn{number}.{part}"),
        (_, "conv") => format!("{theirs}{number}.0.{part}"),
        (_, "batch_norm" | "group_norm") => format!("{theirs}{number}.1.{part}"),
        _ => return None,
    })
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
                "roi_heads.box_head.conv1.0.weight",
            ),
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
