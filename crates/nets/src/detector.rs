//! Faster R-CNN (Ren et al. 2015), jointly trained, one file a role.
//!
//! N images, A anchors an image (of all L levels in a row), R regions of all images, K classes without background. 'truth' is annotated;
//! 'deltas' are (dx, dy, dw, dh); 'proposals' are boxes of the first stage, 'detections' of the second.

pub mod box_head;
mod faster_rcnn;
pub mod giou;
pub mod inspect;
pub mod losses;
pub mod matcher;
pub mod normed_conv;
pub mod postprocess;
pub mod proposals;
pub mod pyramid;
pub mod region_pooling;
pub mod roi_targets;
pub mod rpn;
pub mod rpn_targets;
pub mod sampler;

pub use crate::prediction::Detection;
pub use data::truth::{BadTruth, Truth};
pub use faster_rcnn::FasterRcnn;
pub use losses::StageLosses;
