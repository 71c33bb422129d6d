//! PyTorch's and torchvision's names of our parameters.

/// PyTorch's counter of batches, beside `running_mean` and `running_var`.
pub(super) const BATCHES: &str = "num_batches_tracked";

/// Our prefixes and theirs; the first that fits counts. What none fits keeps its name, as the detector's
/// `backbone.0.weight`, which is that of an `nn.Sequential` called `backbone`.
const PREFIXES: [(&str, &str); 6] = [
    // A classifier is an nn.Sequential: its parameters begin with the layer's number.
    ("layers.", ""),
    ("rpn.conv.", "rpn.head.conv.0.0."),
    ("rpn.cls_logits.", "rpn.head.cls_logits."),
    ("rpn.bbox_pred.", "rpn.head.bbox_pred."),
    ("box_head.cls_score.", "roi_heads.box_predictor.cls_score."),
    ("box_head.bbox_pred.", "roi_heads.box_predictor.bbox_pred."),
];

/// torchvision's box head names its first hidden layer `fc6`, after AlexNet's.
const FIRST_HIDDEN: usize = 6;

/// PyTorch's name of a classifier's parameter, torchvision's of a detector's, from the name that
/// [`collect`](crate::weights::collect) gives it.
///
/// Hidden layers of the box head are `fc6`, `fc7`, ... as in torchvision's `TwoMLPHead`; their normalisation, which that
/// head lacks, is `bn6` or `gn6`.
///
/// ```
/// use nets::exchange::pytorch_name;
/// assert_eq!(pytorch_name("layers.9.weight"), "9.weight");
/// assert_eq!(pytorch_name("box_head.hidden.1.linear.bias"), "roi_heads.box_head.fc7.bias");
/// ```
pub fn pytorch_name(ours: &str) -> String {
    if let Some(rest) = ours.strip_prefix("box_head.hidden.")
        && let Some(theirs) = hidden(rest)
    {
        return theirs;
    }
    PREFIXES
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", ours.strip_prefix(from)?)))
        .unwrap_or_else(|| ours.to_string())
}

/// `1.linear.bias` to `roi_heads.box_head.fc7.bias`.
fn hidden(rest: &str) -> Option<String> {
    let mut parts = rest.splitn(3, '.');
    let number: usize = parts.next()?.parse().ok()?;
    let kind = match parts.next()? {
        "linear" => "fc",
        "batch_norm" => "bn",
        "group_norm" => "gn",
        _ => return None,
    };
    let part = parts.next()?;
    let number = FIRST_HIDDEN + number;
    Some(format!("roi_heads.box_head.{kind}{number}.{part}"))
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
                "box_head.cls_score.weight",
                "roi_heads.box_predictor.cls_score.weight",
            ),
        ] {
            assert_eq!(pytorch_name(ours), theirs);
        }
    }
}
